"""Durations and instants: exact, with units and zones, or refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.timespec import Duration, Moment, NoInstantError, duration_ns, duration_text, epoch_ns, instant


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("90s", 90 * 10**9),
        ("15m", 900 * 10**9),
        ("36h", 129_600 * 10**9),
        ("7d", 604_800 * 10**9),
        ("1h30m", 5400 * 10**9),
        ("250ms", 250 * 10**6),
        ("1.5s", 1_500_000_000),
        ("0s", 0),
        ("1us", 1000),
        ("5ns", 5),
        ("2m5ms", 120_005 * 10**6),
    ],
)
def test_durations_are_exact(text, ns):
    assert duration_ns(text) == ns


@pytest.mark.parametrize(
    "text", [90, 1.5, "90", "", "s", "1 h", "-5s", "1h30", "30m1h", "1s1s", "1.5", "16:30", None, True]
)
def test_a_duration_without_clear_units_is_refused(text):
    with pytest.raises(ValueError, match="duration"):
        duration_ns(text)


def test_a_duration_below_a_nanosecond_is_refused():
    with pytest.raises(ValueError, match="finer than a nanosecond"):
        duration_ns("0.5ns")


@given(st.integers(0, 10**18))
def test_a_duration_reads_back_from_its_text(ns):
    assert duration_ns(duration_text(ns)) == ns


@pytest.mark.parametrize("text", ["16:30", "2026-01-16", "2026-01-16T09:00:00", 990, None, "9 am"])
def test_an_instant_without_a_zone_is_refused(text):
    with pytest.raises(ValueError, match="zone"):
        instant(text)


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1)), st.integers(-720, 720))
def test_epoch_nanoseconds_are_exact_in_every_zone(naive, offset_min):
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=offset_min)))
    exact = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    assert epoch_ns(moment) == exact
    assert epoch_ns(instant(moment.isoformat())) == exact


def test_moments_are_relative_absolute_or_named():
    start_ns = epoch_ns(instant("2026-01-16T00:00:00Z"))
    assert Moment.parse("2h").t_ns(start_ns, {}) == 7200 * 10**9
    assert Moment.parse("2026-01-16T04:00:00-05:00").t_ns(start_ns, {}) == 9 * 3600 * 10**9
    assert Moment.parse("recovery_from").t_ns(start_ns, {"recovery_from": 5}) == 5
    with pytest.raises(NoInstantError, match="no instant is called 'x'; there are recovery_from"):
        Moment.parse("x").t_ns(start_ns, {"recovery_from": 5})


def test_how_a_duration_was_written_makes_no_difference():
    assert Duration.parse("60s") == Duration.parse("1m")
    assert str(Duration.parse("60s")) == "60s"
