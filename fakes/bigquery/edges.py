"""The edges of a job's life, at each of which faults are asked what becomes of it and processes can be killed.

A fault aims at one by `phase: mid` and `edge`; the call is then `jobs.insert#committed`. Knows the seam and jobs; must
not know what a job does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes.bigquery.errors import ApiError
from fakes.seam import Call, Delay, Distort, Hang, LoseReply, Pass, Refuse, ServeStale, Surroundings, Truncate

if TYPE_CHECKING:
    from fakes.bigquery.jobs import Job

ACCEPTED, RUNNING, BEFORE_COMMIT, COMMITTED, DONE = "accepted", "running", "before-commit", "committed", "done"
EDGES = (ACCEPTED, RUNNING, BEFORE_COMMIT, COMMITTED, DONE)
"""In the order in which a job passes them: it exists; it has started; its effect is due; its effect is there, nobody
has been told; it says DONE."""
NS_PER_S = 1_000_000_000
DEFAULT_MESSAGE = "Error encountered during execution. Retrying may solve the problem."


def pass_through(around: Surroundings, job: Job, edge: str) -> int | None:
    """Let `job` pass `edge`: how many ns it is held up there, None for as long as nobody cancels it.

    A refusal becomes the job's `failure`; the caller decides whether its effect still happens. A reset (status 0) is
    about a connection, of which a job has none: it goes on. That is also what a killed caller's job does.
    """
    verdict = around.rule(Call("bigquery", f"{job.method}#{edge}", job.resource, job.caller)).verdict
    match verdict:
        case Pass():
            return 0
        case Refuse(status, reason, message) | LoseReply(status, reason, message):
            lost = isinstance(verdict, LoseReply)
            if (status == 0 and not reason and not lost) or job.failure is not None:
                return 0
            if edge == DONE or (lost and edge != COMMITTED):
                return _unfit(around, job, edge, verdict)
            job.failure = ApiError(reason or "backendError", message or DEFAULT_MESSAGE)
            return 0
        case Delay(seconds) if edge != DONE:
            return round(seconds * NS_PER_S)
        case Hang() if edge != DONE:
            return None
        case Delay() | Hang() | ServeStale() | Truncate() | Distort():
            return _unfit(around, job, edge, verdict)


def _unfit(around: Surroundings, job: Job, edge: str, verdict: object) -> int:
    """A verdict that means nothing at this edge: the job goes on, and the run says that it shows nothing."""
    what = f"unsupported by the emulator: {type(verdict).__name__} at the edge {edge} of a job"
    around.record("unsupported", service="bigquery", method=job.method, what=what)
    return 0


def at_acceptance(around: Surroundings, job: Job) -> None:
    """Ask once, as method `jobs.run`, what becomes of the accepted job as a whole."""
    verdict = around.rule(Call("bigquery", "jobs.run", job.resource, job.caller)).verdict
    match verdict:
        case Pass():
            return
        case Delay(seconds):
            job.end_ns += round(seconds * NS_PER_S)
        case Refuse(_, reason, message):
            job.failure = ApiError(reason or "backendError", message or DEFAULT_MESSAGE)
        case LoseReply(_, reason, message):
            job.late_failure = ApiError(reason or "backendError", message or DEFAULT_MESSAGE)
        case Hang():
            job.hung = True
        case ServeStale() | Truncate() | Distort():
            what = f"unsupported by the emulator: {type(verdict).__name__} of jobs.run; aim it at jobs.insert"
            around.record("unsupported", service="bigquery", method="jobs.run", what=what)
