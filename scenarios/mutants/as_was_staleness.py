"""The staleness check as it was: data older than twelve hours fails the attempt, whatever date it is of.

On 16 January the box scores of the 15th, scraped at 23:05 UTC and valid, were "stale" from 11:05 on: 3,666 failures
in five hours, each a 500 and a redelivery (incident 2). The same limit turned a backfill into a quota storm
(incident 3).
"""

from __future__ import annotations

from datetime import timedelta

from pipeline.clock import Clock
from pipeline.safeguards.upstream_check import Source
from pipeline.warehouse import Warehouse
from pipeline.work import Outcome, Status, Work

MAX_AGE = timedelta(hours=12)


class AsWasStaleness:
    """Fails a processor's attempt while its `source` is older than `MAX_AGE`; one query per attempt."""

    def __init__(self, warehouse: Warehouse, clock: Clock, processor: str, source: Source) -> None:
        self._warehouse = warehouse
        self._clock = clock
        self._processor = processor
        self._source = source

    def check(self, work: Work) -> Outcome | None:
        """A failure for old data; data that is not there at all is left to the processor."""
        if work.processor != self._processor:
            return None
        written_at = self._warehouse.rows(
            f"SELECT MAX({self._source.written_column}) AS written_at FROM {self._source.table} "
            f"WHERE {self._source.day_column} = @day",
            {"day": work.game_date},
        )[0]["written_at"]
        if written_at is None or self._clock() - written_at <= MAX_AGE:
            return None
        return Outcome(work.processor, Status.FAILED, f"{self._source.table} is stale", error_type="upstream_failure")

    def ended(self, work: Work, outcome: Outcome) -> None:
        """Nothing to learn."""
