"""Time series functions: buckets of time, a range cut in pieces, ranges joined to sessions.

https://cloud.google.com/bigquery/docs/reference/standard-sql/time-series-functions and …/range-functions. Knows types,
and of relations only what RANGE_SESSIONIZE makes of one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql.casts import use
from fakes.bigquery.sql.dateparts import INTERVAL_UNITS, MICROS, TIME_PARTS, amount
from fakes.bigquery.sql.scope import Expr, Query, Scope
from fakes.bigquery.sql.types import BOOL, DATE, DATETIME, TIMESTAMP, Type, array, quoted

if TYPE_CHECKING:
    from fakes.bigquery.sql.calls import Calls
    from fakes.bigquery.sql.relations import Relations

ORIGIN = "TIMESTAMP '1950-01-01 00:00:00'"
"""Where buckets begin unless told otherwise."""
MODES = {"MEETS": ">", "OVERLAPS": ">="}
"""By mode: how a range's start lies to the end of all before it where it begins a new session."""


def _step(calls: Calls, node: exp.Expression, scope: Scope) -> tuple[str, str]:
    """(DuckDB interval, part) of an INTERVAL that is written out."""
    if not isinstance(node, exp.Interval) or isinstance(node.args.get("unit"), exp.IntervalSpan):
        raise Unsupported("a width that is no INTERVAL of one part", "write INTERVAL n PART")
    count, name = amount(calls, node, scope)
    return INTERVAL_UNITS[name].format(use(calls.context, f"wt_positive({count})")), name


def _bucket(kind: Type) -> Callable[[Calls, exp.Anonymous, Scope], Expr]:
    def special(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
        name = node.name.upper()
        if len(node.expressions) not in (2, 3):
            raise calls.context.fail(f"No matching signature for function {name}", node)
        value = calls.expressions.coerced(node.expressions[0], scope, kind)
        step, part = _step(calls, node.expressions[1], scope)
        if kind == DATE and part in TIME_PARTS:
            raise calls.context.fail(f"{name} does not support the {part} date part", node)
        origin = ORIGIN
        if part not in MICROS and part != "WEEK" and (kind == TIMESTAMP or len(node.expressions) == 3):
            raise Unsupported(f"{name} by {part} of a TIMESTAMP or from an origin of one's own")
        if len(node.expressions) == 3:
            origin = f"CAST({calls.expressions.coerced(node.expressions[2], scope, kind)} AS TIMESTAMP)"
        return Expr(f"CAST(time_bucket({step}, CAST({value} AS TIMESTAMP), {origin}) AS {kind.duck})", kind)

    return special


def generate_range_array(calls: Calls, node: exp.Anonymous, scope: Scope) -> Expr:
    """GENERATE_RANGE_ARRAY(range, step[, include_last_partial_range])."""
    if len(node.expressions) not in (2, 3):
        raise calls.context.fail("No matching signature for function GENERATE_RANGE_ARRAY", node)
    value = calls.expressions.compile(node.expressions[0], scope)
    kind = value.type
    if kind.kind != "RANGE" or kind.item is None:
        raise calls.context.fail(
            f"No matching signature for function GENERATE_RANGE_ARRAY\n  Argument types: {kind}", node
        )
    step, part = _step(calls, node.expressions[1], scope)
    if (kind.item == DATE and part in TIME_PARTS) or (kind.item == TIMESTAMP and part not in MICROS):
        raise calls.context.fail(f"GENERATE_RANGE_ARRAY does not support the {part} date part for {kind}", node)
    last = calls.expressions.coerced(node.expressions[2], scope, BOOL) if len(node.expressions) > 2 else "TRUE"
    start, end = (f"CAST(struct_extract({value.sql}, '{side}') AS TIMESTAMP)" for side in ("start", "end"))
    pieces = use(calls.context, f"wt_range_pieces({start}, {end}, {step}, {last})")
    return Expr(f"CASE WHEN {value.sql} IS NOT NULL THEN CAST({pieces} AS {array(kind).duck}) END", array(kind))


def sessionize(relations: Relations, call: exp.Anonymous, scope: Scope) -> Query:
    """RANGE_SESSIONIZE(table, range column, partitioning columns[, mode]): every row with the range of its session."""
    context, arguments = relations.context, call.expressions
    if len(arguments) not in (3, 4) or not isinstance(arguments[0], exp.Subquery):
        raise context.fail("No matching signature for function RANGE_SESSIONIZE", call)
    if not isinstance(arguments[1], exp.Literal) or not isinstance(arguments[2], exp.Array):
        raise Unsupported("RANGE_SESSIONIZE of columns that are not written out")
    mode = arguments[3].name if len(arguments) > 3 else "MEETS"
    if mode not in MODES:
        raise context.fail(f'Could not cast literal "{mode}" to type RANGE_SESSIONIZE_MODE', arguments[3])
    query = relations.selects.open_query(arguments[0], scope)
    types = {name.lower(): (name, kind) for name, kind in query.columns}
    for named in (arguments[1], *arguments[2].expressions):
        if named.name.lower() not in types:
            raise context.fail(f"Column {named.name} not found in the input table of RANGE_SESSIONIZE", named)
    column, kind = types[arguments[1].name.lower()]
    if kind.kind != "RANGE" or kind.item is None:
        raise context.fail(f"Column {column} of RANGE_SESSIONIZE must be a RANGE, not {kind}", arguments[1])
    value, bound = quoted(column), kind.item.duck
    keys = ", ".join([f"{value} IS NULL", *(quoted(types[n.name.lower()][0]) for n in arguments[2].expressions)])
    first, last = f"'-infinity'::{bound}", f"'infinity'::{bound}"
    before = f"OVER (PARTITION BY {keys} ORDER BY _wt_s, _wt_e ROWS BETWEEN UNBOUNDED PRECEDING AND"
    bounds = (
        f"SELECT *, coalesce(struct_extract({value}, 'start'), {first}) AS _wt_s,"
        f" coalesce(struct_extract({value}, 'end'), {last}) AS _wt_e FROM ({query.sql})"
    )
    begun = f"CASE WHEN _wt_s {MODES[mode]} max(_wt_e) {before} 1 PRECEDING) THEN 1 ELSE 0 END"
    numbered = f"SELECT *, sum(_wt_n) {before} CURRENT ROW) AS _wt_g FROM (SELECT *, {begun} AS _wt_n FROM ({bounds}))"
    session = f"OVER (PARTITION BY {keys}, _wt_g)"
    whole = (
        f'CASE WHEN {value} IS NOT NULL THEN struct_pack("start" := nullif(min(_wt_s) {session}, {first}),'
        f' "end" := nullif(max(_wt_e) {session}, {last})) END'
    )
    names = ", ".join(quoted(name) for name, _ in query.columns)
    sql = f"SELECT {names}, {whole} AS session_range FROM ({numbered})"
    return Query(sql, [*query.columns, ("session_range", kind)], needs=query.needs)


SPECIAL: dict[str, Callable[[Calls, exp.Anonymous, Scope], Expr]] = {
    "DATE_BUCKET": _bucket(DATE), "DATETIME_BUCKET": _bucket(DATETIME), "TIMESTAMP_BUCKET": _bucket(TIMESTAMP),
    "GENERATE_RANGE_ARRAY": generate_range_array,
}  # fmt: skip
