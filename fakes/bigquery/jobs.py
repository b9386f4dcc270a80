"""Jobs: accepted → running → committed → done, in the run's own time and without timers.

A job's effect happens at its end; ends are worked off in order whenever anybody looks (`settle`). The same id twice is
409: that is what makes a client's retry of a lost reply safe. Knows no SQL and no HTTP.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from fakes.bigquery.errors import ApiError, already_exists, not_found
from fakes.bigquery.sql.scope import TableId
from fakes.bigquery.sql.types import Type

NS_PER_MS = 1_000_000


@dataclass(slots=True)
class Result:
    """What a query gave: typed columns and fetched rows."""

    columns: Sequence[tuple[str, Type]] = ()
    rows: Sequence[Sequence[Any]] = ()


@dataclass(slots=True)
class Job:
    """One job. Times are ns since the epoch; `work` does the effect and is called once, at `end_ns`."""

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
    statement: str = ""
    result: Result | None = None
    error: ApiError | None = None
    warnings: list[dict[str, str]] = field(default_factory=list)
    statistics: dict[str, Any] = field(default_factory=dict)
    destination: TableId | None = None
    attempts: int = 0
    cancelled: bool = False
    number: int = 0
    request_id: str = ""
    caller: str = ""
    parent: str = ""
    settled: bool = False
    hung: bool = False

    def state(self, now_ns: int) -> str:
        """PENDING, RUNNING or DONE."""
        if self.settled and now_ns >= self.end_ns:
            return "DONE"
        return "PENDING" if now_ns < self.start_ns else "RUNNING"

    def done(self, now_ns: int) -> bool:
        """Whether nothing more will happen to it."""
        return self.state(now_ns) == "DONE"


class Jobs:
    """Every job of the back end."""

    def __init__(self, keep_results: int) -> None:
        self._jobs: dict[tuple[str, str], Job] = {}
        self._due: list[tuple[int, int, Job]] = []
        self._requests: dict[str, Job] = {}
        self._with_result: list[Job] = []
        self._keep_results = keep_results
        self._count = 0

    def add(self, job: Job) -> None:
        """Accept `job`; raises 409 `duplicate` for an id that was used before."""
        self.check_new(job.project, job.id, job.location)
        self._count += 1
        job.number = self._count
        self._jobs[job.project, job.id] = job
        if job.request_id:
            self._requests[job.request_id] = job
        if not job.hung:
            self.push(job)

    def check_new(self, project: str, id: str, location: str) -> None:
        """Raise 409 `duplicate` where the id was used before."""
        if (project, id) in self._jobs:
            raise already_exists("Job", f"{project}:{location}.{id}")

    def push(self, job: Job) -> None:
        """Have `job` finish at its `end_ns`."""
        heapq.heappush(self._due, (job.end_ns, job.number, job))

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

    def next_due_ns(self) -> int | None:
        """When the next unfinished job ends."""
        return self._due[0][0] if self._due else None

    def settle(self, now_ns: int) -> None:
        """Finish every job whose end has come, in the order of their ends."""
        while self._due and self._due[0][0] <= now_ns:
            _, _, job = heapq.heappop(self._due)
            self.finish(job)

    def finish(self, job: Job) -> None:
        """Let the effect of `job` happen, unless it was cancelled; its error becomes the job's."""
        if job.settled:
            return
        work = job.work
        if work is not None and not job.cancelled and job.error is None:
            try:
                if not work(job):
                    self.push(job)
                    return
            except ApiError as problem:
                job.error = problem
        job.work = None
        job.settled = True
        if job.result is not None:
            self._with_result.append(job)
            if len(self._with_result) > self._keep_results:
                # Rows of old results go first; the service drops them after about a day.
                for old in self._with_result[: self._keep_results // 10 + 1]:
                    old.result = None
                del self._with_result[: self._keep_results // 10 + 1]

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
        """Stop `job` where it has not ended; a finished one stays as it is."""
        if job.done(now_ns):
            return
        job.cancelled = True
        job.hung = False
        job.error = ApiError("stopped", "Job execution was cancelled: User requested cancellation", status=499)
        job.end_ns = now_ns
        job.settled = True

    def listed(self, project: str) -> Iterator[Job]:
        """Every job of a project, the newest first."""
        return (job for job in reversed(self._jobs.values()) if job.project == project)

    def forget(self, project: str, id: str) -> None:
        """Drop a job's metadata."""
        self._jobs.pop((project, id), None)
