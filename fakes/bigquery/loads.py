# ruff: noqa: E501 - the vendor's messages are long
"""Load jobs: JSON, CSV, Parquet and Avro from an upload or from `gs://` of the world's own storage.

Knows formats and tables. The bytes come from the caller or from the `gcs` peer.
"""

from __future__ import annotations

import csv
import fnmatch
import io
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from fakes.bigquery import bulk, defaults, destinations, values
from fakes.bigquery.errors import ApiError, Unsupported, invalid
from fakes.bigquery.intake import held, known
from fakes.bigquery.jobs import Job
from fakes.bigquery.sight import LOAD
from fakes.bigquery.sql import moments
from fakes.bigquery.sql.types import TIMESTAMP, Type, from_rest
from fakes.bigquery.table_methods import normal_fields, normal_partitioning

if TYPE_CHECKING:
    from fakes.bigquery.service import Service

NS_PER_MS, NS_PER_US = 1_000_000, 1_000
FORMATS = ("CSV", "NEWLINE_DELIMITED_JSON", "PARQUET", "AVRO")

Row = Mapping[str, Any]


def prepare(service: Service, job: Job, data: bytes | None) -> None:
    """Check a load job's configuration and schedule it; raises 400 for a bad one, 403 beyond the quota."""
    config = job.config["load"]
    reference = config.get("destinationTable") or {}
    if not reference.get("tableId") or not reference.get("datasetId"):
        raise ApiError("required", "Required parameter is missing: configuration.load.destinationTable")
    job.destination = (reference.get("projectId") or job.project, reference["datasetId"], reference["tableId"])
    job.config["load"] = config = {**config, "destinationTable": {
        "projectId": job.destination[0], "datasetId": job.destination[1], "tableId": job.destination[2]}}  # fmt: skip
    job.sight.only(LOAD, "a load job")
    kind = config.get("sourceFormat") or "CSV"
    if kind not in FORMATS:
        if kind in ("ORC", "DATASTORE_BACKUP"):
            raise Unsupported(f"load jobs from {kind}")
        raise invalid(f"Invalid source format: {kind}")
    uris = config.get("sourceUris") or []
    if data is None and not uris:
        raise ApiError("required", "Required parameter is missing: sourceUris")
    for uri in uris:
        if not str(uri).startswith("gs://"):
            raise invalid(f"Source URI must be a Google Cloud Storage location: {uri}")
    service.catalog.dataset(job.destination[0], job.destination[1])
    service.locate(job, [job.destination])
    table, _ = destinations.partition_of(job.destination)
    service.weather.table_operation(table, job.created_ns)
    job.end_ns = job.start_ns + service.duration_ns("LOAD")
    job.work = partial(_work, service=service, data=data)


def _work(job: Job, *, service: Service, data: bytes | None) -> bool:
    config = job.config["load"]
    files = [("upload", data)] if data is not None else list(_objects(service, config["sourceUris"]))
    run(service, job, config, files)
    return True


def _objects(service: Service, uris: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    try:
        storage = service.around.peer("gcs")
    except KeyError:
        raise Unsupported("loading from gs://: this world has no gcs back end") from None
    for uri in uris:
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        names = [name]
        try:
            if "*" in name:
                prefix = name.split("*")[0]
                names = [n for n in storage.list_objects(bucket, prefix) if fnmatch.fnmatchcase(n, name)]
            found = [(n, storage.read_object(bucket, n)) for n in names]
        except Exception as problem:
            if getattr(problem, "status", 404) != 404:
                raise
            found = []
        if not found:
            raise ApiError("notFound", f"Not found: URI {uri}")
        for one, content in found:
            yield f"gs://{bucket}/{one}", bytes(content)


def run(service: Service, job: Job, config: dict[str, Any], files: Sequence[tuple[str, bytes]]) -> None:
    """Read `files`, make the destination ready and insert the rows; more bad records than allowed fail the job."""
    kind = config.get("sourceFormat") or "CSV"
    id, _ = destinations.partition_of(job.destination or ("", "", ""))
    old = service.catalog.find(id)
    given = normal_fields((config.get("schema") or {}).get("fields") or [])
    existing = old.schema if old is not None else []
    records, found = _read(kind, files, config, given or existing)
    fields = given or (found if config.get("autodetect") or kind in ("PARQUET", "AVRO") else []) or existing
    if config.get("autodetect") and existing and not given:
        fields = _reconciled(existing, found)
    if not fields:
        raise invalid("Schema has no fields." if not config.get("autodetect") else "Input contained no data.")
    job_config = {**config, "timePartitioning": normal_partitioning(config.get("timePartitioning"))}
    rows, bad = _rows(records, fields, config, kind, existing)
    job.warnings = bad[:50]
    if len(bad) > int(config.get("maxBadRecords") or 0):
        error = ApiError(
            "invalid",
            f"Error while reading data, error message: {kind.split('_')[-1]} table encountered too many errors, giving"
            f" up. Rows: {len(rows) + len(bad)}; errors: {len(bad)}. Please look into the errors[] collection for more"
            " details.",
        )
        raise error
    arriving = _arriving(service, job, rows)
    table, decorator = destinations.prepare(service, job, job_config, fields, default="WRITE_APPEND")
    columns = [(f["name"], from_rest(f)) for f in fields]
    named = {n.lower() for n, _ in columns}
    missing = {n: v for n, v in defaults.values_of(service, table).items() if n.lower() not in named}
    if missing:
        columns += [(n, t) for n, t in table.columns if n in missing]
        arriving = [[*row, *(missing[n] for n, _ in table.columns if n in missing)] for row in arriving]
    _insert(service, table, columns, arriving, job, decorator)
    service.catalog.touch(table, job.end_ns // NS_PER_MS)
    size = sum(len(content) for _, content in files)
    job.statistics["load"] = {
        "inputFiles": str(len(files)), "inputFileBytes": str(size), "outputRows": str(len(rows)),
        "outputBytes": str(size), "badRecords": str(len(bad)),
    }  # fmt: skip


def _arriving(service: Service, job: Job, rows: list[list[Any]]) -> list[list[Any]]:
    """The rows that get through where a fault loses or doubles some; the job counts what was sent."""
    way = job.sight.way
    if not way.ways():
        return rows
    dice = service.around.rng("rows of loads")
    kept = [row for row in rows if dice.random() >= way.drop_rows]
    return kept + [row for row in kept if dice.random() < way.duplicate_rows]


def _insert(
    service: Service, table: Any, columns: Sequence[tuple[str, Type]], rows: list[list[Any]], job: Job, decorator: str
) -> None:
    if not rows:
        return
    kinds = {n.lower(): t for n, t in table.columns}
    targets = [(n, kinds[n.lower()], False) for n, _ in columns]
    if table.partitioning or table.range_partitioning:
        service.weather.partitions(table.id, _touched(table, columns, rows), job.end_ns)
    if table.ingestion_time:
        targets.append(("_PARTITIONTIME", TIMESTAMP, False))
        us = job.end_ns // NS_PER_US // 86_400_000_000 * 86_400_000_000
        at = destinations.partition_bounds(table, decorator)[1] if decorator else moments.at(us)
        rows = [[*row, at] for row in rows]
    bulk.insert(service.engine, table.sql, targets, rows)


def _touched(table: Any, columns: Sequence[tuple[str, Type]], rows: Sequence[Sequence[Any]]) -> int:
    """How many partitions `rows` fall into."""
    partition = table.partitioning or table.range_partitioning
    field = partition.get("field")
    if not field:
        return 1
    at = next((i for i, (n, _) in enumerate(columns) if n.lower() == field.lower()), None)
    if at is None:
        return 1
    if table.range_partitioning:
        spec = table.range_partitioning["range"]
        low, step = int(spec["start"]), int(spec["interval"])
        return len({None if r[at] is None else (r[at] - low) // step for r in rows})
    length = {"YEAR": 4, "MONTH": 7, "DAY": 10, "HOUR": 13}[partition.get("type", "DAY")]
    return len({None if r[at] is None else r[at].isoformat()[:length] for r in rows})


def _rows(
    records: Iterator[tuple[str, Row | str]],
    fields: Sequence[Mapping[str, Any]],
    config: Mapping[str, Any],
    kind: str,
    existing: Sequence[Mapping[str, Any]],
) -> tuple[list[list[Any]], list[dict[str, str]]]:
    """(rows of Python values in the order of `fields`, the vendor's errors of the records that do not fit).

    The parameters of the types that a table has already, its `existing` fields, hold whatever the job's schema says.
    """
    limits = {f["name"].lower(): f for f in existing}
    columns = [
        (f["name"], from_rest(f), str(f.get("mode", "")).upper() == "REQUIRED", limits.get(f["name"].lower(), f))
        for f in fields
    ]
    names = {n.lower() for n, *_ in columns}
    ignore = bool(config.get("ignoreUnknownValues"))
    rows, bad = [], []
    for where, record in records:
        if isinstance(record, str):
            bad.append(_bad(where, record, kind))
            continue
        lower = {k.lower(): v for k, v in record.items()}
        try:
            if not ignore:
                for key in record:
                    if key.lower() not in names:
                        raise values.BadValue(key, f"No such field: {key}.")
            row: list[Any] = []
            for name, column, required, limit in columns:
                value = lower.get(name.lower())
                if ignore and kind == "NEWLINE_DELIMITED_JSON":
                    value = known(column, value)
                decoded = value if kind in ("PARQUET", "AVRO") else values.decode(column, value, name)
                if decoded is None and required:
                    raise values.BadValue(name, f"Missing required field: {name}." if kind != "CSV" else
                                          f"Required column value for column index {len(row)} is missing")  # fmt: skip
                row.append(held(column, limit, decoded))
            rows.append(row)
        except values.BadValue as problem:
            bad.append(_bad(where, f"{problem.reason} Field: {problem.field}", kind))
    return rows, bad


def _bad(where: str, why: str, kind: str) -> dict[str, str]:
    file, _, position = where.rpartition("@")
    name = "JSON" if kind == "NEWLINE_DELIMITED_JSON" else kind
    message = (
        f"Error while reading data, error message: {name} parsing error in row starting at position {position}: {why}"
    )
    error = {"reason": "invalid", "message": message}
    if file != "upload":
        error["location"] = file
    return error


# --------------------------------------------------------------------------------------------------------------------
# Formats


def _read(
    kind: str, files: Sequence[tuple[str, bytes]], config: Mapping[str, Any], fields: Sequence[Mapping[str, Any]]
) -> tuple[Iterator[tuple[str, Row | str]], list[dict[str, Any]]]:
    """(records or what is wrong with them, schema the files show)."""
    plain = [(n, _inflated(c)) for n, c in files]
    if kind == "NEWLINE_DELIMITED_JSON":
        records = list(_json_lines(plain))
        found = _detect([r for _, r in records if isinstance(r, dict)]) if config.get("autodetect") else []
        return iter(records), found
    if kind == "CSV":
        return _csv(plain, config, fields)
    from fakes.bigquery import columnar

    return columnar.read(kind, plain)


def _inflated(content: bytes) -> bytes:
    if content[:2] == b"\x1f\x8b":
        import gzip

        return gzip.decompress(content)
    return content


def _json_lines(files: Sequence[tuple[str, bytes]]) -> Iterator[tuple[str, Row | str]]:
    for name, content in files:
        position = 0
        for line in content.split(b"\n"):
            where = f"{name}@{position}"
            position += len(line) + 1
            if not line.strip():
                continue
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError as problem:
                yield where, f"Parser terminated before end of string: {problem}"
                continue
            yield where, record if isinstance(record, dict) else "JSON object expected"


def _csv(
    files: Sequence[tuple[str, bytes]], config: Mapping[str, Any], fields: Sequence[Mapping[str, Any]]
) -> tuple[Iterator[tuple[str, Row | str]], list[dict[str, Any]]]:
    delimiter = {"\\t": "\t", "tab": "\t"}.get(config.get("fieldDelimiter") or ",", config.get("fieldDelimiter") or ",")
    quote = config.get("quote", '"')
    null_marker = config.get("nullMarker") or ""
    encoding = {"ISO-8859-1": "latin-1"}.get(str(config.get("encoding") or "UTF-8"), "utf-8")
    tables: list[tuple[str, list[list[str]]]] = []
    for name, content in files:
        text = content.decode(encoding).removeprefix("\ufeff")
        reader = csv.reader(io.StringIO(text), delimiter=delimiter, quotechar=quote or None,
                            quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE)  # fmt: skip
        lines = list(reader)
        # A blank line is a row of NULL where there is one column, and nothing where there are more.
        tables.append((name, [r or [""] for r in lines] if len(fields) == 1 else [r for r in lines if r]))
    skip = int(config.get("skipLeadingRows") or 0)
    header: list[str] | None = None
    found: list[dict[str, Any]] = []
    if config.get("autodetect"):
        first = tables[0][1] if tables else []
        if first and (("skipLeadingRows" in config and skip) or _looks_like_header(first)):
            header, skip = first[max(skip - 1, 0)], max(skip, 1)
        width = max((len(r) for r in first), default=0)
        names = header or [
            f"{_csv_type([r[i] for r in first if len(r) > i])[0].lower()}_field_{i}" for i in range(width)
        ]
        for i, column in enumerate(names):
            kind = _csv_type([r[i] for _, rows in tables for r in rows[skip:] if len(r) > i and r[i] != null_marker])
            found.append({"name": column.strip(), "type": kind[1], "mode": "NULLABLE"})
    columns = [str(f["name"]) for f in (fields or found)]
    kinds = [from_rest(f) for f in (fields or found)]

    def records() -> Iterator[tuple[str, Row | str]]:
        for name, rows in tables:
            for number, row in enumerate(rows[skip:], skip + 1):
                where = f"{name}@{number}"
                if len(row) > len(columns) and not config.get("ignoreUnknownValues"):
                    yield (
                        where,
                        f"Too many values in row starting at position: {number}. Found {len(row)} column(s) while expected {len(columns)}.",
                    )
                    continue
                if len(row) < len(columns) and not config.get("allowJaggedRows"):
                    yield (
                        where,
                        f"Too few values in row starting at position: {number}. Found {len(row)} column(s) while expected {len(columns)}.",
                    )
                    continue
                cells = {}
                for i, column in enumerate(columns):
                    value: str | None = row[i] if i < len(row) else None
                    if value is not None and value == null_marker and (null_marker or kinds[i].kind != "STRING"):
                        value = None
                    cells[column] = value
                yield where, cells

    return records(), found


def _looks_like_header(rows: list[list[str]]) -> bool:
    return len(rows) > 1 and all(_csv_type([c])[0] == "STRING" for c in rows[0]) and any(
        _csv_type([r[i] for r in rows[1:] if len(r) > i])[0] != "STRING" for i in range(len(rows[0]))
    )  # fmt: skip


def _csv_type(cells: Sequence[str]) -> tuple[str, str]:
    """(word for a made-up name, REST type) that all of `cells` read as."""
    from fakes.bigquery.sql.types import BOOL, DATE, FLOAT64, INT64, TIMESTAMP

    for word, rest, kind in (("bool", "BOOLEAN", BOOL), ("int64", "INTEGER", INT64), ("double", "FLOAT", FLOAT64),
                             ("date", "DATE", DATE), ("timestamp", "TIMESTAMP", TIMESTAMP)):  # fmt: skip
        try:
            for cell in cells:
                if kind is BOOL and cell.lower() not in ("true", "false"):
                    raise ValueError(cell)
                if kind is TIMESTAMP and len(cell) < 16:
                    raise ValueError(cell)
                values.decode(kind, cell)
        except ValueError:
            continue
        if cells:
            return word, rest
    return "STRING", "STRING"


def _detect(records: Sequence[Row]) -> list[dict[str, Any]]:
    """The schema that JSON records show: the service puts the field seen last first."""
    seen: dict[str, list[Any]] = {}
    for record in records:
        for key, value in record.items():
            seen.setdefault(key, []).append(value)
    return [_field(name, found) for name, found in sorted(seen.items(), key=lambda item: item[0], reverse=True)]


def _field(name: str, found: Sequence[Any]) -> dict[str, Any]:
    present = [v for v in found if v is not None]
    if any(isinstance(v, list) for v in present):
        items = [i for v in present if isinstance(v, list) for i in v]
        return {**_field(name, items), "mode": "REPEATED"}
    if any(isinstance(v, dict) for v in present):
        return {"name": name, "type": "RECORD", "mode": "NULLABLE",
                "fields": _detect([v for v in present if isinstance(v, dict)])}  # fmt: skip
    if all(isinstance(v, bool) for v in present) and present:
        kind = "BOOLEAN"
    elif all(isinstance(v, int) and not isinstance(v, bool) for v in present) and present:
        kind = "INTEGER"
    elif all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in present) and present:
        kind = "FLOAT"
    elif all(isinstance(v, str) for v in present) and present:
        kind = _csv_type(present)[1]
    else:
        kind = "STRING"
    return {"name": name, "type": kind, "mode": "NULLABLE"}


def _reconciled(existing: Sequence[dict[str, Any]], found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    known = {f["name"].lower(): f for f in existing}
    return [known.get(f["name"].lower(), f) for f in found]
