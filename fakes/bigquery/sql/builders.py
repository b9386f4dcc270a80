"""Functions that one template cannot say: STRUCT, JSON builders, FORMAT, arrays of aggregates, user-defined functions.

Knows types and names, not tables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql.casts import convert, text, use
from fakes.bigquery.sql.scope import Expr, Scope
from fakes.bigquery.sql.types import BOOL, INT64, JSON, STRING, Type, array, struct

if TYPE_CHECKING:
    from fakes.bigquery.sql.calls import Calls, Modifiers

Special = "Callable[[Calls, exp.Anonymous, Scope], Expr]"

KNOWN_UNSUPPORTED = frozenset(
    """
    APPENDS APPROX_TOP_SUM ARRAY_FILTER ARRAY_TRANSFORM ARRAY_ZIP BAG_OF_WORDS BIT_CAST_TO_INT32 BIT_CAST_TO_INT64
    CHANGES COSINE_DISTANCE CONTAINS_KEY DATE_BUCKET DATETIME_BUCKET DETERMINISTIC_ENCRYPT DETERMINISTIC_DECRYPT_STRING
    EUCLIDEAN_DISTANCE EXTERNAL_OBJECT_TRANSFORM EXTERNAL_QUERY FLATTEN FLOAT64_ARRAY GAP_FILL GENERATE_RANGE_ARRAY
    INT64_ARRAY BOOL_ARRAY STRING_ARRAY JSON_ARRAY_INSERT JSON_FLATTEN LAX_BOOL_ARRAY LAX_FLOAT64_ARRAY LAX_INT64_ARRAY
    LAX_STRING_ARRAY OBJ_GET PARSE_BIGNUMERIC PARSE_NUMERIC RANGE_SESSIONIZE S2_CELLIDFROMPOINT S2_COVERINGCELLIDS
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
# JSON


def as_json(calls: Calls, expr: Expr) -> str:
    """DuckDB text giving the JSON text of `expr`, never SQL NULL (`null` instead)."""
    kind = expr.type
    context = calls.context
    if kind.kind == "NULL":
        return "'null'"
    match kind.kind:
        case "JSON":
            inner = f"CAST({expr.sql} AS VARCHAR)"
        case "STRING":
            inner = f"wt_json_quote({expr.sql})"
        case "INT64":
            inner = f"CAST({expr.sql} AS VARCHAR)"
        case "FLOAT64":
            inner = f"wt_json_number({expr.sql})"
        case "NUMERIC" | "BIGNUMERIC":
            inner = f"wt_numeric_text({expr.sql})"
        case "BOOL":
            inner = f"CAST({expr.sql} AS VARCHAR)"
        case "BYTES":
            inner = f"wt_json_quote(to_base64({expr.sql}))"
        case "TIMESTAMP":
            inner = f"wt_json_quote(wt_json_timestamp(epoch_us({expr.sql})))"
        case "DATETIME":
            inner = f"wt_json_quote(replace(wt_datetime_text({expr.sql}), ' ', 'T'))"
        case "ARRAY":
            assert kind.item
            item = as_json(calls, Expr("_j", kind.item))
            inner = f"'[' || array_to_string(list_transform({expr.sql}, lambda _j: {item}), ',') || ']'"
            return use(context, f"coalesce({inner}, '[]')")
        case "STRUCT":
            parts = []
            for name, field in kind.named_fields:
                value = as_json(calls, Expr(f"struct_extract({expr.sql}, {text(name)})", field))
                label = "" if name.startswith("_field_") else name
                parts.append(f"{text(_json_string(label) + ':')} || {value}")
            inner = "'{' || " + " || ',' || ".join(parts) + " || '}'"
            inner = f"CASE WHEN {expr.sql} IS NULL THEN NULL ELSE {inner} END"
        case _:
            inner = f"wt_json_quote({convert(context, expr, STRING)})"
    return use(context, f"coalesce({inner}, 'null')")


def _json_string(value: str) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def to_json_string(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """TO_JSON_STRING(value[, pretty_print])."""
    inner = as_json(calls, calls.expressions.compile(node.expressions[0], scope))
    if len(node.expressions) > 1:
        pretty = calls.expressions.coerced(node.expressions[1], scope, BOOL)
        return Expr(use(calls.context, f"CASE WHEN {pretty} THEN wt_json_pretty({inner}) ELSE {inner} END"), STRING)
    return Expr(inner, STRING)


def to_json(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """TO_JSON(value)."""
    inner = as_json(calls, calls.expressions.compile(node.expressions[0], scope))
    return Expr(use(calls.context, f"CAST(wt_json_sort({inner}) AS JSON)"), JSON)


def json_array(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """JSON_ARRAY(value, …)."""
    parts = [as_json(calls, calls.expressions.compile(a, scope)) for a in node.expressions]
    return Expr(f"CAST('[' || {' || chr(44) || '.join(parts) or repr('')} || ']' AS JSON)", JSON)


def json_object(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """JSON_OBJECT(key, value, …) and JSON_OBJECT([keys], [values])."""
    arguments = [calls.expressions.compile(a, scope) for a in node.expressions]
    if len(arguments) == 2 and arguments[0].type.kind == "ARRAY" and arguments[1].type.item:
        item = as_json(calls, Expr("_j", arguments[1].type.item))
        values = f"list_transform({arguments[1].sql}, lambda _j: {item})"
        return Expr(use(calls.context, f"CAST(wt_json_zip({arguments[0].sql}, {values}) AS JSON)"), JSON)
    if len(arguments) % 2:
        raise calls.context.fail("No matching signature for function JSON_OBJECT", node)
    parts = [
        f"wt_json_quote({key.sql}) || ':' || {as_json(calls, value)}"
        for key, value in zip(arguments[::2], arguments[1::2], strict=True)
    ]
    inner = "'{' || " + (" || ',' || ".join(parts) or "''") + " || '}'"
    return Expr(use(calls.context, f"CAST(wt_json_sort({inner}) AS JSON)"), JSON)


def _json_edit(helper: str) -> Callable[[Calls, exp.Anonymous, Scope], Expr]:
    def special(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
        plain = [a for a in node.expressions if not isinstance(a, exp.Kwarg)]
        flags = {a.this.name.lower(): a.expression for a in node.expressions if isinstance(a, exp.Kwarg)}
        arguments = [calls.expressions.compile(a, scope) for a in plain]
        if len(arguments) < 3 or len(arguments) % 2 == 0 or arguments[0].type != JSON:
            raise calls.context.fail(f"No matching signature for function {node.name.upper()}", node)
        sql = f"CAST({arguments[0].sql} AS VARCHAR)"
        flag = next(iter(flags.values()), None)
        option = calls.expressions.coerced(flag, scope, BOOL) if flag is not None else "TRUE"
        for path, value in zip(arguments[1::2], arguments[2::2], strict=True):
            sql = f"{helper}({sql}, {path.sql}, {as_json(calls, value)}, {option})"
        return Expr(use(calls.context, f"CAST({sql} AS JSON)"), JSON)

    return special


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
            plain = as_json(calls, value)
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
# Aggregates that build values


def count(calls: Calls, modifiers: Modifiers, node: exp.Anonymous, scope: Scope, over: str) -> Expr:
    """COUNT(*) and COUNT([DISTINCT] x)."""
    if len(modifiers.arguments) == 1 and isinstance(modifiers.arguments[0], exp.Star):
        return Expr(f"count(*) {over}".strip(), INT64)
    if len(modifiers.arguments) != 1:
        raise calls.context.fail("No matching signature for aggregate function COUNT", node)
    value = calls.expressions.compile(modifiers.arguments[0], calls._without_aliases(scope))
    distinct = "DISTINCT " if modifiers.distinct else ""
    return Expr(f"count({distinct}{value.sql}) {over}".strip(), INT64)


def array_agg(calls: Calls, modifiers: Modifiers, node: exp.Anonymous, scope: Scope, over: str) -> Expr:
    """ARRAY_AGG([DISTINCT] x [IGNORE NULLS] [ORDER BY …] [LIMIT n])."""
    inner = calls._without_aliases(scope)
    value = calls.expressions.compile(modifiers.arguments[0], inner)
    if value.type.kind == "ARRAY":
        raise calls.context.fail("The argument to ARRAY_AGG must not be an array type but was " + value.type.sql, node)
    order = calls.order(modifiers.order, inner)
    distinct = "DISTINCT " if modifiers.distinct else ""
    if distinct and order:
        items = distinct_ordered(calls, value, modifiers, inner, over, nulls=not modifiers.ignore_nulls)
        if modifiers.limit is not None:
            items = f"list_slice({items}, 1, {calls.expressions.coerced(modifiers.limit, scope, INT64)})"
        return Expr(items, array(value.type))
    only = filtered(f"{value.sql} IS NOT NULL", over) if modifiers.ignore_nulls else over
    sql = f"array_agg({distinct}{value.sql}{order}) {only}".strip()
    if modifiers.limit is not None:
        sql = f"list_slice({sql}, 1, {calls.expressions.coerced(modifiers.limit, scope, INT64)})"
    if modifiers.having is not None:
        raise Unsupported("HAVING inside ARRAY_AGG")
    return Expr(sql, array(value.type))


def distinct_ordered(calls: Calls, value: Expr, modifiers: Modifiers, scope: Scope, over: str, *, nulls: bool) -> str:
    """The distinct values of an aggregate in order; the service orders them by themselves only."""
    assert modifiers.order is not None
    keys = modifiers.order.expressions
    if len(keys) != 1 or calls.expressions.compile(keys[0].this, scope).sql != value.sql:
        raise calls.context.fail(
            "An aggregate function that has both DISTINCT and ORDER BY arguments can only ORDER BY columns that are"
            " arguments to the function", keys[0]
        )  # fmt: skip
    way = "'DESC', 'NULLS LAST'" if keys[0].args.get("desc") else "'ASC', 'NULLS FIRST'"
    only = over if nulls else filtered(f"{value.sql} IS NOT NULL", over)
    return f"list_sort(array_agg(DISTINCT {value.sql}) {only}, {way})"


def filtered(condition: str, over: str) -> str:
    """What follows an aggregate that takes only rows where `condition` holds; `over` is a window or PIVOT's filter."""
    if over.startswith("FILTER (WHERE "):
        return f"FILTER (WHERE ({condition}) AND ({over.removeprefix('FILTER (WHERE ')})"
    return f"FILTER (WHERE {condition}) {over}".strip()


def string_agg(calls: Calls, modifiers: Modifiers, node: exp.Anonymous, scope: Scope, over: str) -> Expr:
    """STRING_AGG with LIMIT goes through an array; without, it is the plain aggregate."""
    inner = calls._without_aliases(scope)
    value = calls.expressions.compile(modifiers.arguments[0], inner)
    if value.type.kind not in ("STRING", "NULL"):
        if value.type.kind == "BYTES":
            raise Unsupported("STRING_AGG of BYTES")
        raise calls.context.fail(f"No matching signature for aggregate function STRING_AGG\n  Argument types: "
                                 f"{value.type}", node)  # fmt: skip
    delimiter = calls.expressions.coerced(modifiers.arguments[1], scope, STRING) if modifiers.arguments[1:] else "','"
    order = calls.order(modifiers.order, inner)
    distinct = "DISTINCT " if modifiers.distinct else ""
    if modifiers.distinct and order:
        items = distinct_ordered(calls, value, modifiers, inner, over, nulls=False)
        if modifiers.limit is not None:
            items = f"list_slice({items}, 1, {calls.expressions.coerced(modifiers.limit, scope, INT64)})"
        return Expr(f"array_to_string({items}, {delimiter})", STRING)
    if modifiers.limit is None:
        return Expr(f"string_agg({distinct}{value.sql}, {delimiter}{order}) {over}".strip(), STRING)
    limit = calls.expressions.coerced(modifiers.limit, scope, INT64)
    only = filtered(f"{value.sql} IS NOT NULL", over)
    items = f"array_agg({distinct}{value.sql}{order}) {only}"
    return Expr(f"array_to_string(list_slice({items}, 1, {limit}), {delimiter})", STRING)


def approx_top_count(calls: Calls, modifiers: Modifiers, node: exp.Anonymous, scope: Scope, over: str) -> Expr:
    """APPROX_TOP_COUNT(x, n), exact here; ties in the order of the values."""
    value = calls.expressions.compile(modifiers.arguments[0], scope)
    number = calls.expressions.coerced(modifiers.arguments[1], scope, INT64)
    kind = array(struct([("value", value.type), ("count", INT64)]))
    sql = f"wt_top_count(histogram({value.sql}), {number}) {over}".strip()
    return Expr(use(calls.context, f"CAST({sql} AS {kind.duck})"), kind)


def by_extreme(helper: str) -> Callable[..., Expr]:
    """MAX_BY and MIN_BY."""

    def special(calls: Calls, modifiers: Modifiers, node: exp.Anonymous, scope: Scope, over: str) -> Expr:
        inner = calls._without_aliases(scope)
        value, key = (calls.expressions.compile(a, inner) for a in modifiers.arguments)
        return Expr(f"{helper}({value.sql}, {key.sql}) {over}".strip(), value.type)

    return special


def any_value(calls: Calls, modifiers: Modifiers, node: exp.Anonymous, scope: Scope, over: str) -> Expr:
    """ANY_VALUE(x [HAVING MAX|MIN y])."""
    inner = calls._without_aliases(scope)
    value = calls.expressions.compile(modifiers.arguments[0], inner)
    if modifiers.having is not None:
        key = calls.expressions.compile(modifiers.having.expression, inner)
        helper = "arg_max" if modifiers.having.args.get("max") else "arg_min"
        return Expr(f"{helper}_null({value.sql}, {key.sql}) {over}".strip(), value.type)
    return Expr(f"any_value({value.sql}) {over}".strip(), value.type)


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
    "STRUCT": struct_call, "TO_JSON_STRING": to_json_string, "TO_JSON": to_json, "JSON_ARRAY": json_array,
    "JSON_OBJECT": json_object, "JSON_SET": _json_edit("wt_json_set"), "FORMAT": format_call,
    "NORMALIZE": normalize, "NORMALIZE_AND_CASEFOLD": normalize,
    "JSON_ARRAY_APPEND": _json_edit("wt_json_append"),
}  # fmt: skip

AGGREGATES: dict[str, Callable[..., Expr]] = {
    "COUNT": count, "ARRAY_AGG": array_agg, "STRING_AGG": string_agg, "APPROX_TOP_COUNT": approx_top_count,
    "MAX_BY": by_extreme("arg_max_null"), "MIN_BY": by_extreme("arg_min_null"), "ANY_VALUE": any_value,
}  # fmt: skip
