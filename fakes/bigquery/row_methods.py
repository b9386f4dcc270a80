"""tabledata.*: reading rows page by page, and streaming them in.

insertAll is the service's: a bad row spoils the request unless told otherwise, an insertId seen within its window is
dropped, and rows sit in the streaming buffer for a while.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from fakes.bigquery import anonymous, bulk, defaults, destinations, meta_tables, paging, values
from fakes.bigquery.catalog import BUFFER, Table
from fakes.bigquery.errors import ApiError, invalid
from fakes.bigquery.intake import Intake
from fakes.bigquery.queries import fetching
from fakes.bigquery.sight import shown_columns
from fakes.bigquery.sql import moments
from fakes.bigquery.sql.types import INT64, TIMESTAMP, quoted
from fakes.seam import Distort

if TYPE_CHECKING:
    from fakes.bigquery.front import Request
    from fakes.bigquery.service import Service

NS_PER_US = 1_000
PAGE_BYTES = 10 * 1024 * 1024
"""An answer holds about this much at most (the vendor: 10 MB of row data per page)."""


def int_timestamps(request: Request) -> bool:
    """Whether the client wants TIMESTAMP cells as integer microseconds."""
    wanted = request.query.get("formatOptions.useInt64Timestamp", "")
    if wanted:
        return wanted.lower() == "true"
    return request.query.get("formatOptions.timestampOutputFormat") == "INT64"


def list_rows(service: Service, request: Request) -> dict[str, Any]:
    """tabledata.list."""
    project, dataset, name = request.path
    with service.lock:
        now_ns = service.settle()
        if dataset == anonymous.DATASET:
            return anonymous.list_rows(service, request, int_timestamps=int_timestamps(request))
        plain, decorator = destinations.partition_of((project, dataset, name))
        table = service.catalog.table(plain)
        summary = meta_tables.summary(service.catalog, table) if decorator == meta_tables.SUMMARY else ""
        if not table.stored:
            raise invalid(f"Cannot list a table of type {table.kind}.")
        columns = meta_tables.SUMMARY_COLUMNS if summary else table.columns
        way = request.sight.way
        if way.ways() and not summary:
            columns = [(new, dict(columns)[old]) for old, new in shown_columns(columns, way)]
        if (wanted := request.query.get("selectedFields")) is not None:
            names = {w.split(".")[0].lower() for w in wanted.split(",")}
            columns = [(n, t) for n, t in columns if n.lower() in names]
        start, size = paging.window(request)
        where, bounds = "", {}
        if decorator and not summary:
            column, low, high = destinations.partition_bounds(table, decorator)
            where, bounds = f" WHERE {quoted(column)} >= $low AND {quoted(column)} < $high", {"low": low, "high": high}
        if summary:
            stored = summary
        elif request.sight.age_s:
            stored = service.history.source(table, now_ns - round(request.sight.age_s * 1e9), now_ns).sql
        elif way.ways():
            stored = request.sight.source(table, service.catalog.source(table), now_ns // NS_PER_US).sql
        else:
            stored = table.sql
        total = service.engine.run(f"SELECT count(*) FROM {stored}{where}", bounds)[0][0]
        shown = ", ".join(quoted(n) for n, _ in columns) or "1"
        inner = f"SELECT {shown} FROM {stored}{where} LIMIT {size} OFFSET {start}"
        sql, helpers = fetching(inner, tuple(columns))
        service.engine.make(helpers)
        rows = service.engine.run(sql, bounds)
        answer: dict[str, Any] = {"kind": "bigquery#tableDataList", "etag": table.etag, "totalRows": str(total)}
        cells = values.rows_of(columns, rows, int_timestamps=int_timestamps(request))
        if start + len(rows) < total and rows:
            answer["pageToken"] = paging.token(start + len(rows))
        if cells:
            answer["rows"] = cells
        return answer


# --------------------------------------------------------------------------------------------------------------------


class InsertIds:
    """The insertIds a table has seen lately: `seen` maps each to when it was (ns since the epoch), oldest first."""

    def __init__(self, window_ns: int) -> None:
        self._window_ns = window_ns
        self.seen: dict[str, int] = {}

    def forget(self, now_ns: int) -> None:
        """Forget what was seen before the window."""
        while self.seen:
            oldest = next(iter(self.seen))
            if now_ns - self.seen[oldest] < self._window_ns:
                break
            del self.seen[oldest]

    def fresh(self, insert_id: str, now_ns: int) -> bool:
        """Whether `insert_id` was not seen since the window began; seeing it again starts no new window."""
        if insert_id in self.seen:
            return False
        self.seen[insert_id] = now_ns
        return True


def insert_all(service: Service, request: Request) -> dict[str, Any]:
    """tabledata.insertAll."""
    body = request.body
    rows = body.get("rows")
    limits = service.weather.limits
    if not rows or not isinstance(rows, list):
        raise invalid("No rows present in the request.")
    if len(rows) > limits.insert_rows_per_request:
        raise invalid(f"The request has too many rows: {len(rows)}, at most {limits.insert_rows_per_request:.0f}")
    if len(request.data) > limits.insert_bytes_per_request:
        raise ApiError(
            "invalid",
            f"Request payload size exceeds the limit: {limits.insert_bytes_per_request:.0f} bytes.",
            status=413,
        )
    project, dataset, name = request.path
    with service.lock:
        now_ns = service.settle()
        plain, decorator = destinations.partition_of((project, dataset, name))
        table = service.catalog.find(plain)
        if table is None and body.get("templateSuffix"):
            raise invalid("templateSuffix needs the table it is a template of")
        table = service.catalog.table(plain)
        if body.get("templateSuffix"):
            table = _templated(service, table, str(body["templateSuffix"]))
        if not table.stored:
            raise invalid(f"Cannot add rows to a table of type {table.kind}.")
        large = len(request.data) > limits.row_bytes
        return _insert(service, table, body, rows, now_ns, decorator, request.sight.way, large=large)


def _templated(service: Service, table: Table, suffix: str) -> Table:
    id = (table.id[0], table.id[1], table.id[2] + suffix)
    found = service.catalog.find(id)
    if found is None:
        found = Table(id, "TABLE", [dict(f) for f in table.schema], service.now_ms, service.now_ms,
                      partitioning=table.partitioning, clustering=table.clustering)  # fmt: skip
        service.catalog.add_table(found)
    return found


def _insert(
    service: Service, table: Table, body: dict[str, Any], rows: list[Any], now_ns: int, decorator: str,
    way: Distort, *, large: bool,
) -> dict[str, Any]:  # fmt: skip
    skip = bool(body.get("skipInvalidRows"))
    stored = [f["name"] for f in table.schema]
    shown = shown_columns(table.columns, way)
    places = [stored.index(old) for old, _ in shown]
    given = [{**table.schema[place], "name": new} for place, (_, new) in zip(places, shown, strict=True)]
    defaulted = defaults.values_of(service, table)
    absent = {i: defaulted[old] for i, (old, _) in enumerate(shown) if old in defaulted}
    intake = Intake(given, absent, ignore=bool(body.get("ignoreUnknownValues")))
    row_bytes = service.weather.limits.row_bytes
    good: list[list[Any]] = []
    ids: list[str] = []
    errors: list[dict[str, Any]] = []
    for index, row in enumerate(rows):
        content = row.get("json") if isinstance(row, dict) else None
        if not isinstance(content, dict):
            errors.append(_row_error(index, "", "Missing required field: json" if content is None else "not a record"))
            continue
        if large and (size := len(orjson.dumps(content))) > row_bytes:
            errors.append(_row_error(index, "", f"Row size is too large: {size}. Maximum row size is {row_bytes:.0f}"))
            continue
        try:
            cells = intake.cells(content)
        except values.BadValue as problem:
            errors.append(_row_error(index, problem.field, problem.reason))
            continue
        if len(places) < len(stored):
            whole: list[Any] = [None] * len(stored)
            for place, cell in zip(places, cells, strict=True):
                whole[place] = cell
            cells = whole
        good.append(cells)
        ids.append(str(row.get("insertId") or ""))
    answer: dict[str, Any] = {"kind": "bigquery#tableDataInsertAllResponse"}
    if errors:
        if not skip:
            bad = {e["index"] for e in errors}
            errors += [
                {"index": i, "errors": [{"reason": "stopped", "location": "", "debugInfo": "", "message": ""}]}
                for i in range(len(rows))
                if i not in bad
            ]
            good = []
        answer["insertErrors"] = sorted(errors, key=lambda e: int(e["index"]))
    if good:
        window_ns = round(service.weather.limits.insert_id_window_s * 1e9)
        if table.insert_ids is None:
            table.insert_ids = InsertIds(window_ns)
        table.insert_ids.forget(now_ns)
        fresh = [c for c, i in zip(good, ids, strict=True) if not i or table.insert_ids.fresh(i, now_ns)]
        if fresh:
            append(service, table, fresh, now_ns, decorator)
    return answer


def _row_error(index: int, field: str, message: str) -> dict[str, Any]:
    return {
        "index": index,
        "errors": [{"reason": "invalid", "location": field, "debugInfo": "", "message": message}],
    }


def append(service: Service, table: Table, rows: list[list[Any]], now_ns: int, decorator: str = "") -> None:
    """Append streamed rows and put them into the streaming buffer."""
    low, high = service.weather.limits.streaming_buffer_s
    now_us = now_ns // NS_PER_US
    until_us: int | None = None
    if high > 0:
        stay_s = low if low == high else service.around.rng(f"streaming buffer {'.'.join(table.id)}").uniform(low, high)
        until_us = now_us + round(stay_s * 1e6)
        table.buffer_until_us = max(table.buffer_until_us, until_us)
        table.streamed.append((now_us, until_us))
        while table.streamed[0][1] < now_us:
            table.streamed.popleft()
    targets = [(n, t, False) for n, t in table.columns]
    extra: list[Any] = []
    if table.ingestion_time:
        targets.append(("_PARTITIONTIME", TIMESTAMP, False))
        day_us = now_us // 86_400_000_000 * 86_400_000_000
        extra.append(destinations.partition_bounds(table, decorator)[1] if decorator else moments.at(day_us))
    targets.append((BUFFER, INT64, False))
    extra.append(until_us)
    service.remember(table, now_ns, append=True)
    bulk.insert(service.engine, table.sql, targets, [[*row, *extra] for row in rows])
    service.catalog.touch(table, now_ns // 1_000_000)
