"""Accepting a job: what its configuration asks for is checked, analysed and scheduled, and the job exists from then on.

Knows every kind of job. What one does is elsewhere; how it goes through its states is in `jobs.py`.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from fakes.bigquery import edges, extracts, loads
from fakes.bigquery.errors import ApiError, Unsupported, invalid
from fakes.bigquery.jobs import Job, Stage
from fakes.bigquery.queries import resource_of
from fakes.bigquery.sight import PLAIN, Sight

if TYPE_CHECKING:
    from fakes.bigquery.service import Service

KINDS = ("query", "load", "copy", "extract")


def accept(service: Service, project: str, body: dict[str, Any], *, method: str = "jobs.insert", caller: str = "",
           data: bytes | None = None, request_id: str = "", sight: Sight = PLAIN) -> Job:  # fmt: skip
    """A new job from a REST `Job`, analysed and scheduled; raises what the service answers to a bad one.

    The lock must be held. A job that was accepted and then found bad exists, with its error. A query by jobs.insert of
    something that does not exist is accepted and fails as a job; by jobs.query it is answered with the error.
    """
    config = body.get("configuration") or {}
    kind = next((k for k in KINDS if k in config), None)
    if kind is None:
        raise ApiError("required", "Required parameter is missing: configuration")
    reference = body.get("jobReference") or {}
    now_ns = service.around.now_ns()
    job_id = reference.get("jobId") or f"job_{uuid.UUID(int=service.around.rng('job ids').getrandbits(128)).hex[:27]}"
    if not _valid_id(job_id):
        raise invalid(f'Invalid job ID "{job_id}". Job IDs must be alphanumeric (plus underscores and dashes) and must'
                      " be at most 1024 characters long.")  # fmt: skip
    location = str(reference.get("location") or service.location)
    owner = reference.get("projectId") or project
    job = Job(
        owner, job_id, location, kind.upper(), {**config}, now_ns, now_ns, now_ns,
        request_id=request_id, caller=caller, resource=resource_of(config, owner),
        located=bool(reference.get("location")), method=method, sight=sight,
    )  # fmt: skip
    service.jobs.check_new(owner, job_id, location)
    service.weather.insert_job(now_ns)
    try:
        if kind != "query" and sight.age_s:
            raise Unsupported(f"a stale read by a {kind} job")
        if kind == "query":
            service.queries.prepare(job)
        elif kind == "load":
            loads.prepare(service, job, data)
        else:
            sight.only(frozenset(), f"{'an' if kind == 'extract' else 'a'} {kind} job")
            extracts.prepare(service, job)
    except ApiError as problem:
        job.error, job.work, job.end_ns = problem, None, job.start_ns
        if not isinstance(problem, Unsupported) and not config.get("dryRun"):
            service.jobs.add(job)
            service.jobs.settle(now_ns)
            later = ("notFound", "bytesBilledLimitExceeded", "responseTooLarge")
            if method == "jobs.insert" and kind == "query" and problem.reason in later:
                return job
        elif job.release is not None:
            job.release(now_ns)
        raise
    if config.get("dryRun"):
        job.end_ns, job.work, job.stage = job.start_ns, None, Stage.DONE
        return job
    edges.at_acceptance(service.around, job)
    service.jobs.add(job)
    service.jobs.settle(now_ns)
    return job


def _valid_id(job_id: str) -> bool:
    return 0 < len(job_id) <= 1024 and all(c.isalnum() or c in "-_" for c in job_id)
