"""The service's answer as it was: a processor that returned False is a 500, and Pub/Sub delivers the message again."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.services.acknowledgement import ACKNOWLEDGE, Answer
from pipeline.work import Outcome, Status


def fail_the_request(outcomes: Sequence[Outcome]) -> Answer:
    """500 for any failure, whether a later delivery could cure it or not."""
    return Answer(500) if any(outcome.status is Status.FAILED for outcome in outcomes) else ACKNOWLEDGE
