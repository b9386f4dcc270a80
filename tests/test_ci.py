"""CI's verdict is pytest's, whatever else is printed; tried with a stand-in for the Python that `.ci/run` calls."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def ci(tmp_path: Path, body: str) -> subprocess.CompletedProcess[str]:
    python = tmp_path / "python3"
    python.write_text(f"#!/bin/sh\n{body}\n")
    python.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = ["bash", str(ROOT / ".ci/run")]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)


def test_it_runs_the_command_of_the_readme() -> None:
    command = "python3 start.py test"
    assert command in (ROOT / "README.md").read_text("utf-8")
    assert command in (ROOT / ".ci/run").read_text("utf-8")


def test_it_ends_with_the_closing_line_of_pytest(tmp_path: Path) -> None:
    result = ci(tmp_path, "echo '12 passed, 1 skipped in 3.40s'; echo more")
    assert result.returncode == 0
    assert result.stdout.splitlines()[-1] == "12 passed, 1 skipped in 3.40s"


@pytest.mark.parametrize("code", [1, 2, 3, 4, 70])
def test_the_exit_code_is_that_of_the_tests(tmp_path: Path, code: int) -> None:
    assert ci(tmp_path, f"echo '1 failed in 0.10s'; exit {code}").returncode == code


def test_no_tests_collected_is_a_failure(tmp_path: Path) -> None:
    result = ci(tmp_path, "echo 'no tests ran in 0.01s'; exit 5")
    assert result.returncode == 1
    assert "collected no tests" in result.stderr


def test_success_without_a_closing_line_is_a_failure(tmp_path: Path) -> None:
    assert ci(tmp_path, "exit 0").returncode == 1


def test_it_says_that_it_is_ci_and_reads_nothing(tmp_path: Path) -> None:
    result = ci(tmp_path, 'read line && exit 9; echo "CI is $CI"; echo "1 passed in 0.01s"')
    assert result.returncode == 0
    assert "CI is true" in result.stdout
