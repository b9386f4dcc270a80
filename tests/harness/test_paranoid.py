"""Two runs of one seed are compared as they go; the debugger opens where the command says."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness.comparison import compare

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "tests" / "projects" / "shop", tmp_path / "shop")
    return tmp_path / "shop"


def windtunnel(folder: Path, *arguments: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harness.cli", "run", "order", "--world", "plain", *arguments],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        input=stdin, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_a_run_that_reads_something_unsimulated_is_unknown_and_the_first_difference_named(shop: Path) -> None:
    assert windtunnel(shop, "--paranoid").returncode == 0
    front = shop / "shop" / "front.py"
    front.write_text(
        front.read_text().replace(
            '"orders": ORDERS,', '"orders": ORDERS, "load": open("/proc/self/stat").read().split()[0],'
        )
    )
    done = windtunnel(shop, "--paranoid")
    assert done.returncode == 2, done.stdout + done.stderr
    outcome = next((shop / ".windtunnel" / "runs").rglob("*/plain/again-history.jsonl")).with_name("outcome.json")
    text = outcome.read_text()
    for piece in ("two runs of one seed differ at event", "fields.load", "a number from outside", "first ", "second "):
        assert piece in text, piece


def test_the_debugger_opens_at_the_event_and_the_run_goes_on_or_is_unknown(shop: Path) -> None:
    asked = {"stdin": "p 'orders ' + str(ORDERS)\nc\n", "WINDTUNNEL_DEBUGGER": "1"}
    went_on = windtunnel(shop, "--until", "mark:attempt", "--pdb", **asked)
    assert "windtunnel stopped at" in went_on.stdout, went_on.stdout + went_on.stderr
    assert "orders 1" in went_on.stdout
    assert went_on.returncode == 0
    left = windtunnel(shop, "--until", "call:stock.*:3", "--pdb", stdin="q\n", WINDTUNNEL_DEBUGGER="1")
    assert left.returncode == 2, left.stdout
    wrong = windtunnel(shop, "--until", "call:stock", "--pdb")
    assert wrong.returncode == 64
    assert "call:SERVICE.METHOD" in wrong.stderr


def test_a_breakpoint_without_a_terminal_ends_the_run_with_a_diagnosis(shop: Path) -> None:
    front = shop / "shop" / "front.py"
    front.write_text(front.read_text().replace("        ORDERS += 1\n", "        ORDERS += 1\n        breakpoint()\n"))
    done = windtunnel(shop)
    assert done.returncode == 2, done.stdout + done.stderr
    (problem,) = (shop / ".windtunnel" / "runs").rglob("plain/problem.txt")
    assert "front.py:" in problem.read_text()
    assert "no terminal" in problem.read_text()


def event(number: int, **more: object) -> str:
    import json

    return json.dumps({"seq": number, "t_ns": number, "kind": "log", "process": "p", "instance": 0, **more}) + "\n"


@pytest.mark.parametrize(
    ("first", "second", "cause"),
    [
        ({"m": "a b c"}, {"m": "c a b"}, "another order"),
        ({"m": "at 0x7fff1234"}, {"m": "at 0x7ffe9999"}, "memory address"),
        ({"m": "took 12"}, {"m": "took 15"}, "a number from outside"),
        ({"t_ns": 9}, {"t_ns": 10}, "only the time differs, by 1 ns"),
        ({"process": "q"}, {}, "came first"),
    ],
)
def test_the_likely_cause_is_told_by_what_differs(tmp_path: Path, first: dict, second: dict, cause: str) -> None:
    same = event(0) + event(1)
    (tmp_path / "a").write_text(same + event(2, **first))
    (tmp_path / "b").write_text(same + event(2, **second))
    over = threading.Event()
    over.set()
    difference = compare(tmp_path / "a", tmp_path / "b", over)
    assert difference is not None
    assert difference.number == 2
    assert cause in str(difference)
    assert compare(tmp_path / "a", tmp_path / "a", over) is None
