"""What is retried and how long: each trouble with its own patience, and what time cannot cure not at all."""

import pytest
import requests
from google.api_core import exceptions as api

from pipeline.retries import Trouble, curable, trouble
from tests.harness.sim.simulated import simulated


def quota(reason: str, message: str) -> api.Forbidden:
    return api.Forbidden(message, errors=[{"reason": reason, "message": message}])


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (api.BadRequest("Could not serialize access to table t due to concurrent update"), Trouble.SERIALIZATION),
        (api.BadRequest("Too many concurrent DML statements against t"), Trouble.SERIALIZATION),
        (quota("rateLimitExceeded", "Exceeded rate limits: too many api requests"), Trouble.QUOTA),
        (quota("jobRateLimitExceeded", "Job exceeded rate limits"), Trouble.QUOTA),
        (
            quota(
                "quotaExceeded",
                "Quota exceeded: Your table exceeded quota for total number of dml jobs, pending + running",
            ),
            Trouble.QUOTA,
        ),
        (api.ServiceUnavailable("x"), Trouble.TRANSIENT),
        (api.DeadlineExceeded("x"), Trouble.TRANSIENT),
        (api.InternalServerError("x"), Trouble.TRANSIENT),
        (api.BadGateway("x"), Trouble.TRANSIENT),
        (requests.ConnectionError("x"), Trouble.TRANSIENT),
        (api.RetryError("gave up", cause=api.ServiceUnavailable("x")), Trouble.TRANSIENT),
        (api.RetryError("gave up", cause=api.BadRequest("Syntax error")), None),
        # A daily quota is there until Pacific midnight.
        (
            quota("quotaExceeded", "Quota exceeded: Your table exceeded quota for imports or query appends per table"),
            None,
        ),
        (api.BadRequest("Syntax error: Unexpected keyword"), None),
        (api.BadRequest("Cannot query over table t without a filter over column(s) 'game_date'"), None),
        (api.NotFound("Table not found"), None),
        (api.Forbidden("Access Denied"), None),
        (KeyError("points"), None),
    ],
)
def test_every_trouble_is_told_apart(error, kind):
    assert trouble(error) is kind
    assert curable(error) is (kind is not None)


def serialization() -> api.BadRequest:
    return api.BadRequest("Could not serialize access to table t due to concurrent update")


@simulated
def test_a_conflict_is_tried_again_until_it_is_gone():
    from pipeline.retries import with_job_retry

    troubles = [serialization() for _ in range(3)]

    def action() -> str:
        if troubles:
            raise troubles.pop()
        return "done"

    assert with_job_retry("MERGE", action) == "done"


@simulated
def test_patience_ends_within_its_deadline_and_the_last_error_goes_through():
    from pipeline.retries import with_job_retry
    from tests.harness.sim.world import now_s

    for make, deadline_s in (
        (serialization, 120),
        (lambda: api.ServiceUnavailable("x"), 180),
        (lambda: quota("rateLimitExceeded", "Exceeded rate limits"), 600),
    ):
        began, tries = now_s(), []

        def action(make=make, tries=tries) -> None:
            tries.append(1)
            raise make()

        try:
            with_job_retry("MERGE", action)
        except api.GoogleAPICallError:
            pass
        else:
            raise AssertionError("an error for ever must come out")
        assert len(tries) > 4
        assert now_s() - began <= deadline_s


@simulated
def test_a_permanent_error_is_tried_once():
    from pipeline.retries import with_job_retry
    from tests.harness.sim.world import now_s

    tries = []

    def action() -> None:
        tries.append(1)
        raise api.BadRequest("Syntax error")

    with pytest.raises(api.BadRequest):
        with_job_retry("SELECT", action)
    assert (len(tries), now_s() < 0.001) == (1, True)
