"""Parquet and Avro files: bytes to records with a schema, and back. Knows types, not tables or jobs."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fakes.bigquery.errors import Unsupported, invalid
from fakes.bigquery.sql.types import Type

Columns = Sequence[tuple[str, Type]]


def read(kind: str, files: Sequence[tuple[str, bytes]]) -> tuple[Iterator[tuple[str, Any]], list[dict[str, Any]]]:
    """(records with where each stood, REST schema) of files of one kind; raises 400 `invalid` for a broken file."""
    records: list[tuple[str, Any]] = []
    fields: list[dict[str, Any]] = []
    for name, content in files:
        rows, found = (_parquet if kind == "PARQUET" else _avro)(name, content)
        fields = fields or found
        records += [(f"{name}@{i}", row) for i, row in enumerate(rows, 1)]
    return iter(records), fields


def _arrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise Unsupported("Parquet files", "install pyarrow") from None
    return pyarrow


def _naive(value: Any) -> Any:
    """Values as the rest of the emulator has them: aware datetimes become naive UTC."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, Mapping):
        return {k: _naive(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_naive(v) for v in value]
    return value


# --------------------------------------------------------------------------------------------------------------------
# Parquet


def _parquet(name: str, content: bytes) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    pyarrow = _arrow()
    try:
        table = pyarrow.parquet.read_table(io.BytesIO(content))
    except (pyarrow.ArrowInvalid, OSError) as problem:
        raise invalid(
            f"Error while reading data, error message: Input file is not in Parquet format. {name}: {problem}"
        ) from None
    fields = [_arrow_field(pyarrow, f) for f in table.schema]
    return [_naive(r) for r in table.to_pylist()], fields


def _arrow_field(pyarrow: Any, field: Any) -> dict[str, Any]:
    types = pyarrow.types
    kind, mode = field.type, "NULLABLE" if field.nullable else "REQUIRED"
    if types.is_list(kind) or types.is_large_list(kind):
        inner = _arrow_field(pyarrow, kind.value_field)
        return {**inner, "name": field.name, "mode": "REPEATED"}
    if types.is_struct(kind):
        return {"name": field.name, "type": "RECORD", "mode": mode, "fields": [_arrow_field(pyarrow, f) for f in kind]}
    tests = [
        (types.is_boolean, "BOOLEAN"), (types.is_integer, "INTEGER"), (types.is_floating, "FLOAT"),
        (types.is_string, "STRING"), (types.is_large_string, "STRING"), (types.is_binary, "BYTES"),
        (types.is_large_binary, "BYTES"), (types.is_date, "DATE"), (types.is_time, "TIME"),
    ]  # fmt: skip
    if types.is_timestamp(kind):
        word = "TIMESTAMP" if kind.tz is not None else "DATETIME"
    elif types.is_decimal(kind):
        word = "NUMERIC" if kind.scale <= 9 else "BIGNUMERIC"
    else:
        word = next((w for test, w in tests if test(kind)), "")
    if not word:
        raise Unsupported(f"Parquet type {kind}")
    return {"name": field.name, "type": word, "mode": mode}


def arrow_type(kind: Type) -> Any:
    """The Arrow type that holds values of `kind`."""
    pyarrow = _arrow()
    if kind.kind == "ARRAY":
        assert kind.item
        return pyarrow.list_(arrow_type(kind.item))
    if kind.kind == "STRUCT":
        return pyarrow.struct([(n, arrow_type(t)) for n, t in kind.named_fields])
    simple = {
        "INT64": pyarrow.int64(), "FLOAT64": pyarrow.float64(), "BOOL": pyarrow.bool_(), "STRING": pyarrow.string(),
        "BYTES": pyarrow.binary(), "DATE": pyarrow.date32(), "TIME": pyarrow.time64("us"),
        "DATETIME": pyarrow.timestamp("us"), "TIMESTAMP": pyarrow.timestamp("us", tz="UTC"),
        "NUMERIC": pyarrow.decimal128(38, 9), "BIGNUMERIC": pyarrow.decimal128(38, 18), "JSON": pyarrow.string(),
    }  # fmt: skip
    if kind.kind not in simple:
        raise Unsupported(f"exporting {kind} to Parquet")
    return simple[kind.kind]


def write_parquet(columns: Columns, rows: Sequence[Sequence[Any]]) -> bytes:
    """A Parquet file of `rows`, whose values are as `values.fetchable` fetches them."""
    pyarrow = _arrow()
    arrays = [pyarrow.array([row[i] for row in rows], type=arrow_type(kind)) for i, (_, kind) in enumerate(columns)]
    table = pyarrow.Table.from_arrays(arrays, names=[n for n, _ in columns])
    out = io.BytesIO()
    pyarrow.parquet.write_table(table, out)
    return out.getvalue()


# --------------------------------------------------------------------------------------------------------------------
# Avro


def _avro(name: str, content: bytes) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    import fastavro

    try:
        reader = fastavro.reader(io.BytesIO(content))
        rows = [_naive(dict(r)) for r in reader if isinstance(r, dict)]
        schema: Any = reader.writer_schema
    except (ValueError, EOFError, IndexError, KeyError) as problem:
        raise invalid(
            f"Error while reading data, error message: The Apache Avro library failed to read {name}: {problem}"
        ) from None
    return rows, [_avro_field(f["name"], f["type"]) for f in schema["fields"]]


def _avro_field(name: str, kind: Any) -> dict[str, Any]:
    mode = "REQUIRED"
    if isinstance(kind, list):
        kind = next(k for k in kind if k != "null")
        mode = "NULLABLE"
    if isinstance(kind, Mapping):
        if kind["type"] == "array":
            return {**_avro_field(name, kind["items"]), "mode": "REPEATED"}
        if kind["type"] == "record":
            return {"name": name, "type": "RECORD", "mode": mode,
                    "fields": [_avro_field(f["name"], f["type"]) for f in kind["fields"]]}  # fmt: skip
        logical = kind.get("logicalType") or kind.get("sqlType")
        word = {
            "date": "DATE", "timestamp-micros": "TIMESTAMP", "timestamp-millis": "TIMESTAMP", "time-micros": "TIME",
            "decimal": "NUMERIC", "local-timestamp-micros": "DATETIME", "JSON": "JSON", "datetime": "DATETIME",
        }.get(str(logical))  # fmt: skip
        kind = kind["type"]
        if word:
            return {"name": name, "type": word, "mode": mode}
    word = {
        "long": "INTEGER", "int": "INTEGER", "double": "FLOAT", "float": "FLOAT", "boolean": "BOOLEAN",
        "string": "STRING", "bytes": "BYTES", "enum": "STRING", "fixed": "BYTES",
    }.get(str(kind))  # fmt: skip
    if not word:
        raise Unsupported(f"Avro type {kind}")
    return {"name": name, "type": word, "mode": mode}


def avro_type(kind: Type, name: str) -> Any:
    """The Avro type of a column, as the service exports it."""
    if kind.kind == "ARRAY":
        assert kind.item
        return {"type": "array", "items": avro_type(kind.item, name)}
    if kind.kind == "STRUCT":
        fields = [{"name": n, "type": avro_type(t, f"{name}_{n}")} for n, t in kind.named_fields]
        return ["null", {"type": "record", "name": f"r_{name}", "fields": fields}]
    simple: dict[str, Any] = {
        "INT64": "long", "FLOAT64": "double", "BOOL": "boolean", "STRING": "string", "BYTES": "bytes",
        "DATE": {"type": "int", "logicalType": "date"},
        "TIMESTAMP": {"type": "long", "logicalType": "timestamp-micros"},
        "TIME": {"type": "long", "logicalType": "time-micros"},
        "DATETIME": {"type": "string", "sqlType": "DATETIME"}, "JSON": {"type": "string", "sqlType": "JSON"},
        "NUMERIC": {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 9},
        "BIGNUMERIC": {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 18},
    }  # fmt: skip
    if kind.kind not in simple:
        raise Unsupported(f"exporting {kind} to Avro")
    return ["null", simple[kind.kind]]


def write_avro(columns: Columns, rows: Sequence[Sequence[Any]]) -> bytes:
    """An Avro file of `rows`, whose values are as `values.fetchable` fetches them."""
    import fastavro

    schema = {"type": "record", "name": "Root", "fields": [{"name": n, "type": avro_type(t, n)} for n, t in columns]}
    out = io.BytesIO()
    records = [{n: _for_avro(t, v) for (n, t), v in zip(columns, row, strict=True)} for row in rows]
    # A fixed marker between blocks, or the same rows would give other bytes each time.
    fastavro.writer(out, fastavro.parse_schema(schema), records, sync_marker=b"windtunnel-avro!")
    return out.getvalue()


def _for_avro(kind: Type, value: Any) -> Any:
    if value is None:
        return [] if kind.kind == "ARRAY" else None
    if kind.kind == "ARRAY":
        assert kind.item
        return [_for_avro(kind.item, v) for v in value]
    if kind.kind == "STRUCT":
        return {n: _for_avro(t, value[n]) for n, t in kind.named_fields}
    if kind.kind == "TIMESTAMP":
        from fakes.bigquery.sql import moments

        moment = moments.at(value) if isinstance(value, int) else value
        return moment.replace(tzinfo=UTC)
    if kind.kind == "DATETIME":
        return value.isoformat()
    if isinstance(value, Decimal):
        return value
    return value
