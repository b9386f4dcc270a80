"""The ledger of breaker transitions, for people and dashboards: one row per transition, none per failure.

Telemetry, like the run history: a row that cannot be written is said in the log (which has the transition anyway)
and given up. No breaker ever reads it.
"""

from __future__ import annotations

import logging

from pipeline.clock import Clock, timestamp
from pipeline.run_history import WRITE_ERRORS
from pipeline.safeguards.breaker import Transition
from pipeline.warehouse import Warehouse

LOG = logging.getLogger(__name__)

TABLE = "nba_orchestration.circuit_breaker_state"


class BreakerLedger:
    """Streams transitions into the table."""

    def __init__(self, warehouse: Warehouse, clock: Clock) -> None:
        self._warehouse = warehouse
        self._clock = clock

    def __call__(self, moved: Transition) -> None:
        """Write `moved`; never raises."""
        row = {
            "processor_name": moved.work.processor,
            "data_date": moved.work.game_date.isoformat(),
            "previous_state": moved.before,
            "state": moved.after,
            "failure_count": moved.failures,
            "reason": moved.reason,
            "updated_at": timestamp(self._clock()),
        }
        try:
            self._warehouse.append(TABLE, [row], [f"{moved.work.key}-{moved.epoch}"])
        except WRITE_ERRORS as error:
            LOG.error("breaker transition not written: %s", error, extra={"fields": {"operation": "breaker_ledger"}})
