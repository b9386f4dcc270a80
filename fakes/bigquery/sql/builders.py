"""Functions that one template cannot say: STRUCT, NORMALIZE, FORMAT, user-defined functions.

Knows types and names, not tables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql import json_calls
from fakes.bigquery.sql.casts import convert, text, use
from fakes.bigquery.sql.scope import Expr, Scope
from fakes.bigquery.sql.types import BOOL, BYTES, STRING, Type

if TYPE_CHECKING:
    from fakes.bigquery.sql.calls import Calls

Special = "Callable[[Calls, exp.Anonymous, Scope], Expr]"

KNOWN_UNSUPPORTED = frozenset(
    """
    APPENDS ARRAY_DISTINCT ARRAY_FILTER ARRAY_FIND ARRAY_FIND_ALL ARRAY_INCLUDES_ALL ARRAY_INCLUDES_ANY ARRAY_OFFSET
    ARRAY_OFFSETS ARRAY_TRANSFORM ARRAY_ZIP BAG_OF_WORDS BIT_CAST_TO_INT32 BIT_CAST_TO_INT64 CHANGES CONTAINS_KEY
    DETERMINISTIC_ENCRYPT DETERMINISTIC_DECRYPT_STRING EXTERNAL_OBJECT_TRANSFORM
    EXTERNAL_QUERY FLATTEN GAP_FILL IFERROR ISERROR JSON_CONTAINS NULLIFERROR NULLIFZERO NVL
    OBJ_GET S2_CELLIDFROMPOINT S2_COVERINGCELLIDS SEARCH TEXT_ANALYZE TF_IDF
    VECTOR_SEARCH ZEROIFNULL
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


def contains_substr(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """CONTAINS_SUBSTR(x, 'text'): in any string, number, date or time of `x`, whatever its case and width."""
    if len(node.expressions) != 2:
        raise Unsupported("CONTAINS_SUBSTR with json_scope", "give it two arguments")
    if isinstance(node.expressions[0], exp.Column) and scope.relation(node.expressions[0].name):
        raise Unsupported("CONTAINS_SUBSTR of a whole row")
    if isinstance(node.expressions[1], exp.Null):
        raise calls.context.fail("Argument 2 of CONTAINS_SUBSTR must be a literal that is not NULL", node)
    wanted = f"wt_fold({calls.expressions.coerced(node.expressions[1], scope, STRING)})"

    def within(value: Expr) -> str:
        kind = value.type
        if kind.kind == "STRUCT":
            fields = [within(Expr(f"struct_extract({value.sql}, {text(n)})", t)) for n, t in kind.named_fields]
            return f"({' OR '.join(fields)})"
        if kind.kind == "ARRAY" and kind.item:
            return f"wt_any_of(list_transform({value.sql}, lambda _c: {within(Expr('_c', kind.item))}))"
        if kind.kind in ("JSON", "RANGE", "GEOGRAPHY", "INTERVAL"):
            raise Unsupported(f"CONTAINS_SUBSTR of {kind}")
        return f"contains(wt_fold({convert(calls.context, value, STRING)}), {wanted})"

    found = within(calls.expressions.compile(node.expressions[0], scope))
    return Expr(use(calls.context, found), BOOL)


def concat(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """CONCAT of BYTES, or of anything that casts to STRING."""
    from fakes.bigquery.sql import catalogue

    values = [calls.expressions.compile(a, scope) for a in node.expressions]
    if not any(v.type.kind == "BYTES" for v in values):
        castable = {"INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC", "BOOL", "DATE", "DATETIME", "TIMESTAMP", "TIME"}
        values = [Expr(convert(calls.context, v, STRING), STRING) if v.type.kind in castable else v for v in values]
    return calls.fill("CONCAT", catalogue.scalars()["CONCAT"], values, node)


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


TAGS = {"INT64": "I", "FLOAT64": "F", "NUMERIC": "N", "BIGNUMERIC": "G", "STRING": "S", "BOOL": "B", "JSON": "J",
        "BYTES": "Y", "INTERVAL": "L"}  # fmt: skip
"""How `formats.py` is told a value's type."""


def _plain_text(calls: Calls, value: Expr) -> str:
    if value.type.kind == "BYTES":
        return f"hex({value.sql})"
    if value.type.kind in ("STRING", "JSON"):
        return f"CAST({value.sql} AS VARCHAR)"
    return convert(calls.context, value, STRING)


def printed(calls: Calls, value: Expr, *, literal: bool) -> str:
    """DuckDB text giving `value` as `%t` prints it, or as `%T` does where `literal`; never NULL."""
    kind = value.type
    if kind.kind == "ARRAY" and kind.item:
        item = printed(calls, Expr("_p", kind.item), literal=literal)
        listed = f"array_to_string(list_transform({value.sql}, lambda _p: {item}), ', ')"
        return f"coalesce('[' || {listed} || ']', 'NULL')"
    if kind.kind == "STRUCT":
        fields = [
            printed(calls, Expr(f"struct_extract({value.sql}, {text(n)})", t), literal=literal)
            for n, t in kind.named_fields
        ]
        head = "STRUCT(" if literal and len(fields) == 1 else "("
        joined = " || ', ' || ".join(fields)
        return f"CASE WHEN {value.sql} IS NULL THEN 'NULL' ELSE '{head}' || {joined} || ')' END"
    if kind.kind == "RANGE":
        raise Unsupported("FORMAT of a RANGE")
    if kind.kind == "NULL":
        return "'NULL'"
    shown = f"wt_printed('{TAGS.get(kind.kind, 'T')}', {_plain_text(calls, value)}, {literal})"
    return f"coalesce({use(calls.context, shown)}, 'NULL')"


def format_call(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """FORMAT(format, value, …): values travel as tagged text."""
    if not node.expressions:
        raise calls.context.fail("No matching signature for function FORMAT with no arguments", node)
    pattern = calls.expressions.coerced(node.expressions[0], scope, STRING)
    values = [calls.expressions.compile(a, scope) for a in node.expressions[1:]]
    tagged = []
    for value in values:
        kind = value.type.kind
        if kind in ("ARRAY", "STRUCT", "BYTES", "RANGE"):
            forms = [printed(calls, value, literal=literal) for literal in (False, True)]
            tagged.append(f"'V' || {forms[0]} || chr(30) || {forms[1]}")
        elif kind == "JSON":
            tagged.append(f"'J' || CAST({value.sql} AS VARCHAR)")
        else:
            tagged.append(f"'{TAGS.get(kind, 'T')}' || {_plain_text(calls, value)}")
    items = f"CAST([{', '.join(tagged)}] AS VARCHAR[])"
    return Expr(use(calls.context, f"wt_format({pattern}, {items})"), STRING)


def cast_format(calls: Calls, node: exp.Cast, target: Type, scope: Scope) -> Expr:
    """CAST(x AS STRING FORMAT '…' [AT TIME ZONE z]) of dates, times and bytes, and CAST(s AS BYTES FORMAT '…')."""
    value = calls.expressions.compile(node.this, scope)
    given = node.args["format"]
    zone = "'UTC'"
    if isinstance(given, exp.AtTimeZone):
        zone, given = calls.expressions.coerced(given.args["zone"], scope, STRING), given.this
    pattern = calls.expressions.coerced(given, scope, STRING)
    kind = value.type.kind
    if target == STRING and kind in ("DATE", "DATETIME", "TIME", "TIMESTAMP"):
        us = f"epoch_us(CAST({value.sql} AS TIMESTAMP))" if kind == "DATE" else f"epoch_us({value.sql})"
        sql = f"wt_format_elements({pattern}, {us}, {zone}, '{kind}')"
    elif target == STRING and kind == "BYTES":
        sql = f"wt_format_bytes({pattern}, {value.sql})"
    elif target == BYTES and kind == "STRING":
        sql = f"wt_bytes_by_format({pattern}, {value.sql})"
    else:
        raise Unsupported(f"CAST from {value.type} to {target} … FORMAT", "PARSE_… and FORMAT_… say much the same")
    if isinstance(node, exp.TryCast):
        from fakes.bigquery.sql.calls import safely

        return safely(calls.context, sql, target)
    return Expr(use(calls.context, sql), target)


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
    "NORMALIZE_AND_CASEFOLD": normalize, "CONTAINS_SUBSTR": contains_substr, "CONCAT": concat,
}  # fmt: skip
