"""The benchmarks still run, and do the work they say they measure: each with little of it."""

from collections.abc import Iterator

import pytest

from benchmarks.figure import Figure
from benchmarks.kernel import ROOT, Bench, figures
from harness.zygote import Zygote


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with Zygote([ROOT]) as zygote:
        yield Bench(zygote)


@pytest.mark.parametrize(
    ("workload", "count"),
    [("timer_events", 2000), ("sleeping_threads", 2000), ("jumps", 100), ("switches", 100),
     ("front_end", 3), ("requests_round_trips", 3), ("retrying", 10), ("client_stack", 1)],
)  # fmt: skip
def test_a_workload_runs_inside_a_simulation(bench: Bench, workload: str, count: int) -> None:
    assert bench.inside(workload, count) > 0


@pytest.mark.parametrize(
    "workload",
    ["simpy_timer_events", "simpy_sleeping_processes", "simpy_jumps", "gevent_switches", "loopback_round_trips",
     "canned_answers", "history_events", "json_events"],
)  # fmt: skip
def test_a_reference_runs_outside(bench: Bench, workload: str) -> None:
    assert bench.outside(workload, 2000 if workload.startswith("simpy") else 10) > 0


def test_a_workload_that_fails_is_told_of_with_its_traceback(bench: Bench) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)workload 'no_such' failed:\n.*KeyError"):
        bench.inside("no_such", 1)


def test_every_figure_has_a_reference_or_somebody_who_published_one(bench: Bench) -> None:
    def named(figure: Figure) -> bool:
        return bool(figure.reference and figure.reference_name) or bool(figure.published)

    listed = figures(bench)
    assert [figure.name for figure in listed if not named(figure)] == []
    assert len({figure.name for figure in listed}) == len(listed)
