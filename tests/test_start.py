"""start.py takes a stranger from a clone to a run, so what it says and when it installs again are promises."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def start() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "start.py"), run_name="start")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/ci.txt").write_text("click==8.1.0\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return tmp_path


def test_an_old_python_is_told_what_is_needed() -> None:
    pretend = "import runpy, sys; sys.version_info = (3, 8, 1, 'final', 0); sys.argv = ['start.py', 'test', '-x']; "
    command = [sys.executable, "-c", pretend + "runpy.run_path('start.py', run_name='__main__')"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 1
    assert "needs Python 3.11 or newer, and this is 3.8" in result.stderr
    assert "Remedy: " in result.stderr


def test_an_old_python_is_led_to_a_newer_one_on_the_path(tmp_path: Path) -> None:
    (tmp_path / "python3.12").write_text("#!/bin/sh\n")
    (tmp_path / "python3.12").chmod(0o755)
    pretend = "import runpy, sys; sys.version_info = (3, 8, 1, 'final', 0); sys.argv = ['start.py', 'test', '-x']; "
    command = [sys.executable, "-c", pretend + "runpy.run_path('start.py', run_name='__main__')"]
    environment = {**os.environ, "PATH": str(tmp_path)}
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    assert "Remedy: python3.12 start.py test -x" in result.stderr


def test_without_a_command_it_explains_itself_and_fails() -> None:
    result = subprocess.run([sys.executable, "start.py"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 64
    assert "start.py test" in result.stdout


def test_a_finished_environment_is_used_again(start: dict[str, Any], clone: Path) -> None:
    wanted = start["fingerprint"](clone, "3.11.7")
    (clone / "windtunnel.stamp").write_text(wanted)
    assert start["is_ready"](clone, wanted)


def test_an_unfinished_environment_is_not_trusted(start: dict[str, Any], clone: Path) -> None:
    assert not start["is_ready"](clone, start["fingerprint"](clone, "3.11.7"))


@pytest.mark.parametrize("path", ["requirements/ci.txt", "pyproject.toml"])
def test_a_changed_input_asks_for_another_environment(start: dict[str, Any], clone: Path, path: str) -> None:
    before = start["fingerprint"](clone, "3.11.7")
    (clone / path).write_text("click==8.2.0\n")
    assert start["fingerprint"](clone, "3.11.7") != before


def test_another_python_asks_for_another_environment(start: dict[str, Any], clone: Path) -> None:
    assert start["fingerprint"](clone, "3.11.7") != start["fingerprint"](clone, "3.12.1")


def test_test_runs_pytest_on_all_cores(start: dict[str, Any]) -> None:
    pytest_on_all_cores = ["-m", "pytest", "--numprocesses=auto", "--dist=worksteal"]
    assert start["command"](["test", "-k", "seam"])[1:] == [*pytest_on_all_cores, "-k", "seam"]


def test_all_else_goes_to_windtunnel(start: dict[str, Any]) -> None:
    run = start["command"](["run", "incidents/2026-01-16-retry-storm"])
    assert Path(run[0]).name == "windtunnel"
    assert run[1:] == ["run", "incidents/2026-01-16-retry-storm"]


def test_the_readme_names_the_commands_that_work() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert "python3 start.py run incidents/2026-01-16-retry-storm" in text
    assert "python3 start.py test" in text
