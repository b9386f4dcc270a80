"""A run that goes nowhere ends in a diagnosis: who erred, the remedy, where every thread stands. Never a hang."""

import ast
import json
import re
import shutil
from pathlib import Path

import pytest

from harness.cli.app import run as run_command
from harness.outcome import Outcome, Verdict
from harness.request import RunRequest
from harness.runner import run
from harness.scenario.errors import ScenarioError
from harness.scenario.load import load

SHOP = Path(__file__).resolve().parents[1] / "projects" / "shop"
HEAD = "title: t\nstart: 2026-01-16T00:00:00Z\nspan: 10m\nseed: 1\nchecks: [attempts >= 0]\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    shutil.copytree(SHOP, folder)
    return folder


def watch(shop: Path, setting: str) -> None:
    """Let the project say how long its code may keep everything else from running."""
    settings = shop / "pyproject.toml"
    settings.write_text(f"{settings.read_text()}watchdog = {setting}\n")


def ran(shop: Path, name: str, *others: str) -> tuple[Outcome, str]:
    """The outcome and the diagnosis of a world with that worker, and a steady one beside it if `others` says so."""
    build = f"import functools\nimport shop.world\nw = functools.partial(shop.world.stuck{''.join(others)}, {name!r})\n"
    (shop / "shop" / "made.py").write_text(build)
    return in_world(shop, "shop.made:w")


def in_world(shop: Path, world: str) -> tuple[Outcome, str]:
    """The outcome and the diagnosis of a run of that world."""
    path = shop / "scenarios" / "own.yaml"
    path.write_text(HEAD + f"worlds: {{w: {world!r}}}\n")
    scenario = load(path)
    (outcome,) = run(RunRequest(scenario, ("w",), 1, shop / "out")).outcomes
    problem = shop / "out" / "w" / "problem.txt"
    return outcome, problem.read_text() if problem.exists() else ""


IN_VIRTUAL_TIME = {
    "spin_on_the_clock": "livelock: the clock was read",
    "poll_without_waiting": "livelock: 500,000 switches and nobody waited",
    "wait_for_nobody": "deadlock: nothing can happen any more, and all threads of stuck#0 wait",
    "await_nobody": "deadlock: nothing can happen any more, and all threads of stuck#0 wait",
    "wait_for_a_thread_that_waits": "deadlock: nothing can happen any more",
    "take_crosswise": "deadlock: nothing can happen any more",
}
IN_REAL_TIME = {
    "compute_for_ever": "stall: 1 s of computing went by in one stretch",
    "swallow_everything": "stall: 1 s of computing",
    "wait_for_a_file_lock": "s of real time, hardly computing, went by",
    "read_a_real_pipe": "s of real time, hardly computing, went by",
}
IN_C = {
    "wait_for_a_real_thread": "stall: a call into C did not return",
    "never_return_from_c": "stall: a call into C did not return",
    "crash_in_c": "stall: the process died of a fatal signal (Fatal Python error: Segmentation fault)",
}


@pytest.mark.parametrize(("name", "says"), {**IN_VIRTUAL_TIME, **IN_REAL_TIME, **IN_C}.items())
def test_every_way_to_go_nowhere_is_diagnosed_and_unknown(shop: Path, name: str, says: str) -> None:
    if name not in IN_VIRTUAL_TIME:
        watch(shop, '"1s"')
    outcome, diagnosis = ran(shop, name)
    assert says in diagnosis.splitlines()[0]
    assert diagnosis.splitlines()[1].startswith("erred: ")
    assert diagnosis.splitlines()[2].startswith("remedy: ")
    assert f"in {name}" in diagnosis
    assert "stuck#0" in diagnosis.partition("all threads")[2] or name == "crash_in_c"
    assert outcome.verdict is Verdict.UNKNOWN
    (finding,) = [finding for finding in outcome.findings if says in finding.reason]
    assert finding.verdict is Verdict.UNKNOWN
    assert [evidence.text for evidence in finding.evidence if evidence.text in diagnosis]


WAITING = sorted(
    function.name
    for function in ast.parse((SHOP / "shop" / "waiting.py").read_text()).body
    if isinstance(function, ast.FunctionDef)
)


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, str]:
    """One world in which each of `WAITING` is a worker, beside a steady one."""
    folder = tmp_path_factory.mktemp("waiting") / "elsewhere"
    shutil.copytree(SHOP, folder)
    return in_world(folder, "shop.world:waiting")


@pytest.mark.parametrize("name", WAITING)
def test_threads_that_wait_for_one_another_are_told_of_their_process(waiting: tuple[Outcome, str], name: str) -> None:
    outcome, diagnosis = waiting
    label = f"{name.replace('_', '-')}#0"
    (told,) = [text for text in diagnosis.split("deadlock: ")[1:] if label in text.partition("\n")[0]]
    assert re.search(rf"at \S+waiting.py:\d+ in {name}\b|in {name}\b", told)
    assert outcome.verdict is Verdict.UNKNOWN
    assert outcome.virtual_s == 600


@pytest.mark.parametrize("name", ["wait_for_nobody", "await_nobody", "wait_for_a_thread_that_waits"])
def test_a_process_that_can_never_go_on_is_told_while_others_do(shop: Path, name: str) -> None:
    outcome, diagnosis = ran(shop, name, "_beside_others")
    assert diagnosis.startswith("deadlock: all threads of stuck#0 wait for one another, and nothing can wake them\n")
    assert "steady#0" in diagnosis
    assert outcome.verdict is Verdict.UNKNOWN
    assert outcome.virtual_s == 600


def test_locks_taken_crosswise_are_told_at_once_with_the_threads_by_name(shop: Path) -> None:
    outcome, diagnosis = ran(shop, "take_crosswise", "_beside_others")
    assert "threads second, MainThread of stuck#0" in diagnosis or "threads MainThread, second of stuck#0" in diagnosis
    assert outcome.verdict is Verdict.UNKNOWN
    told = [json.loads(line) for line in (shop / "out" / "w" / "history.jsonl").read_text().splitlines()]
    (said,) = [event for event in told if event["kind"] == "log" and event["message"].startswith("deadlock: ")]
    assert said["t_ns"] == pytest.approx(1e9, abs=1e6)
    assert str(shop) not in said["message"]


def test_waiting_with_a_time_out_is_no_deadlock(shop: Path) -> None:
    outcome, diagnosis = ran(shop, "wait_in_time", "_beside_others")
    assert diagnosis == ""
    assert not [finding for finding in outcome.findings if "deadlock" in finding.reason]


def test_a_diagnosis_is_on_the_terminal_in_the_summary_and_in_the_report(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran(shop, "take_crosswise")
    shutil.rmtree(shop / "out")
    monkeypatch.chdir(shop)
    assert run_command(["run", "own", "--out", "out"]) == 2
    terminal = capsys.readouterr().out
    (html, markdown) = ((shop / "out" / name).read_text() for name in ("report.html", "summary.md"))
    for text in (" ".join(terminal.split()), html, " ".join(markdown.split())):
        assert "nothing can happen any more" in text
        assert "remedy: give waits a time-out" in text


def test_a_watchdog_that_is_no_duration_is_refused(shop: Path) -> None:
    watch(shop, "30")
    with pytest.raises(ScenarioError, match="watchdog is 30; make it a duration, as in '30s'"):
        ran(shop, "wait_for_nobody")
