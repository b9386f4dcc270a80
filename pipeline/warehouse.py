"""The one module that talks to BigQuery: queries, keyed upserts and streaming appends.

Every call has a time-out (the client's own default is none, so that a stalled read hangs for ever) and the retries of
`retries`. Values travel as query parameters, never as text. No other module may hold a BigQuery client.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from google.cloud import bigquery

from pipeline import retries

UPSERT_ROWS = 2_000
"""Rows per MERGE: a query request may weigh 10 MB, its parameters included (BigQuery quotas, query jobs)."""


class ReplaceWhen(StrEnum):
    """When an upsert replaces a row that is there already; each makes a redelivery change nothing.

    `CHANGED`: its facts differ. `CHANGED_SINCE`: they differ and ours were not scraped earlier, so that a late
    redelivery of an old snapshot does not undo a newer one. `SCRAPED_SINCE`: ours were scraped later, whatever they
    say: the row then tells when it was last seen to be true, which is what freshness is judged by.
    """

    CHANGED = "target.data_hash != source.data_hash"
    CHANGED_SINCE = "target.data_hash != source.data_hash AND target.scraped_at <= source.scraped_at"
    SCRAPED_SINCE = "target.scraped_at < source.scraped_at"


class RowsRefusedError(Exception):
    """A streaming append was answered 200 and refused rows; the text shows the first refusal."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table's name in two parts and, for upserts, its columns: name -> BigQuery type, in order.

    `keys` make a row one row; `partition` is the DATE column every statement must filter on, "" for none.
    """

    dataset: str
    name: str
    columns: Mapping[str, str]
    keys: tuple[str, ...]
    partition: str = "game_date"

    @property
    def id(self) -> str:
        """`dataset.table`, resolved against the client's project."""
        return f"{self.dataset}.{self.name}"


Row = Mapping[str, Any]

_SCALARS = (
    (bool, "BOOL"),
    (int, "INT64"),
    (float, "FLOAT64"),
    (datetime, "TIMESTAMP"),
    (date, "DATE"),
    (str, "STRING"),
)
"""In this order: a bool is an int, and a datetime is a date."""


def parameter(name: str, value: Any) -> bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter:
    """`value` as a query parameter of the type it has; raises `TypeError` naming the parameter for any other."""
    if isinstance(value, list | tuple):
        if not value:
            raise TypeError(f"parameter {name} is an empty array: its element type is unknown; skip the query instead")
        return bigquery.ArrayQueryParameter(name, _type_of(name, value[0]), list(value))
    return bigquery.ScalarQueryParameter(name, _type_of(name, value), value)


def _type_of(name: str, value: Any) -> str:
    for kind, sql in _SCALARS:
        if isinstance(value, kind):
            return sql
    raise TypeError(f"parameter {name} is a {type(value).__name__}: BigQuery has no type for it here")


class Warehouse:
    """BigQuery as the pipeline uses it. `client` gives the (lazily made) client at each call."""

    def __init__(self, client: Callable[[], bigquery.Client], timeout_s: float = 60.0) -> None:
        self._client = client
        self._timeout_s = timeout_s

    def rows(self, sql: str, parameters: Mapping[str, Any], *, timeout_s: float | None = None) -> list[dict[str, Any]]:
        """The rows of a SELECT. Raises google's API errors, or `TimeoutError` after `timeout_s`."""
        return [dict(row.items()) for row in self._run(sql, _scalars(parameters), timeout_s)]

    def change(self, sql: str, parameters: Mapping[str, Any], *, timeout_s: float | None = None) -> int:
        """Run one DML statement and return the number of rows it changed."""
        return int(self._run(sql, _scalars(parameters), timeout_s).num_dml_affected_rows or 0)

    def upsert(self, table: Table, rows: Sequence[Row], when: ReplaceWhen = ReplaceWhen.CHANGED) -> int:
        """Make `rows` the content of `table` under their keys, and return how many rows changed.

        `when` says which rows that are there already are replaced. Duplicate keys within `rows`: the last wins.
        """
        unique = list({tuple(row[key] for key in table.keys): row for row in rows}.values())
        changed = 0
        for start in range(0, len(unique), UPSERT_ROWS):
            batch = unique[start : start + UPSERT_ROWS]
            sql, parameters = _merge(table, batch, when)
            changed += int(self._run(sql, parameters, None).num_dml_affected_rows or 0)
        return changed

    def append(self, table_id: str, rows: Sequence[Row], row_ids: Sequence[str], *, timeout_s: float = 5.0) -> None:
        """Stream rows in with their insert ids, one request, no retry: for telemetry that must never hold work up.

        Raises `RowsRefusedError` or google's API errors; nothing may be assumed applied then.
        """
        client = self._client()
        errors = client.insert_rows_json(
            f"{client.project}.{table_id}", list(rows), row_ids=list(row_ids), retry=None, timeout=timeout_s
        )
        if errors:
            raise RowsRefusedError(f"{table_id} refused {len(errors)} of {len(rows)} rows, first: {errors[0]}")

    def _run(self, sql: str, parameters: list[Any], timeout_s: float | None) -> Any:
        limit_s = self._timeout_s if timeout_s is None else timeout_s
        config = bigquery.QueryJobConfig(query_parameters=parameters)
        what = " ".join(sql.split()[:4])

        def submit_and_wait() -> Any:
            return self._client().query_and_wait(
                sql,
                job_config=config,
                api_timeout=limit_s,
                wait_timeout=limit_s,
                retry=retries.transport(what),
                job_retry=None,
            )

        return retries.with_job_retry(what, submit_and_wait)


def _scalars(parameters: Mapping[str, Any]) -> list[Any]:
    return [parameter(name, value) for name, value in parameters.items()]


def _merge(table: Table, rows: Sequence[Row], when: ReplaceWhen) -> tuple[str, list[Any]]:
    columns = list(table.columns)
    structs = [
        bigquery.StructQueryParameter(
            None, *(bigquery.ScalarQueryParameter(name, table.columns[name], row[name]) for name in columns)
        )
        for row in rows
    ]
    parameters: list[Any] = [bigquery.ArrayQueryParameter("batch", "STRUCT", structs)]
    match_on = [f"target.{key} = source.{key}" for key in table.keys]
    if table.partition:
        days = [row[table.partition] for row in rows]
        parameters += [parameter("first_day", min(days)), parameter("last_day", max(days))]
        match_on.append(f"target.{table.partition} BETWEEN @first_day AND @last_day")
    updates = [name for name in columns if name not in table.keys]
    sql = (
        f"MERGE {table.id} AS target\n"
        f"USING (SELECT * FROM UNNEST(@batch)) AS source\n"
        f"ON {' AND '.join(match_on)}\n"
        f"WHEN MATCHED AND {when} THEN\n"
        f"  UPDATE SET {', '.join(f'{name} = source.{name}' for name in updates)}\n"
        f"WHEN NOT MATCHED THEN\n"
        f"  INSERT ({', '.join(columns)}) VALUES ({', '.join(f'source.{name}' for name in columns)})"
    )
    return sql, parameters
