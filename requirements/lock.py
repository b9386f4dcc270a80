"""Locks what CI installs, and tells when the lock no longer matches pyproject.toml.

    python requirements/lock.py            write requirements/ci.txt (needs uv; keeps the pins that still fit)
    python requirements/lock.py --upgrade  the same, taking the newest release of everything
    python requirements/lock.py --check    exit 1 when the lock is stale (needs nothing, works offline)

One universal lock with hashes serves every supported Python and platform. It must not know how it gets installed; that
is start.py's business.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = "3.11"
STAMP = "# inputs-sha256: "


def inputs_sha256(pyproject: Path) -> str:
    """Return a digest of everything in `pyproject` that can change the resolution; comments and layout cannot."""
    document = tomllib.loads(pyproject.read_text("utf-8"))
    project = document["project"]
    inputs = {
        "build": document["build-system"]["requires"],
        "dependencies": project["dependencies"],
        "extras": project.get("optional-dependencies", {}),
        "groups": document.get("dependency-groups", {}),
        "python": project["requires-python"],
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def locked_sha256(lock: Path) -> str:
    """Return the digest that `lock` was made from, "" when it bears none or is not there."""
    if not lock.exists():
        return ""
    stamps = (line.removeprefix(STAMP) for line in lock.read_text("utf-8").splitlines() if line.startswith(STAMP))
    return next(stamps, "").strip()


def write(pyproject: Path, lock: Path, *, upgrade: bool) -> None:
    """Resolve `pyproject`, all extras and groups included, into `lock`.

    Raises FileNotFoundError when uv is not installed and CalledProcessError when it finds no resolution.
    """
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        raise FileNotFoundError("uv makes the lock and is not installed; remedy: pip install uv")
    groups = tomllib.loads(pyproject.read_text("utf-8")).get("dependency-groups", {})
    command = [uv, "pip", "compile", "--quiet", "--universal", f"--python-version={OLDEST_PYTHON}", "--all-extras"]
    command += [f"--group={name}" for name in sorted(groups)]
    command += ["--generate-hashes", "--no-header", "--no-annotate", f"--output-file={lock}"]
    command += ["--upgrade"] * upgrade
    subprocess.run([*command, pyproject.name], cwd=pyproject.parent, check=True)
    remedy = "# Made from pyproject.toml by requirements/lock.py; do not edit, run that again.\n"
    lock.write_text(remedy + STAMP + inputs_sha256(pyproject) + "\n" + lock.read_text("utf-8"), "utf-8")


def main(arguments: list[str]) -> int:
    """Write or check the lock; return the exit code."""
    parser = argparse.ArgumentParser(description="Lock what CI installs.")
    parser.add_argument("--check", action="store_true", help="only tell whether the lock is stale")
    parser.add_argument("--upgrade", action="store_true", help="take the newest releases instead of the locked ones")
    parser.add_argument("--pyproject", type=Path, default=ROOT / "pyproject.toml")
    options = parser.parse_args(arguments)
    pyproject: Path = options.pyproject.resolve()
    lock = pyproject.parent / "requirements" / "ci.txt"
    if not options.check:
        write(pyproject, lock, upgrade=options.upgrade)
        sys.stdout.write(f"wrote {lock}\n")
        return 0
    if locked_sha256(lock) != inputs_sha256(pyproject):
        sys.stderr.write(
            f"{lock} is stale: the requirements in {pyproject.name} have changed since it was made.\n"
            "Remedy: python requirements/lock.py (needs uv), then commit the result.\n",
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
