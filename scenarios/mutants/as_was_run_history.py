"""The run history as it was: rows wait in memory, and are gone when the insert fails or the container dies.

Up to 100 rows or 30 seconds, whichever comes first. The buffer is cleared before the insert (fact 10), so an error
loses the rows; a SIGKILL loses what waits. What reads the table to dedupe does not see an attempt for up to 30
seconds (fact 9).
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from pipeline import telemetry
from pipeline.clock import Clock, timestamp
from pipeline.run_history import TABLE, WRITE_ERRORS
from pipeline.warehouse import Warehouse
from pipeline.work import Outcome, Work

LOG = logging.getLogger(__name__)

ROWS = 100
SECONDS = 30.0


class BufferedRunHistory:
    """Two rows per attempt, written late."""

    def __init__(self, warehouse: Warehouse, clock: Clock, phase: str) -> None:
        self._warehouse = warehouse
        self._clock = clock
        self._phase = phase
        self._lock = threading.Lock()
        self._rows: list[dict[str, Any]] = []
        self._timer: threading.Timer | None = None

    def started(self, work: Work) -> None:
        """Buffer the `running` row."""
        self._add(self._row(work, "running"))

    def ended(self, work: Work, outcome: Outcome) -> None:
        """Buffer the row of the end."""
        row = self._row(work, str(outcome.status))
        row["processed_at"] = timestamp(self._clock())
        row["records_processed"] = outcome.records
        row["errors"] = outcome.reason or None
        self._add(row)

    def flush(self) -> None:
        """Clear the buffer, then try to write what was in it."""
        with self._lock:
            rows, self._rows = self._rows, []
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        if not rows:
            return
        try:
            self._warehouse.append(TABLE, rows, [f"{row['run_id']}-{row['status']}" for row in rows])
        except WRITE_ERRORS as error:
            LOG.warning("batch write failed: %s", error)
            return
        for row in rows:
            telemetry.mark("run_row", processor=row["processor_name"], key=row["data_date"], status=row["status"])

    def _add(self, row: dict[str, Any]) -> None:
        with self._lock:
            self._rows.append(row)
            full = len(self._rows) >= ROWS
            if self._timer is None and not full:
                self._timer = threading.Timer(SECONDS, self.flush)
                self._timer.daemon = True
                self._timer.start()
        if full:
            self.flush()

    def _row(self, work: Work, status: str) -> dict[str, Any]:
        return {
            "processor_name": work.processor,
            "run_id": work.run_id,
            "status": status,
            "data_date": work.game_date.isoformat(),
            "started_at": timestamp(work.started_at),
            "phase": self._phase,
            "trigger_source": work.trigger.source,
            "trigger_message_id": work.trigger.message_id or None,
        }
