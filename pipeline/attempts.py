"""One attempt of one processor, from its guards to its run-history rows: the same course for every phase.

The guards are asked in order and the first that stops the attempt names its outcome; then the breaker stands round
the work. Whatever happens is turned into an `Outcome` here, once, so that nothing above needs to catch anything.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline import retries, telemetry
from pipeline.http_pool import UpstreamError
from pipeline.publisher import PublishFailedError
from pipeline.run_history import RunHistory
from pipeline.safeguards.guard import Breaker, Guard
from pipeline.shared_state import StateUnavailableError
from pipeline.work import Outcome, Status, Work

LOG = logging.getLogger(__name__)


class Processor(Protocol):
    """Turns the data of one date into rows of one table."""

    name: str

    def process(self, work: Work) -> Outcome:
        """Do it; raises what goes wrong. Doing it twice changes nothing."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """Makes attempts under `guards` (in order), `breaker` and `history`.

    `announce` tells the next phase of an attempt that ran; it comes before the guards hear of a success, so that a
    publish that failed is tried again with its message and not taken for done (incidents 24, 68).
    """

    guards: Sequence[Guard]
    breaker: Breaker
    history: RunHistory
    announce: Callable[[Work, Outcome], None]

    def make(self, processor: Processor, work: Work) -> Outcome:
        """Attempt `work`; never raises but for what ends the process."""
        outcome = self._guarded(processor, work)
        self.history.ended(work, outcome)
        telemetry.mark(
            "attempt",
            processor=work.processor,
            key=work.game_date.isoformat(),
            status=str(outcome.status),
            reason=outcome.reason,
        )
        return outcome

    def _guarded(self, processor: Processor, work: Work) -> Outcome:
        try:
            for guard in self.guards:
                stopped = guard.check(work)
                if stopped is not None:
                    return stopped
            self.history.started(work)
            outcome = self.breaker.call(work, lambda: processor.process(work))
            if outcome.status is Status.SUCCESS:
                self.announce(work, outcome)
            for guard in self.guards:
                guard.ended(work, outcome)
        except Exception as error:  # noqa: BLE001 - the boundary: whatever one attempt dies of becomes its outcome
            outcome = failure(work, error)
            self._tell_guards(work, outcome)
        return outcome

    def _tell_guards(self, work: Work, failed: Outcome) -> None:
        for guard in self.guards:
            try:
                guard.ended(work, failed)
            except StateUnavailableError as error:
                LOG.error("%s: a guard did not hear of the failure: %s", work.key, error)


def failure(work: Work, error: Exception) -> Outcome:
    """The outcome of an attempt that died of `error`: retryable where time may cure it, permanent for a bug of ours."""
    retryable = isinstance(error, StateUnavailableError | PublishFailedError) or (
        error.retryable if isinstance(error, UpstreamError) else retries.curable(error)
    )
    LOG.error(
        "%s failed: %s",
        work.key,
        error,
        exc_info=error,
        extra={
            "fields": {
                "operation": work.processor,
                "run_id": work.run_id,
                "correlation_id": work.trigger.correlation_id,
                "entity_id": work.game_date.isoformat(),
                "error_category": "transient" if retryable else "permanent",
            }
        },
    )
    return Outcome(
        work.processor, Status.FAILED, f"{type(error).__name__}: {error}"[:300], 0, retryable, "", type(error).__name__
    )
