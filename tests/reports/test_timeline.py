"""A history of any length becomes figures in one pass, and none of its events is lost or counted twice."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.history import Event
from reports.timeline import MOST_BUCKETS, MOST_MOMENTS, NS_PER_S, TICKS, Timeline, bucket_s_for

HOUR_S = 3600.0


def event(t_s: float, kind: str, /, **data: Any) -> Event:
    return Event(0, round(t_s * NS_PER_S), kind, "worker", 1, data)


def mark(t_s: float, name: str, /, **fields: Any) -> Event:
    return event(t_s, "mark", name=name, fields=fields)


def attempt(t_s: float, status: str = "failed") -> Event:
    return mark(t_s, "attempt", processor="pgs", key="2026-01-16", status=status, reason="")


def day(*events: Event) -> Timeline:
    return Timeline(span_s=24 * HOUR_S, bucket_s=3600).read(events)


@given(st.floats(min_value=6 * HOUR_S, max_value=60 * HOUR_S))
def test_six_hours_to_sixty_are_counted_by_the_hour(span_s: float) -> None:
    assert bucket_s_for(span_s) == 3600


@given(st.floats(min_value=0.001, max_value=60 * 86400))
def test_any_span_has_at_most_sixty_buckets(span_s: float) -> None:
    assert span_s / bucket_s_for(span_s) <= MOST_BUCKETS


@given(st.lists(st.floats(min_value=0, max_value=24 * HOUR_S), max_size=50))
def test_every_attempt_falls_into_one_bucket_of_the_span(times_s: list[float]) -> None:
    timeline = day(*(attempt(t_s) for t_s in sorted(times_s)))
    assert timeline.attempts.total() == len(times_s)
    assert set(timeline.attempts) <= set(timeline.buckets)


def test_the_full_hour_begins_a_bucket_and_the_end_of_the_run_stays_in_the_last() -> None:
    timeline = day(attempt(HOUR_S - 1e-9), attempt(HOUR_S), attempt(24 * HOUR_S))
    assert timeline.attempts == {0: 1, 1: 1, 23: 1}


def test_rows_and_attempts_are_two_accounts() -> None:
    rows = [mark(60, "run_row", processor="pgs", key="k", status=status) for status in ("running", "failed")]
    timeline = day(rows[0], attempt(60), rows[1])
    assert timeline.attempts_by_status == {"failed": 1}
    assert timeline.rows_by_status == {"running": 1, "failed": 1}
    assert timeline.rows == {0: 2}


def test_only_attempts_and_rows_in_focus_are_counted_but_every_processor_is_named() -> None:
    start = event(0, "run.start", focus={"processor": "p*", "key": "2026-01-16"})
    others = [mark(1, name, processor=p, key=k, status="failed") for name in ("attempt", "run_row")
              for p, k in (("other", "2026-01-16"), ("pgs", "2026-01-15"))]  # fmt: skip
    timeline = day(start, *others, attempt(2), mark(2, "run_row", processor="pgs", key="2026-01-16", status="failed"))
    assert (timeline.attempts.total(), timeline.rows.total()) == (1, 1)
    assert timeline.attempts_by_processor == {"other": 1, "pgs": 2}


def test_without_a_focus_all_are_counted() -> None:
    start = event(0, "run.start", focus=None)
    assert day(start, attempt(1), mark(2, "attempt", processor="x", key="y", status="failed")).attempts == {0: 2}


def test_a_run_that_stopped_has_no_figures_for_the_hours_it_never_saw() -> None:
    assert list(day(attempt(2.5 * HOUR_S)).reached) == [0, 1, 2]
    assert list(day(attempt(2.5 * HOUR_S), event(24 * HOUR_S, "run.end")).reached) == list(range(24))


def test_a_fault_has_its_windows_its_firings_and_what_masked_it() -> None:
    steps = ((0, "armed"), (10, "fired"), (11, "masked"), (20, "expired"), (30, "armed"), (40, "fired"))
    timeline = Timeline(span_s=100, bucket_s=10).read(
        event(t_s, "fault", id="f", event=what, call=None) for t_s, what in steps
    )
    fault = timeline.faults["f"]
    assert fault.windows == [(0, 20 * NS_PER_S), (30 * NS_PER_S, None)]
    assert (fault.fired, fault.masked) == (2, 1)
    assert sorted(fault.ticks) == [TICKS // 10, 4 * TICKS // 10]


def test_calls_are_told_apart_by_service_and_outcome() -> None:
    calls = [event(1, "call", service=s, outcome=o) for s, o in (("gcs", "ok"), ("gcs", "refused"), ("pubsub", "ok"))]
    assert day(*calls).calls_by_service == {"gcs": {"ok": 1, "refused": 1}, "pubsub": {"ok": 1}}


@pytest.mark.parametrize(
    ("it", "field", "says"),
    [
        (mark(1, "alert", name="retry_storm", severity="critical"), "alerts", "retry_storm (critical)"),
        (mark(1, "recovered", name="rows", key="2026-01-16"), "recoveries", "rows 2026-01-16"),
        (event(1, "process", event="oom", reason=""), "crashes", "worker#1 oom"),
        (event(1, "breaker", name="b", **{"from": "closed", "to": "open"}), "breakers", "b: closed → open"),
    ],
)  # fmt: skip
def test_rare_events_are_named(it: Event, field: str, says: str) -> None:
    moments = getattr(day(it), field)
    assert [moment.what for moment in moments.kept] == [says]


def test_a_flood_of_alerts_is_counted_in_full_and_kept_in_part() -> None:
    timeline = day(*(mark(n, "alert", name="a", severity="warning") for n in range(MOST_MOMENTS + 5)))
    assert timeline.alerts.count == MOST_MOMENTS + 5
    assert len(timeline.alerts.kept) == MOST_MOMENTS


def test_memory_does_not_grow_with_the_history() -> None:
    def events(count: int) -> Iterator[Event]:
        for n in range(count):
            t_s = n * 24 * HOUR_S / count
            yield attempt(t_s)
            yield event(t_s, "call", service="gcs", outcome="ok")
            yield event(t_s, "fault", id="f", event="fired", call=n)
            yield mark(t_s, "alert", name="a", severity="warning")

    def peak_bytes(count: int) -> int:
        tracemalloc.start()
        day(*()).read(events(count))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    peak_bytes(100)
    assert peak_bytes(20_000) < peak_bytes(2_000) + 100_000
