"""Functions that one template cannot say: STRUCT, NORMALIZE, FORMAT, user-defined functions.

Knows types and names, not tables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql import json_calls
from fakes.bigquery.sql.casts import convert, use
from fakes.bigquery.sql.scope import Expr, Scope
from fakes.bigquery.sql.types import STRING, Type

if TYPE_CHECKING:
    from fakes.bigquery.sql.calls import Calls

Special = "Callable[[Calls, exp.Anonymous, Scope], Expr]"

KNOWN_UNSUPPORTED = frozenset(
    """
    APPENDS ARRAY_FILTER ARRAY_TRANSFORM ARRAY_ZIP BAG_OF_WORDS BIT_CAST_TO_INT32 BIT_CAST_TO_INT64
    CHANGES CONTAINS_KEY DATE_BUCKET DATETIME_BUCKET DETERMINISTIC_ENCRYPT DETERMINISTIC_DECRYPT_STRING
    EXTERNAL_OBJECT_TRANSFORM EXTERNAL_QUERY FLATTEN GAP_FILL GENERATE_RANGE_ARRAY
    OBJ_GET RANGE_SESSIONIZE S2_CELLIDFROMPOINT S2_COVERINGCELLIDS
    SEARCH TEXT_ANALYZE TF_IDF TIMESTAMP_BUCKET VECTOR_SEARCH
    """.split()  # noqa: SIM905 - names read better as text
)
"""Functions of the service that are refused by name; so is everything in `ST_…` and in the namespaces of `calls.py`."""


def normalize(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """NORMALIZE(s[, mode]) and NORMALIZE_AND_CASEFOLD: the mode is a bare word."""
    value = calls.expressions.coerced(node.expressions[0], scope, STRING)
    mode = node.expressions[1].name.upper() if len(node.expressions) > 1 else "NFC"
    if mode not in ("NFC", "NFD", "NFKC", "NFKD"):
        raise calls.context.fail(f"Invalid normalization mode: {mode}", node)
    helper = "wt_casefold" if "CASEFOLD" in node.name.upper() else "wt_normalize"
    return Expr(use(calls.context, f"{helper}({value}, '{mode}')"), STRING)


def struct_call(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """STRUCT(expr [AS name], …); a column's own name is the field's name."""
    fields = []
    for argument in node.expressions:
        if isinstance(argument, exp.Alias):
            fields.append((argument.alias, calls.expressions.compile(argument.this, scope)))
        elif isinstance(argument, exp.PropertyEQ):
            fields.append((argument.this.name, calls.expressions.compile(argument.expression, scope)))
        else:
            name = argument.name if isinstance(argument, (exp.Column, exp.Dot)) else ""
            fields.append((name, calls.expressions.compile(argument, scope)))
    return calls.expressions.struct(fields)


# --------------------------------------------------------------------------------------------------------------------
# FORMAT, CAST … FORMAT


def format_call(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """FORMAT(format, value, …): values travel as tagged text."""
    if not node.expressions:
        raise calls.context.fail("No matching signature for function FORMAT with no arguments", node)
    pattern = calls.expressions.coerced(node.expressions[0], scope, STRING)
    values = [calls.expressions.compile(a, scope) for a in node.expressions[1:]]
    tagged = []
    for value in values:
        kind = value.type.kind
        if kind in ("ARRAY", "STRUCT", "JSON", "BYTES"):
            plain = json_calls.as_json(calls, value)
            tagged.append(f"'J' || {plain}")
            continue
        shown = value.sql if kind == "STRING" else convert(calls.context, value, STRING)
        tag = {"INT64": "I", "FLOAT64": "F", "NUMERIC": "N", "BIGNUMERIC": "N", "STRING": "S", "BOOL": "B"}.get(
            kind, "T"
        )
        tagged.append(f"'{tag}' || {shown}")
    items = f"CAST([{', '.join(tagged)}] AS VARCHAR[])"
    return Expr(use(calls.context, f"wt_format({pattern}, {items})"), STRING)


def cast_format(calls: Calls, node: exp.Cast, target: Type, scope: Scope) -> Expr:
    """CAST(x AS STRING FORMAT '…') for dates and times, and back."""
    raise Unsupported("CAST … FORMAT", "FORMAT_TIMESTAMP or PARSE_TIMESTAMP say the same")


# --------------------------------------------------------------------------------------------------------------------
# User-defined functions


def routine(calls: Calls, path: list[str], node: exp.Anonymous, scope: Scope) -> Expr:
    """A temporary or persistent SQL function, inlined."""
    context = calls.context
    function = context.functions.get(path[0].lower()) if len(path) == 1 else None
    if function is None:
        function = context.tables.routine(path)
    if function is None:
        raise context.fail(f"Function not found: {'.'.join(path)}", node)
    arguments = [calls.expressions.compile(a, scope) for a in node.expressions]
    found: Expr = function.inline(calls, arguments, node)
    return found


SPECIAL: dict[str, Callable[[Calls, exp.Anonymous, Scope], Expr]] = {
    **json_calls.SPECIAL, "STRUCT": struct_call, "FORMAT": format_call, "NORMALIZE": normalize,
    "NORMALIZE_AND_CASEFOLD": normalize,
}  # fmt: skip
