"""A scenario of somebody else's project is run, replayed and judged."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.history import History
from harness.outcome import Verdict
from harness.runner import OutputError, RunRequest, RunResult, run
from harness.scenario.load import load

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "tests" / "projects" / "shop"

HEAD = "title: t\nstart: 2026-01-16T00:00:00Z\nspan: 10m\nseed: 1\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A copy outside our own tree, as a stranger has it."""
    folder = tmp_path / "elsewhere"
    shutil.copytree(SHOP, folder)
    return folder


def ran(shop: Path, text: str | None = None, *, seed: int | None = None, out: str = "out") -> RunResult:
    path = shop / "scenarios" / "order.yaml"
    if text is not None:
        path = shop / "scenarios" / "own.yaml"
        path.write_text(HEAD + text)
    scenario = load(path)
    return run(
        RunRequest(
            scenario, tuple(scenario.worlds), scenario.seed if seed is None else seed, shop / out, shop, "command"
        )
    )


def history(shop: Path, world: str, out: str = "out") -> bytes:
    return (shop / out / world / "history.jsonl").read_bytes()


def test_a_strangers_world_runs_and_is_judged(shop: Path) -> None:
    result = ran(shop)
    assert result.problems == ()
    assert [(o.world, o.verdict) for o in result.outcomes] == [("plain", Verdict.PASS), ("faulty", Verdict.PASS)]
    faulty = result.outcomes[1]
    assert [(fault.id, fault.fired > 0) for fault in faulty.faults] == [("busy", True), ("kill", True)]
    assert faulty.history_sha256 == hashlib.sha256(history(shop, "faulty")).hexdigest()
    assert json.loads((shop / "out" / "run.json").read_bytes())["worlds"] == ["plain", "faulty"]


def test_the_same_seed_gives_the_same_bytes_under_any_hash_seed_and_another_seed_does_not(shop: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from harness.runner import *; from harness.scenario.load import load\n"
        "shop, out, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])\n"
        "s = load(shop / 'scenarios' / 'order.yaml')\n"
        "run(RunRequest(s, tuple(s.worlds), seed, out, shop, 'command'))\n"
    )
    for out, seed, hash_seed in (("a", 7, "1"), ("b", 7, "2"), ("c", 8, "1")):
        subprocess.run(
            [sys.executable, "-c", script, str(shop), str(shop / out), str(seed)],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
        )
    for world in ("plain", "faulty"):
        assert history(shop, world, "a") == history(shop, world, "b")
        assert history(shop, world, "a") != history(shop, world, "c")


def test_module_level_state_is_per_instance(shop: Path) -> None:
    """Fact 3: ten containers with a breaker of threshold 5 each let 50 failures through, not 5."""
    ran(shop, "worlds: {w: 'shop.world:ten_breakers'}\nchecks: [attempts >= 1]\n")
    marks = list(History.parse(history(shop, "w")).marks("attempt"))
    assert sum(mark.fields["status"] == "failed" for mark in marks) == 50
    assert {mark.instance for mark in marks} == set(range(10))


def test_a_crash_runs_no_finally_and_the_restart_has_fresh_memory(shop: Path) -> None:
    ran(
        shop,
        "worlds: {w: 'shop.world:restarting'}\nchecks: [attempts >= 0]\n"
        "faults: [{id: kill, crash: {process: counter, instance: 0}, at: 1m3s}]\n",
    )
    told = History.parse(history(shop, "w"))
    assert list(told.marks("cleanup")) == []
    loops = [(mark.instance, mark.fields["n"]) for mark in told.marks("loop")]
    assert (0, 7) in loops
    assert (0, 8) not in loops
    assert (2, 1) in loops
    crash, restart = (
        next(e for e in told.of("process") if e["event"] == event and e.instance == instance)
        for event, instance in (("crash", 0), ("start", 2))
    )
    assert restart.t_ns - crash.t_ns == 5_000_000_000
    assert {mark.fields["host"] for mark in told.marks("loop")} == {"counter-0", "counter-1", "counter-2"}


def test_code_that_polls_the_clock_ends_in_a_diagnosis_and_is_unknown(shop: Path) -> None:
    result = ran(shop, "worlds: {w: 'shop.world:spinning'}\nchecks: [attempts >= 0]\n")
    assert [problem.kind for problem in result.problems] == ["livelock"]
    assert "spinner#0" in result.problems[0].detail
    assert "workers.py" in result.problems[0].detail
    assert result.verdict is Verdict.UNKNOWN


def test_a_world_that_raises_is_the_pipelines_problem_and_keeps_its_traceback(shop: Path) -> None:
    result = ran(shop, "worlds: {w: 'shop.world:raising'}\nchecks: [attempts >= 0]\n")
    assert [problem.kind for problem in result.problems] == ["pipeline"]
    assert "the author of this world erred" in (shop / "out" / "w" / "problem.txt").read_text()


def test_an_app_that_cannot_be_loaded_is_the_pipelines_problem(shop: Path) -> None:
    result = ran(shop, "worlds: {w: 'shop.world:app_missing'}\nchecks: [attempts >= 0]\n")
    assert [problem.kind for problem in result.problems] == ["pipeline"]
    assert "shop.nowhere" in result.problems[0].detail


def test_a_back_end_nobody_has_is_the_worlds_problem_and_leaves_nothing(shop: Path) -> None:
    result = ran(shop, "worlds: {w: 'shop.world:backend_missing'}\nchecks: [attempts >= 0]\n")
    assert [problem.kind for problem in result.problems] == ["world"]
    assert "bigtable" in result.problems[0].detail
    assert not (shop / "out").exists()
    assert [path.name for path in shop.iterdir() if path.name.startswith(".out")] == []


def test_a_folder_that_is_not_a_runs_is_never_replaced(shop: Path) -> None:
    (shop / "out").mkdir()
    (shop / "out" / "precious.txt").write_text("keep")
    with pytest.raises(OutputError, match="not empty"):
        ran(shop)
    assert (shop / "out" / "precious.txt").read_text() == "keep"
