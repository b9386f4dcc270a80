"""The processor breaker as it was on 16 January: in the container's memory, and blind to failures that return.

Three faults in one, all seen by running the original. It counts only what is raised, while the processors' base
class (see `as_was_processor`) catches everything and returns a failure: 50 failures, 0 opens. Its state lives in the
instance: ten instances need fifty raised failures. And when it is open it says "failed", which the service answers
with a 500 that has the message delivered again: an open breaker feeds the storm.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from pipeline import telemetry
from pipeline.clock import Clock
from pipeline.work import Outcome, Status, Work

THRESHOLD = 5
OPEN_S = 1_800.0


class AsWasBreaker:
    """One per instance; a breaker per (processor, date)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._raised: dict[str, int] = {}
        self._opened_at: dict[str, float] = {}

    def call(self, work: Work, run: Callable[[], Outcome]) -> Outcome:
        """Run unless open; a returned failure counts as a success and even resets the count."""
        if self._is_open(work.key):
            return Outcome(work.processor, Status.FAILED, "circuit breaker open")
        try:
            outcome = run()
        except Exception as error:
            self._count(work.key, str(error))
            raise
        with self._lock:
            self._raised.pop(work.key, None)
        return outcome

    def _is_open(self, key: str) -> bool:
        with self._lock:
            opened_at = self._opened_at.get(key)
            if opened_at is None:
                return False
            if self._clock().timestamp() < opened_at + OPEN_S:
                return True
            # After the time-out the key is forgotten: every waiting attempt gets through, not one probe.
            del self._opened_at[key]
            self._raised.pop(key, None)
        telemetry.breaker_moved(key, "open", "closed", "timed out")
        return False

    def _count(self, key: str, reason: str) -> None:
        with self._lock:
            self._raised[key] = self._raised.get(key, 0) + 1
            opens = self._raised[key] >= THRESHOLD and key not in self._opened_at
            if opens:
                self._opened_at[key] = self._clock().timestamp()
        if opens:
            telemetry.breaker_moved(key, "closed", "open", reason)


class NoBreaker:
    """No breaker at all, for a composition that shows what another safeguard does alone."""

    def call(self, work: Work, run: Callable[[], Outcome]) -> Outcome:
        """Run it."""
        return run()
