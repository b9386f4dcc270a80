"""The scheduler: lets jobs fall due, carries out their executions one at a time each, and remembers how they went.

Imitated: the reference of `Job.schedule`
(https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs): "Cloud Scheduler will never allow
two simultaneously outstanding executions … A scheduled start time will be delayed if the previous execution has not
ended", and a failed attempt is retried "until the next scheduled start time". It must not know who listens at the URL.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from fakes.gate import Gate
from fakes.journal import Journal, Ledger
from fakes.oidc import id_token
from fakes.scheduler import job_json
from fakes.scheduler.cron import next_due
from fakes.scheduler.job import Job
from fakes.scheduler.rest import Rest
from fakes.seam import GrpcMethod, Surroundings, Timer, WsgiApp

USER_AGENT = "Google-Cloud-Scheduler"
NS = 1_000_000_000
CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 10, 429: 8, 499: 1, 501: 12, 503: 14, 504: 4}
"""google.rpc.Code of an HTTP status; other 4xx are 9, other 5xx 13."""


class Scheduled:
    """A job and how it stands."""

    def __init__(self, job: Job, *, made: bool = False) -> None:
        """`made` over the API, or changed there: the world does not declare it as it is."""
        self.job = job
        self.made = made
        self.paused = job.paused
        self.due: datetime | None = None
        self.last_attempt: datetime | None = None
        self.last_code: int | None = None
        self.running = False
        self.delayed: datetime | None = None
        self.timer: Timer | None = None


class Scheduler:
    """Runs the jobs of a world."""

    name = "scheduler"

    def __init__(
        self, around: Surroundings, jobs: tuple[Job, ...], project: str, location: str, journal: Journal | None = None
    ) -> None:
        self._around = around
        self._journal = journal
        self._ledger = Ledger(journal)
        self._ledger.keep("job", self._record)
        self.jobs = {job.name: Scheduled(job) for job in jobs}
        self._restore()
        self._rest = Rest(self, Gate(around), project, location)
        self.parent = f"projects/{project}/locations/{location}"

    def start(self) -> None:
        """Arm every job."""
        for scheduled in self.jobs.values():
            if not scheduled.paused:
                self._arm(scheduled)

    def http(self) -> Mapping[str, WsgiApp]:
        """The REST API, for those who list, run, pause and resume jobs."""
        return {"cloudscheduler.googleapis.com": self._rest}

    def grpc(self) -> Mapping[str, Mapping[str, GrpcMethod]]:
        """Nothing: the client library's default transport is refused; it is to use `transport="rest"`."""
        return {}

    def environment(self, address: str | None) -> Mapping[str, str]:  # the protocol's signature
        """Give nothing."""
        return {}

    def provision(self, topology: Mapping[str, Any]) -> None:
        """Do nothing: jobs are declared in the world."""

    def close(self) -> None:
        """Forget what is due."""
        for scheduled in self.jobs.values():
            if scheduled.timer is not None:
                scheduled.timer.cancel()
        if self._journal is not None:
            self._journal.close()

    # -- what is kept

    def _record(self, name: str) -> bytes | None:
        scheduled = self.jobs.get(name)
        if scheduled is None:
            return None
        made = job_json.shown(scheduled.job) if scheduled.made else None
        return orjson.dumps([scheduled.paused, scheduled.last_attempt, scheduled.last_code, made])

    def _restore(self) -> None:
        for (name,), value in () if self._journal is None else self._journal.records("job"):
            paused, last_attempt, last_code, made = orjson.loads(value)
            if made is not None:
                self.jobs[name] = Scheduled(job_json.read(name, made), made=True)
            scheduled = self.jobs.get(name)
            if scheduled is not None:
                scheduled.paused, scheduled.last_code = paused, last_code
                scheduled.last_attempt = datetime.fromisoformat(last_attempt) if last_attempt else None

    def _keep(self, scheduled: Scheduled) -> None:
        with self._ledger.lock:
            self._ledger.note("job", scheduled.job.name)

    # -- what the API asks

    def pause(self, scheduled: Scheduled) -> None:
        """Let it not be due any more; an execution under way goes on."""
        scheduled.paused = True
        scheduled.due = scheduled.delayed = None
        if scheduled.timer is not None:
            scheduled.timer.cancel()
        self._keep(scheduled)

    def resume(self, scheduled: Scheduled) -> None:
        """Let it be due again; what was missed stays missed."""
        if scheduled.paused:
            scheduled.paused = False
            self._arm(scheduled)
            self._keep(scheduled)

    def put(self, job: Job) -> Scheduled:
        """Have a new job, or change one: it stays paused, and an execution under way goes on as it was."""
        scheduled = self.jobs.get(job.name)
        if scheduled is None:
            scheduled = self.jobs[job.name] = Scheduled(job)
        elif scheduled.timer is not None:
            scheduled.timer.cancel()
        scheduled.job, scheduled.made = job, True
        if not scheduled.paused:
            self._arm(scheduled)
        self._keep(scheduled)
        return scheduled

    def delete(self, scheduled: Scheduled) -> None:
        """Have it no more; an execution under way goes on. One that the world declares is back after a restart."""
        self.pause(scheduled)
        del self.jobs[scheduled.job.name]
        self._keep(scheduled)

    def run_now(self, scheduled: Scheduled) -> None:
        """Dispatch it now, "even if the job is already running"."""
        now = self._now()
        self._around.call_later(0.0, lambda: self._execute(scheduled, now, forced=True))

    # -- being due

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._around.now_ns() // NS, UTC)

    def _arm(self, scheduled: Scheduled) -> None:
        now_ns = self._around.now_ns()
        due = next_due(scheduled.job.cron, ZoneInfo(scheduled.job.zone), datetime.fromtimestamp(now_ns // NS, UTC))
        scheduled.due = due
        # In whole nanoseconds: a float near the epoch is off by 100 ns, and firing early would fire twice.
        delay_s = (round(due.timestamp()) * NS - now_ns) / 1e9

        def fire() -> None:
            self._arm(scheduled)
            if scheduled.running:
                scheduled.delayed = due
            else:
                self._execute(scheduled, due)

        scheduled.timer = self._around.call_later(delay_s, fire)

    def _execute(self, scheduled: Scheduled, due: datetime, *, forced: bool = False) -> None:
        if not forced:
            scheduled.running = True
        self._attempt(scheduled, due, 0, self._around.now_ns(), forced=forced)

    def _attempt(self, scheduled: Scheduled, due: datetime, retry: int, began_ns: int, *, forced: bool) -> None:
        job = scheduled.job
        scheduled.last_attempt = self._now()
        answer = self._around.post(job.url, job.payload(), self._headers(job, due), job.attempt_deadline_s)
        if 200 <= answer.status < 300:
            scheduled.last_code = 0
            self._keep(scheduled)
            self._finish(scheduled, forced=forced)
            return
        scheduled.last_code = 4 if answer.problem == "timeout" else _code(answer.status)
        self._keep(scheduled)
        since_s = (self._around.now_ns() - began_ns) / 1e9
        wait_s = job.backoff_s(retry + 1)
        next_start = scheduled.due.timestamp() if scheduled.due is not None else float("inf")
        in_time = self._around.now_ns() / 1e9 + wait_s < next_start and scheduled.delayed is None
        if job.retried(retry + 1, since_s + wait_s) and in_time:
            self._around.call_later(wait_s, lambda: self._attempt(scheduled, due, retry + 1, began_ns, forced=forced))
        else:
            self._finish(scheduled, forced=forced)

    def _finish(self, scheduled: Scheduled, *, forced: bool) -> None:
        if forced:
            return
        scheduled.running = False
        due, scheduled.delayed = scheduled.delayed, None
        if due is not None:
            self._execute(scheduled, due)

    def _headers(self, job: Job, due: datetime) -> dict[str, str]:
        headers = {
            "User-Agent": USER_AGENT,
            "X-CloudScheduler": "true",
            "X-CloudScheduler-JobName": job.name,
            "X-CloudScheduler-ScheduleTime": due.astimezone(UTC).isoformat(),
            "Content-Type": "application/octet-stream" if isinstance(job.body, bytes | None) else "application/json",
            **job.headers,
        }
        if job.oidc is not None:
            given = {"email": job.oidc} if isinstance(job.oidc, str) else dict(job.oidc)
            token = id_token(given.get("audience") or job.url, given.get("email", ""), self._around.now_ns())
            headers["Authorization"] = f"Bearer {token}"
        return headers


def _code(status: int) -> int:
    return CODES.get(status, 9 if 400 <= status < 500 else 13 if status >= 500 else 2)
