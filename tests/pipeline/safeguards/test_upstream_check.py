"""How old a table may be: four hours for a live date, counted to the end of its night; any age for an old date."""

import datetime as dt

import pytest

from pipeline.safeguards.upstream_check import Source, judge_fresh

SOURCE = Source("nba_raw.t")
DAY = dt.date(2026, 1, 15)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}:00+00:00")


@pytest.mark.parametrize(
    ("written", "now", "ready"),
    [
        ("2026-01-15T18:00", "2026-01-15T21:59", True),
        ("2026-01-15T18:00", "2026-01-15T22:01", False),
        # The staleness storm: loaded at the night's end, asked for by day; 18 hours old and as good as ever.
        ("2026-01-16T08:00", "2026-01-17T02:00", True),
        # Loaded before the games of the night were over, asked for the next day: too old for that night.
        ("2026-01-15T23:05", "2026-01-16T18:00", False),
        # A backfill of eight days ago (incident 3).
        ("2026-01-16T01:00", "2026-01-24T12:00", True),
    ],
)
def test_age_is_relative_to_the_datas_date(written, now, ready):
    assert (judge_fresh(SOURCE, DAY, utc(written), utc(now)) == "") is ready


def test_a_table_without_rows_of_the_date_is_not_ready_however_old_the_date():
    assert "no rows" in judge_fresh(SOURCE, DAY, None, utc("2026-03-01T00:00"))
