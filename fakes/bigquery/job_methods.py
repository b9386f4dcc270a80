"""jobs.*: accepting jobs, waiting for them, reading and cancelling them.

Knows how a job reads in REST. What a query or a load does is elsewhere.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from fakes.bigquery import extracts, loads, paging, values
from fakes.bigquery.errors import STATUS_OF, ApiError, Unsupported, invalid
from fakes.bigquery.jobs import Job
from fakes.bigquery.queries import resource_of
from fakes.bigquery.row_methods import int_timestamps
from fakes.seam import Call, Delay, Hang, LoseReply, Pass, Refuse, ServeStale

if TYPE_CHECKING:
    from fakes.bigquery.front import Request
    from fakes.bigquery.service import Service

NS_PER_MS, NS_PER_S = 1_000_000, 1_000_000_000
KINDS = ("query", "load", "copy", "extract")
DEFAULT_WAIT_S = 10.0
"""How long jobs.query and getQueryResults wait where the client names no time-out (the vendor's default)."""
LONGEST_WAIT_S = 200.0
"""The vendor answers no later than about 200 s."""


# --------------------------------------------------------------------------------------------------------------------
# Accepting


def accept(service: Service, project: str, body: dict[str, Any], *, caller: str = "", data: bytes | None = None,
           request_id: str = "", age_s: float = 0.0) -> Job:  # fmt: skip
    """A new job from a REST `Job`, analysed and scheduled; raises what the service answers to a bad one.

    The lock must be held. A job that was accepted and then found bad exists, with its error.
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
    location = reference.get("location") or service.location
    owner = reference.get("projectId") or project
    job = Job(
        owner, job_id, location, kind.upper(), {**config}, now_ns, now_ns, now_ns,
        request_id=request_id, caller=caller, resource=resource_of(config, owner),
    )  # fmt: skip
    service.jobs.check_new(owner, job_id, location)
    service.weather.insert_job(now_ns)
    try:
        if kind == "query":
            service.queries.prepare(job, age_s)
        elif kind == "load":
            loads.prepare(service, job, data)
        else:
            extracts.prepare(service, job)
    except ApiError as problem:
        job.error, job.work, job.end_ns = problem, None, job.start_ns
        if not isinstance(problem, Unsupported) and not config.get("dryRun"):
            service.jobs.add(job)
            service.jobs.settle(now_ns)
        raise
    if config.get("dryRun"):
        job.end_ns, job.work, job.settled = job.start_ns, None, True
        return job
    _rule(service, job)
    service.jobs.add(job)
    service.jobs.settle(now_ns)
    return job


def _valid_id(job_id: str) -> bool:
    return 0 < len(job_id) <= 1024 and all(c.isalnum() or c in "-_" for c in job_id)


def _rule(service: Service, job: Job) -> None:
    """Ask what becomes of the accepted job itself: a fault may fail, slow or hang it, or fail it after its effect."""
    ruling = service.around.rule(Call("bigquery", "jobs.run", job.resource, job.caller))
    verdict = ruling.verdict
    match verdict:
        case Pass():
            return
        case Delay(seconds):
            job.end_ns += round(seconds * NS_PER_S)
        case Refuse():
            reason = verdict.reason or "backendError"
            message = verdict.message or "Error encountered during execution. Retrying may solve the problem."
            job.error, job.work, job.result = ApiError(reason, message), None, None
        case LoseReply():
            reason = verdict.reason or "backendError"
            message = verdict.message or "Error encountered during execution. Retrying may solve the problem."
            work, error = job.work, ApiError(reason, message)

            def lost(done: Job) -> bool:
                finished = work(done) if work is not None else True
                if finished:
                    done.error, done.result = error, None
                return finished

            job.work = lost
        case Hang():
            job.hung = True
        case ServeStale():
            raise Unsupported("ServeStale on jobs.run", "aim it at jobs.insert or jobs.query")
        case _:
            raise Unsupported(f"{type(verdict).__name__} on jobs.run", "aim it at jobs.insert or jobs.query")


def insert(service: Service, request: Request) -> dict[str, Any]:
    """jobs.insert."""
    with service.lock:
        service.settle()
        job = accept(service, request.path[0], request.body, caller=request.caller, age_s=request.age_s)
        return resource(service, job)


def query(service: Service, request: Request) -> dict[str, Any]:
    """jobs.query: insert, wait a while, answer with the first page. The same requestId is the same job."""
    body = request.body
    with service.lock:
        service.settle()
        request_id = str(body.get("requestId") or "")
        job = service.jobs.of_request(request_id)
        if job is None:
            keys = ("query", "defaultDataset", "parameterMode", "queryParameters", "maximumBytesBilled",
                    "createSession", "connectionProperties", "useQueryCache", "destinationTable")  # fmt: skip
            config = {k: body[k] for k in keys if k in body}
            config["useLegacySql"] = body.get("useLegacySql", True)
            whole: dict[str, Any] = {"query": config}
            for key in ("dryRun", "labels", "jobTimeoutMs"):
                if key in body:
                    whole[key] = body[key]
            made = {"configuration": whole, "jobReference": {"location": body.get("location")}}
            job = accept(
                service, request.path[0], made, caller=request.caller, request_id=request_id, age_s=request.age_s
            )
    if not (job.config.get("dryRun")):
        wait(service, job, body.get("timeoutMs"))
    start, size = 0, body.get("maxResults")
    options = body.get("formatOptions")
    return results(service, request, job, start, size, kind="bigquery#queryResponse", options=options)


# --------------------------------------------------------------------------------------------------------------------
# Waiting and reading


def wait(service: Service, job: Job, timeout_ms: Any) -> None:
    """Sleep until `job` is done or the time is up; the lock must not be held."""
    allowed_s = DEFAULT_WAIT_S if timeout_ms is None else min(float(timeout_ms) / 1_000, LONGEST_WAIT_S)
    until_ns = service.around.now_ns() + round(allowed_s * NS_PER_S)
    while True:
        with service.lock:
            now_ns = service.settle()
            done, end_ns, hung = job.done(now_ns), job.end_ns, job.hung
        if done or now_ns >= until_ns:
            return
        next_ns = until_ns if hung else min(max(end_ns, now_ns + 1), until_ns)
        service.around.sleep((next_ns - now_ns) / NS_PER_S)


def get_query_results(service: Service, request: Request) -> dict[str, Any]:
    """jobs.getQueryResults."""
    project, job_id = request.path
    with service.lock:
        service.settle()
        job = service.jobs.get(project, job_id, request.query.get("location", ""))
        if job.kind != "QUERY":
            raise invalid(f"Cannot retrieve results of a {job.kind} job")
    wait(service, job, request.query.get("timeoutMs"))
    start = request.number("startIndex", 0) or 0
    if request.query.get("pageToken"):
        start = paging.offset_of(request.query["pageToken"])
    return results(service, request, job, start, request.number("maxResults"), kind="bigquery#getQueryResultsResponse")


def results(
    service: Service, request: Request, job: Job, start: int, size: int | None, *, kind: str,
    options: dict[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """One page of a query's results, or word that it still runs; raises the job's error."""
    with service.lock:
        now_ns = service.settle()
        answer: dict[str, Any] = {"kind": kind, "jobReference": reference(job), "location": job.location}
        done = job.done(now_ns)
        answer["jobComplete"] = done
        if not done:
            return answer
        if job.error is not None:
            raise as_answer(job.error)
        result = job.result
        if result is None and job.statement == "SELECT" and job.number:
            raise ApiError("notFound", f"Not found: the results of job {job.id} have expired")
        columns = list(result.columns) if result is not None else []
        answer["schema"] = job.statistics.get("schema", {})
        if columns:
            answer["schema"] = {"fields": [t.rest(n) for n, t in columns]}
        for key in ("ddlOperationPerformed", "ddlTargetTable"):
            if key in job.statistics:
                answer[key] = job.statistics[key]
        rows = result.rows if result is not None else ()
        answer["totalBytesProcessed"] = "0"
        answer["cacheHit"] = False
        answer["totalBytesBilled"] = "0"
        answer["creationTime"] = str(job.created_ns // NS_PER_MS)
        answer["endTime"] = str(job.end_ns // NS_PER_MS)
        if kind == "bigquery#queryResponse" and "sessionInfo" in job.statistics:
            answer["sessionInfo"] = job.statistics["sessionInfo"]
        if job.config.get("dryRun"):
            answer["jobReference"] = {"projectId": job.project, "location": job.location}
            return answer
        answer["startTime"] = str(job.start_ns // NS_PER_MS)
        if kind == "bigquery#queryResponse":
            answer["queryId"] = job.id
            answer["jobCreationReason"] = {"code": "REQUESTED"}
        else:
            answer["etag"] = etag(job, now_ns)
        if result is None or not columns:
            answer.update(dml_answer(job))
            if job.statement != "SCRIPT" or result is None:
                answer["totalRows"] = "0"
            return answer
        answer["totalRows"] = str(len(rows))
        shown = rows[start : start + size] if size is not None else rows[start : start + 100_000]
        wanted = int_timestamps(request)
        if options is not None:
            wanted = bool(options.get("useInt64Timestamp")) or options.get("timestampOutputFormat") == "INT64"
        cells = values.rows_of(columns, shown, int_timestamps=wanted)
        if cells:
            answer["rows"] = cells
        if start + len(shown) < len(rows):
            answer["pageToken"] = paging.token(start + len(shown))
        answer.update(dml_answer(job))
        return answer


def dml_answer(job: Job) -> dict[str, Any]:
    """`numDmlAffectedRows` and `dmlStats` of a query answer."""
    if "dmlStats" not in job.statistics:
        return {}
    stats = job.statistics["dmlStats"]
    return {
        "numDmlAffectedRows": str(job.statistics["affected"]),
        "dmlStats": {k: str(v) for k, v in stats.items()},
    }


def as_answer(error: ApiError) -> ApiError:
    """A job's error as the answer to a question for its results."""
    status = STATUS_OF.get(error.reason, error.status)
    if error.reason == "stopped":
        status = 499
    return ApiError(error.reason, error.message, status=status or 400, location=error.location)


def reference(job: Job) -> dict[str, str]:
    """The vendor's `JobReference`."""
    return {"projectId": job.project, "jobId": job.id, "location": job.location}


def etag(job: Job, now_ns: int) -> str:
    """Changes with the job's state."""
    return f"{job.number}-{job.state(now_ns)}"


def resource(service: Service, job: Job) -> dict[str, Any]:
    """The vendor's `Job`."""
    now_ns = service.around.now_ns()
    state = "DONE" if job.config.get("dryRun") else job.state(now_ns)
    status: dict[str, Any] = {"state": state}
    done = state == "DONE"
    if done and job.error is not None:
        status["errorResult"] = job.error.proto()
        status["errors"] = [job.error.proto(), *job.warnings]
    elif done and job.warnings:
        status["errors"] = job.warnings
    answer = {
        "kind": "bigquery#job",
        "etag": etag(job, now_ns),
        "id": f"{job.project}:{job.location}.{job.id}",
        "selfLink": f"https://bigquery.googleapis.com/bigquery/v2/projects/{job.project}/jobs/{job.id}"
        f"?location={job.location}",
        "user_email": "windtunnel@example.com",
        "configuration": configuration(service, job),
        "jobReference": reference(job),
        "statistics": statistics(job, now_ns, state),
        "status": status,
        "principal_subject": "user:windtunnel@example.com",
        "jobCreationReason": {"code": "REQUESTED"},
    }
    if job.config.get("dryRun"):
        del answer["user_email"], answer["principal_subject"]
        answer["jobReference"] = {"projectId": job.project, "location": job.location}
        answer["id"] = f"{job.project}:{job.location}."
    return answer


def configuration(service: Service, job: Job) -> dict[str, Any]:
    """The job's configuration as the service gives it back, defaults filled in."""
    config = dict(job.config)
    config["jobType"] = job.kind
    if "query" in config:
        given = dict(config["query"])
        given.setdefault("priority", "INTERACTIVE")
        given.setdefault("useLegacySql", False)
        if job.statement in ("SELECT", "", "INSERT", "UPDATE", "DELETE", "MERGE") and job.error is None:
            if job.destination is not None:
                given.setdefault("destinationTable", _table_reference(job.destination))
            else:
                given.setdefault(
                    "destinationTable", _table_reference((job.project, "_anonymous", f"anon{job.number:032x}"))
                )
            given.setdefault("createDisposition", "CREATE_IF_NEEDED")
            given.setdefault("writeDisposition", "WRITE_TRUNCATE")
        config["query"] = given
    return config


def _table_reference(id: tuple[str, str, str]) -> dict[str, str]:
    return {"projectId": id[0], "datasetId": id[1], "tableId": id[2]}


def statistics(job: Job, now_ns: int, state: str) -> dict[str, Any]:
    """The vendor's `JobStatistics`."""
    found: dict[str, Any] = {"creationTime": str(job.created_ns // NS_PER_MS)}
    if job.config.get("dryRun"):
        found["query"] = {"totalBytesProcessed": "0", "totalBytesBilled": "0", "cacheHit": False,
                          "statementType": job.statement}  # fmt: skip
        found["totalBytesProcessed"] = "0"
        found["query"]["totalBytesProcessedAccuracy"] = "PRECISE"
        for key in ("schema", "ddlOperationPerformed"):
            if key in job.statistics:
                found["query"][key] = job.statistics[key]
        return found
    if state != "PENDING":
        found["startTime"] = str(job.start_ns // NS_PER_MS)
    if state != "DONE":
        return found
    found["endTime"] = str(job.end_ns // NS_PER_MS)
    found["finalExecutionDurationMs"] = str((job.end_ns - job.start_ns) // NS_PER_MS)
    found["totalSlotMs"] = found["finalExecutionDurationMs"]
    if job.parent:
        found["parentJobId"] = job.parent
    if job.kind == "QUERY":
        part: dict[str, Any] = {"totalBytesProcessed": "0", "totalBytesBilled": "0", "cacheHit": False}
        if job.statement:
            part["statementType"] = job.statement
        if "dmlStats" in job.statistics:
            part["numDmlAffectedRows"] = str(job.statistics["affected"])
            part["dmlStats"] = {k: str(v) for k, v in job.statistics["dmlStats"].items()}
        for key in ("ddlOperationPerformed", "ddlTargetTable", "ddlTargetRoutine", "ddlTargetDataset", "schema",
                    "exportDataStatistics"):  # fmt: skip
            if key in job.statistics:
                part[key] = job.statistics[key]
        found["totalBytesProcessed"] = "0"
        found["query"] = part
        for key in ("scriptStatistics", "numChildJobs", "sessionInfo"):
            if key in job.statistics:
                found[key] = job.statistics[key]
    elif job.kind in ("LOAD", "EXTRACT", "COPY") and job.kind.lower() in job.statistics:
        found[job.kind.lower()] = job.statistics[job.kind.lower()]
    return found


# --------------------------------------------------------------------------------------------------------------------


def named(service: Service, request: Request) -> Job:
    """The job that a request's path names; raises 404 `notFound`."""
    project, job_id = request.path
    return service.jobs.get(project, job_id, request.query.get("location", ""))


def get(service: Service, request: Request) -> dict[str, Any]:
    """jobs.get."""
    with service.lock:
        service.settle()
        return resource(service, named(service, request))


def cancel(service: Service, request: Request) -> dict[str, Any]:
    """jobs.cancel."""
    with service.lock:
        now_ns = service.settle()
        job = named(service, request)
        service.jobs.cancel(job, now_ns)
        shown = resource(service, job)
        shown.pop("user_email", None)
        shown.pop("principal_subject", None)
        return {"kind": "bigquery#jobCancelResponse", "job": shown}


def delete(service: Service, request: Request) -> None:
    """jobs.delete: only the metadata goes."""
    with service.lock:
        service.settle()
        named(service, request)
        service.jobs.forget(*request.path)


def list_all(service: Service, request: Request) -> dict[str, Any]:
    """jobs.list, newest first."""
    (project,) = request.path
    with service.lock:
        now_ns = service.settle()
        wanted = {s.upper() for s in request.query.get("stateFilter", "").split(",") if s}
        low, high = request.number("minCreationTime"), request.number("maxCreationTime")
        parent = request.query.get("parentJobId", "")
        found = []
        for job in service.jobs.listed(project):
            created_ms = job.created_ns // NS_PER_MS
            if wanted and job.state(now_ns) not in wanted:
                continue
            if (low is not None and created_ms < low) or (high is not None and created_ms > high):
                continue
            if job.parent != parent:
                continue
            found.append(job)
        shown, token = paging.page(found, request, default=100)
        answer: dict[str, Any] = {"kind": "bigquery#jobList", "etag": f"{len(found)}"}
        if token:
            answer["nextPageToken"] = token
        if shown:
            answer["jobs"] = [_summary(service, j, request.query.get("projection", "minimal")) for j in shown]
        return answer


def _summary(service: Service, job: Job, projection: str) -> dict[str, Any]:
    whole = resource(service, job)
    kept = {k: whole[k] for k in ("id", "kind", "jobReference", "statistics", "status")}
    kept["state"] = whole["status"]["state"]
    if "errorResult" in whole["status"]:
        kept["errorResult"] = whole["status"]["errorResult"]
    if projection.lower() == "full":
        kept |= {k: whole[k] for k in ("configuration", "user_email", "principal_subject")}
    return kept
