# ruff: noqa: E501 - it is prose
"""The reference page, written from the code: `python -m fakes.bigquery.reference > docs/emulated/bigquery.md`.

Knows the tables of methods, functions, views and limits; a test keeps the page in step with them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields

from fakes.bigquery import information_schema, job_views, methods
from fakes.bigquery.sql import aggregates, builders, calls, catalogue, dateparts, pipes, time_series
from fakes.bigquery.sql.types import PHYSICAL
from fakes.bigquery.weather import SERVICE

HEAD = """# BigQuery

An emulated BigQuery: the REST API over an engine of its own (GoogleSQL compiled onto DuckDB), in virtual time or on a
socket. What is not supported is refused: HTTP 501, reason `notImplemented`, a message that begins with `unsupported by
the emulator:` and names the construct. Such an answer is never retryable, and no answer is approximated unless this page says so.

*This page is written by `python -m fakes.bigquery.reference`; a test fails when it is out of date.*

## Options

`tunnel.backend("bigquery", project=…, limits=…, location="US", keep_results=5000, keep_jobs=10000, history_s=0)`. `limits` is `service`
(the default), `none`, or a mapping of the fields under Limits (None lifts one). `history_s` is how far back
`FOR SYSTEM_TIME AS OF` and stale reads reach; 0 keeps no past and refuses both.

## Retries

* The same job id twice is 409 `duplicate` and runs once; `jobs.query` with the same `requestId` is the same job.
* A row with an `insertId` seen within the window is dropped.
* A statement that does not compile is answered at once (and its job exists, failed); one that fails while it runs is a
  job with an `errorResult`, which `getQueryResults` answers as an HTTP error.

## Faults

Calls are named as the vendor's API ids (`jobs.insert`, `jobs.query`, `jobs.getQueryResults`, `tabledata.insertAll`…); uploads are
`jobs.insert`. The resource is `project.dataset.table` of the table concerned (of a query: the first table it names),
else the project.

Every job passes five edges: `accepted`, `running`, `before-commit` (its effect is due), `committed` (its effect is
there, nobody has been told) and `done`. At each, faults with `phase: mid` and `edge: …` on `jobs.insert` or
`jobs.query` strike: a crash kills at that very moment and the job goes on; a `refuse` with a status fails the job
(before `committed` without effect, at `committed` with it, where `lose_reply` does the same); `delay` and `hang` hold it
up, but for `done`. `jobs.cancel` before `committed` leaves no effect, after it comes too late.

Every accepted job is also asked about once as a whole, as method `jobs.run`:

| verdict | the job |
|---|---|
| `Delay` | takes so much longer |
| `Refuse(reason)` | fails with that reason and has no effect |
| `LoseReply(reason)` | has its effect and then reports failure |
| `Hang` | stays RUNNING until it is cancelled |

Data faults (`distort`) and what knows them:

| calls | ways |
|---|---|
| queries (single SELECTs) by `jobs.insert` or `jobs.query`, `tabledata.list` | `hide_partition`, `hide_streamed`, `drop_columns`, `rename_columns` |
| load jobs by `jobs.insert` | `drop_rows`, `duplicate_rows` |
| `tables.get`, `tabledata.insertAll` | `drop_columns`, `rename_columns` |

A stale snapshot is `serve_stale`, for queries and `tabledata.list`; the back end then needs `history_s`.

## Time of a job

A job is PENDING, RUNNING, then DONE. A query reads when it starts; everything else takes effect at its end. Two
UPDATE, DELETE or MERGE jobs run at once per table, further ones wait; one that finds the table changed under it is run again, up to
the limit, and then fails with `Could not serialize access to table`.

## Approximated

* Bytes processed and billed are estimates: rows times the widths of the columns that the text names, text as 8 bytes,
  nothing pruned; the rounding (10 MB a table) and `maximumBytesBilled` are the service's. Slot time is the job's duration.
* Results of more than 10,000 rows are not kept in the query cache, nor more than 200 of them.
* Of finished jobs the newest `keep_jobs` are remembered, with the results of the newest `keep_results`; the service
  keeps them for 180 days and about a day. DuckDB's own memory grows by some 0.5 kB a MERGE or join.
* APPROX_ functions are exact; quantiles take the nearest rank.
* BIGNUMERIC keeps 20 digits before and 18 after the point; more is refused. NUMERIC products and quotients need less
  than 10²⁰ in between.
* SAFE. also turns errors inside its arguments into NULL.
* A query over a view, a function or a table function is analysed anew where it is used.
* Scripts run as a whole at their job's end; their child jobs share its times.
* GEOGRAPHY columns hold points and lines; geography functions are refused. IAM policies are kept, not enforced.
* Row access policies, authorised views, legacy SQL, models, external tables, and the Storage Read and Write APIs are
  refused; create Python clients with `create_bqstorage_client=False` where they would use the latter.
"""


def markdown() -> str:
    """The whole page."""
    return HEAD + "\n".join(_parts()) + "\n"


def _parts() -> Iterator[str]:
    yield "\n## API methods\n"
    yield ", ".join(f"`{m}`" for m in sorted(methods.HANDLERS)) + ". Uploads are multipart or resumable.\n"
    yield "## Limits\n"
    yield "The service's numbers (https://cloud.google.com/bigquery/quotas), counted in the run's own time; daily ones"
    yield "begin anew at midnight Pacific.\n\n| limit | default |\n|---|---|"
    for field in fields(SERVICE):
        value = getattr(SERVICE, field.name)
        shown = ", ".join(f"{k} {v:g}" for k, v in value.items()) if isinstance(value, dict) else value
        yield f"| `{field.name}` | {shown} |"
    yield "\n## Types\n"
    yield ", ".join(sorted([*PHYSICAL, "ARRAY", "STRUCT", "RANGE"])) + ".\n"
    yield "## Statements\n"
    yield "SELECT (WITH [RECURSIVE], joins, UNNEST, windows, QUALIFY, ROLLUP, CUBE, GROUPING SETS, set operations), INSERT,"
    yield "UPDATE, DELETE, MERGE, TRUNCATE, CREATE/DROP/ALTER for schemas, tables, views, materialised views (always fresh),"
    yield "RANGE_SESSIONIZE, snapshots and clones, CREATE FUNCTION (SQL; JavaScript with the `javascript` extra), table functions,"
    yield "procedures, EXPORT DATA, and the procedural language (DECLARE, SET, IF, CASE, LOOP, WHILE, REPEAT, FOR, BEGIN …"
    yield "EXCEPTION, RAISE, transactions, EXECUTE IMMEDIATE, CALL, ASSERT). Wildcard tables; ingestion-time, column and"
    yield "integer-range partitions; PIVOT, UNPIVOT, BY NAME; parameters of types such as STRING(5). Pipe syntax with the"
    yield "operators " + ", ".join(sorted(pipes.KNOWN)) + ", where none follows LIMIT or a"
    yield "set operation. Refused: TABLESAMPLE, NATURAL JOIN, WITH before DML, the WITH expression, CAST … FORMAT of numbers"
    yield "and to dates, system variables but @@project_id, @@dataset_id,"
    yield "@@dataset_project_id, @@time_zone (UTC), @@query_label, @@script.job_id, @@error and @@row_count.\n"
    yield "## INFORMATION_SCHEMA\n"
    yield ", ".join(f"`{v}`" for v in sorted({*information_schema.VIEWS, *job_views.VIEWS})) + ".\n"
    yield "## Functions\n"
    special = sorted({*dateparts.SPECIAL, *time_series.SPECIAL, *builders.SPECIAL} - set(catalogue.scalars()))
    yield (
        "Beside those below: " + ", ".join(special) + ", CAST, SAFE_CAST, EXTRACT, IF, and `SAFE.` before any scalar.\n"
    )
    groups = (
        ("Scalar", catalogue.scalars()), ("Aggregate", catalogue.aggregates()), ("Only with OVER", catalogue.windows())
    )  # fmt: skip
    for title, table in groups:
        yield f"### {title}\n"
        for name in sorted(table):
            known = [s for s in table[name] if "error('unsupported" not in s.template]
            if known:
                yield "* " + "; ".join(f"`{s.text} → {s.result}`" for s in known)
        if title == "Aggregate":
            yield "* " + ", ".join(f"`{n}`" for n in sorted(set(aggregates.AGGREGATES) - set(table)))
        yield ""
    yield "### Refused by name\n"
    refused = [*(f"{n}.…" for n in sorted(calls.NAMESPACES - {"NET"})), "ST_…", *sorted(builders.KNOWN_UNSUPPORTED)]
    yield ", ".join(f"`{n}`" for n in refused) + "."


if __name__ == "__main__":
    sys.stdout.write(markdown())
