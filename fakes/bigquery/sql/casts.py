"""CAST, SAFE_CAST and the coercions between GoogleSQL types, as DuckDB expressions.

Each pair the service allows is listed; every other pair is the service's own error. Knows types, not names or tables.
"""

from __future__ import annotations

from sqlglot import exp

from fakes.bigquery.sql import type_parameters
from fakes.bigquery.sql.scope import Context, Expr
from fakes.bigquery.sql.types import Type, quoted

# (source, target) -> template. "{}" is the expression. Sources and targets are kinds.
TEMPLATES = {
    ("INT64", "FLOAT64"): "CAST({} AS DOUBLE)",
    ("INT64", "NUMERIC"): "CAST({} AS DECIMAL(38,9))",
    ("INT64", "BIGNUMERIC"): "CAST({} AS DECIMAL(38,18))",
    ("INT64", "BOOL"): "({} <> 0)",
    ("INT64", "STRING"): "CAST({} AS VARCHAR)",
    ("FLOAT64", "INT64"): "wt_float_to_int({})",
    ("FLOAT64", "NUMERIC"): "wt_float_to_numeric({})",
    ("FLOAT64", "BIGNUMERIC"): "wt_bignumeric_of(wt_float_text({}))",
    ("FLOAT64", "STRING"): "wt_float_text({})",
    ("NUMERIC", "INT64"): "CAST(round({}, 0) AS BIGINT)",
    ("NUMERIC", "FLOAT64"): "CAST({} AS DOUBLE)",
    ("NUMERIC", "BIGNUMERIC"): "CAST({} AS DECIMAL(38,18))",
    ("NUMERIC", "STRING"): "wt_numeric_text({})",
    ("BIGNUMERIC", "INT64"): "CAST(round({}, 0) AS BIGINT)",
    ("BIGNUMERIC", "FLOAT64"): "CAST({} AS DOUBLE)",
    ("BIGNUMERIC", "NUMERIC"): "CAST({} AS DECIMAL(38,9))",
    ("BIGNUMERIC", "STRING"): "wt_numeric_text({})",
    ("BOOL", "INT64"): "CAST({} AS BIGINT)",
    ("BOOL", "STRING"): "CAST({} AS VARCHAR)",
    ("STRING", "INT64"): "wt_text_to_int({})",
    ("STRING", "FLOAT64"): "wt_text_to_float({})",
    ("STRING", "NUMERIC"): "wt_text_to_numeric({})",
    ("STRING", "BIGNUMERIC"): "wt_bignumeric_of({})",
    ("STRING", "BOOL"): "wt_text_to_bool({})",
    ("STRING", "BYTES"): "encode({})",
    ("STRING", "DATE"): "wt_text_to_date({})",
    ("STRING", "DATETIME"): "wt_text_to_datetime({})",
    ("STRING", "TIMESTAMP"): "wt_text_to_timestamp({})",
    ("STRING", "TIME"): "wt_text_to_time({})",
    ("STRING", "INTERVAL"): "wt_text_to_interval({})",
    ("BYTES", "STRING"): "decode({})",
    ("DATE", "DATETIME"): "CAST({} AS TIMESTAMP)",
    ("DATE", "TIMESTAMP"): "CAST(CAST({} AS TIMESTAMP) AS TIMESTAMPTZ)",
    ("DATE", "STRING"): "CAST({} AS VARCHAR)",
    ("DATETIME", "DATE"): "CAST({} AS DATE)",
    ("DATETIME", "TIME"): "CAST({} AS TIME)",
    ("DATETIME", "TIMESTAMP"): "CAST({} AS TIMESTAMPTZ)",
    ("DATETIME", "STRING"): "wt_datetime_text({})",
    ("TIMESTAMP", "DATE"): "CAST({} AS DATE)",
    ("TIMESTAMP", "DATETIME"): "CAST({} AS TIMESTAMP)",
    ("TIMESTAMP", "TIME"): "CAST(CAST({} AS TIMESTAMP) AS TIME)",
    ("TIMESTAMP", "STRING"): "wt_timestamp_text({})",
    ("TIME", "STRING"): "wt_time_text({})",
    ("INTERVAL", "STRING"): "wt_interval_text({})",
}


def cast(context: Context, expr: Expr, target: Type, *, safe: bool = False) -> Expr:
    """`expr` as `target`; a `safe` cast gives NULL where the value does not convert.

    Raises `invalidQuery` for a pair of types that the service does not convert.
    """
    sql = convert(context, expr, target)
    if safe and sql != expr.sql:
        from fakes.bigquery.sql.calls import safely

        return safely(context, sql, target)
    return Expr(sql, target, literal=False)


def limited(context: Context, expr: Expr, node: exp.DataType, *, safe: bool = False) -> Expr:
    """`expr`, just cast to the type of `node`, held to that type's parameters, as in STRING(5) or NUMERIC(10, 2)."""
    sql = type_parameters.held(context, expr.sql, expr.type, type_parameters.described(node, expr.type.rest("")))
    if sql == expr.sql:
        return expr
    if safe:
        from fakes.bigquery.sql.calls import safely

        return safely(context, sql, expr.type)
    return Expr(sql, expr.type)


def convert(context: Context, expr: Expr, target: Type) -> str:
    """The text of `expr` converted to `target`."""
    source = expr.type
    if source == target:
        return expr.sql
    if source.kind == "NULL":
        # ERROR() is of no type but has an effect.
        typed = f"CAST(NULL AS {target.duck})"
        return typed if expr.sql == "NULL" else f"CASE WHEN {expr.sql} IS NULL THEN {typed} END"
    if template := TEMPLATES.get((source.kind, target.kind)):
        return use(context, template.format(expr.sql))
    if source.kind == target.kind == "ARRAY" and source.item and target.item:
        if source.item.kind == "NULL" or source.item.duck == target.item.duck:
            return f"CAST({expr.sql} AS {target.duck})"
        inner = convert(context, Expr("_x", source.item), target.item)
        return f"list_transform({expr.sql}, lambda _x: {inner})"
    if source.kind == target.kind == "STRUCT" and len(source.fields) == len(target.fields):
        return _struct(context, expr, target)
    if source.kind == "STRING" and target.kind == "RANGE":
        return use(context, f"CAST(wt_text_to_range({expr.sql}) AS {target.duck})")
    raise context.fail(f"Invalid cast from {source} to {target}")


def _struct(context: Context, expr: Expr, target: Type) -> str:
    parts = []
    pairs = zip(expr.type.named_fields, target.named_fields, strict=True)
    for (name, field_type), (target_name, target_type) in pairs:
        field = Expr(f"struct_extract({expr.sql}, {text(name)})", field_type)
        parts.append(f"{quoted(target_name)} := {convert(context, field, target_type)}")
    packed = f"struct_pack({', '.join(parts)})"
    return f"CASE WHEN {expr.sql} IS NULL THEN NULL ELSE {packed} END"


def use(context: Context, sql: str) -> str:
    """Note the helper macros and functions (`wt_…`) that `sql` needs, and return it."""
    start = sql.find("wt_")
    while start >= 0:
        end = start
        while end < len(sql) and (sql[end].isalnum() or sql[end] == "_"):
            end += 1
        if end < len(sql) and sql[end] == "(":
            context.macros.add(sql[start:end])
        start = sql.find("wt_", end)
    return sql


def text(value: str) -> str:
    """A DuckDB string literal."""
    return "'" + value.replace("'", "''") + "'"
