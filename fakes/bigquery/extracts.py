"""Extract and copy jobs, and EXPORT DATA: rows of tables as files in the world's own storage, or in other tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from sqlglot import exp

from fakes.bigquery import columnar, costs, destinations, options, values
from fakes.bigquery.catalog import Table
from fakes.bigquery.errors import ApiError, Unsupported, invalid, invalid_query
from fakes.bigquery.jobs import Job, Result
from fakes.bigquery.sql import jsons, moments
from fakes.bigquery.sql.types import Type, quoted

if TYPE_CHECKING:
    from fakes.bigquery.environment import Environment
    from fakes.bigquery.queries import Queries
    from fakes.bigquery.service import Service

NS_PER_MS = 1_000_000
FORMATS = ("CSV", "NEWLINE_DELIMITED_JSON", "AVRO", "PARQUET")


def prepare(service: Service, job: Job) -> None:
    """Check an extract or copy job and schedule it; raises the vendor's errors."""
    if job.kind == "COPY":
        _prepare_copy(service, job)
        return
    config = job.config["extract"]
    if "sourceModel" in config:
        raise Unsupported("extracting models")
    source = _reference(config.get("sourceTable"), job.project, "sourceTable")
    uris = config.get("destinationUris") or ([config["destinationUri"]] if config.get("destinationUri") else [])
    if not uris:
        raise ApiError("required", "Required parameter is missing: destinationUris")
    for uri in uris:
        if not str(uri).startswith("gs://"):
            raise invalid(f"Destination URI must be a Google Cloud Storage location: {uri}")
    kind = config.get("destinationFormat") or "CSV"
    if kind not in FORMATS:
        raise invalid(f"Invalid value for destinationFormat: {kind} is not a valid value")
    if len(uris) > service.weather.limits.export_uris:
        raise invalid(f"Too many destination URIs: {len(uris)}, at most {service.weather.limits.export_uris:.0f}")
    table = service.catalog.table(source)
    if not table.stored:
        raise invalid(f"Cannot extract a {table.kind}: {table.path}")
    service.locate(job, [source])
    job.end_ns = job.start_ns + service.duration_ns("EXTRACT")
    job.work = partial(_extract, service=service, source=source, uris=uris, kind=kind)


def _reference(node: Any, project: str, what: str) -> tuple[str, str, str]:
    if not node or not node.get("tableId") or not node.get("datasetId"):
        raise ApiError("required", f"Required parameter is missing: {what}")
    return (node.get("projectId") or project, node["datasetId"], node["tableId"])


def _extract(job: Job, *, service: Service, source: tuple[str, str, str], uris: Sequence[str], kind: str) -> bool:
    from fakes.bigquery.queries import fetching

    config = job.config["extract"]
    table = service.catalog.table(source)
    columns = tuple(table.columns)
    sql, helpers = fetching(f"SELECT {', '.join(quoted(n) for n, _ in columns)} FROM {table.sql}", columns)
    service.engine.make(helpers)
    rows = service.engine.run(sql)
    size = len(rows) * sum(map(costs.width, table.schema))
    service.weather.exported(job.project, size, job.end_ns, one_file="*" not in uris[0])
    counts = write(
        service, Result(columns, rows), uris[0], kind, header=config.get("printHeader", True) is not False,
        delimiter=config.get("fieldDelimiter") or ",", compression=config.get("compression") or "NONE",
    )  # fmt: skip
    job.statistics["extract"] = {"destinationUriFileCounts": [str(counts)], "inputBytes": str(size)}
    return True


def write(
    service: Service, result: Result, uri: str, kind: str, *, header: bool = True, delimiter: str = ",",
    compression: str = "NONE",
) -> int:  # fmt: skip
    """Write a result to `uri` as one file (a `*` becomes the first shard's number); returns the number of files."""
    try:
        storage = service.around.peer("gcs")
    except KeyError:
        raise Unsupported("writing to gs://: this world has no gcs back end") from None
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    columns = list(result.columns)
    if kind == "CSV":
        content = _csv(columns, result.rows, header=header, delimiter=delimiter)
    elif kind == "NEWLINE_DELIMITED_JSON":
        content = _json(columns, result.rows)
    elif kind == "AVRO":
        content = columnar.write_avro(columns, result.rows)
    else:
        content = columnar.write_parquet(columns, result.rows)
    if compression == "GZIP" and kind in ("CSV", "NEWLINE_DELIMITED_JSON"):
        import gzip

        content = gzip.compress(content, mtime=0)
    storage.write_object(bucket, name.replace("*", "000000000000"), content)
    return 1


def _csv(columns: Sequence[tuple[str, Type]], rows: Sequence[Sequence[Any]], *, header: bool, delimiter: str) -> bytes:
    for name, kind in columns:
        if kind.kind in ("ARRAY", "STRUCT"):
            raise invalid(f"Operation cannot be performed on a nested schema. Field: {name}")
    out = io.StringIO()
    writer = csv.writer(out, delimiter={"\\t": "\t"}.get(delimiter, delimiter), lineterminator="\n")
    if header:
        writer.writerow([n for n, _ in columns])
    writer.writerows([_csv_cell(k, v) for (_, k), v in zip(columns, row, strict=True)] for row in rows)
    return out.getvalue().encode()


def _csv_cell(kind: Type, value: Any) -> str:
    if value is None:
        return ""
    if kind.kind == "TIMESTAMP":
        return moments.datetime_text(value) + " UTC"
    return str(values.encoder(kind, int_timestamps=True)(value))


def _json(columns: Sequence[tuple[str, Type]], rows: Sequence[Sequence[Any]]) -> bytes:
    lines = []
    for row in rows:
        record = {n: _json_value(k, v) for (n, k), v in zip(columns, row, strict=True)}
        lines.append(orjson.dumps({n: v for n, v in record.items() if v is not None}))
    return b"".join(line + b"\n" for line in lines)


def _json_value(kind: Type, value: Any) -> Any:
    if value is None:
        return [] if kind.kind == "ARRAY" else None
    if kind.kind == "ARRAY":
        assert kind.item
        return [_json_value(kind.item, v) for v in value]
    if kind.kind == "STRUCT":
        return {n: _json_value(t, value[n]) for n, t in kind.named_fields}
    if kind.kind == "TIMESTAMP":
        us = value if isinstance(value, int) else (value - moments.EPOCH) // moments.MICROSECOND
        return moments.datetime_text(us) + " UTC"
    if kind.kind in ("BOOL", "FLOAT64"):
        return value
    if kind.kind == "JSON":
        return jsons.loads(value)
    return values.encoder(kind, int_timestamps=True)(value)


def export(queries: Queries, job: Job, node: exp.Export, environment: Environment) -> None:
    """EXPORT DATA OPTIONS (…) AS query."""
    from fakes.bigquery.sql import parsing

    given: dict[str, Any] = {}
    listed = node.args.get("options")
    for one in listed.expressions if listed is not None else ():
        if isinstance(one, exp.FileFormatProperty):
            given["format"] = one.this.name
        elif isinstance(one, exp.Property):
            given[one.name.lower()] = options.value_of(one.args["value"])
    uri = given.get("uri")
    if not uri:
        raise ApiError("invalidQuery", "Option 'uri' is missing or empty.")
    kinds = {"JSON": "NEWLINE_DELIMITED_JSON", "CSV": "CSV", "AVRO": "AVRO", "PARQUET": "PARQUET"}
    kind = kinds.get(str(given.get("format") or "CSV").upper())
    if kind is None:
        raise invalid_query(f"'{given['format']}' is not a valid value; failed to set 'format' in EXPORT DATA OPTIONS")
    if "*" not in uri:
        raise invalid_query("Option 'uri' value must be a wild card URI.")
    assert node.this is not None
    plan = environment.plan(parsing.after_as(job.config["query"]["query"].strip().rstrip(";")))
    result = queries.select(plan, environment, job)
    count = write(
        queries.service, result, uri, kind, header=bool(given.get("header", False)),
        delimiter=given.get("field_delimiter") or ",", compression=str(given.get("compression") or "NONE").upper(),
    )  # fmt: skip
    job.statistics["exportDataStatistics"] = {"fileCount": str(count), "rowCount": str(len(result.rows))}


# --------------------------------------------------------------------------------------------------------------------
# Copy


def _prepare_copy(service: Service, job: Job) -> None:
    config = job.config["copy"]
    nodes = config.get("sourceTables") or ([config["sourceTable"]] if config.get("sourceTable") else [])
    if not nodes:
        raise ApiError("required", "Required parameter is missing: sourceTables")
    sources = [_reference(n, job.project, "sourceTables") for n in nodes]
    job.destination = _reference(config.get("destinationTable"), job.project, "destinationTable")
    service.catalog.dataset(job.destination[0], job.destination[1])
    found = [_copied(service, source, job.created_ns) for source in sources]
    service.locate(job, [*(one.table.id for one in found), job.destination])
    service.weather.table_operation(destinations.partition_of(job.destination)[0], job.created_ns)
    job.end_ns = job.start_ns + service.duration_ns("COPY")
    job.work = partial(_copy, service=service, sources=sources)


@dataclass(frozen=True, slots=True)
class _Copied:
    """What is copied: a table, one partition of it, or what it was at `at_ns`."""

    table: Table
    partition: str
    at_ns: int | None

    def rows(self, service: Service, now_ns: int) -> str:
        """Where the rows are, in DuckDB's spelling."""
        return self.table.sql if self.at_ns is None else service.history.source(self.table, self.at_ns, now_ns).sql


def _copied(service: Service, reference: tuple[str, str, str], now_ns: int) -> _Copied:
    """`table`, `table$partition` or `table@time`, where a time is ms since 1970, or before now if negative."""
    (project, dataset, name), partition = destinations.partition_of(reference)
    name, _, moment = name.partition("@")
    if not moment:
        return _Copied(service.catalog.table((project, dataset, name)), partition, None)
    if not moment.removeprefix("-").isdigit():
        raise invalid(f"Invalid snapshot time {moment} for table {project}:{dataset}.{name}@{moment}")
    if service.catalog.find((project, dataset, name)) is None:
        raise Unsupported("copies of a deleted table (table@time)")
    at_ns = int(moment) * NS_PER_MS + (now_ns if moment.startswith("-") else 0)
    return _Copied(service.catalog.table((project, dataset, name)), partition, at_ns)


def _copy(job: Job, *, service: Service, sources: Sequence[tuple[str, str, str]]) -> bool:
    from fakes.bigquery.ddl import copy_table

    config = job.config["copy"]
    assert job.destination
    found = [_copied(service, source, job.created_ns) for source in sources]
    kind = {"SNAPSHOT": "SNAPSHOT", "CLONE": "TABLE"}.get(config.get("operationType", ""), "TABLE")
    target, decorator = destinations.partition_of(job.destination)
    now_ms = job.end_ns // NS_PER_MS
    if len(found) == 1 and service.catalog.find(target) is None and not decorator and not found[0].partition:
        if config.get("createDisposition") == "CREATE_NEVER":
            destinations.check(service.catalog, job, config)
        rows = found[0].rows(service, job.end_ns)
        copy = copy_table(service.queries, found[0].table, target, now_ms, kind=kind, replace=False, rows=rows)
        copy.extra |= destinations.encryption(config)
        return True
    table, decorator = destinations.prepare(service, job, config, found[0].table.schema, default="WRITE_EMPTY")
    for one in found:
        source, part = one.table, one.partition
        if [(n.lower(), t) for n, t in source.columns] != [(n.lower(), t) for n, t in table.columns]:
            raise invalid(f"Provided Schema does not match Table {table.path}.")
        names = [quoted(n) for n, _ in table.columns]
        into, out = list(names), list(names)
        bound: dict[str, Any] = {}
        if table.ingestion_time:
            into.append('"_PARTITIONTIME"')
            out.append('"_PARTITIONTIME"' if source.ingestion_time and not decorator else "CAST($at AS TIMESTAMPTZ)")
            if "$at" in out[-1]:
                us = job.end_ns // 1_000 // 86_400_000_000 * 86_400_000_000
                bound["at"] = destinations.partition_bounds(table, decorator)[1] if decorator else moments.at(us)
        where = ""
        if part:
            column, low, high = destinations.partition_bounds(source, part)
            where = f" WHERE {quoted(column)} >= $low AND {quoted(column)} < $high"
            bound |= {"low": low, "high": high}
        rows = f"SELECT {', '.join(out)} FROM {one.rows(service, job.end_ns)}{where}"
        service.engine.run(f"INSERT INTO {table.sql} ({', '.join(into)}) {rows}", bound)
    service.catalog.touch(table, now_ms)
    return True
