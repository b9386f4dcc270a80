"""One command from a fresh clone to a run: makes `.venv`, installs the locked requirements, then does as asked.

    python3 start.py test [pytest's arguments]         the test suite, on all cores
    python3 start.py run incidents/2026-01-16-retry-storm
    python3 start.py <any other windtunnel command>

It needs Python 3.11 and nothing else: standard library only, and syntax that older Pythons can still read so that they
can be told off politely. It must know nothing of the project but its lock and its two entry points. Commands run in the
repository's root, whatever the current directory is.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

OLDEST = (3, 11)
NEWER = ("python3.13", "python3.12", "python3.11")

if sys.version_info[:2] < OLDEST:
    found = next((name for name in NEWER if shutil.which(name)), None)
    sys.exit(
        "Windtunnel needs Python {}.{} or newer, and this is {}.{} ({}).\nRemedy: {}".format(
            *OLDEST,
            *sys.version_info[:2],
            sys.executable,
            " ".join([found, "start.py", *sys.argv[1:]]) if found else "install a newer Python and call it by name.",
        )
    )

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements" / "ci.txt"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")


def say(text: str) -> None:
    """Tell the user what is being done; flushed, because what follows writes to the same terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def fingerprint(root: Path, python: str) -> str:
    """Return a digest of all that the environment is made from: the lock, the project's metadata, the interpreter."""
    digest = hashlib.sha256(python.encode())
    for path in (root / "requirements" / "ci.txt", root / "pyproject.toml"):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_ready(venv: Path, wanted: str) -> bool:
    """Tell whether `venv` was finished, and from what `wanted` describes."""
    stamp = venv / "windtunnel.stamp"
    return stamp.is_file() and stamp.read_text("utf-8") == wanted


def make_environment(venv: Path, wanted: str) -> None:
    """Create or update `venv`; raises CalledProcessError when a step of it fails.

    The stamp comes last, so a set-up that was cut off is begun again instead of trusted.
    """
    python = str(BIN / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    (venv / "windtunnel.stamp").unlink(missing_ok=True)
    same_python = (venv / f"python-{sys.version_info[0]}.{sys.version_info[1]}").exists() and Path(python).exists()
    if not same_python:
        say(f"start: making {venv} with Python {sys.version.split()[0]}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
        (venv / f"python-{sys.version_info[0]}.{sys.version_info[1]}").touch()
    say(f"start: installing {LOCK.relative_to(ROOT)} (a minute or two, once)")
    # The lock names every package there is to install. Letting pip resolve it again goes wrong where a requirement has
    # extras: pip 23 then asks for that package's newest release, which has no hash here.
    subprocess.run([*pip, "--require-hashes", "--no-deps", "--requirement", str(LOCK)], check=True)
    say("start: installing the project itself, editable")
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], check=True)
    (venv / "windtunnel.stamp").write_text(wanted, "utf-8")


def command(arguments: list[str]) -> list[str]:
    """Return what to run for `arguments`: pytest for `test`, the command line of the project for all else."""
    if arguments[:1] == ["test"]:
        # Neighbouring tests share what is dear to make: a worker gets whole stretches, and helps others at the end.
        return [str(BIN / "python"), "-m", "pytest", "--numprocesses=auto", "--dist=worksteal", *arguments[1:]]
    return [str(BIN / "windtunnel"), *arguments]


def become(run: list[str]) -> NoReturn:
    """Run `run` in place of this process: then signals and exit codes need no care."""
    say("start: " + " ".join([Path(run[0]).name, *run[1:]]))
    os.chdir(ROOT)
    os.environ.setdefault("WINDTUNNEL_COMMAND", "python3 start.py")  # how a run says to repeat it
    os.execv(run[0], run)  # noqa: S606 - no shell is wanted


def main(arguments: list[str]) -> int:
    """Set up if need be, then become the command; returns only when something went wrong."""
    if not arguments or arguments[0] in ("-h", "--help"):
        say((__doc__ or "").strip())
        return 0 if arguments else 64
    wanted = fingerprint(ROOT, sys.version)
    if not is_ready(VENV, wanted):
        try:
            make_environment(VENV, wanted)
        except subprocess.CalledProcessError as problem:
            sys.stderr.write(
                f"start: set-up failed (exit {problem.returncode}): {' '.join(problem.cmd)}\n"
                "Remedy: read the message above it; a missing venv module (Debian: apt install python3-venv) and\n"
                f"a missing network are the usual causes. To begin afresh, delete {VENV}.\n",
            )
            return 70
    become(command(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
