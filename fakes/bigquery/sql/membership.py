"""IN and LIKE: what a value is compared with one by one. Knows typed expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql.casts import use
from fakes.bigquery.sql.scope import Expr, Scope
from fakes.bigquery.sql.types import BOOL, STRING

if TYPE_CHECKING:
    from fakes.bigquery.sql.expressions import Expressions


def is_in(expressions: Expressions, node: exp.In, scope: Scope) -> Expr:
    """`x IN (…)`, of values, an array or a subquery, with NULL inside as the service has it."""
    left = expressions.compile(node.this, scope)
    if node.args.get("unnest") is not None:
        unnest = node.args["unnest"]
        items = expressions.compile(unnest.expressions[0] if isinstance(unnest, exp.Unnest) else unnest, scope)
        if items.type.kind != "ARRAY" or items.type.item is None:
            raise expressions.context.fail("Second argument of IN UNNEST must be an array", node)
        wanted = items.type.item if items.type.item.kind != "NULL" else left.type
        value = expressions.coerce(left, wanted, node)
        if wanted.kind == "STRUCT":
            same = expressions.operators.compared("=", "_i", value, wanted, node)
            tests = f"list_transform({items.sql}, lambda _i: {same})"
            return Expr(use(expressions.context, f"wt_any_of({tests})"), BOOL)
        return Expr(use(expressions.context, f"wt_in_array({value}, {items.sql})"), BOOL)
    if (query := node.args.get("query")) is not None:
        inner = expressions.queries.query(query.this if isinstance(query, exp.Subquery) else query, scope)
        if len(inner.columns) != 1:
            raise expressions.context.fail("Subquery of type IN must have only one output column", node)
        if inner.columns[0][1].kind == "STRUCT":
            raise Unsupported("IN (subquery) of STRUCT values", "join, or compare field by field")
        value = expressions.coerce(left, inner.columns[0][1], node) if left.type != inner.columns[0][1] else left.sql
        return Expr(f"({value} IN ({inner.sql}))", BOOL)
    exprs = [left, *(expressions.compile(n, scope) for n in node.expressions)]
    (value, *options), kind = expressions.unify(exprs, "operator IN", node)
    if kind.kind in ("STRUCT", "FLOAT64"):
        tests = " OR ".join(expressions.operators.compared("=", value, o, kind, node) for o in options)
        return Expr(f"({tests})", BOOL)
    return Expr(f"({value} IN ({', '.join(options)}))", BOOL)


def like(expressions: Expressions, node: exp.Like, scope: Scope) -> Expr:
    """`x [NOT] LIKE …`, of one pattern, or of ANY or ALL of a list."""
    left, right = expressions.compile(node.this, scope), node.expression
    if left.type.kind == "BYTES":
        raise Unsupported("LIKE of BYTES")
    if isinstance(right, (exp.Any, exp.All)):
        inner = right.this
        if node.args.get("negate"):
            raise Unsupported("NOT LIKE ANY and NOT LIKE ALL")
        if isinstance(inner, (exp.Anonymous, exp.Query, exp.Unnest, exp.Subquery)):
            raise Unsupported("LIKE ANY or ALL of an array or a subquery", "list the patterns")
        options = inner.expressions if isinstance(inner, exp.Tuple) else [inner.unnest()]
        word = " OR " if isinstance(right, exp.Any) else " AND "
        tests = [f"{left.sql} LIKE {expressions.coerced(o, scope, STRING)} ESCAPE '\\'" for o in options]
        sql = f"({word.join(tests)})"
        return Expr(sql, BOOL)
    a, b = expressions.coerce(left, STRING, node), expressions.coerced(right, scope, STRING)
    no = "NOT " if node.args.get("negate") else ""
    return Expr(f"({a} {no}LIKE {b} ESCAPE '\\')", BOOL)
