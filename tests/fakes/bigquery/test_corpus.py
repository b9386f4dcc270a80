"""The emulator answers as the recorded service does, or refuses; it is never wrong.

`corpus_passes.txt` lists the cases that pass. A case in it that no longer passes is a regression; a case outside it may
be refused, but not answered wrongly. The recordings are not part of the project: without them these tests skip.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.fakes.bigquery import corpus, http_corpus

PASSES = frozenset(Path(__file__).with_name("corpus_passes.txt").read_text().split())
BARS = {
    "rest_crud": 0.98, "standard_functions": 0.97, "partitioning_clustering": 0.90, "routines_scripting": 0.90,
    "information_schema": 0.90, "api_configuration": 0.90, "http": 0.95,
}  # fmt: skip

pytestmark = pytest.mark.skipif(not corpus.ROOT.is_dir(), reason=f"the recordings are not at {corpus.ROOT}")


PART = 90
"""Cases a test, so that workers share an area."""


def parts() -> list[tuple[str, int, int]]:
    """(area, number of the part, parts of the area)."""
    areas = Counter(case.split("/")[0] for case in PASSES)
    counts = {area: -(-cases // PART) for area, cases in sorted(areas.items()) if area != "http"}
    return [(area, part, count) for area, count in counts.items() for part in range(count)]


@pytest.mark.parametrize(("area", "part", "count"), parts())
def test_recorded_queries_are_answered_alike_or_refused(area, part, count):
    judge({case: outcome(corpus.run, case) for case in cases_of(area)[part::count]})


@pytest.mark.parametrize("area", BARS)
def test_the_cases_that_pass_are_as_many_as_the_bar_asks(area):
    cases = cases_of(area)
    assert len(PASSES.intersection(cases)) >= BARS[area] * len(cases) > 0


def cases_of(area: str) -> list[str]:
    if area == "http":
        return [f"http/{case}" for case in http_corpus.cases()]
    return [case for case in corpus.cases() if case.startswith(f"{area}/")]


def test_recorded_http_exchanges_are_answered_alike_or_refused():
    judge({f"http/{case}": outcome(http_corpus.run, case) for case in http_corpus.cases()})


def outcome(run, case):
    """`pass`, `refused`, or what was wrong."""
    try:
        run(case)
    except corpus.Refused:
        return "refused"
    except corpus.Mismatch as mismatch:
        return f"wrong: {mismatch}"
    return "pass"


def judge(outcomes):
    wrong = {case: found for case, found in outcomes.items() if found.startswith("wrong")}
    lost = {case: found for case, found in outcomes.items() if case in PASSES and found != "pass"}
    assert not wrong, f"{len(wrong)} wrong answers: {wrong}"
    assert not lost, f"{len(lost)} cases no longer pass: {lost}"
