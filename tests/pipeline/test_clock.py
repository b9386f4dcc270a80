"""Days are Eastern days, and no literal gets past the resolver."""

import datetime as dt

import pytest

from pipeline.clock import eastern_date, eastern_midnight, resolve_date, timestamp

LATE = dt.datetime(2026, 1, 17, 4, 30, tzinfo=dt.UTC)
"""23:30 on the 16th in New York."""


def test_half_past_four_utc_is_still_the_evening_before_in_new_york():
    assert eastern_date(LATE) == dt.date(2026, 1, 16)
    assert resolve_date("TODAY", LATE) == dt.date(2026, 1, 16)
    assert resolve_date("YESTERDAY", LATE) == dt.date(2026, 1, 15)
    assert resolve_date("TOMORROW", LATE) == dt.date(2026, 1, 17)
    assert resolve_date("2026-01-02", LATE) == dt.date(2026, 1, 2)


@pytest.mark.parametrize("text", ["", "today", "2026-13-01", "2026-01-16'; DROP TABLE x; --"])
def test_anything_else_is_refused_with_the_text(text):
    with pytest.raises(ValueError, match="give TODAY, YESTERDAY, TOMORROW or YYYY-MM-DD"):
        resolve_date(text, LATE)


def test_the_leagues_midnight_moves_with_daylight_saving():
    assert eastern_midnight(dt.date(2026, 1, 16)).hour == 5
    assert eastern_midnight(dt.date(2026, 7, 16)).hour == 4


def test_timestamps_are_utc_with_microseconds():
    assert timestamp(LATE) == "2026-01-17T04:30:00.000000Z"
