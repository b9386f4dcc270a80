"""A scenario of somebody else's project is run, replayed and judged."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.history import History
from harness.judge import EMULATED
from harness.outcome import Outcome, Verdict
from harness.request import RunRequest
from harness.runner import run
from harness.scenario.errors import ScenarioError
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


def ran(shop: Path, text: str | None = None) -> list[Outcome]:
    path = shop / "scenarios" / "order.yaml"
    if text is not None:
        path = shop / "scenarios" / "own.yaml"
        path.write_text(HEAD + text)
    scenario = load(path)
    return list(run(RunRequest(scenario, tuple(scenario.worlds), scenario.seed, shop / "out")).outcomes)


def history(shop: Path, world: str, out: str = "out") -> bytes:
    return (shop / out / world / "history.jsonl").read_bytes()


def test_a_strangers_world_runs_and_is_judged(shop: Path) -> None:
    outcomes = ran(shop)
    assert [(o.world, o.verdict) for o in outcomes] == [("plain", Verdict.PASS), ("faulty", Verdict.PASS)]
    faulty = outcomes[1]
    assert [(fault.id, fault.fired > 0) for fault in faulty.faults] == [("busy", True), ("kill", True)]
    assert faulty.history_sha256 == hashlib.sha256(history(shop, "faulty")).hexdigest()
    assert Outcome.read(shop / "out" / "faulty" / "outcome.json") == faulty


def test_the_same_seed_gives_the_same_bytes_under_any_hash_seed_and_another_seed_does_not(shop: Path) -> None:
    for out, seed, hash_seed in (("a", 7, "1"), ("b", 7, "2"), ("c", 8, "1")):
        command = [sys.executable, "-m", "harness.cli", "run", "order", "--seed", str(seed), "--out", out]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        subprocess.run(command, check=True, cwd=shop, env=environment, capture_output=True)
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
    (outcome,) = ran(shop, "worlds: {w: 'shop.world:spinning'}\nchecks: [attempts >= 0]\n")
    assert outcome.verdict is Verdict.UNKNOWN
    diagnosis = (shop / "out" / "w" / "problem.txt").read_text()
    assert "spinner#0" in diagnosis
    assert "workers.py" in diagnosis
    assert any(diagnosis in evidence.text for finding in outcome.findings for evidence in finding.evidence)


def test_sql_that_no_emulator_supports_makes_the_run_unknown_and_is_named(shop: Path) -> None:
    (outcome,) = ran(shop, "worlds: {w: 'shop.world:asking_for_a_model'}\nchecks: [attempts == 0]\n")
    (asked,) = History.parse(history(shop, "w")).marks("carried_on")
    assert asked.fields["code"] == "501"
    assert outcome.verdict is Verdict.UNKNOWN
    (finding,) = [found for found in outcome.findings if found.check == EMULATED]
    assert finding.reason.startswith("bigquery jobs.insert unsupported by the emulator: CREATE MODEL")


def test_a_world_that_raises_fails_and_keeps_its_traceback(shop: Path) -> None:
    (outcome,) = ran(shop, "worlds: {w: 'shop.world:raising'}\nchecks: [attempts >= 0]\n")
    assert outcome.verdict is Verdict.FAIL
    assert "the author of this world erred" in (shop / "out" / "w" / "problem.txt").read_text()


def test_an_app_that_cannot_be_loaded_fails_with_its_traceback(shop: Path) -> None:
    (outcome,) = ran(shop, "worlds: {w: 'shop.world:app_missing'}\nchecks: [attempts >= 0]\n")
    assert outcome.verdict is Verdict.FAIL
    assert "shop.nowhere" in outcome.findings[0].evidence[0].text


def test_a_back_end_nobody_has_is_the_scenarios_error_and_leaves_nothing(shop: Path) -> None:
    with pytest.raises(ScenarioError, match="bigtable"):
        ran(shop, "worlds: {w: 'shop.world:backend_missing'}\nchecks: [attempts >= 0]\n")
    assert not (shop / "out").exists()
