"""Aggregate functions that one template cannot say: ARRAY_AGG, STRING_AGG, COUNT, ANY_VALUE and their modifiers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql.casts import use
from fakes.bigquery.sql.scope import Expr, Scope
from fakes.bigquery.sql.types import BYTES, INT64, STRING, array, struct

if TYPE_CHECKING:
    from fakes.bigquery.sql.calls import Calls, Modifiers


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
            items = f"list_slice({items}, 1, {_limit(calls, modifiers.limit, scope)})"
        return Expr(items, array(value.type))
    only = filtered(f"{value.sql} IS NOT NULL", over) if modifiers.ignore_nulls else over
    sql = f"array_agg({distinct}{value.sql}{order}) {only}".strip()
    if modifiers.limit is not None:
        sql = f"list_slice({sql}, 1, {_limit(calls, modifiers.limit, scope)})"
    if modifiers.having is not None:
        raise Unsupported("HAVING inside ARRAY_AGG")
    return Expr(sql, array(value.type))


def _limit(calls: Calls, node: exp.Expression, scope: Scope) -> str:
    """The count of a LIMIT inside an aggregate."""
    limit = calls.expressions.compile(node, scope)
    if isinstance(limit.value, int) and limit.value < 0:
        raise calls.context.fail("LIMIT expects a non-negative integer literal or parameter", node)
    if limit.value == 0:
        raise Unsupported("LIMIT 0 inside an aggregate function")
    return calls.expressions.coerce(limit, INT64, node)


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


def _bytes_agg(calls: Calls, value: Expr, modifiers: Modifiers, scope: Scope, over: str) -> Expr:
    """STRING_AGG of BYTES, always through an array."""
    order = calls.order(modifiers.order, scope)
    if modifiers.distinct and order:
        items = distinct_ordered(calls, value, modifiers, scope, over, nulls=False)
    else:
        distinct = "DISTINCT " if modifiers.distinct else ""
        items = f"list({distinct}{value.sql}{order}) {filtered(f'{value.sql} IS NOT NULL', over)}"
    if modifiers.limit is not None:
        items = f"list_slice({items}, 1, {_limit(calls, modifiers.limit, scope)})"
    given = modifiers.arguments[1:]
    delimiter = calls.expressions.coerced(given[0], scope, BYTES) if given else "','::BLOB"
    return Expr(use(calls.context, f"wt_bytes_join({items}, {delimiter})"), BYTES)


def string_agg(calls: Calls, modifiers: Modifiers, node: exp.Anonymous, scope: Scope, over: str) -> Expr:
    """STRING_AGG with LIMIT goes through an array; without, it is the plain aggregate."""
    inner = calls._without_aliases(scope)
    value = calls.expressions.compile(modifiers.arguments[0], inner)
    if value.type.kind not in ("STRING", "NULL"):
        if value.type.kind == "BYTES":
            return _bytes_agg(calls, value, modifiers, inner, over)
        raise calls.context.fail(f"No matching signature for aggregate function STRING_AGG\n  Argument types: "
                                 f"{value.type}", node)  # fmt: skip
    delimiter = calls.expressions.coerced(modifiers.arguments[1], scope, STRING) if modifiers.arguments[1:] else "','"
    order = calls.order(modifiers.order, inner)
    distinct = "DISTINCT " if modifiers.distinct else ""
    if modifiers.distinct and order:
        items = distinct_ordered(calls, value, modifiers, inner, over, nulls=False)
        if modifiers.limit is not None:
            items = f"list_slice({items}, 1, {_limit(calls, modifiers.limit, scope)})"
        return Expr(f"array_to_string({items}, {delimiter})", STRING)
    if modifiers.limit is None:
        return Expr(f"string_agg({distinct}{value.sql}, {delimiter}{order}) {over}".strip(), STRING)
    limit = _limit(calls, modifiers.limit, scope)
    only = filtered(f"{value.sql} IS NOT NULL", over)
    items = f"array_agg({distinct}{value.sql}{order}) {only}"
    return Expr(f"array_to_string(list_slice({items}, 1, {limit}), {delimiter})", STRING)


def approx_top_count(calls: Calls, modifiers: Modifiers, node: exp.Anonymous, scope: Scope, over: str) -> Expr:
    """APPROX_TOP_COUNT(x, n) and APPROX_TOP_SUM(x, weight, n), exact here; ties in the order of the values."""
    inner = calls._without_aliases(scope)
    value = calls.expressions.compile(modifiers.arguments[0], inner)
    summed = node.name.upper() == "APPROX_TOP_SUM"
    if len(modifiers.arguments) != (3 if summed else 2):
        raise calls.context.fail(f"No matching signature for aggregate function {node.name.upper()}", node)
    number = calls.expressions.coerced(modifiers.arguments[-1], scope, INT64)
    weight = calls.expressions.compile(modifiers.arguments[1], inner) if summed else Expr("1", INT64)
    if value.type.kind in ("ARRAY", "STRUCT", "JSON") or not weight.type.numeric:
        raise Unsupported(f"{node.name.upper()} of {value.type}, {weight.type}")
    kind = array(struct([("value", value.type), ("sum" if summed else "count", weight.type)]))
    pairs = f"list(struct_pack(v := {value.sql}, w := {weight.sql})) {over}".strip()
    label = "sum" if summed else "count"
    named = f'list_transform(wt_top({pairs}, {number}), lambda _t: struct_pack("value" := _t.v, "{label}" := _t.w))'
    return Expr(use(calls.context, f"CAST({named} AS {kind.duck})"), kind)


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


AGGREGATES: dict[str, Callable[..., Expr]] = {
    "COUNT": count, "ARRAY_AGG": array_agg, "STRING_AGG": string_agg, "APPROX_TOP_COUNT": approx_top_count,
    "APPROX_TOP_SUM": approx_top_count,
    "MAX_BY": by_extreme("arg_max_null"), "MIN_BY": by_extreme("arg_min_null"), "ANY_VALUE": any_value,
}  # fmt: skip
