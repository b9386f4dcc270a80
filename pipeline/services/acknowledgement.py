"""What to tell Pub/Sub about the attempts a message caused: the whole policy of acknowledging in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.work import Outcome, Status


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of the message: the HTTP `status` of the push, and whether a copy goes to the dead-letter topic
    first.
    """

    status: int
    bury: bool = False


AcknowledgementPolicy = Callable[[Sequence[Outcome]], Answer]

ACKNOWLEDGE = Answer(204)
DELIVER_AGAIN = Answer(503)
BURY = Answer(204, bury=True)


def acknowledge_unless_curable(outcomes: Sequence[Outcome]) -> Answer:
    """Deliver again only what time may cure; a permanent failure is buried; all else (not ready, skipped) is done with.

    What was not ready is driven again by the schedule when its games are over, not by redelivering the message.
    """
    failed = [outcome for outcome in outcomes if outcome.status is Status.FAILED]
    if any(outcome.retryable for outcome in failed):
        return DELIVER_AGAIN
    return BURY if failed else ACKNOWLEDGE
