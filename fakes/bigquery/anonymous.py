"""The tables that query results lie in for a day: what `job.destination` names, to be read as any table is.

https://cloud.google.com/bigquery/docs/cached-results: results are kept in temporary tables, in a hidden dataset, for
about 24 hours. Here each is a view of its job. Knows jobs and their results. Must not know how queries are run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakes.bigquery import paging, values
from fakes.bigquery.errors import not_found

if TYPE_CHECKING:
    from fakes.bigquery.front import Request
    from fakes.bigquery.jobs import Job, Result
    from fakes.bigquery.service import Service

DATASET = "_anonymous"
"""The service's is `_` and 40 hexadecimal digits, other for each user and region."""
LIFE_MS = 24 * 3_600 * 1_000
NS_PER_MS = 1_000_000


def name_of(job: Job) -> str:
    """The name of the table that holds the results of `job`."""
    return f"anon{job.number:032x}"


def get(service: Service, request: Request) -> dict[str, Any]:
    """tables.get of a table of results."""
    job, result = _found(service, request)
    project, dataset, name = request.path
    created_ms = job.end_ns // NS_PER_MS
    return {
        "kind": "bigquery#table",
        "etag": f"{job.number:x}",
        "id": f"{project}:{dataset}.{name}",
        "tableReference": {"projectId": project, "datasetId": dataset, "tableId": name},
        "schema": {"fields": [kind.rest(column) for column, kind in result.columns]},
        "numBytes": str(job.statistics.get("bytes", 0)),
        "numRows": str(len(result.rows)),
        "creationTime": str(created_ms),
        "expirationTime": str(created_ms + LIFE_MS),
        "lastModifiedTime": str(created_ms),
        "type": "TABLE",
        "location": job.location,
    }


def list_rows(service: Service, request: Request, *, int_timestamps: bool) -> dict[str, Any]:
    """tabledata.list of a table of results."""
    job, result = _found(service, request)
    columns, rows = result.columns, result.rows
    if (wanted := request.query.get("selectedFields")) is not None:
        names = {name.split(".")[0].lower() for name in wanted.split(",")}
        kept = [number for number, (name, _) in enumerate(columns) if name.lower() in names]
        columns, rows = tuple(columns[n] for n in kept), [[row[n] for n in kept] for row in rows]
    start, size = paging.window(request)
    shown = rows[start : start + size]
    answer: dict[str, Any] = {
        "kind": "bigquery#tableDataList", "etag": f"{job.number:x}", "totalRows": str(len(rows)),
    }  # fmt: skip
    if shown:
        answer["rows"] = values.rows_of(columns, shown, int_timestamps=int_timestamps)
    if start + len(shown) < len(rows):
        answer["pageToken"] = paging.token(start + len(shown))
    return answer


def _found(service: Service, request: Request) -> tuple[Job, Result]:
    project, dataset, name = request.path
    now_ns = service.around.now_ns()
    for job in service.jobs.every():
        if job.project == project and name == name_of(job) and job.result is not None and job.done(now_ns):
            if job.end_ns + LIFE_MS * NS_PER_MS > now_ns:
                return job, job.result
            break
    raise not_found("Table", f"{project}:{dataset}.{name}")
