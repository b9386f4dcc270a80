"""Dedupe as it was: by the newest row of the run history, which is written late and says the wrong thing.

It skips where the newest matching row of (processor, date) is `running` and younger than two hours, `success` or
`partial`. Rows arrive up to 30 s late (see `as_was_run_history`), so that a redelivery inside them is not seen; a
failed run matches only by its `running` row, which then blocks a legitimate retry for two hours; a query that fails
counts as "not seen" (fact 9). The notes on the day of the storm show no `running` rows before 16:00 UTC, so nothing
blocked until then: a composition says by `matched` which rows block.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from google.api_core import exceptions as api

from pipeline.clock import Clock
from pipeline.run_history import TABLE
from pipeline.warehouse import Warehouse
from pipeline.work import Outcome, Status, Work

LOG = logging.getLogger(__name__)

STALE_RUNNING = timedelta(hours=2)
LOOK_BACK = timedelta(days=7)
FINISHED = frozenset({"success", "partial"})
STARTED_OR_FINISHED = FINISHED | {"running"}


class AsWasDedupe:
    """One query per attempt."""

    def __init__(self, warehouse: Warehouse, clock: Clock, matched: frozenset[str] = STARTED_OR_FINISHED) -> None:
        self._warehouse = warehouse
        self._clock = clock
        self._matched = matched

    def check(self, work: Work) -> Outcome | None:
        """Skip where the newest row says so; proceeds when it cannot tell."""
        now = self._clock()
        try:
            rows = self._warehouse.rows(
                f"SELECT status, started_at, records_processed FROM {TABLE} "
                "WHERE processor_name = @processor AND data_date = @day AND started_at >= @since "
                "AND status IN UNNEST(@matched) ORDER BY started_at DESC LIMIT 1",
                {
                    "processor": work.processor,
                    "day": work.game_date,
                    "since": now - LOOK_BACK,
                    "matched": sorted(self._matched),
                },
            )
        except api.GoogleAPICallError as error:
            LOG.warning("dedupe check failed, proceeding: %s", error)
            return None
        if not rows:
            return None
        newest = rows[0]
        if newest["status"] == "running":
            if now - newest["started_at"] >= STALE_RUNNING:
                return None
        elif not newest["records_processed"]:
            return None
        return Outcome(work.processor, Status.SKIPPED, f"already {newest['status']}")

    def ended(self, work: Work, outcome: Outcome) -> None:
        """The row of the end is the marker, whenever it is written."""
