"""The emulator answers as the recorded service does, or refuses; it is never wrong.

`corpus_passes.txt` lists the cases that pass. A case in it that no longer passes is a regression; a case outside it may
be refused, but not answered wrongly. The recordings are not part of the project: without them these tests skip.
"""

from pathlib import Path

import pytest

from tests.fakes.bigquery import corpus, http_corpus

PASSES = frozenset(Path(__file__).with_name("corpus_passes.txt").read_text().split())
BARS = {
    "rest_crud": 0.98, "standard_functions": 0.97, "partitioning_clustering": 0.90, "routines_scripting": 0.90,
    "information_schema": 0.90, "api_configuration": 0.90, "http": 0.95,
}  # fmt: skip

pytestmark = pytest.mark.skipif(not corpus.ROOT.is_dir(), reason=f"the recordings are not at {corpus.ROOT}")


def areas() -> list[str]:
    return sorted({case.split("/")[0] for case in PASSES} - {"http"})


@pytest.mark.parametrize("area", areas())
def test_recorded_queries_are_answered_alike_or_refused(area):
    outcomes = {}
    for case in corpus.cases():
        if case.startswith(f"{area}/"):
            outcomes[case] = outcome(corpus.run, case)
    judge(area, outcomes)


def test_recorded_http_exchanges_are_answered_alike_or_refused():
    judge("http", {f"http/{case}": outcome(http_corpus.run, case) for case in http_corpus.cases()})


def outcome(run, case):
    """`pass`, `refused`, or what was wrong."""
    try:
        run(case)
    except corpus.Refused:
        return "refused"
    except corpus.Mismatch as mismatch:
        return f"wrong: {mismatch}"
    return "pass"


def judge(area, outcomes):
    wrong = {case: found for case, found in outcomes.items() if found.startswith("wrong")}
    lost = {case: found for case, found in outcomes.items() if case in PASSES and found != "pass"}
    assert not wrong, f"{len(wrong)} wrong answers: {wrong}"
    assert not lost, f"{len(lost)} cases no longer pass: {lost}"
    passed = sum(1 for found in outcomes.values() if found == "pass")
    assert passed >= BARS.get(area, 0.0) * len(outcomes), f"{area}: {passed} of {len(outcomes)} passed"
