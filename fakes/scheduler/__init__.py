"""Cloud Scheduler: cron jobs that POST to services.

Imitated: https://cloud.google.com/scheduler/docs – cron lines in a time zone, an attempt deadline (180 s unless said),
retries with exponential back-off only where a job asks for them; any status outside 2xx is a failure. It must not know
who listens at the URL.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from fakes.seam import GrpcMethod, Surroundings, WsgiApp

ATTEMPT_DEADLINE_S = 180.0
USER_AGENT = "Google-Cloud-Scheduler"


@dataclass(frozen=True, slots=True)
class Job:
    """One schedule: `cron` (five fields) in `zone`, `url` to POST `body` (JSON) to, `retries` after a failed attempt
    (0..5) with back-off doubling from `backoff_s` up to an hour.
    """

    name: str
    cron: str
    zone: str
    url: str
    body: Any = None
    attempt_deadline_s: float = ATTEMPT_DEADLINE_S
    retries: int = 0
    backoff_s: float = 5.0

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"schedule {self.name}: unknown time zone {self.zone!r}; use an IANA name") from error
        try:
            CronSim(self.cron, datetime(2026, 1, 1, tzinfo=UTC))
        except CronSimError as error:
            raise ValueError(f"schedule {self.name}: bad cron line {self.cron!r}: {error}") from error


class Scheduler:
    """Runs the jobs of a world."""

    name = "scheduler"

    def __init__(self, around: Surroundings, jobs: tuple[Job, ...]) -> None:
        self._around = around
        self._jobs = jobs

    def start(self) -> None:
        """Arm every job."""
        for job in self._jobs:
            self._arm(job)

    def http(self) -> Mapping[str, WsgiApp]:
        """Give nothing: jobs are declared in the world."""
        return {}

    def grpc(self) -> Mapping[str, Mapping[str, GrpcMethod]]:
        """Give nothing."""
        return {}

    def environment(self, address: str | None) -> Mapping[str, str]:  # the protocol's signature
        """Give nothing."""
        return {}

    def provision(self, topology: Mapping[str, Any]) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing: timers end with the run."""

    def _arm(self, job: Job) -> None:
        now_ns = self._around.now_ns()
        now = datetime.fromtimestamp(now_ns // 1_000_000_000, ZoneInfo(job.zone))
        due = next(CronSim(job.cron, now))
        # In whole nanoseconds: a float near the epoch is off by 100 ns, and firing early would fire twice.
        delay_s = (round(due.timestamp()) * 1_000_000_000 - now_ns) / 1e9

        def fire() -> None:
            self._arm(job)
            self._attempt(job, due, 0)

        self._around.call_later(delay_s, fire)

    def _attempt(self, job: Job, due: datetime, attempt: int) -> None:
        headers = {
            "User-Agent": USER_AGENT,
            "X-CloudScheduler": "true",
            "X-CloudScheduler-JobName": job.name,
            "X-CloudScheduler-ScheduleTime": due.astimezone(UTC).isoformat(),
            "Content-Type": "application/json" if job.body is not None else "application/octet-stream",
        }
        body = b"" if job.body is None else json.dumps(job.body, separators=(",", ":")).encode()
        answer = self._around.post(job.url, body, headers, job.attempt_deadline_s)
        if not 200 <= answer.status < 300 and attempt < job.retries:
            wait_s = min(3600.0, job.backoff_s * 2**attempt)
            self._around.call_later(wait_s, lambda: self._attempt(job, due, attempt + 1))


def create(around: Surroundings, *, jobs: Sequence[Mapping[str, Any]]) -> Scheduler:
    """Make a scheduler that runs `jobs` (each the fields of `Job`); ValueError names the job and what is wrong."""
    return Scheduler(around, tuple(Job(**fields) for fields in jobs))
