"""The plot says what was counted: places are in order, nothing falls off the paper, and nothing is drawn of nothing."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.history import Event
from reports.chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, chart, log_ticks, nice_ticks, x_of, y_of
from reports.run import Run
from reports.timeline import Timeline
from tests.reports.storm import RECORD

tops = st.floats(min_value=0.5, max_value=1e9)


@given(tops)
def test_linear_ticks_cover_the_greatest_value_evenly_and_are_few(top: float) -> None:
    ticks = nice_ticks(top)
    assert ticks[0] == 0
    assert ticks[-1] >= top * (1 - 1e-9)
    assert len(ticks) <= 7
    assert len({round(b - a, 6) for a, b in pairwise(ticks)}) == 1


@given(tops)
def test_log_ticks_are_nothing_and_powers_of_ten(top: float) -> None:
    ticks = log_ticks(top)
    assert ticks[:2] == [0, 1]
    assert ticks[-1] >= top * (1 - 1e-9)


@given(st.sampled_from(["linear", "log"]), tops, st.floats(0, 1), st.floats(0, 1))
def test_more_is_never_drawn_lower(scale: str, upper: float, one: float, other: float) -> None:
    low, high = sorted((one * upper, other * upper))
    assert HEIGHT - BOTTOM >= y_of(low, scale, upper) >= y_of(high, scale, upper) >= TOP


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_nothing_is_drawn_on_the_ground_line(scale: str) -> None:
    assert y_of(0, scale, 1000) == HEIGHT - BOTTOM


def test_the_storm_is_drawn_hour_by_hour_beside_its_record(run: Run) -> None:
    plot = chart(run)
    assert plot is not None
    assert plot.title == "Attempts per hour"
    assert [entry.name for entry in plot.legend] == [
        "the record", "as_was", "breaker_in_memory", "breaker_shared", "early_exit",
    ]  # fmt: skip
    record = plot.legend[0]
    assert (record.peak, record.peak_at) == (878, "16 Jan 17:00 UTC")
    assert plot.values[0][17] == 878
    assert plot.values[0][21] is None
    assert plot.values[1][9] == 352
    assert len(plot.labels) == 36


def test_a_point_stands_in_the_middle_of_the_hour_that_it_counts(run: Run) -> None:
    plot = chart(run)
    assert plot is not None
    bar = plot.scales[0].bars[sorted(RECORD).index(17)]
    assert plot.scales[0].lines[0].points[17][0] == pytest.approx(bar.x + bar.width / 2, abs=0.2)


def test_everything_stays_on_the_paper(run: Run) -> None:
    plot = chart(run)
    assert plot is not None
    for scale in plot.scales:
        for line in scale.lines:
            assert all(LEFT <= x <= WIDTH - RIGHT and TOP <= y <= HEIGHT - BOTTOM for x, y in line.points)
        assert all(bar.x >= LEFT and bar.x + bar.width <= WIDTH - RIGHT for bar in scale.bars)


def test_the_same_fault_window_of_all_worlds_is_shaded_once(run: Run) -> None:
    plot = chart(run)
    assert plot is not None
    [window] = plot.windows
    assert window.fault == "bigquery-503"
    assert window.x == x_of(11 * 3600, 36 * 3600)


def test_the_line_of_a_world_that_stopped_ends_there(run: Run) -> None:
    timeline = run.worlds[0].timeline
    assert timeline is not None
    stopped = replace(timeline, ended=False, last_ns=17 * 3600 * 10**9)
    plot = chart(replace(run, worlds=(replace(run.worlds[0], timeline=stopped),)))
    assert plot is not None
    assert len(plot.scales[0].lines[0].points) == 18
    assert plot.values[1][17:19] == (861, None)


def test_without_attempts_calls_are_plotted(run: Run) -> None:
    calls = [Event(n, 0, "call", "p", 1, {"service": "gcs", "outcome": "ok"}) for n in range(3)]
    world = replace(run.worlds[0], timeline=Timeline(600, 10).read(calls))
    record = run.record.model_copy(update={"reference": None})
    plot = chart(replace(run, record=record, worlds=(world,), bucket_s=10))
    assert plot is not None
    assert plot.title == "Calls per 10 s"
    assert plot.values[0][0] == 3


def test_of_nothing_there_is_no_plot(run: Run) -> None:
    world = replace(run.worlds[0], timeline=Timeline(600, 10))
    record = run.record.model_copy(update={"reference": None})
    assert chart(replace(run, record=record, worlds=(world,), bucket_s=10)) is None
