"""The judge: nothing a check or a metric does wrong can end a run or pass for a verdict."""

from pathlib import Path

import pytest

from harness.judge import EMULATED, ENDED, RAN, judge
from harness.outcome import FaultAccount, Finding, Verdict
from harness.scenario.load import load
from tests.harness.checks.written import attempt, call, day

HEAD = "title: t\nstart: 2026-01-16T00:00:00Z\nspan: 36h\nworlds: {w: a.b:c}\n"
HERE = "tests.harness.test_judge"


def passing(history):
    return Finding(check="mine", verdict=Verdict.PASS, measured=len(list(history)))


def demanding(history, at_least):
    verdict = Verdict.PASS if len(list(history)) >= at_least else Verdict.FAIL
    return Finding(check="demanding", verdict=verdict)


def raising(history):
    raise RuntimeError("my check is broken")


def truthful(history):
    return True


def rows_lost(history):
    return 3


def several(history):
    return {"a": 1, "b": None}


def unsayable(history):
    return {1, 2}


@pytest.fixture
def judged(tmp_path: Path):
    def judged(text, history=None, faults=(), **more):
        path = tmp_path / "s.yaml"
        path.write_text(HEAD + text)
        history = history or day(attempt(0))
        return judge(load(path), "w", history, faults, seed=1, engine="sim", release="r", wall_s=0.5, **more)

    return judged


def test_an_outcome_says_what_was_run_and_how_long_it_took(judged):
    history = day(attempt(0))
    outcome = judged("checks: [attempts == 1]\n", history)
    assert (outcome.scenario, outcome.world, outcome.verdict) == ("s", "w", Verdict.PASS)
    assert (outcome.virtual_s, outcome.wall_s, outcome.events) == (36 * 3600, 0.5, 3)
    assert outcome.history_sha256 == history.sha256()
    assert outcome.metrics["attempts"] == 1


def test_the_users_checks_and_metrics_are_called(judged):
    outcome = judged(
        f"checks: ['{HERE}:passing', '{HERE}:demanding': {{at_least: 1}}, rows_lost == 3, '{HERE}:rows_lost <= 3']\n"
        f"metrics: ['{HERE}:rows_lost', '{HERE}:several']\n"
    )
    assert outcome.verdict is Verdict.PASS
    assert [finding.check for finding in outcome.findings] == [
        *("mine", "demanding", f"{HERE}:rows_lost == 3", f"{HERE}:rows_lost <= 3")
    ]
    assert (outcome.metrics["rows_lost"], outcome.metrics["a"], outcome.metrics["b"]) == (3, 1, None)


def test_a_check_that_raises_is_unknown_with_its_traceback(judged):
    outcome = judged(f"checks: ['{HERE}:raising', attempts == 1]\n")
    broken = outcome.findings[0]
    assert (broken.verdict, outcome.verdict) == (Verdict.UNKNOWN, Verdict.UNKNOWN)
    assert broken.reason == "it raised RuntimeError: my check is broken"
    assert "in raising" in broken.evidence[0].text


def test_a_check_that_returns_no_finding_is_unknown(judged):
    (finding,) = judged(f"checks: ['{HERE}:truthful']\n").findings
    assert finding.verdict is Verdict.UNKNOWN
    assert "returned True; return a harness.outcome.Finding" in finding.reason


def test_a_metric_that_raises_or_is_no_json_is_null_and_makes_the_outcome_unknown(judged):
    outcome = judged(f"checks: [attempts == 1]\nmetrics: ['{HERE}:raising', '{HERE}:unsayable']\n")
    assert (outcome.metrics["raising"], outcome.metrics["unsayable"]) == (None, None)
    assert [finding.verdict for finding in outcome.findings] == [Verdict.PASS, Verdict.UNKNOWN, Verdict.UNKNOWN]
    assert outcome.verdict is Verdict.UNKNOWN


def test_no_checks_at_all_is_unknown(judged):
    assert judged("").verdict is Verdict.UNKNOWN


def test_a_fault_that_stayed_silent_is_a_finding(judged):
    silent = FaultAccount(id="f", planned=1, fired=0, masked=0)
    outcome = judged("checks: [attempts == 1]\n", faults=[silent])
    assert outcome.verdict is Verdict.UNKNOWN
    assert outcome.findings[-1].check == "fault f fired"


def test_a_fault_whose_pattern_fits_no_call_is_told_what_the_calls_are(judged):
    fault = "faults: [{id: f, call: {service: gsc}, refuse: 503}]\n"
    told = judged(fault, day(call(1, service="gcs")), [FaultAccount(id="f", planned=1, fired=0, masked=0)])
    assert told.findings[-1].reason.endswith(": no call has service 'gsc'; there were gcs")


def test_a_world_that_raised_fails_with_its_traceback_and_one_that_stopped_early_is_unknown(judged):
    raised = judged("checks: [attempts == 1]\n", raised="Traceback\nValueError: no table")
    assert (raised.verdict, raised.findings[0].check) == (Verdict.FAIL, RAN)
    assert raised.findings[0].reason == "ValueError: no table"
    stopped = judged("checks: [attempts >= 1]\n", day(attempt(0), ended=False), stopped="livelock\nstacks")
    assert (stopped.verdict, stopped.findings[-1].check) == (Verdict.UNKNOWN, ENDED)
    assert stopped.findings[-1].reason == "livelock"


def test_an_instant_that_did_not_come_is_unknown_without_a_traceback(judged):
    (finding,) = judged(
        "instant_marks: {horn: {mark: final_horn}}\nchecks: [recovered-within: {limit: 1h, after: horn}]\n",
        day(attempt(0), instant_marks={"horn": {"mark": "final_horn", "key": "*"}}),
    ).findings
    assert (finding.verdict, finding.evidence) == (Verdict.UNKNOWN, ())
    assert finding.reason == "no instant is called 'horn'; there are none"


def test_what_an_emulator_refused_as_unsupported_makes_the_run_unknown_whatever_the_checks_say(judged):
    what = "unsupported by the emulator: PIVOT"
    refused = {"service": "bigquery", "method": "jobs.insert", "what": what}
    for checks in ("attempts == 1", "attempts == 5"):
        history = day(attempt(0), (5, "unsupported", refused), (6, "unsupported", refused))
        outcome = judged(f"checks: [{checks}]\n", history)
        assert outcome.verdict is Verdict.UNKNOWN
        [finding] = [f for f in outcome.findings if f.check == EMULATED]
        assert (finding.measured, finding.reason) == (1, f"bigquery jobs.insert {what}")
        assert finding.evidence[0].t_ns == 5_000_000_000
