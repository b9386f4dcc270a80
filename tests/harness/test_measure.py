"""Coverage of the user's code under `windtunnel run`: the right lines, and the history as it is without."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUN = ("-m", "harness.cli", "run", "order", "--out", "out")
CORES = ("ctrace", "sysmon") if sys.version_info >= (3, 12) else ("ctrace",)
"""How coverage.py is told of lines; sys.monitoring is from 3.12 on."""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "tests" / "projects" / "shop", tmp_path / "shop")
    return tmp_path / "shop"


def python(folder: Path, *arguments: str, **environ: str) -> str:
    ours = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV"))}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder, env={**ours, "PYTHONPATH": str(ROOT), **environ},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def digests(folder: Path) -> list[str]:
    found = [json.loads(path.read_bytes())["history_sha256"] for path in sorted(folder.glob("out/*/outcome.json"))]
    shutil.rmtree(folder / "out")
    return found


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("branch", [(), ("--branch",)])
def test_lines_that_run_in_simulated_threads_count_and_the_history_is_the_same(
    shop: Path, core: str, branch: tuple[str, ...]
) -> None:
    if core == "sysmon" and branch and sys.version_info < (3, 14):
        pytest.skip("coverage.py measures branches with sys.monitoring from 3.14 on")
    python(shop, *RUN)
    undisturbed = digests(shop)
    said = python(shop, "-m", "coverage", "run", "--source=shop", *branch, *RUN, COVERAGE_CORE=core)
    assert "Warning" not in said
    assert digests(shop) == undisturbed
    python(shop, "-m", "coverage", "json", "-o", "c.json")
    files = json.loads((shop / "c.json").read_bytes())["files"]
    # Only the world with the fault waits and asks again, and nobody gives up.
    assert files["shop/front.py"]["missing_lines"] == [22]
    assert files["shop/stock.py"]["missing_lines"] == []
    assert files["shop/workers.py"]["executed_lines"] == []
    if branch:
        assert files["shop/front.py"]["missing_branches"] == [[16, 22]]
