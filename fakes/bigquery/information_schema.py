# ruff: noqa: E501 - a view's row is a line
"""INFORMATION_SCHEMA: views of the catalog itself, written out as rows when a query names one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fakes.bigquery.catalog import Catalog, Dataset, Table
from fakes.bigquery.errors import Unsupported, not_found
from fakes.bigquery.sql.casts import text
from fakes.bigquery.sql.scope import Source
from fakes.bigquery.sql.type_parameters import spelled
from fakes.bigquery.sql.types import BOOL, INT64, STRING, TIMESTAMP, Type, quoted

Row = dict[str, Any]
Columns = list[tuple[str, Type]]

_TABLE: Columns = [("table_catalog", STRING), ("table_schema", STRING), ("table_name", STRING)]
_ROUTINE: Columns = [("specific_catalog", STRING), ("specific_schema", STRING), ("specific_name", STRING)]
VIEWS: dict[str, Columns] = {
    "TABLES": [
        *_TABLE, ("table_type", STRING), ("managed_table_type", STRING), ("is_insertable_into", STRING),
        ("is_typed", STRING), ("creation_time", TIMESTAMP), ("ddl", STRING), ("default_collation_name", STRING),
    ],
    "COLUMNS": [
        *_TABLE, ("column_name", STRING), ("ordinal_position", INT64), ("is_nullable", STRING), ("data_type", STRING),
        ("is_generated", STRING), ("generation_expression", STRING), ("is_stored", STRING), ("is_hidden", STRING),
        ("is_updatable", STRING), ("is_system_defined", STRING), ("is_partitioning_column", STRING),
        ("clustering_ordinal_position", INT64), ("collation_name", STRING), ("column_default", STRING),
        ("rounding_mode", STRING),
    ],
    "COLUMN_FIELD_PATHS": [
        *_TABLE, ("column_name", STRING), ("field_path", STRING), ("data_type", STRING), ("description", STRING),
        ("collation_name", STRING), ("rounding_mode", STRING),
    ],
    "VIEWS": [*_TABLE, ("view_definition", STRING), ("check_option", STRING), ("use_standard_sql", STRING)],
    "TABLE_OPTIONS": [*_TABLE, ("option_name", STRING), ("option_type", STRING), ("option_value", STRING)],
    "SCHEMATA": [
        ("catalog_name", STRING), ("schema_name", STRING), ("schema_owner", STRING), ("creation_time", TIMESTAMP),
        ("last_modified_time", TIMESTAMP), ("location", STRING), ("ddl", STRING), ("default_collation_name", STRING),
    ],
    "PARTITIONS": [
        *_TABLE, ("partition_id", STRING), ("total_rows", INT64), ("total_logical_bytes", INT64),
        ("total_billable_bytes", INT64), ("last_modified_time", TIMESTAMP), ("storage_tier", STRING),
    ],
    "ROUTINES": [
        *_ROUTINE, ("routine_catalog", STRING), ("routine_schema", STRING), ("routine_name", STRING),
        ("routine_type", STRING), ("data_type", STRING), ("routine_body", STRING), ("routine_definition", STRING),
        ("external_language", STRING), ("is_deterministic", STRING), ("created", TIMESTAMP),
        ("last_altered", TIMESTAMP),
    ],
    "PARAMETERS": [
        *_ROUTINE, ("ordinal_position", INT64), ("parameter_mode", STRING), ("is_result", STRING),
        ("parameter_name", STRING), ("data_type", STRING), ("parameter_default", STRING), ("is_aggregate", STRING),
    ],
    "SCHEMATA_OPTIONS": [
        ("catalog_name", STRING), ("schema_name", STRING), ("option_name", STRING), ("option_type", STRING),
        ("option_value", STRING),
    ],
    "TABLE_STORAGE": [
        ("project_id", STRING), ("table_schema", STRING), ("table_name", STRING), ("creation_time", TIMESTAMP),
        ("total_rows", INT64), ("total_partitions", INT64), ("total_logical_bytes", INT64), ("table_type", STRING),
        ("deleted", BOOL),
    ],
}  # fmt: skip
"""The views and their columns."""


def is_view(parts: Sequence[str]) -> bool:
    """Whether a table name means an INFORMATION_SCHEMA view."""
    return any(p.upper().split(".")[0] == "INFORMATION_SCHEMA" for p in parts)


def source(catalog: Catalog, parts: Sequence[str], project: str, dataset: str) -> Source:
    """The view as a source of literal rows; raises `Unsupported` for one that is not emulated."""
    flat = [x for p in parts for x in p.split(".")]
    at = next(i for i, p in enumerate(flat) if p.upper() == "INFORMATION_SCHEMA")
    name, head = ".".join(flat[at + 1 :]).upper(), flat[:at]
    if name not in VIEWS:
        known = {"ROW_ACCESS_POLICIES"}
        if name in known and head:
            raise not_found("Table", f"{project}:{head[-1]}.INFORMATION_SCHEMA.{name}", location="US")
        raise Unsupported(f"INFORMATION_SCHEMA.{name}")
    owner = head[0] if len(head) == 2 else project
    datasets = [d for (p, _), d in sorted(catalog.datasets.items()) if p == owner and not d.name.startswith("_")]
    if head and not head[-1].lower().startswith("region-"):
        datasets = [catalog.dataset(owner, head[-1], sql=True)]
    rows = [row for d in datasets for row in _rows(catalog, name, d)]
    return Source((owner, "INFORMATION_SCHEMA", name), VIEWS[name], sql=literal(VIEWS[name], rows), wildcard=True)


def literal(columns: Columns, rows: list[Row]) -> str:
    """The rows as a DuckDB subquery."""
    names = ", ".join(f"NULL::{t.duck} AS {quoted(n)}" for n, t in columns)
    empty = f"SELECT {names} WHERE FALSE"
    if not rows:
        return f"({empty})"
    values = ", ".join("(" + ", ".join(_cell(row.get(n), t) for n, t in columns) + ")" for row in rows)
    return f"(SELECT * FROM (VALUES {values}) AS _v({', '.join(quoted(n) for n, _ in columns)}))"


def _cell(value: Any, kind: Type) -> str:
    if value is None:
        return f"NULL::{kind.duck}"
    if kind == TIMESTAMP:
        return f"CAST(make_timestamp({int(value) * 1000}) AS TIMESTAMPTZ)"
    if kind == INT64:
        return f"CAST({int(value)} AS BIGINT)"
    if kind == BOOL:
        return "TRUE" if value else "FALSE"
    return text(str(value))


def _rows(catalog: Catalog, name: str, dataset: Dataset) -> list[Row]:
    match name:
        case "SCHEMATA":
            return [{
                "catalog_name": dataset.project, "schema_name": dataset.name, "creation_time": dataset.created_ms,
                "last_modified_time": dataset.modified_ms, "location": dataset.location,
                "ddl": f"CREATE SCHEMA `{dataset.project}.{dataset.name}`\nOPTIONS(\n  location=\"{dataset.location}\"\n);",
            }]  # fmt: skip
        case "SCHEMATA_OPTIONS":
            given = {
                "description": dataset.resource.get("description"),
                "friendly_name": dataset.resource.get("friendlyName"),
            }
            return [
                {"catalog_name": dataset.project, "schema_name": dataset.name, "option_name": k, "option_type": "STRING",
                 "option_value": f'"{v}"'}
                for k, v in given.items() if v
            ]  # fmt: skip
        case "ROUTINES":
            return [_routine(r) for _, r in sorted(dataset.routines.items())]
        case "PARAMETERS":
            return [row for _, r in sorted(dataset.routines.items()) for row in _parameters(r)]
    return [row for _, t in sorted(dataset.tables.items()) for row in _of_table(catalog, name, t)]


def _base(table: Table) -> Row:
    return {"table_catalog": table.id[0], "table_schema": table.id[1], "table_name": table.id[2]}


def _of_table(catalog: Catalog, name: str, table: Table) -> list[Row]:
    base = _base(table)
    kind = {"TABLE": "BASE TABLE", "MATERIALIZED_VIEW": "MATERIALIZED VIEW"}.get(table.kind, table.kind)
    match name:
        case "TABLES":
            stored = "YES" if table.kind == "TABLE" else "NO"
            return [base | {
                "table_type": kind, "managed_table_type": "NATIVE" if table.stored else None,
                "is_insertable_into": stored, "is_typed": "NO", "creation_time": table.created_ms,
                "default_collation_name": "NULL", "ddl": _ddl(table),
            }]  # fmt: skip
        case "COLUMNS":
            return [base | _column(table, i, f) for i, f in enumerate(table.schema, 1)]
        case "COLUMN_FIELD_PATHS":
            return [
                base | {"column_name": f["name"], "field_path": path, "data_type": shown, "description": described,
                        "collation_name": "NULL"}
                for f in table.schema for path, shown, described in _paths(f, f["name"])
            ]  # fmt: skip
        case "VIEWS":
            if table.kind != "VIEW":
                return []
            return [base | {"view_definition": table.view_query, "use_standard_sql": "YES"}]
        case "TABLE_OPTIONS":
            return [base | row for row in _options(table)]
        case "PARTITIONS":
            return partitions(catalog, table) if table.stored else []
        case _:
            count = catalog.engine.run(f"SELECT count(*) FROM {table.sql}")[0][0] if table.stored else 0
            return [{"project_id": table.id[0], "table_schema": table.id[1], "table_name": table.id[2],
                     "creation_time": table.created_ms, "total_rows": count, "table_type": kind, "deleted": False}]  # fmt: skip


def _ddl(table: Table) -> str:
    """The statement that would make the table anew, as the service writes it."""
    path = f"`{table.id[0]}.{table.id[1]}.{table.id[2]}`"
    options = [f"  {row['option_name']}={row['option_value']}" for row in _options(table)]
    listed = ",\n".join(options)
    tail = f"\nOPTIONS(\n{listed}\n)" if options else ""
    if table.kind != "TABLE":
        word = table.kind.replace("_", " ")
        if table.kind == "SNAPSHOT":
            return f"CREATE SNAPSHOT TABLE {path}{tail};"
        return f"CREATE {word} {path}{tail}\nAS {table.view_query};"
    columns = ",\n".join(f"  {f['name']} {_ddl_type(f)}" for f in table.schema)
    layout = ""
    if table.range_partitioning is not None:
        spec = table.range_partitioning["range"]
        bounds = f"GENERATE_ARRAY({spec['start']}, {spec['end']}, {spec['interval']})"
        layout += f"\nPARTITION BY RANGE_BUCKET({table.range_partitioning['field']}, {bounds})"
    elif table.partitioning is not None:
        layout += f"\nPARTITION BY {_partition_key(table)}"
    if table.clustering:
        layout += f"\nCLUSTER BY {', '.join(table.clustering)}"
    return f"CREATE TABLE {path}\n(\n{columns}\n){layout}{tail};"


def _ddl_type(field: dict[str, Any]) -> str:
    kind = spelled(field)
    if field.get("mode") == "REQUIRED":
        kind += " NOT NULL"
    if field.get("defaultValueExpression"):
        kind += f" DEFAULT {field['defaultValueExpression']}"
    return kind + (f" OPTIONS(description={_json(field['description'])})" if field.get("description") else "")


def _partition_key(table: Table) -> str:
    assert table.partitioning is not None
    unit, name = table.partitioning["type"], table.partitioning.get("field")
    if name is None:
        return "_PARTITIONDATE" if unit == "DAY" else f"TIMESTAMP_TRUNC(_PARTITIONTIME, {unit})"
    kind = next((t.kind for n, t in table.columns if n.lower() == name.lower()), "DATE")
    if kind == "DATE":
        return name if unit == "DAY" else f"DATE_TRUNC({name}, {unit})"
    if unit == "DAY":
        return f"DATE({name})"
    return f"{kind}_TRUNC({name}, {unit})"


def _column(table: Table, position: int, field: dict[str, Any]) -> Row:
    name = field["name"]
    partition = (table.partitioning or table.range_partitioning or {}).get("field", "")
    clustered = [c.lower() for c in table.clustering or ()]
    return {
        "column_name": name, "ordinal_position": position,
        "is_nullable": "NO" if field.get("mode") == "REQUIRED" else "YES", "data_type": spelled(field),
        "is_generated": "NEVER", "is_hidden": "NO", "is_system_defined": "NO", "is_stored": None,
        "is_updatable": None, "is_partitioning_column": "YES" if name.lower() == partition.lower() else "NO",
        "clustering_ordinal_position": clustered.index(name.lower()) + 1 if name.lower() in clustered else None,
        "collation_name": "NULL", "column_default": field.get("defaultValueExpression", "NULL"),
    }  # fmt: skip


def _paths(field: dict[str, Any], path: str) -> list[tuple[str, str, Any]]:
    found = [(path, spelled(field), field.get("description"))]
    for inner in field.get("fields") or ():
        found += _paths(inner, f"{path}.{inner['name']}")
    return found


def _options(table: Table) -> list[Row]:
    def row(name: str, kind: str, value: str) -> Row:
        return {"option_name": name, "option_type": kind, "option_value": value}

    found = []
    if table.expires_ms is not None:
        found.append(row("expiration_timestamp", "TIMESTAMP", f"TIMESTAMP_MILLIS({table.expires_ms})"))
    if table.extra.get("description"):
        found.append(row("description", "STRING", _json(table.extra["description"])))
    if table.extra.get("friendlyName"):
        found.append(row("friendly_name", "STRING", _json(table.extra["friendlyName"])))
    if table.extra.get("labels"):
        pairs = ", ".join(f"STRUCT({_json(k)}, {_json(v)})" for k, v in sorted(table.extra["labels"].items()))
        found.append(row("labels", "ARRAY<STRUCT<STRING, STRING>>", f"[{pairs}]"))
    if table.require_filter:
        found.append(row("require_partition_filter", "BOOL", "true"))
    if (table.partitioning or {}).get("expirationMs"):
        days = int(table.partitioning["expirationMs"]) / 86_400_000  # type: ignore[index] # it is there
        found.append(row("partition_expiration_days", "FLOAT64", str(days)))
    return found


def _json(value: Any) -> str:
    import json

    return json.dumps(str(value), ensure_ascii=False)


def partitions(catalog: Catalog, table: Table) -> list[Row]:
    """The partitions of a stored table as rows of the view; of one without, one row."""
    base = _base(table) | {"last_modified_time": table.modified_ms, "storage_tier": "ACTIVE"}
    engine = catalog.engine
    if table.range_partitioning is not None:
        spec = table.range_partitioning["range"]
        column = quoted(table.range_partitioning["field"])
        low, high, step = int(spec["start"]), int(spec["end"]), int(spec["interval"])
        key = (
            f"CASE WHEN {column} IS NULL THEN '__NULL__' WHEN {column} < {low} OR {column} >= {high} THEN"
            f" '__UNPARTITIONED__' ELSE CAST(({column} - {low}) // {step} * {step} + {low} AS VARCHAR) END"
        )
    elif table.partitioning is not None:
        column = quoted(table.partitioning.get("field") or "_PARTITIONTIME")
        shape = {"DAY": "%Y%m%d", "HOUR": "%Y%m%d%H", "MONTH": "%Y%m", "YEAR": "%Y"}[table.partitioning["type"]]
        key = f"coalesce(strftime(CAST({column} AS TIMESTAMP), '{shape}'), '__NULL__')"
    else:
        count = engine.run(f"SELECT count(*) FROM {table.sql}")[0][0]
        return [base | {"total_rows": count, "total_logical_bytes": None}]
    rows = engine.run(f"SELECT {key} AS k, count(*) FROM {table.sql} GROUP BY k ORDER BY k")
    return [base | {"partition_id": k, "total_rows": n} for k, n in rows]


def _routine(routine: Any) -> Row:
    project, dataset, name = routine.id
    kind = {"SCALAR_FUNCTION": "FUNCTION", "TABLE_VALUED_FUNCTION": "TABLE FUNCTION"}.get(routine.kind, routine.kind)
    external = routine.language != "SQL"
    return {
        "specific_catalog": project, "specific_schema": dataset, "specific_name": name, "routine_catalog": project,
        "routine_schema": dataset, "routine_name": name, "routine_type": kind,
        "data_type": routine.returns.sql if routine.returns else None,
        "routine_body": "EXTERNAL" if external else "SQL", "routine_definition": routine.text,
        "external_language": routine.language if external else None, "created": routine.created_ms,
        "last_altered": routine.created_ms,
    }  # fmt: skip


def _parameters(routine: Any) -> list[Row]:
    project, dataset, name = routine.id
    base = {"specific_catalog": project, "specific_schema": dataset, "specific_name": name}
    rows = []
    if routine.returns is not None:
        rows.append(base | {"ordinal_position": 0, "is_result": "YES", "data_type": routine.returns.sql})
    for i, (parameter, kind) in enumerate(routine.parameters, 1):
        mode = routine.modes[i - 1] if routine.modes else None
        rows.append(base | {"ordinal_position": i, "parameter_mode": mode, "is_result": "NO",
                            "parameter_name": parameter, "data_type": kind.sql if kind else "ANY TYPE"})  # fmt: skip
    return rows
