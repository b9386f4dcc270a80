"""One job: what is sent where and when, and how failures are retried. Checked once, and nothing that moves.

Bounds and defaults are the service's: https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

ATTEMPT_DEADLINE_S = 180.0
ATTEMPT_DEADLINES_S = (15.0, 1800.0)
"""Of HTTP targets."""

MOST_RETRIES = 5
MOST_DOUBLINGS = 16
LARGEST_BODY_BYTES = 100 * 1024
"""Of a whole job ("The maximum allowed size for a job is 100KB")."""


@dataclass(frozen=True, slots=True)
class Job:
    """One schedule: `cron` (five fields) in `zone`, `url` to POST `body` to (sent as JSON, or as it is if it is bytes).

    `retries` after a failed attempt (0..5), waiting `min_backoff_s`, doubled `max_doublings` times, then longer by the
    last step each time, at most `max_backoff_s`; with `max_retry_duration_s` > 0 retries go on until both limits are
    reached. `oidc` is the service account's email of the token to send, or {email, audience}. A `paused` job is not
    due until it is resumed.
    """

    name: str
    cron: str
    zone: str
    url: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    attempt_deadline_s: float = ATTEMPT_DEADLINE_S
    retries: int = 0
    min_backoff_s: float = 5.0
    max_backoff_s: float = 3600.0
    max_doublings: int = 5
    max_retry_duration_s: float = 0.0
    oidc: str | Mapping[str, str] | None = None
    paused: bool = False

    def __post_init__(self) -> None:
        def wrong(what: str, need: str) -> ValueError:
            return ValueError(f"schedule {self.name}: {what}; need {need}")

        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"schedule {self.name}: unknown time zone {self.zone!r}; use an IANA name") from error
        try:
            CronSim(self.cron, datetime(2026, 1, 1, tzinfo=UTC))
        except CronSimError as error:
            raise ValueError(f"schedule {self.name}: bad cron line {self.cron!r}: {error}") from error
        low, high = ATTEMPT_DEADLINES_S
        if not low <= self.attempt_deadline_s <= high:
            raise wrong(f"attempt_deadline_s={self.attempt_deadline_s}", f"{low:.0f} to {high:.0f}")
        if not 0 <= self.retries <= MOST_RETRIES:
            raise wrong(f"retries={self.retries}", f"0 to {MOST_RETRIES}")
        if not 0 <= self.max_doublings <= MOST_DOUBLINGS:
            raise wrong(f"max_doublings={self.max_doublings}", f"0 to {MOST_DOUBLINGS}")
        if not 0 < self.min_backoff_s <= self.max_backoff_s:
            raise wrong(f"min_backoff_s={self.min_backoff_s}, max_backoff_s={self.max_backoff_s}", "0 < min <= max")
        if self.max_retry_duration_s < 0:
            raise wrong(f"max_retry_duration_s={self.max_retry_duration_s}", "0 or more")
        if len(self.payload()) > LARGEST_BODY_BYTES:
            raise wrong(f"a body of {len(self.payload())} bytes", f"at most {LARGEST_BODY_BYTES}")

    def payload(self) -> bytes:
        """The body as it is sent."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body, separators=(",", ":")).encode()

    def backoff_s(self, retry: int) -> float:
        """Seconds before the `retry`-th retry (from 1).

        https://cloud.google.com/scheduler/docs/configuring/retry-jobs: with a minimum of 10 s, a maximum of 300 s and
        three doublings: 10, 20, 40, 80, 160, 240, 300, 300 …
        """
        doubled = min(retry - 1, self.max_doublings)
        wait_s = self.min_backoff_s * 2**doubled
        if retry - 1 > self.max_doublings:
            wait_s += self.min_backoff_s * 2**self.max_doublings * (retry - 1 - self.max_doublings)
        return float(min(wait_s, self.max_backoff_s))

    def retried(self, retry: int, since_first_s: float) -> bool:
        """Whether there is a `retry`-th retry (from 1), `since_first_s` after the first attempt began."""
        if self.retries == 0 and self.max_retry_duration_s == 0:
            return False
        within_time = self.max_retry_duration_s > 0 and since_first_s < self.max_retry_duration_s
        return retry <= self.retries or within_time
