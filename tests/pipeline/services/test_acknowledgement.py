"""What Pub/Sub is told: deliver again only what time may cure."""

import pytest

from pipeline.services.acknowledgement import ACKNOWLEDGE, BURY, DELIVER_AGAIN, acknowledge_unless_curable
from pipeline.work import Outcome, Status

GOOD = Outcome("P", Status.SUCCESS)
WAITS = Outcome("P", Status.NOT_READY)
SKIPS = Outcome("P", Status.SKIPPED)
BROKE = Outcome("P", Status.FAILED, retryable=True)
BUG = Outcome("P", Status.FAILED, retryable=False)


@pytest.mark.parametrize(
    ("outcomes", "answer"),
    [
        ([], ACKNOWLEDGE),
        ([GOOD, WAITS, SKIPS], ACKNOWLEDGE),
        ([GOOD, BROKE], DELIVER_AGAIN),
        ([BUG], BURY),
        ([GOOD, BUG], BURY),
        ([BUG, BROKE], DELIVER_AGAIN),
    ],
)
def test_the_answer_follows_from_the_outcomes(outcomes, answer):
    assert acknowledge_unless_curable(outcomes) == answer
