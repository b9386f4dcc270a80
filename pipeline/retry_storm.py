"""The retry-storm detector: too many attempts on one (processor, date) within the last hour.

It counts attempts, not rows. An attempt writes a `running` row and a row of its end; counting rows doubles the load and
halves the failure rate (the seed's detector alarmed at 49.2 % with not one failure, and on the day of the storm
there was none). Thresholds: more than 50 attempts an hour is a warning, more than 200 critical.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.alerts import Alert, Incidents
from pipeline.clock import Clock
from pipeline.run_history import TABLE
from pipeline.shared_state import Document, SharedState
from pipeline.warehouse import Warehouse

NAME = "retry_storm"
WARNING_PER_HOUR = 50
CRITICAL_PER_HOUR = 200
WINDOW = timedelta(hours=1)
OPEN_LIST = "incidents/retry_storm/_open"


@dataclass(frozen=True, slots=True)
class Load:
    """How often one processor tried one date in the last hour, and how many of these attempts failed."""

    processor: str
    day: str
    attempts: int
    failed: int

    @property
    def key(self) -> str:
        """The incident's key."""
        return f"{self.processor}:{self.day}"


def alert_for(load: Load) -> Alert | None:
    """The alert `load` deserves, None below the threshold. Pure."""
    if load.attempts <= WARNING_PER_HOUR:
        return None
    severity = "critical" if load.attempts > CRITICAL_PER_HOUR else "warning"
    share = load.failed / load.attempts
    text = f"{load.processor} tried {load.day} {load.attempts} times in the last hour, {share:.0%} failed"
    return Alert(NAME, load.key, severity, text)


class RetryStormDetector:
    """Reads the run history, alerts once per incident, and closes incidents that are over."""

    def __init__(self, warehouse: Warehouse, incidents: Incidents, state: SharedState, clock: Clock) -> None:
        self._warehouse = warehouse
        self._incidents = incidents
        self._state = state
        self._clock = clock

    def check(self) -> list[Load]:
        """The storms there are now. Raises when it cannot tell, or cannot alert: the caller must not say all is
        well.
        """
        storms = []
        for load in self.loads(self._clock()):
            alert = alert_for(load)
            if alert is not None:
                storms.append(load)
                self._incidents.raise_once(alert)
        self._close_others({load.key for load in storms})
        return storms

    def loads(self, now: datetime) -> list[Load]:
        """Attempts per processor and date in the hour before `now`, above the threshold only."""
        rows = self._warehouse.rows(
            "SELECT processor_name, CAST(data_date AS STRING) AS day, COUNT(DISTINCT run_id) AS attempts, "
            "COUNT(DISTINCT IF(status = 'failed', run_id, NULL)) AS failed "
            f"FROM {TABLE} WHERE started_at >= @since "
            "GROUP BY processor_name, day HAVING COUNT(DISTINCT run_id) > @threshold ORDER BY processor_name, day",
            {"since": now - WINDOW, "threshold": WARNING_PER_HOUR},
        )
        return [Load(row["processor_name"], row["day"], row["attempts"], row["failed"]) for row in rows]

    def _close_others(self, storming: set[str]) -> None:
        """Resolve the incidents opened earlier that storm no more."""

        def change(document: Document | None) -> tuple[Document | None, list[str]]:
            known = list((document or {}).get("keys", ()))
            over = [key for key in known if key not in storming]
            keys = sorted(storming)
            return ({"keys": keys} if keys != sorted(known) else None), over

        for key in self._state.update(OPEN_LIST, change):
            self._incidents.resolve(NAME, key)
