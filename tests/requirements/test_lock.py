"""The lock says what CI installs, so it must notice every change of what is asked for, and no other."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

PYPROJECT = """
[build-system]
requires = ["hatchling"]
[project]
requires-python = ">=3.11"
dependencies = ["click>=8.1"]  # command line
[dependency-groups]
test = ["pytest>=8.3"]
"""


def check(pyproject: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "requirements/lock.py"), "--check", f"--pyproject={pyproject}"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def digest_of(text: str, folder: Path) -> str:
    script = "import lock, pathlib, sys; print(lock.inputs_sha256(pathlib.Path(sys.argv[1])))"
    (folder / "pyproject.toml").write_text(text)
    command = [sys.executable, "-c", script, str(folder / "pyproject.toml")]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT / "requirements").stdout


def test_the_lock_is_fresh() -> None:
    result = check(ROOT / "pyproject.toml")
    assert result.returncode == 0, result.stderr


def test_a_stale_lock_names_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    result = check(tmp_path / "pyproject.toml")
    assert result.returncode == 1
    assert "stale" in result.stderr
    assert "python requirements/lock.py" in result.stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("click>=8.1", "click>=8.2"),
        ('"pytest>=8.3"', '"pytest>=8.3", "hypothesis"'),
        (">=3.11", ">=3.12"),
        ("hatchling", "setuptools"),
    ],
)
def test_a_changed_requirement_makes_the_lock_stale(tmp_path: Path, old: str, new: str) -> None:
    assert digest_of(PYPROJECT, tmp_path) != digest_of(PYPROJECT.replace(old, new), tmp_path)


def test_a_changed_comment_does_not(tmp_path: Path) -> None:
    assert digest_of(PYPROJECT, tmp_path) == digest_of(PYPROJECT.replace("# command line", "# why not"), tmp_path)


def test_every_locked_requirement_is_pinned_and_hashed() -> None:
    text = (ROOT / "requirements/ci.txt").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(lines) > 50
    assert [line for line in lines if not re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []


def test_every_direct_requirement_is_in_the_lock() -> None:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = [*document["project"]["dependencies"], *document["build-system"]["requires"]]
    for group in (document["project"].get("optional-dependencies", {}), document["dependency-groups"]):
        asked += [requirement for requirements in group.values() for requirement in requirements]
    names = {re.sub(r"[_.]", "-", re.split(r"[^\w.-]", requirement)[0].lower()) for requirement in asked}
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements/ci.txt").read_text("utf-8"), re.MULTILINE))
    assert names - locked == set()
