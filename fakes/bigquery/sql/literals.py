"""Literals of GoogleSQL: numbers, and strings that stand for a date, a time, a number or JSON.

A literal is parsed here, once, so that a bad one is refused while the statement is analysed, as the service does.
Knows values and types, not names.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import orjson

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql import moments
from fakes.bigquery.sql.scope import Expr
from fakes.bigquery.sql.types import BYTES, FLOAT64, INT64, NUMERIC, Type

if TYPE_CHECKING:
    from sqlglot import exp

    from fakes.bigquery.sql.scope import Context

PARSED = {"DATE", "DATETIME", "TIMESTAMP", "TIME", "NUMERIC", "BIGNUMERIC", "JSON", "RANGE"}
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
NUMERIC_LIMIT = Decimal("1e29")


def number(context: Context, digits: str, node: exp.Expression) -> Expr:
    """A numeric literal with its sign: INT64 without a point or exponent, else FLOAT64."""
    if re.fullmatch(r"-?\d+", digits):
        value = int(digits)
        if not INT64_MIN <= value <= INT64_MAX:
            raise context.fail(f"Invalid integer literal: {digits.lstrip('-')}", node)
        sql = f"CAST({value} AS BIGINT)" if value >= 0 else f"CAST('{value}' AS BIGINT)"
        return Expr(sql, INT64, literal=True, value=value)
    value_f = float(digits)
    return Expr(f"CAST('{value_f!r}' AS DOUBLE)", FLOAT64, literal=True, value=Decimal(digits))


def bytes_literal(raw: str) -> Expr:
    """A bytes literal; `raw` holds one character a byte."""
    data = raw.encode("latin-1")
    return Expr("CAST('" + "".join(f"\\x{b:02X}" for b in data) + "' AS BLOB)", BYTES, literal=True)


def typed(context: Context, value: str, target: Type, node: exp.Expression | None, *, cast: bool = False) -> Expr:
    """The string `value` as a literal of type `target` (one of `PARSED`)."""
    bad = context.fail(
        f"Invalid {target.kind.lower()}: '{value}'" if cast and target.kind != "NUMERIC"
        else f"Invalid {target.kind} value: {value}" if cast
        else f'Could not cast literal "{value}" to type {target}',
        node,
    )  # fmt: skip
    try:
        match target.kind:
            case "DATE":
                sql = f"DATE '{moments.date(value).isoformat()}'"
            case "DATETIME":
                sql = f"make_timestamp({moments.datetime_us(value)})"
            case "TIMESTAMP":
                sql = f"CAST(make_timestamp({moments.timestamp_us(value)}) AS TIMESTAMPTZ)"
            case "TIME":
                sql = f"TIME '{moments.time(value).isoformat()}'"
            case "NUMERIC" | "BIGNUMERIC":
                sql = _decimal(value, target)
            case "JSON":
                orjson.loads(value)
                from fakes.bigquery.sql.jsons import canonical

                sql = f"CAST({_text(canonical(value))} AS JSON)"
            case "RANGE":
                sql = _range(context, value, target, node)
            case _:
                raise Unsupported(f"a string literal as {target}")
    except (ValueError, InvalidOperation) as problem:
        if target.kind == "JSON":
            raise context.fail(f"Invalid JSON literal: {problem}", node) from None
        raise bad from None
    return Expr(sql, target, literal=True)


def _decimal(value: str, target: Type) -> str:
    number = Decimal(value.strip())
    if not number.is_finite():
        raise ValueError(value)
    scale = 9 if target == NUMERIC else 18
    rounded = number.quantize(Decimal(1).scaleb(-scale), rounding="ROUND_HALF_UP", context=moments.WIDE)
    if target == NUMERIC and rounded.copy_abs() >= NUMERIC_LIMIT:
        raise ValueError(value)
    if target != NUMERIC and (rounded != number or rounded.copy_abs() >= Decimal("1e20")):
        raise Unsupported(f"BIGNUMERIC '{value}'", "at most 20 digits before and 18 after the point")
    return f"CAST('{rounded:f}' AS {target.duck})"


def _range(context: Context, value: str, target: Type, node: exp.Expression | None) -> str:
    found = re.fullmatch(r"\[\s*(.*?)\s*,\s*(.*?)\s*\)", value)
    if not found or target.item is None:
        raise ValueError(value)
    ends = []
    for end in found.groups():
        if end.upper() in ("UNBOUNDED", "NULL"):
            ends.append(f"CAST(NULL AS {target.item.duck})")
        else:
            ends.append(typed(context, end, target.item, node).sql)
    from fakes.bigquery.sql.casts import use

    return use(context, f"wt_range({ends[0]}, {ends[1]})")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
