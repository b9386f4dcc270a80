"""Scalar expressions: from GoogleSQL nodes to typed DuckDB text.

Every node kind that is understood has a method here or a line in the function catalogue; any other is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from sqlglot import exp

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql import literals, membership
from fakes.bigquery.sql.calls import Calls
from fakes.bigquery.sql.casts import cast, convert, limited, text, use
from fakes.bigquery.sql.names import Names
from fakes.bigquery.sql.operators import BITWISE, Operators
from fakes.bigquery.sql.scope import Context, Expr, Query, Scope, parameter_key
from fakes.bigquery.sql.types import (
    BOOL,
    INT64,
    JSON,
    STRING,
    Type,
    array,
    coercible,
    from_ast,
    named_after,
    quoted,
    struct,
    supertype,
)

NULL = Type("NULL")
COMPARISONS = {exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}
ARITHMETIC = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}


class Queries(Protocol):
    """What expressions need of the query compiler: subqueries."""

    def query(self, node: exp.Expression, scope: Scope | None) -> Query:
        """Compile a query expression seen from `scope`."""


class Expressions:
    """Compiles the expressions of one statement."""

    def __init__(self, context: Context, queries: Queries) -> None:
        self.context = context
        self.queries = queries
        self.calls = Calls(context, self)
        self.names = Names(context, self)
        self.operators = Operators(context, self)

    def compile(self, node: exp.Expression, scope: Scope) -> Expr:
        """The typed DuckDB text of `node` with names taken from `scope`."""
        method = self._METHODS.get(type(node))
        if method is None:
            raise Unsupported(f"{type(node).__name__} expression: {node.sql('bigquery')[:80]}")
        return method(self, node, scope)

    def coerced(self, node: exp.Expression, scope: Scope, target: Type) -> str:
        """`node` as an implicit `target`; raises where the service would want a CAST."""
        return self.coerce(self.compile(node, scope), target, node)

    def coerce(self, expr: Expr, target: Type, node: exp.Expression | None = None) -> str:
        """`expr` as an implicit `target`."""
        if not coercible(expr.type, target, literal=expr.literal):
            raise self.context.fail(f"Cannot coerce expression of type {expr.type} to type {target}", node)
        if expr.type.kind == "STRING" and expr.literal and expr.value is not None and target.kind != "STRING":
            return literals.typed(self.context, str(expr.value), target, node).sql
        return convert(self.context, expr, target)

    def unify(self, exprs: list[Expr], what: str, node: exp.Expression) -> tuple[list[str], Type]:
        """All of `exprs` as their common supertype; literals bend to the others."""
        firm = [e.type for e in exprs if not e.literal and e.type.kind != "NULL"]
        target = supertype(firm) if firm else None
        if not firm or target is None or not all(coercible(e.type, target, literal=e.literal) for e in exprs):
            # A string bends to literals that say their type: DATE '2024-01-01' < '2024-02-01'.
            firm = [e.type for e in exprs if e.value is None or e.type != STRING]
            typed = supertype([t for t in firm if t.kind != "NULL"]) if firm else None
            if typed is None or not all(coercible(e.type, typed, literal=e.literal) for e in exprs):
                typed = supertype([e.type for e in exprs if e.type.kind != "NULL"])
            target = typed
        if target is None:
            kinds = ", ".join(str(e.type) for e in exprs)
            raise self.context.fail(f"No matching signature for {what} for argument types: {kinds}", node)
        target = named_after(exprs[0].type, target)
        return [self.coerce(e, target, node) for e in exprs], target

    # ---- literals and names

    def _literal(self, node: exp.Literal, scope: Scope) -> Expr:
        if node.is_string:
            return Expr(text(node.this), STRING, literal=True, value=node.this)
        return literals.number(self.context, node.this, node)

    def _raw(self, node: exp.Expression, scope: Scope) -> Expr:
        return Expr(text(node.this), STRING, literal=True, value=node.this)

    def _bytes(self, node: exp.ByteString, scope: Scope) -> Expr:
        return literals.bytes_literal(node.this)

    def _hex(self, node: exp.HexString, scope: Scope) -> Expr:
        return literals.number(self.context, str(int(node.this, 16)), node)

    def _null(self, node: exp.Null, scope: Scope) -> Expr:
        return Expr("NULL", NULL, literal=True)

    def _bool(self, node: exp.Boolean, scope: Scope) -> Expr:
        return Expr("TRUE" if node.this else "FALSE", BOOL, literal=True, value=bool(node.this))

    def _parameter(self, node: exp.Parameter, scope: Scope) -> Expr:
        if isinstance(node.this, exp.Parameter):
            return self.variable("@@" + node.this.name, node)
        name = node.name.lower()
        kind = {k.lower(): (k, v) for k, v in self.context.parameters.items()}.get(name)
        if kind is None:
            raise self.context.fail(f"Query parameter '{node.name}' not found", node)
        key = parameter_key(kind[0])
        self.context.used[key] = None
        return Expr(f"CAST(${key} AS {kind[1].duck})", kind[1], literal=True)

    def _placeholder(self, node: exp.Placeholder, scope: Scope) -> Expr:
        self.context.positional += 1
        name = str(self.context.positional)
        if name not in self.context.parameters:
            raise self.context.fail(f"Query parameter number {name} is not defined", node)
        kind = self.context.parameters[name]
        key = parameter_key(name)
        self.context.used[key] = None
        return Expr(f"CAST(${key} AS {kind.duck})", kind, literal=True)

    def variable(self, name: str, node: exp.Expression) -> Expr:
        """A script variable, or a system variable (`@@…`)."""
        kind = self.context.variables.get(name.lower())
        if kind is None and name.startswith("@@"):
            raise Unsupported(f"system variable {name}")
        if kind is None:
            raise self.context.fail(f"Unrecognized name: {name}", node)
        key = "v_" + name.lower().replace("@@", "sys_").replace(".", "_")
        self.context.used[key] = None
        return Expr(f"CAST(${key} AS {kind.duck})", kind)

    def _column(self, node: exp.Column, scope: Scope) -> Expr:
        parts = [p.name for p in node.parts]
        if isinstance(node.this, exp.Star):
            raise self.context.fail("Star expansion is not allowed here", node)
        return self.names.path(parts, scope, node)

    def _dot(self, node: exp.Dot, scope: Scope) -> Expr:
        if isinstance(node.expression, exp.Anonymous):
            return self.calls.dotted(node, scope)
        if isinstance(node.this, exp.Parameter) and isinstance(node.this.this, exp.Parameter):
            return self.variable(f"@@{node.this.this.name}.{node.expression.name}", node)
        if isinstance(node.expression, exp.Star):
            raise self.context.fail("Star expansion is not allowed here", node)
        return self.names.field(self.compile(node.this, scope), node.expression.name, node)

    # ---- operators

    def _paren(self, node: exp.Paren, scope: Scope) -> Expr:
        inner = self.compile(node.this, scope)
        return Expr(f"({inner.sql})", inner.type, literal=inner.literal, value=inner.value)

    def _logic(self, node: exp.Expression, scope: Scope) -> Expr:
        word = "AND" if isinstance(node, exp.And) else "OR"
        left = self.coerced(node.this, scope, BOOL)
        right = self.coerced(node.expression, scope, BOOL)
        return Expr(f"({left} {word} {right})", BOOL)

    def _not(self, node: exp.Not, scope: Scope) -> Expr:
        return Expr(f"(NOT {self.coerced(node.this, scope, BOOL)})", BOOL)

    def _compare(self, node: exp.Expression, scope: Scope) -> Expr:
        sign = COMPARISONS[type(node)]
        left, right = self.compile(node.this, scope), self.compile(node.expression, scope)
        return self.operators.comparison(sign, left, right, node)

    def _null_safe(self, node: exp.Expression, scope: Scope) -> Expr:
        left, right = self.compile(node.this, scope), self.compile(node.expression, scope)
        (a, b), _ = self.unify([left, right], "operator IS DISTINCT FROM", node)
        word = "IS NOT DISTINCT FROM" if isinstance(node, exp.NullSafeEQ) else "IS DISTINCT FROM"
        return Expr(f"({a} {word} {b})", BOOL)

    def _arithmetic(self, node: exp.Expression, scope: Scope) -> Expr:
        sign = ARITHMETIC[type(node)]
        left, right = self.compile(node.this, scope), self.compile(node.expression, scope)
        return self.operators.arithmetic(sign, left, right, node)

    def _bitwise(self, node: exp.Expression, scope: Scope) -> Expr:
        return self.operators.bitwise(node, self.compile(node.this, scope), self.compile(node.expression, scope))

    def _bitwise_not(self, node: exp.Expression, scope: Scope) -> Expr:
        operand = self.compile(node.this, scope)
        if operand.type.kind == "BYTES":
            return Expr(use(self.context, f"wt_bytes_not({operand.sql})"), operand.type)
        return Expr(f"(~{self.coerce(operand, INT64, node)})", INT64)

    def _neg(self, node: exp.Neg, scope: Scope) -> Expr:
        inner = node.this
        if isinstance(inner, exp.Literal) and not inner.is_string:
            return literals.number(self.context, "-" + inner.this, node)
        operand = self.compile(inner, scope)
        if not operand.type.numeric and operand.type.kind not in ("INTERVAL", "NULL"):
            raise self.context.fail(f"No matching signature for operator -\n  Argument types: {operand.type}", node)
        if operand.type == INT64:
            return Expr(f"(CAST(0 AS BIGINT) - {operand.sql})", INT64, literal=operand.literal)
        return Expr(f"(-{operand.sql})", operand.type, literal=operand.literal)

    def _concat(self, node: exp.DPipe, scope: Scope) -> Expr:
        left, right = self.compile(node.this, scope), self.compile(node.expression, scope)
        (a, b), kind = self.unify([left, right], "operator ||", node)
        if kind.kind not in ("STRING", "BYTES", "ARRAY"):
            raise self.context.fail(f"No matching signature for operator || for argument types: {kind}", node)
        return Expr(f"({a} || {b})", kind)

    def _is(self, node: exp.Is, scope: Scope) -> Expr:
        left = self.compile(node.this, scope)
        word = node.expression
        if isinstance(word, exp.Null):
            return Expr(f"({left.sql} IS NULL)", BOOL)
        if isinstance(word, exp.Boolean):
            value = self.coerce(left, BOOL, node)
            return Expr(f"({value} IS {'TRUE' if word.this else 'FALSE'})", BOOL)
        raise Unsupported(f"IS {word.sql('bigquery')}")

    def _between(self, node: exp.Between, scope: Scope) -> Expr:
        exprs = [self.compile(n, scope) for n in (node.this, node.args["low"], node.args["high"])]
        (value, low, high), kind = self.unify(exprs, "operator BETWEEN", node)
        if kind.kind in ("FLOAT64", "STRUCT", "ARRAY", "JSON", "RANGE"):
            above = self.operators.compared(">=", value, low, kind, node)
            return Expr(f"({above} AND {self.operators.compared('<=', value, high, kind, node)})", BOOL)
        return Expr(f"({value} BETWEEN {low} AND {high})", BOOL)

    # ---- conditionals, constructors, subqueries

    def _case(self, node: exp.Case, scope: Scope) -> Expr:
        branches = node.args["ifs"]
        results = [self.compile(b.args["true"], scope) for b in branches]
        default = node.args.get("default")
        results.append(self.compile(default, scope) if default is not None else Expr("NULL", NULL, literal=True))
        values, kind = self.unify(results, "CASE", node)
        if node.this is not None:
            subject = self.compile(node.this, scope)
            tests = [self.operators.comparison("=", subject, self.compile(b.this, scope), node).sql for b in branches]
        else:
            tests = [self.coerced(b.this, scope, BOOL) for b in branches]
        whens = " ".join(f"WHEN {t} THEN {v}" for t, v in zip(tests, values, strict=False))
        return Expr(f"CASE {whens} ELSE {values[-1]} END", kind)

    def _if(self, node: exp.If, scope: Scope) -> Expr:
        test = self.coerced(node.this, scope, BOOL)
        exprs = [self.compile(node.args["true"], scope)]
        if node.args.get("false") is None:
            raise self.context.fail("No matching signature for function IF", node)
        exprs.append(self.compile(node.args["false"], scope))
        (yes, no), kind = self.unify(exprs, "function IF", node)
        return Expr(f"CASE WHEN {test} THEN {yes} ELSE {no} END", kind)

    def _cast(self, node: exp.Cast, scope: Scope) -> Expr:
        found = self._converted(node, scope)
        return limited(self.context, found, node.to, safe=isinstance(node, exp.TryCast))

    def _converted(self, node: exp.Cast, scope: Scope) -> Expr:
        target = from_ast(node.to)
        inner = node.this
        if node.args.get("format") is not None:
            return self.calls.cast_format(node, target, scope)
        if isinstance(inner, exp.Array) and target.kind == "ARRAY" and target.item:
            return self._typed_array(inner, target, scope)
        if isinstance(inner, exp.Struct) and target.kind == "STRUCT":
            return self._typed_struct(inner, target, scope)
        expr = self.compile(inner, scope)
        safe = isinstance(node, exp.TryCast)
        if isinstance(inner, exp.Literal) and inner.is_string and target.kind in literals.PARSED and not safe:
            return literals.typed(self.context, inner.this, target, node, cast=True)
        return cast(self.context, expr, target, safe=safe)

    def _typed_array(self, node: exp.Array, target: Type, scope: Scope) -> Expr:
        assert target.item
        items = [self.coerced(n, scope, target.item) for n in node.expressions]
        return Expr(f"CAST([{', '.join(items)}] AS {target.duck})", target)

    def _typed_struct(self, node: exp.Struct, target: Type, scope: Scope) -> Expr:
        if len(node.expressions) != len(target.fields):
            raise self.context.fail(
                f"STRUCT type has {len(target.fields)} fields but constructor call has {len(node.expressions)}", node
            )
        parts = [
            f"{quoted(name)} := {self.coerced(n, scope, kind)}"
            for n, (name, kind) in zip(node.expressions, target.named_fields, strict=True)
        ]
        return Expr(f"struct_pack({', '.join(parts)})", target)

    def _array(self, node: exp.Array, scope: Scope) -> Expr:
        if len(node.expressions) == 1 and isinstance(node.expressions[0], exp.Query):
            return self._array_subquery(node.expressions[0], scope)
        exprs = [self.compile(n, scope) for n in node.expressions]
        if not exprs:
            return Expr("[]", array(NULL), literal=True)
        items, kind = self.unify(exprs, "ARRAY", node)
        if kind.kind == "ARRAY":
            raise self.context.fail("Cannot construct array with element type ARRAY because nested arrays are not"
                                    " supported", node)  # fmt: skip
        literal = all(e.literal for e in exprs)
        return Expr(f"CAST([{', '.join(items)}] AS {kind.duck}[])", array(kind), literal=literal)

    def _array_subquery(self, node: exp.Expression, scope: Scope) -> Expr:
        inner = self.queries.query(node, scope)
        if len(inner.columns) != 1:
            raise self.context.fail("ARRAY subquery cannot have more than one column unless using SELECT AS STRUCT"
                                    " to build STRUCT values", node)  # fmt: skip
        name, kind = inner.columns[0]
        rows = f"SELECT {quoted(name)} AS v FROM ({inner.sql})"
        return Expr(f"coalesce(ARRAY({rows}), CAST([] AS {kind.duck}[]))", array(kind))

    def _tuple(self, node: exp.Tuple, scope: Scope) -> Expr:
        return self.struct([("", self.compile(n, scope)) for n in node.expressions])

    def struct(self, fields: list[tuple[str, Expr]]) -> Expr:
        """A STRUCT of named values."""
        exprs = [Expr("CAST(NULL AS BIGINT)", NULL, literal=True) if e.type.kind == "NULL" else e for _, e in fields]
        kind = struct([(n, e.type) for (n, _), e in zip(fields, exprs, strict=True)])
        parts = [f"{quoted(n)} := {e.sql}" for (n, _), e in zip(kind.named_fields, exprs, strict=True)]
        return Expr(f"struct_pack({', '.join(parts)})", kind, literal=all(e.literal for e in exprs))

    def _bracket(self, node: exp.Bracket, scope: Scope) -> Expr:
        base = self.compile(node.this, scope)
        index_node = node.expressions[0]
        index = self.compile(index_node, scope)
        if base.type.kind == "JSON":
            return Expr(use(self.context, f"wt_json_get({base.sql}, CAST({index.sql} AS VARCHAR))"), JSON)
        if base.type.kind != "ARRAY" or base.type.item is None:
            raise self.context.fail(f"Element access using [] is not supported on values of type {base.type}", node)
        position = self.coerce(index, INT64, node)
        origin = node.args.get("offset")
        one_based = f"({position} + 1)" if origin in (0, None) else position
        if node.args.get("safe"):
            return Expr(f"(CASE WHEN {one_based} >= 1 THEN list_extract({base.sql}, {one_based}) END)",
                        base.type.item)  # fmt: skip
        return Expr(use(self.context, f"wt_element({base.sql}, {one_based}, {position})"), base.type.item)

    def _subquery(self, node: exp.Subquery, scope: Scope) -> Expr:
        inner = self.queries.query(node.this if not node.args.get("with_") else node, scope)
        if len(inner.columns) != 1:
            raise self.context.fail("Scalar subquery cannot have more than one column unless using SELECT AS STRUCT"
                                    " to build STRUCT values", node)  # fmt: skip
        return Expr(f"({inner.sql})", inner.columns[0][1])

    def _exists(self, node: exp.Exists, scope: Scope) -> Expr:
        inner = self.queries.query(node.this, scope)
        return Expr(f"EXISTS ({inner.sql})", BOOL)

    def _interval(self, node: exp.Interval, scope: Scope) -> Expr:
        return self.calls.interval(node, scope)

    def _call(self, node: exp.Expression, scope: Scope) -> Expr:
        return self.calls.call(node, scope)

    def _window(self, node: exp.Window, scope: Scope) -> Expr:
        return self.calls.window(node, scope)

    def _now(self, node: exp.Expression, scope: Scope) -> Expr:
        return self.calls.clock(node, scope)

    def _json_literal(self, node: exp.Expression, scope: Scope) -> Expr:
        if not isinstance(node.this, exp.Literal):
            # The grammar takes JSON '…'.a for JSON ('…'.a).
            whole = node.this.copy()
            first = whole
            while isinstance(first.this, exp.Expression) and not isinstance(first, exp.Literal):
                first = first.this
            first.replace(exp.ParseJSON(this=first.copy()))
            return self.compile(whole, scope)
        return literals.typed(self.context, node.this.this, JSON, node)

    def _extract(self, node: exp.Extract, scope: Scope) -> Expr:
        return self.calls.extract(node, scope)

    def _at_time_zone(self, node: exp.AtTimeZone, scope: Scope) -> Expr:
        raise self.context.fail("Syntax error: Unexpected keyword AT", node)

    _METHODS: ClassVar[dict[type, Callable[[Any, Any, Scope], Expr]]] = {
        exp.Literal: _literal, exp.RawString: _raw, exp.ByteString: _bytes, exp.HexString: _hex, exp.Null: _null,
        exp.Boolean: _bool, exp.Parameter: _parameter, exp.Placeholder: _placeholder, exp.Column: _column,
        exp.Dot: _dot, exp.Paren: _paren, exp.And: _logic, exp.Or: _logic, exp.Not: _not,
        **dict.fromkeys(COMPARISONS, _compare), exp.NullSafeEQ: _null_safe, exp.NullSafeNEQ: _null_safe,
        **dict.fromkeys(ARITHMETIC, _arithmetic), **dict.fromkeys(BITWISE, _bitwise),
        exp.BitwiseNot: _bitwise_not, exp.Neg: _neg, exp.DPipe: _concat, exp.Is: _is, exp.Between: _between,
        exp.In: membership.is_in, exp.Like: membership.like, exp.Case: _case, exp.If: _if, exp.Cast: _cast,
        exp.TryCast: _cast,
        exp.Array: _array, exp.Tuple: _tuple, exp.Bracket: _bracket, exp.Subquery: _subquery, exp.Exists: _exists,
        exp.Interval: _interval, exp.Anonymous: _call, exp.SafeFunc: _call, exp.NetFunc: _call, exp.Window: _window,
        exp.CurrentDate: _now, exp.CurrentTime: _now, exp.CurrentTimestamp: _now, exp.CurrentDatetime: _now,
        exp.ParseJSON: _json_literal, exp.Extract: _extract, exp.AtTimeZone: _at_time_zone,
    }  # fmt: skip
