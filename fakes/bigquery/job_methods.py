"""jobs.*: accepting jobs, waiting for them, reading and cancelling them.

Knows how a job reads in REST. What a query or a load does is elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakes.bigquery import anonymous, paging, values
from fakes.bigquery.acceptance import accept
from fakes.bigquery.errors import STATUS_OF, ApiError, invalid
from fakes.bigquery.jobs import Job
from fakes.bigquery.row_methods import int_timestamps

if TYPE_CHECKING:
    from fakes.bigquery.front import Request
    from fakes.bigquery.service import Service

NS_PER_MS, NS_PER_S = 1_000_000, 1_000_000_000
DEFAULT_WAIT_S = 10.0
"""How long jobs.query and getQueryResults wait where the client names no time-out (the vendor's default)."""
LONGEST_WAIT_S = 200.0
"""The vendor answers no later than about 200 s."""


QUEUED_LOOK_NS = NS_PER_S // 10
"""How often a waiting call looks whether a queued job may start."""


def insert(service: Service, request: Request) -> dict[str, Any]:
    """jobs.insert."""
    with service.lock:
        service.settle()
        job = accept(service, request.path[0], request.body, caller=request.caller, sight=request.sight)
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
                service, request.path[0], made, method="jobs.query", caller=request.caller, request_id=request_id,
                sight=request.sight,
            )  # fmt: skip
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
            if job.queued:
                # Nobody knows when those before it end: one of them may be cancelled, or hang.
                end_ns, hung = now_ns + QUEUED_LOOK_NS, False
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
    size = request.number("maxResults")
    return results(service, request, job, paging.first(request), size, kind="bigquery#getQueryResultsResponse")


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
        answer.update(cost(job))
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


def cost(job: Job) -> dict[str, Any]:
    """What the query of `job` processed and is billed for."""
    return {
        "totalBytesProcessed": str(job.statistics.get("bytes", 0)),
        "totalBytesBilled": str(job.statistics.get("billed", 0)),
        "cacheHit": "cached" in job.statistics,
    }


def dml_answer(job: Job) -> dict[str, Any]:
    """`numDmlAffectedRows` and `dmlStats` of a query answer."""
    if "dmlStats" not in job.statistics:
        return {}
    stats = job.statistics["dmlStats"]
    return {
        "numDmlAffectedRows": str(job.statistics["affected"]),
        "dmlStats": {k: str(v) for k, v in stats.items()},
    }


OF_JOBS = {
    "backendError": "jobBackendError",
    "internalError": "jobInternalError",
    "rateLimitExceeded": "jobRateLimitExceeded",
}
"""How an answer words the error of a job that was made and then failed: asking again shows nothing else, so that it
must not read as the API's own trouble. https://cloud.google.com/bigquery/docs/error-messages#errortable"""


def as_answer(error: ApiError) -> ApiError:
    """A job's error as the answer to a question for its results."""
    reason = OF_JOBS.get(error.reason, error.reason)
    status = STATUS_OF.get(reason, error.status)
    if reason == "stopped":
        status = 499
    return ApiError(reason, error.message, status=status or 400, location=error.location)


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
                    "destinationTable",
                    _table_reference((job.project, anonymous.DATASET, anonymous.name_of(job))),
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
        found["query"] = {**cost(job), "totalBytesBilled": "0", "statementType": job.statement}
        found["totalBytesProcessed"] = found["query"]["totalBytesProcessed"]
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
        part: dict[str, Any] = cost(job)
        if job.statement:
            part["statementType"] = job.statement
        if "dmlStats" in job.statistics:
            part["numDmlAffectedRows"] = str(job.statistics["affected"])
            part["dmlStats"] = {k: str(v) for k, v in job.statistics["dmlStats"].items()}
        for key in ("ddlOperationPerformed", "ddlTargetTable", "ddlTargetRoutine", "ddlTargetDataset", "schema",
                    "exportDataStatistics"):  # fmt: skip
            if key in job.statistics:
                part[key] = job.statistics[key]
        found["totalBytesProcessed"] = part["totalBytesProcessed"]
        found["query"] = part
        for key in ("scriptStatistics", "numChildJobs", "sessionInfo", "transactionInfo"):
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
