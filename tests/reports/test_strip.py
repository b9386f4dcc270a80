"""The strip of a world shows each fault's window and firings, and each rare event, where it happened."""

from dataclasses import replace

from reports.chart import WIDTH, x_of
from reports.run import Run, World
from reports.strip import MOST_FAULT_LANES, strip
from reports.timeline import FaultSpan, Timeline


def test_faults_come_first_then_what_became_of_the_world(run: Run) -> None:
    lanes = strip(run, run.worlds[1])
    assert lanes is not None
    assert [lane.kind for lane in lanes.lanes] == ["fault", "crash", "breaker", "alert", "recovery"]
    assert lanes.lanes[3].label == "1 alert, the first at 16 Jan 09:11:00 UTC"
    assert [sign.says for sign in lanes.lanes[3].signs] == ["16 Jan 09:11:00 UTC: retry_storm (warning)"]


def test_a_window_is_as_long_as_the_fault_was_armed(run: Run) -> None:
    lanes = strip(run, run.worlds[0])
    assert lanes is not None
    [(x, width)] = lanes.lanes[0].bars
    assert abs(x - x_of(11 * 3600, 36 * 3600)) <= 0.1
    assert abs(width - (WIDTH - 68) / 36) <= 0.2


def test_a_fault_that_never_fired_says_so(run: Run) -> None:
    timeline = Timeline(600, 10, faults={"f": FaultSpan(windows=[(0, None)])})
    lanes = strip(run, World("w", None, timeline))
    assert lanes is not None
    assert lanes.lanes[0].label == "fault f: never fired"


def test_more_faults_than_lanes_are_counted(run: Run) -> None:
    faults = {f"f{n}": FaultSpan(windows=[(0, None)]) for n in range(MOST_FAULT_LANES + 3)}
    lanes = strip(run, replace(run.worlds[0], timeline=Timeline(600, 10, faults=faults)))
    assert lanes is not None
    assert lanes.left_out == 3


def test_a_world_with_nothing_to_show_has_no_strip(run: Run) -> None:
    assert strip(run, World("w", None, Timeline(600, 10))) is None
    assert strip(run, World("w", None, None)) is None
