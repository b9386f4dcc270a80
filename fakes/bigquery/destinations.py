"""Destination tables of queries and loads: create and write dispositions, schema updates.

Knows the catalog and the engine. Must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from fakes.bigquery import bulk
from fakes.bigquery.catalog import Catalog, Table, check_schema
from fakes.bigquery.errors import ApiError, invalid, invalid_query, not_found
from fakes.bigquery.jobs import Job, Result
from fakes.bigquery.sql import moments, type_parameters
from fakes.bigquery.sql.types import TIMESTAMP, Type, quoted

if TYPE_CHECKING:
    from fakes.bigquery.service import Service

NS_PER_MS, NS_PER_US = 1_000_000, 1_000


def check(catalog: Catalog, job: Job, config: dict[str, Any]) -> None:
    """Raise for a destination that the dispositions do not allow, while the job is analysed."""
    assert job.destination
    dataset = catalog.dataset(job.destination[0], job.destination[1])
    table = dataset.table(partition_of(job.destination)[0][2])
    if table is None and config.get("createDisposition") == "CREATE_NEVER":
        raise not_found("Table", f"{job.destination[0]}:{job.destination[1]}.{job.destination[2]}")


def partition_of(id: tuple[str, str, str]) -> tuple[tuple[str, str, str], str]:
    """(table, partition decorator) of `table$20240101`; the decorator is "" where there is none."""
    name, _, decorator = id[2].partition("$")
    return (id[0], id[1], name), decorator


def prepare(
    service: Service, job: Job, config: dict[str, Any], fields: Sequence[dict[str, Any]], *, default: str
) -> tuple[Table, str]:
    """(destination table made ready for rows of `fields`, partition decorator).

    `default` is the write disposition where the job names none. Raises the vendor's errors for dispositions that do
    not fit and for schemas that do not match.
    """
    catalog = service.catalog
    assert job.destination
    id, decorator = partition_of(job.destination)
    now_ms = job.end_ns // NS_PER_MS
    write = config.get("writeDisposition") or default
    table = catalog.find(id)
    if table is None:
        catalog.dataset(id[0], id[1])
        if config.get("createDisposition") == "CREATE_NEVER":
            raise not_found("Table", f"{id[0]}:{id[1]}.{id[2]}")
        table = new_table(id, list(fields), config, now_ms)
        catalog.add_table(table)
        return table, decorator
    if not table.stored:
        raise invalid(f"Cannot write to {table.kind.lower()} {table.path}")
    if not table.schema:
        # A table made without a schema takes that of the first rows.
        return truncate(service, table, fields, config, now_ms), decorator
    if write == "WRITE_EMPTY":
        if service.engine.run(f"SELECT 1 FROM {table.sql} LIMIT 1"):
            raise ApiError("duplicate", f"Already Exists: Table {table.path}")
        return merge_schema(service, table, fields, config, now_ms), decorator
    if write == "WRITE_TRUNCATE":
        service.remember(table, job.end_ns, append=False)
        if decorator:
            delete_partition(service, table, decorator)
            return merge_schema(service, table, fields, config, now_ms), decorator
        return truncate(service, table, fields, config, now_ms), decorator
    service.remember(table, job.end_ns, append=True)
    return merge_schema(service, table, fields, config, now_ms), decorator


def new_table(id: tuple[str, str, str], fields: list[dict[str, Any]], config: dict[str, Any], now_ms: int) -> Table:
    """A table as a job's configuration describes it."""
    clustering = (config.get("clustering") or {}).get("fields")
    partitioning = config.get("timePartitioning")
    return Table(
        id, "TABLE", fields, now_ms, now_ms,
        partitioning=partitioning, range_partitioning=config.get("rangePartitioning"), clustering=clustering,
        require_filter=bool((partitioning or {}).get("requirePartitionFilter")),
        extra=encryption(config),
    )  # fmt: skip


def encryption(config: dict[str, Any]) -> dict[str, Any]:
    """The Cloud KMS key that a job's configuration names for its destination, as a field of the table; kept only."""
    key = config.get("destinationEncryptionConfiguration")
    return {"encryptionConfiguration": key} if key else {}


def truncate(
    service: Service, table: Table, fields: Sequence[dict[str, Any]], config: dict[str, Any], now_ms: int
) -> Table:
    """`table` emptied and given the new rows' schema; its partitioning and clustering stay unless given anew."""
    catalog = service.catalog
    wanted = [dict(f) for f in fields] or table.schema
    clustering = (config.get("clustering") or {}).get("fields") or table.clustering
    names = {f["name"].lower() for f in wanted}
    if clustering is not None and not (config.get("clustering") or {}).get("fields"):
        clustering = [c for c in clustering if c.lower() in names] or None
    fresh = Table(
        table.id, table.kind, wanted, table.created_ms, now_ms,
        partitioning=config.get("timePartitioning") or table.partitioning,
        range_partitioning=config.get("rangePartitioning") or table.range_partitioning, clustering=clustering,
        require_filter=table.require_filter, expires_ms=table.expires_ms, extra=table.extra | encryption(config),
    )  # fmt: skip
    check_schema(fresh)
    if [(n, t) for n, t in fresh.columns] == table.columns and fresh.required() == table.required():
        service.engine.run(f"DELETE FROM {table.sql}")
        table.clustering, table.partitioning = fresh.clustering, fresh.partitioning
        table.buffer_until_us = 0
        return table
    catalog.add_table(fresh, replace=True)
    return fresh


def delete_partition(service: Service, table: Table, decorator: str) -> None:
    """Delete the rows of one partition."""
    column, start, end = partition_bounds(table, decorator)
    service.engine.run(
        f"DELETE FROM {table.sql} WHERE {quoted(column)} >= $start AND {quoted(column)} < $end",
        {"start": start, "end": end},
    )


def partition_bounds(table: Table, decorator: str) -> tuple[str, Any, Any]:
    """(column, first value, first value after) of the partition `decorator`; raises 400 `invalid`."""
    bad = invalid(f"Invalid partition decorator: {table.id[2]}${decorator}")
    if table.range_partitioning is not None:
        if not decorator.isdigit():
            raise bad
        step = int(table.range_partitioning["range"]["interval"])
        return table.range_partitioning["field"], int(decorator), int(decorator) + step
    if table.partitioning is None:
        raise bad
    shapes = {"DAY": "%Y%m%d", "HOUR": "%Y%m%d%H", "MONTH": "%Y%m", "YEAR": "%Y"}
    kind = table.partitioning.get("type", "DAY")
    try:
        start = datetime.strptime(decorator, shapes[kind])
    except ValueError:
        raise bad from None
    ends: dict[str, Callable[[], datetime]] = {
        "DAY": lambda: start + timedelta(days=1),
        "HOUR": lambda: start + timedelta(hours=1),
        "MONTH": lambda: start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1),
        "YEAR": lambda: start.replace(year=start.year + 1),
    }
    return table.partitioning.get("field") or "_PARTITIONTIME", start, ends[kind]()


def merge_schema(
    service: Service, table: Table, fields: Sequence[dict[str, Any]], config: dict[str, Any], now_ms: int
) -> Table:
    """`table` with the schema changes that the job allows; raises 400 `invalid` for one that it does not."""
    options = set(config.get("schemaUpdateOptions") or ())
    known = {f["name"].lower(): f for f in table.schema}
    for one in fields:
        old = known.get(one["name"].lower())
        if old is None:
            if "ALLOW_FIELD_ADDITION" not in options:
                raise invalid(
                    f"Provided Schema does not match Table {table.path}. Cannot add fields (field: {one['name']})"
                )
            if str(one.get("mode", "")).upper() == "REQUIRED":
                raise invalid(
                    f"Provided Schema does not match Table {table.path}. Cannot add required fields to an existing"
                    f" schema. (field: {one['name']})"
                )
            add_column(service, table, one, now_ms)
            continue
        check_field(table, old, one, relax="ALLOW_FIELD_RELAXATION" in options, service=service, now_ms=now_ms)
    if "ALLOW_FIELD_RELAXATION" not in options:
        return table
    given = {f["name"].lower() for f in fields}
    for old in table.schema:
        if old.get("mode") == "REQUIRED" and old["name"].lower() not in given:
            relax(service, table, old, now_ms)
    return table


def check_field(
    table: Table, old: dict[str, Any], new: dict[str, Any], *, relax: bool, service: Service, now_ms: int
) -> None:
    """Raise where `new` does not fit the column `old`."""
    from fakes.bigquery.sql.types import from_rest

    old_type, new_type = from_rest(old), from_rest(new)
    if old_type != new_type and not _compatible(old_type.kind, new_type.kind):
        raise invalid(
            f"Provided Schema does not match Table {table.path}. Field {old['name']} has changed type from"
            f" {old_type.rest('x')['type']} to {new_type.rest('x')['type']}"
        )
    was = str(old.get("mode") or "NULLABLE").upper()
    now = str(new.get("mode") or "NULLABLE").upper()
    if was == "REQUIRED" and now == "NULLABLE" and relax:
        _relax(service, table, old, now_ms)


def _compatible(old: str, new: str) -> bool:
    wider = {("FLOAT64", "INT64"), ("NUMERIC", "INT64"), ("FLOAT64", "NUMERIC"), ("STRING", "STRING")}
    return old == new or (old, new) in wider


def relax(service: Service, table: Table, field: dict[str, Any], now_ms: int) -> None:
    """Make a REQUIRED column NULLABLE."""
    _relax(service, table, field, now_ms)


def _relax(service: Service, table: Table, field: dict[str, Any], now_ms: int) -> None:
    service.engine.run(f"ALTER TABLE {table.sql} ALTER COLUMN {quoted(field['name'])} DROP NOT NULL")
    field["mode"] = "NULLABLE"
    service.catalog.touch(table, now_ms, schema=True)


def add_column(service: Service, table: Table, field: dict[str, Any], now_ms: int) -> None:
    """Add a NULLABLE or REPEATED column at the end."""
    from fakes.bigquery.sql.types import from_rest

    added = {k: v for k, v in field.items() if k != "mode" or v}
    table.schema.append(added)
    try:
        check_schema(table)
        service.engine.run(f"ALTER TABLE {table.sql} ADD COLUMN {quoted(field['name'])} {from_rest(field).duck}")
    except ApiError:
        table.schema.remove(added)
        raise
    service.catalog.touch(table, now_ms, schema=True)


def write(service: Service, job: Job, result: Result) -> Result:
    """Write the rows of a query into its destination table, and return what a client then reads: the whole table."""
    config = job.config["query"]
    fields = [t.rest(n) for n, t in result.columns]
    assert job.destination
    now_ns = job.end_ns
    if config.get("writeDisposition") in ("WRITE_APPEND", "WRITE_TRUNCATE"):
        service.weather.table_operation(partition_of(job.destination)[0], now_ns)
    table, decorator = prepare(service, job, config, fields, default="WRITE_EMPTY")
    insert(service, table, result.rows, result.columns, job, decorator)
    service.catalog.touch(table, now_ns // NS_PER_MS)
    if config.get("writeDisposition") != "WRITE_APPEND":
        return result
    from fakes.bigquery.queries import fetching

    columns = tuple(table.columns)
    sql, helpers = fetching(f"SELECT {', '.join(quoted(n) for n, _ in columns)} FROM {table.sql}", columns)
    service.engine.make(helpers)
    return Result(columns, service.engine.run(sql))


def insert(
    service: Service,
    table: Table,
    rows: Sequence[Sequence[Any]],
    fetched: Sequence[tuple[str, Type]],
    job: Job,
    decorator: str = "",
) -> None:
    """Insert fetched rows; TIMESTAMP columns arrive as microseconds."""
    if not rows:
        return
    kinds = {n.lower(): t for n, t in table.columns}
    targets = [(n, kinds[n.lower()], k.kind == "TIMESTAMP") for n, k in fetched]
    rows = _held(table, fetched, rows)
    if table.ingestion_time:
        targets.append(("_PARTITIONTIME", TIMESTAMP, False))
        us = job.end_ns // NS_PER_US // 86_400_000_000 * 86_400_000_000
        at = partition_bounds(table, decorator)[1] if decorator else moments.at(us)
        rows = [(*row, at) for row in rows]
    bulk.insert(service.engine, table.sql, targets, rows)


def _held(table: Table, fetched: Sequence[tuple[str, Type]], rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """`rows` held to the parameters of the types of `table`'s columns."""
    limits = {f["name"].lower(): f for f in table.schema if type_parameters.limited(f)}
    if not limits:
        return rows
    fields = [(kind, limits.get(name.lower(), {})) for name, kind in fetched]
    try:
        return [[type_parameters.fit(k, f, v) for (k, f), v in zip(fields, row, strict=True)] for row in rows]
    except ValueError as problem:
        raise invalid_query(str(problem)) from None
