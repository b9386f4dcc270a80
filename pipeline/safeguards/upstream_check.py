"""Upstream check: the tables a processor reads must hold the date, and for a live date hold it freshly.

Fresh means processed within `FRESH_S`, and only a live date (today or yesterday, Eastern) can be stale. The age is
relative to the data's date: once the night is over nothing new is to come, so what was loaded at its end stays good
(the seed rejected valid 18-hour-old data and eight-day-old backfills as stale, and both became storms). Not there or
not fresh is "not ready": acknowledged, and driven again by what loads the table. An error of the query is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pipeline.clock import Clock, eastern_date, eastern_midnight
from pipeline.warehouse import Warehouse
from pipeline.work import Outcome, Status, Work

FRESH_S = 4 * 3_600
NIGHT_ENDS_AFTER = timedelta(hours=30)
"""After the league's midnight: the last game of a day is over by 06:00 Eastern of the next."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table that must hold rows of the date; `day_column` and `written_column` are its own names for them."""

    table: str
    day_column: str = "game_date"
    written_column: str = "processed_at"


def judge_fresh(source: Source, day: date, written_at: datetime | None, now: datetime) -> str:
    """Why `source` is not ready for `day` when its newest row was written at `written_at` (None: no row), or "".
    Pure.
    """
    if written_at is None:
        return f"{source.table} has no rows of the date"
    live = day >= eastern_date(now) - timedelta(days=1)
    reference = min(now, eastern_midnight(day) + NIGHT_ENDS_AFTER)
    age_s = (reference - written_at).total_seconds()
    if live and age_s > FRESH_S:
        return f"{source.table} is {age_s / 3600:.1f} h old, at most {FRESH_S // 3600} h allowed"
    return ""


class UpstreamCheck:
    """Checks the sources of each processor, one query per source."""

    def __init__(self, warehouse: Warehouse, clock: Clock, sources: Mapping[str, tuple[Source, ...]]) -> None:
        self._warehouse = warehouse
        self._clock = clock
        self._sources = sources

    def check(self, work: Work) -> Outcome | None:
        """Not ready where a source is missing or stale."""
        for source in self._sources.get(work.processor, ()):
            rows = self._warehouse.rows(
                f"SELECT MAX({source.written_column}) AS written_at FROM {source.table} "
                f"WHERE {source.day_column} = @day",
                {"day": work.game_date},
            )
            problem = judge_fresh(source, work.game_date, rows[0]["written_at"], self._clock())
            if problem:
                return Outcome(work.processor, Status.NOT_READY, problem)
        return None

    def ended(self, work: Work, outcome: Outcome) -> None:
        """Nothing to learn."""
