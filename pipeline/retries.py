"""What may be retried, how long, and with which waits: one classification for every BigQuery call.

Figures are those of the production retry policies (serialization 1..32 s within 120 s, DML and rate quotas 2..120 s
within 600 s, transient errors 1..30 s within 180 s). A daily quota is permanent until Pacific midnight: retrying it
for ten minutes was one of the incidents. So are errors in our own SQL.
"""

from __future__ import annotations

import concurrent.futures
import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

import requests.exceptions
import tenacity
from google.api_core import exceptions as api
from google.api_core import retry as api_retry

LOG = logging.getLogger(__name__)

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential waits with full jitter from `first_s`, doubling up to `cap_s`, no new try after `deadline_s`."""

    first_s: float
    cap_s: float
    deadline_s: float


class Trouble(Enum):
    """Kinds of trouble that time may cure, each with its own patience."""

    SERIALIZATION = Backoff(1, 32, 120)
    QUOTA = Backoff(2, 120, 600)
    TRANSIENT = Backoff(1, 30, 180)


SERIALIZATION_WORDS = ("could not serialize access", "due to concurrent update", "concurrent dml statements")
QUOTA_WORDS = (
    "quota for total number of dml jobs",
    "pending + running",
    "exceeded rate limits",
    "too many api requests",
    "jobservice.insertjob",
)
RATE_REASONS = frozenset({"rateLimitExceeded", "jobRateLimitExceeded"})
TRANSIENT_ERRORS = (
    api.ServiceUnavailable,
    api.GatewayTimeout,  # DeadlineExceeded is its gRPC twin and a subclass
    api.InternalServerError,
    api.BadGateway,
    api.TooManyRequests,
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    requests.exceptions.ChunkedEncodingError,
)


def trouble(error: BaseException) -> Trouble | None:
    """Which curable trouble `error` is, or None for a permanent one."""
    if isinstance(error, api.RetryError):  # The library gave up on something: what counts is what it gave up on.
        return trouble(error.cause) if error.cause is not None else Trouble.TRANSIENT
    text = str(error).lower()
    if isinstance(error, api.BadRequest) and any(words in text for words in SERIALIZATION_WORDS):
        return Trouble.SERIALIZATION
    if isinstance(error, api.Forbidden | api.TooManyRequests | api.BadRequest):
        reasons = {entry.get("reason") for entry in error.errors if isinstance(entry, dict)}
        if reasons & RATE_REASONS or any(words in text for words in QUOTA_WORDS):
            return Trouble.QUOTA
    if isinstance(error, TRANSIENT_ERRORS):
        return Trouble.TRANSIENT
    return None


def curable(error: BaseException) -> bool:
    """Whether the same work may succeed later: curable troubles, time-outs and anything that is no bug of ours."""
    if isinstance(error, concurrent.futures.TimeoutError | TimeoutError | ConnectionError):
        return True
    return trouble(error) is not None


REQUEST_DEADLINE_S = 10.0
"""How long one request is repeated under its own id: long enough to learn the fate of one whose reply was lost."""


def transport(what: str) -> api_retry.Retry:
    """For the client library's own retry of one HTTP request: it keeps the request id, so a lost reply runs once.

    It gives up soon: a job that has failed in the back end answers the same to the same id for ever, and only a new
    request (`with_job_retry`) runs it again.
    """

    def log(error: Exception) -> None:
        LOG.warning(
            "%s: request failed and is tried again: %s",
            what,
            error,
            extra={"fields": {"operation": what, "error_type": type(error).__name__}},
        )

    patience = Trouble.TRANSIENT.value
    return api_retry.Retry(
        predicate=lambda error: trouble(error) is Trouble.TRANSIENT,
        initial=patience.first_s,
        maximum=patience.cap_s,
        multiplier=2.0,
        timeout=REQUEST_DEADLINE_S,
        on_error=log,
    )


def _wait(state: tenacity.RetryCallState) -> float:
    kind = _trouble_of(state)
    backoff = (kind or Trouble.TRANSIENT).value
    return tenacity.wait_random_exponential(multiplier=backoff.first_s, max=backoff.cap_s)(state)


def _stop(state: tenacity.RetryCallState) -> bool:
    kind = _trouble_of(state)
    waited_s = state.seconds_since_start or 0.0
    return kind is None or waited_s + state.upcoming_sleep >= kind.value.deadline_s


def _trouble_of(state: tenacity.RetryCallState) -> Trouble | None:
    error = state.outcome.exception() if state.outcome else None
    return trouble(error) if error is not None else None


def with_job_retry(what: str, action: Callable[[], R]) -> R:
    """Run `action`, which submits a statement and waits for its result, again while its trouble may pass.

    Each time is a new request with an id of its own, so the statement may run twice where the first time's reply was
    lost for long: every statement of the pipeline is idempotent for that reason. Raises the last error.
    """

    def log(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        fields: dict[str, Any] = {
            "operation": what,
            "attempt": state.attempt_number,
            "wait_s": round(state.upcoming_sleep, 3),
            "error_type": type(error).__name__,
        }
        LOG.warning("%s: attempt %d failed: %s", what, state.attempt_number, error, extra={"fields": fields})

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: trouble(error) is not None),
        wait=_wait,
        stop=_stop,
        before_sleep=log,
        reraise=True,
    )
    return retrying(action)
