"""The run history: two rows per attempt (`running`, then how it ended), for people, dashboards and the storm detector.

It is telemetry: a table that is down or out of quota must never fail the work it describes (incident 18 took down three
phases that way). Rows that could not be written stay in a bounded buffer and go with the next write; insert ids make a
repeated row one row. Whoever counts attempts counts distinct `run_id`s, never rows.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import Any, Protocol

from google.api_core import exceptions as api
from google.auth import exceptions as auth
from requests import exceptions as http

from pipeline import telemetry
from pipeline.clock import Clock, timestamp
from pipeline.warehouse import RowsRefusedError, Warehouse
from pipeline.work import Outcome, Status, Work

LOG = logging.getLogger(__name__)

TABLE = "nba_reference.processor_run_history"
BUFFER_ROWS = 1_000
"""Rows kept while the table is unreachable; beyond that the oldest are given up, loudly."""

BATCH_ROWS = 500
"""Rows per request, the size Google recommends for streaming inserts."""

PAUSE_S = 60.0
"""After a failed write nothing is tried for so long: an outage must not add its time-out to every attempt."""

WRITE_ERRORS = (
    RowsRefusedError,
    api.GoogleAPICallError,
    auth.TransportError,
    http.RequestException,
    ConnectionError,
    TimeoutError,
)


class RunHistory(Protocol):
    """Where attempts are written down."""

    def started(self, work: Work) -> None:
        """Write that `work` is running; never raises."""

    def ended(self, work: Work, outcome: Outcome) -> None:
        """Write how `work` ended; never raises."""

    def flush(self) -> None:
        """Try to write what is still buffered; never raises."""


class StreamedRunHistory:
    """Streams rows into the table as they come; usable from many threads."""

    def __init__(self, warehouse: Warehouse, clock: Clock, phase: str) -> None:
        self._warehouse = warehouse
        self._clock = clock
        self._phase = phase
        self._buffer: deque[dict[str, Any]] = deque(maxlen=BUFFER_ROWS)
        self._lock = threading.Lock()
        self._paused_until = 0.0

    def started(self, work: Work) -> None:
        """Write the `running` row."""
        self._add(self._row(work, "running"))

    def ended(self, work: Work, outcome: Outcome) -> None:
        """Write the row of the end."""
        now = self._clock()
        row = self._row(work, str(outcome.status))
        row["processed_at"] = timestamp(now)
        row["duration_seconds"] = round((now - work.started_at).total_seconds(), 3)
        row["records_processed"] = outcome.records
        row["skipped"] = outcome.status in (Status.SKIPPED, Status.NOT_READY)
        if outcome.status is Status.FAILED:
            row["failure_category"] = outcome.error_type or outcome.reason
            row["errors"] = outcome.reason
        else:
            row["skip_reason"] = outcome.reason or None
        self._add(row)

    def flush(self) -> None:
        """Write the buffer, oldest first, in requests of `BATCH_ROWS`."""
        with self._lock:
            while self._buffer and self._clock().timestamp() >= self._paused_until:
                batch = [self._buffer[i] for i in range(min(BATCH_ROWS, len(self._buffer)))]
                try:
                    self._write(batch)
                except WRITE_ERRORS as error:
                    self._paused_until = self._clock().timestamp() + PAUSE_S
                    LOG.error(
                        "run history not written, %d rows kept: %s",
                        len(self._buffer),
                        error,
                        extra={"fields": {"operation": "run_history", "error_type": type(error).__name__}},
                    )
                    return
                for row in batch:
                    self._buffer.popleft()
                    telemetry.mark(
                        "run_row", processor=row["processor_name"], key=row["data_date"], status=row["status"]
                    )

    def _write(self, batch: list[dict[str, Any]]) -> None:
        """Twice at once where need be, with no wait: one lost request shall not cost a minute of rows."""
        row_ids = [f"{row['run_id']}-{row['status']}" for row in batch]
        try:
            self._warehouse.append(TABLE, batch, row_ids)
        except WRITE_ERRORS:
            self._warehouse.append(TABLE, batch, row_ids)

    def _add(self, row: dict[str, Any]) -> None:
        if len(self._buffer) == BUFFER_ROWS:
            LOG.error("run history: %d rows wait for the table, the oldest is given up", BUFFER_ROWS)
        self._buffer.append(row)
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
