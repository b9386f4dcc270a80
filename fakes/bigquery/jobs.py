"""Jobs: accepted → running → before commit → committed → done, in the run's own time.

A job's effect happens at its end; what is due is worked off in order whenever anybody looks, and at its time even if
nobody does (`settle`). The same id twice is 409: that is what makes a client's retry of a lost reply safe. Knows no
SQL and no HTTP.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from fakes.bigquery import edges
from fakes.bigquery.errors import ApiError, Unsupported, already_exists, not_found
from fakes.bigquery.sight import PLAIN, Sight
from fakes.bigquery.sql.scope import TableId
from fakes.bigquery.sql.types import Type
from fakes.seam import Surroundings, Timer

NS_PER_MS = 1_000_000


@dataclass(slots=True)
class Result:
    """What a query gave: typed columns and fetched rows."""

    columns: Sequence[tuple[str, Type]] = ()
    rows: Sequence[Sequence[Any]] = ()


class Stage(IntEnum):
    """How far a job has come."""

    ACCEPTED = 0
    RUNNING = 1
    COMMITTED = 2
    DONE = 3


@dataclass(slots=True)
class Job:
    """One job. Times are ns since the epoch; `work` does the effect, once, at `end_ns`; False asks to be run again.

    `failure` is what a fault makes it fail with, before its effect or (`late_failure`) after it. `release` gives back
    what the job holds while it waits and runs, and is told when, in ns. `asked` is set once the edge before its commit
    has been passed. While `queued` the job waits for others to end, and its times say how long it will take from then.
    """

    project: str
    id: str
    location: str
    kind: str
    config: dict[str, Any]
    created_ns: int
    start_ns: int
    end_ns: int
    work: Callable[[Job], bool] | None = None
    resource: str = ""
    method: str = "jobs.insert"
    sight: Sight = PLAIN
    statement: str = ""
    result: Result | None = None
    error: ApiError | None = None
    failure: ApiError | None = None
    late_failure: ApiError | None = None
    warnings: list[dict[str, str]] = field(default_factory=list)
    statistics: dict[str, Any] = field(default_factory=dict)
    destination: TableId | None = None
    attempts: int = 0
    number: int = 0
    request_id: str = ""
    caller: str = ""
    parent: str = ""
    located: bool = False
    stage: Stage = Stage.ACCEPTED
    asked: bool = False
    hung: bool = False
    queued: bool = False
    release: Callable[[int], None] | None = None

    def state(self, now_ns: int) -> str:
        """PENDING, RUNNING or DONE."""
        if self.stage is Stage.DONE and now_ns >= self.end_ns:
            return "DONE"
        return "PENDING" if self.stage is Stage.ACCEPTED else "RUNNING"

    def done(self, now_ns: int) -> bool:
        """Whether nothing more will happen to it."""
        return self.state(now_ns) == "DONE"


class Jobs:
    """Every job of the back end, but the oldest: of the finished ones `keep_jobs` are remembered."""

    def __init__(self, around: Surroundings, keep_results: int, keep_jobs: int, wake: Callable[[], None]) -> None:
        """`wake` is called, without any lock, when something is due that nobody may be waiting for."""
        self._around = around
        self._wake = wake
        self._timer: tuple[int, Timer] | None = None
        self._jobs: dict[tuple[str, str], Job] = {}
        self._due: list[tuple[int, int, Job]] = []
        self._requests: dict[str, Job] = {}
        self._with_result: list[Job] = []
        self._keep_results = keep_results
        self._keep_jobs = keep_jobs
        self._count = 0

    def add(self, job: Job) -> None:
        """Accept `job`; raises 409 `duplicate` for an id that was used before."""
        self.check_new(job.project, job.id, job.location)
        self._count += 1
        job.number = self._count
        self._jobs[job.project, job.id] = job
        if job.request_id:
            self._requests[job.request_id] = job
        if len(self._jobs) > self._keep_jobs:
            self._forget_oldest()
        if job.stage is Stage.DONE:
            return
        if job.error is not None:
            self._finish(job)
            return
        planned = job.failure
        if self._held(job, edges.ACCEPTED) or job.hung:
            return
        if job.failure is not planned:
            job.end_ns = job.start_ns = job.created_ns
            job.queued = False
        if not job.queued:
            self._push(job, job.start_ns)

    def begin(self, job: Job, now_ns: int) -> None:
        """Let a job start that waited for others to end, as soon as it is ready itself."""
        job.queued = False
        waited_ns = max(now_ns - job.start_ns, 0)
        job.start_ns += waited_ns
        job.end_ns += waited_ns
        if not job.hung:
            self._push(job, job.start_ns)

    def _forget_oldest(self) -> None:
        """Forget a tenth of the jobs, the oldest first, but none that is still under way."""
        for key, job in list(self._jobs.items())[: self._keep_jobs // 10 + 1]:
            if job.stage is Stage.DONE:
                del self._jobs[key]
                self._requests.pop(job.request_id, None)

    def check_new(self, project: str, id: str, location: str) -> None:
        """Raise 409 `duplicate` where the id was used before."""
        if (project, id) in self._jobs:
            raise already_exists("Job", f"{project}:{location}.{id}")

    def get(self, project: str, id: str, location: str = "") -> Job:
        """The job; raises 404 `notFound`."""
        found = self._jobs.get((project, id))
        if found is None or (location and location.lower() != found.location.lower()):
            raise not_found("Job", f"{project}:{id}" if not location else f"{project}:{location}.{id}")
        return found

    def every(self) -> Iterator[Job]:
        """All jobs, in the order in which they were accepted."""
        yield from self._jobs.values()

    def find(self, project: str, id: str) -> Job | None:
        """The job, or None."""
        return self._jobs.get((project, id))

    def of_request(self, request_id: str) -> Job | None:
        """The job that an earlier jobs.query with the same requestId made, or None."""
        return self._requests.get(request_id) if request_id else None

    # ---- going on

    def _push(self, job: Job, when_ns: int) -> None:
        heapq.heappush(self._due, (when_ns, job.number, job))

    def settle(self, now_ns: int) -> None:
        """Take every job that is due further, in the order of their times, and have the next one woken for."""
        while self._due and self._due[0][0] <= now_ns:
            _, _, job = heapq.heappop(self._due)
            self._go_on(job)
        self._set_alarm(now_ns)

    def _set_alarm(self, now_ns: int) -> None:
        due_ns = self._due[0][0] if self._due else None
        if self._timer is not None:
            if self._timer[0] == due_ns:
                return
            self._timer[1].cancel()
            self._timer = None
        if due_ns is not None:
            self._timer = (due_ns, self._around.call_later((due_ns - now_ns) / 1e9, self._ring))

    def _ring(self) -> None:
        self._timer = None
        self._wake()

    def _held(self, job: Job, edge: str) -> bool:
        """Pass `edge`; True where that holds the job up, for a time or until it is cancelled."""
        hold_ns = edges.pass_through(self._around, job, edge)
        if hold_ns is None:
            job.hung = True
            return True
        if edge == edges.ACCEPTED:
            job.start_ns += hold_ns
        job.end_ns += hold_ns
        return False

    def _go_on(self, job: Job) -> None:
        """Take `job` from one stage to the next."""
        if job.stage is Stage.ACCEPTED:
            job.stage = Stage.RUNNING
            planned = job.failure
            if planned is None and self._held(job, edges.RUNNING):
                return
            if job.failure is not planned:
                job.end_ns = job.start_ns
            self._push(job, job.end_ns)
        elif job.stage is Stage.RUNNING:
            self._commit(job)
        elif job.stage is Stage.COMMITTED:
            self._finish(job)

    def _commit(self, job: Job) -> None:
        due_ns = job.end_ns
        if job.failure is None and not job.asked:
            job.asked = True
            if self._held(job, edges.BEFORE_COMMIT):
                return
            if job.end_ns > due_ns:
                self._push(job, job.end_ns)
                return
        try:
            if job.failure is not None:
                raise job.failure
            if job.work is not None and not job.work(job):
                self._push(job, job.end_ns)
                return
        except ApiError as problem:
            job.error, job.result = problem, None
            self._finish(job)
            return
        job.stage = Stage.COMMITTED
        job.failure = job.late_failure
        if self._held(job, edges.COMMITTED):
            return
        if job.failure is not None:
            job.error, job.result = job.failure, None
        if job.end_ns > due_ns:
            self._push(job, job.end_ns)
        else:
            self._finish(job)

    def _finish(self, job: Job) -> None:
        job.work = None
        job.stage = Stage.DONE
        if job.release is not None:
            release, job.release = job.release, None
            release(job.end_ns)
        if isinstance(job.error, Unsupported):
            self._around.record("unsupported", service="bigquery", method=job.method, what=job.error.message)
        if job.result is not None:
            self._with_result.append(job)
            if len(self._with_result) > self._keep_results:
                # Rows of old results go first; the service drops them after about a day.
                for old in self._with_result[: self._keep_results // 10 + 1]:
                    old.result = None
                del self._with_result[: self._keep_results // 10 + 1]
        edges.pass_through(self._around, job, edges.DONE)

    def since(self, number: int) -> list[Job]:
        """The jobs accepted after the one of that number, in order."""
        found: list[Job] = []
        for job in reversed(self._jobs.values()):
            if job.number <= number:
                break
            found.append(job)
        return found[::-1]

    def restore(self, job: Job) -> int:
        """Put back a job that was accepted before the process died, with its number, which it gives."""
        self._jobs[job.project, job.id] = job
        if job.request_id:
            self._requests[job.request_id] = job
        self._count = max(self._count, job.number)
        return self._count

    def cancel(self, job: Job, now_ns: int) -> None:
        """Stop `job`; once its effect is there that comes too late, and it ends as it would have."""
        if job.stage is Stage.DONE:
            return
        self._due = [entry for entry in self._due if entry[2] is not job]
        heapq.heapify(self._due)
        job.hung = job.queued = False
        job.end_ns = now_ns
        if job.stage is not Stage.COMMITTED:
            job.error = ApiError("stopped", "Job execution was cancelled: User requested cancellation", status=499)
            job.result = None
        self._finish(job)
        self.settle(now_ns)

    def listed(self, project: str) -> Iterator[Job]:
        """Every job of a project that is remembered, the newest first."""
        return (job for job in reversed(self._jobs.values()) if job.project == project)

    def forget(self, project: str, id: str) -> None:
        """Drop a job's metadata."""
        self._jobs.pop((project, id), None)

    def close(self) -> None:
        """Ring no more."""
        if self._timer is not None:
            self._timer[1].cancel()
