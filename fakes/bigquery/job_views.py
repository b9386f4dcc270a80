"""INFORMATION_SCHEMA.JOBS and its kin: the jobs of the back end as rows.

https://cloud.google.com/bigquery/docs/information-schema-jobs. Knows jobs, not queries.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fakes.bigquery.jobs import Job
from fakes.bigquery.sql.casts import text
from fakes.bigquery.sql.scope import Source
from fakes.bigquery.sql.types import BOOL, INT64, STRING, TIMESTAMP, Type, array, quoted, struct

VIEWS = ("JOBS", "JOBS_BY_PROJECT", "JOBS_BY_USER")
_TABLE = struct([("project_id", STRING), ("dataset_id", STRING), ("table_id", STRING)])
_ERROR = struct([("reason", STRING), ("location", STRING), ("debug_info", STRING), ("message", STRING)])
COLUMNS: list[tuple[str, Type]] = [
    ("creation_time", TIMESTAMP), ("project_id", STRING), ("user_email", STRING), ("job_id", STRING),
    ("job_type", STRING), ("statement_type", STRING), ("priority", STRING), ("start_time", TIMESTAMP),
    ("end_time", TIMESTAMP), ("query", STRING), ("state", STRING), ("total_bytes_processed", INT64),
    ("total_slot_ms", INT64), ("error_result", _ERROR), ("cache_hit", BOOL), ("destination_table", _TABLE),
    ("labels", array(struct([("key", STRING), ("value", STRING)]))), ("parent_job_id", STRING),
]  # fmt: skip


def source(project: str, jobs: Iterable[Job], now_ns: int) -> Source:
    """The jobs of `project` at `now_ns`, newest last, as a source of literal rows."""
    rows = [f"({', '.join(_cells(job, now_ns))})" for job in jobs if job.project == project]
    names = ", ".join(quoted(n) for n, _ in COLUMNS)
    nulls = ", ".join(f"CAST(NULL AS {t.duck})" for _, t in COLUMNS)
    body = f"VALUES {', '.join(rows)}" if rows else f"SELECT {nulls} WHERE FALSE"
    sql = f"(SELECT * FROM ({body}) AS _v({names}))"
    return Source((project, "INFORMATION_SCHEMA", "JOBS"), COLUMNS, sql=sql, wildcard=True)


def _cells(job: Job, now_ns: int) -> list[str]:
    state = job.state(now_ns)
    query = job.config.get("query") or {}
    error = job.error if state == "DONE" else None
    values: dict[str, Any] = {
        "creation_time": job.created_ns, "project_id": job.project, "user_email": "windtunnel@example.com",
        "job_id": job.id, "job_type": job.kind, "statement_type": job.statement or None,
        "priority": query.get("priority", "INTERACTIVE") if query else None,
        "start_time": None if state == "PENDING" else job.start_ns, "end_time": job.end_ns if state == "DONE" else None,
        "query": query.get("query"), "state": state,
        "total_bytes_processed": job.statistics.get("bytes", 0),
        "total_slot_ms": (job.end_ns - job.start_ns) // 1_000_000,
        "cache_hit": "cached" in job.statistics,
        "parent_job_id": job.parent or None,
        "error_result": (error.reason, "query", "", error.message) if error is not None else None,
        "destination_table": job.destination, "labels": sorted((job.config.get("labels") or {}).items()),
    }  # fmt: skip
    return [_cell(values[name], kind) for name, kind in COLUMNS]


def _cell(value: Any, kind: Type) -> str:
    if value is None:
        return f"CAST(NULL AS {kind.duck})"
    if kind.kind == "TIMESTAMP":
        return f"CAST(make_timestamp({int(value) // 1000}) AS TIMESTAMPTZ)"
    if kind.kind == "ARRAY":
        assert kind.item
        return f"CAST([{', '.join(_cell(v, kind.item) for v in value)}] AS {kind.duck})"
    if kind.kind == "STRUCT":
        pairs = zip(kind.named_fields, value, strict=True)
        return f"struct_pack({', '.join(f'{quoted(n)} := {_cell(v, t)}' for (n, t), v in pairs)})"
    if kind.kind == "INT64":
        return f"CAST({int(value)} AS BIGINT)"
    if kind.kind == "BOOL":
        return "TRUE" if value else "FALSE"
    return text(str(value))
