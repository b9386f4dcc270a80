"""Functions that build and edit JSON: TO_JSON, JSON_OBJECT, JSON_SET and their kin. Knows types, not tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql.casts import convert, text, use
from fakes.bigquery.sql.scope import Expr, Scope
from fakes.bigquery.sql.types import BOOL, FLOAT64, JSON, STRING, Type, array

if TYPE_CHECKING:
    from fakes.bigquery.sql.calls import Calls


def as_json(calls: Calls, expr: Expr, wide: str = "'exact'") -> str:
    """DuckDB text giving the JSON text of `expr`, never SQL NULL (`null` instead).

    `wide` says what becomes of numbers beyond a FLOAT64: 'text' as TO_JSON_STRING writes them, 'exact' or 'string' as
    TO_JSON does. https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#json_encodings
    """
    kind = expr.type
    context = calls.context
    if kind.kind == "NULL":
        return "'null'"
    match kind.kind:
        case "JSON":
            inner = f"CAST({expr.sql} AS VARCHAR)"
        case "STRING":
            inner = f"wt_json_quote({expr.sql})"
        case "INT64" if wide == "'exact'":
            inner = f"CAST({expr.sql} AS VARCHAR)"
        case "INT64":
            inner = f"wt_json_int_text({expr.sql})"
        case "FLOAT64":
            inner = f"wt_json_number({expr.sql})"
        case "NUMERIC" | "BIGNUMERIC":
            inner = f"wt_json_decimal(wt_numeric_text({expr.sql}), {wide})"
        case "BOOL":
            inner = f"CAST({expr.sql} AS VARCHAR)"
        case "BYTES":
            inner = f"wt_json_quote(to_base64({expr.sql}))"
        case "TIMESTAMP":
            inner = f"wt_json_quote(wt_json_timestamp(epoch_us({expr.sql})))"
        case "DATETIME":
            inner = f"wt_json_quote(replace(wt_datetime_text({expr.sql}), ' ', 'T'))"
        case "INTERVAL":
            inner = f"wt_json_quote(wt_json_interval({convert(context, expr, STRING)}))"
        case "ARRAY":
            assert kind.item
            item = as_json(calls, Expr("_j", kind.item), wide)
            inner = f"'[' || array_to_string(list_transform({expr.sql}, lambda _j: {item}), ',') || ']'"
            return use(context, f"coalesce({inner}, '[]')")
        case "STRUCT":
            parts = []
            for name, field in kind.named_fields:
                value = as_json(calls, Expr(f"struct_extract({expr.sql}, {text(name)})", field), wide)
                label = "" if name.startswith("_field_") else name
                parts.append(f"{text(_json_string(label) + ':')} || {value}")
            inner = "'{' || " + " || ',' || ".join(parts) + " || '}'"
            inner = f"CASE WHEN {expr.sql} IS NULL THEN NULL ELSE {inner} END"
        case "RANGE":
            raise Unsupported(f"JSON of {kind}")
        case _:
            inner = f"wt_json_quote({convert(context, expr, STRING)})"
    return use(context, f"coalesce({inner}, 'null')")


def _json_string(value: str) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def to_json_string(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """TO_JSON_STRING(value[, pretty_print])."""
    inner = as_json(calls, calls.expressions.compile(node.expressions[0], scope), "'text'")
    if len(node.expressions) > 1:
        pretty = calls.expressions.coerced(node.expressions[1], scope, BOOL)
        return Expr(use(calls.context, f"CASE WHEN {pretty} THEN wt_json_pretty({inner}) ELSE {inner} END"), STRING)
    return Expr(inner, STRING)


def to_json(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """TO_JSON(value[, stringify_wide_numbers => …])."""
    (value,), named = arguments_of(calls, node, ("stringify_wide_numbers",))
    wide = isinstance(named.get("stringify_wide_numbers"), exp.Boolean) and named["stringify_wide_numbers"].this
    inner = as_json(calls, calls.expressions.compile(value, scope), "'string'" if wide else "'exact'")
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


def _json_edit(helper: str, named: str) -> Callable[[Calls, exp.Anonymous, Scope], Expr]:
    def special(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
        plain, flags = arguments_of(calls, node, (named,))
        arguments = [calls.expressions.compile(a, scope) for a in plain]
        if len(arguments) < 3 or len(arguments) % 2 == 0 or arguments[0].type != JSON:
            raise calls.context.fail(f"No matching signature for function {node.name.upper()}", node)
        sql = f"CAST({arguments[0].sql} AS VARCHAR)"
        flag = flags.get(named)
        option = calls.expressions.coerced(flag, scope, BOOL) if flag is not None else "TRUE"
        for path, value in zip(arguments[1::2], arguments[2::2], strict=True):
            sql = f"{helper}({sql}, {path.sql}, {as_json(calls, value)}, {option})"
        return Expr(use(calls.context, f"CAST({sql} AS JSON)"), JSON)

    return special


def parse_json(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """PARSE_JSON(text[, wide_number_mode => 'exact' | 'round'])."""
    (value,), named = arguments_of(calls, node, ("wide_number_mode",))
    mode = calls.expressions.coerced(named["wide_number_mode"], scope, STRING) if named else "'exact'"
    sql = calls.expressions.coerced(value, scope, STRING)
    return Expr(use(calls.context, f"CAST(wt_json_parse({sql}, {mode}) AS JSON)"), JSON)


def _json_floats(helper: str, kind: Type) -> Callable[[Calls, exp.Anonymous, Scope], Expr]:
    def special(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
        (value,), named = arguments_of(calls, node, ("wide_number_mode",))
        mode = calls.expressions.coerced(named["wide_number_mode"], scope, STRING) if named else "'round'"
        sql = calls.expressions.coerced(value, scope, JSON)
        return Expr(use(calls.context, f"{helper}(CAST({sql} AS VARCHAR), {mode})"), kind)

    return special


def json_strip_nulls(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """JSON_STRIP_NULLS(json[, path][, include_arrays => …][, remove_empty => …])."""
    plain, named = arguments_of(calls, node, ("include_arrays", "remove_empty"), most=2)
    sql = calls.expressions.coerced(plain[0], scope, JSON)
    path = calls.expressions.coerced(plain[1], scope, STRING) if plain[1:] else "'$'"
    arrays, empty = (
        calls.expressions.coerced(named[name], scope, BOOL) if name in named else default
        for name, default in (("include_arrays", "TRUE"), ("remove_empty", "FALSE"))
    )
    stripped = f"wt_json_strip(CAST({sql} AS VARCHAR), {path}, {arrays}, {empty})"
    return Expr(use(calls.context, f"CAST({stripped} AS JSON)"), JSON)


def arguments_of(
    calls: Calls, node: exp.Anonymous, names: tuple[str, ...], *, most: int = 1
) -> tuple[list[exp.Expression], dict[str, exp.Expression]]:
    """(positional, named) arguments of a call that knows the argument `names`; raises for others and for too many."""
    plain: list[exp.Expression] = []
    named: dict[str, exp.Expression] = {}
    function = node.name.upper()
    for argument in node.expressions:
        if isinstance(argument, exp.Kwarg):
            name = argument.this.name.lower()
            if name not in names:
                raise calls.context.fail(
                    f"Named argument {name} not found in signature for call to function {function}", argument
                )
            named[name] = argument.expression
        elif named:
            raise calls.context.fail(
                f"Call to function {function} must not specify positional arguments after named arguments", argument
            )
        else:
            plain.append(argument)
    edits = function in ("JSON_SET", "JSON_ARRAY_APPEND", "JSON_ARRAY_INSERT")
    if not plain or (len(plain) > most and not edits):
        raise calls.context.fail(f"No matching signature for function {function}", node)
    return plain, named


SPECIAL: dict[str, Callable[[Calls, exp.Anonymous, Scope], Expr]] = {
    "TO_JSON_STRING": to_json_string, "TO_JSON": to_json, "JSON_ARRAY": json_array, "JSON_OBJECT": json_object,
    "JSON_SET": _json_edit("wt_json_set", "create_if_missing"), "PARSE_JSON": parse_json,
    "JSON_ARRAY_APPEND": _json_edit("wt_json_append", "append_each_element"),
    "JSON_ARRAY_INSERT": _json_edit("wt_json_insert", "insert_each_element"), "JSON_STRIP_NULLS": json_strip_nulls,
    "FLOAT64": _json_floats("wt_json_float", FLOAT64), "FLOAT64_ARRAY": _json_floats("wt_json_floats", array(FLOAT64)),
}  # fmt: skip
