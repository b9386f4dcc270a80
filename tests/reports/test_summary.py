"""A run in a sentence and a world in a line: the worst by name, and why."""

from collections import Counter
from dataclasses import replace

import pytest

from harness.outcome import Finding, Verdict
from reports.run import Run, World
from reports.summary import figure, headline, overview, why
from reports.timeline import Timeline


def judged(run: Run, *findings: tuple[str, Verdict]) -> World:
    first = run.worlds[0]
    assert first.outcome is not None
    made = tuple(Finding(check=check, verdict=verdict, measured=3, bound=2) for check, verdict in findings)
    verdict = Verdict.combine(one.verdict for one in made)
    return replace(first, outcome=first.outcome.model_copy(update={"findings": made, "faults": (), "verdict": verdict}))


@pytest.mark.parametrize(
    ("verdicts", "says"),
    [
        ([Verdict.PASS], "The only world passed."),
        ([Verdict.PASS] * 2, "All 2 worlds passed."),
        ([Verdict.PASS, Verdict.UNKNOWN], "1 of 2 worlds is unknown: w1; 1 passed."),
        ([Verdict.UNKNOWN, Verdict.FAIL, Verdict.FAIL], "2 of 3 worlds failed: w1 and w2; 1 is unknown: w0."),
        ([], "The run has no worlds, so nothing is known."),
    ],
)
def test_the_worst_comes_first_and_by_name(run: Run, verdicts: list[Verdict], says: str) -> None:
    worlds = tuple(replace(judged(run, ("c", verdict)), name=f"w{n}") for n, verdict in enumerate(verdicts))
    assert headline(replace(run, worlds=worlds)) == says


def test_a_world_that_passed_names_its_checks_without_their_options(run: Run) -> None:
    world = judged(
        run,
        ("attempts-failing at_least=0.99 key=2026-01-16", Verdict.PASS),
        ("attempts >= 1000", Verdict.PASS),
        ("no-lost-message topic=a", Verdict.PASS),
        ("no-lost-message topic=b", Verdict.PASS),
    )
    assert why(world) == "4 checks passed: attempts-failing, attempts >= 1000, no-lost-message"


def test_a_world_that_did_not_names_the_first_of_the_worst_in_full(run: Run) -> None:
    world = judged(run, ("a", Verdict.PASS), ("b x=1", Verdict.FAIL), ("c", Verdict.FAIL), ("d", Verdict.UNKNOWN))
    assert why(world) == "b x=1: measured 3, bound 2 (and 1 more)"


def test_a_run_without_attempts_is_told_by_its_calls_and_has_no_empty_columns(run: Run) -> None:
    world = judged(run, ("c", Verdict.PASS))
    assert world.outcome is not None
    outcome = world.outcome.model_copy(update={"metrics": {"calls_failed": 1, "alert_after_s": None}})
    calls = Timeline(3600.0, 60, calls=Counter({0: 2, 3: 5}), ended=True)
    record = run.record.model_copy(update={"reference": None})
    it = overview(replace(run, record=record, bucket_s=60, worlds=(replace(world, outcome=outcome, timeline=calls),)))
    assert dict(zip(it.columns, it.lines[0].figures, strict=True)) == {
        "Calls": "7", "Most in 1 min": "5", "Failed calls": "1",
    }  # fmt: skip


def test_seconds_are_told_by_the_name_of_the_metric() -> None:
    assert (figure("alert_after_s", 660), figure("attempts", 660), figure("alerts", None)) == ("11 min", "660", "–")
