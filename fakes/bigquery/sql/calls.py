"""Function calls: which function is meant, which signature fits, and its template filled in.

Functions that one template cannot say live in `dateparts.py` and `builders.py`. Knows no tables.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql import aggregates, builders, catalogue, dateparts, time_series
from fakes.bigquery.sql.casts import use
from fakes.bigquery.sql.scope import Context, Expr, Scope
from fakes.bigquery.sql.signatures import Signature, choose, mismatch
from fakes.bigquery.sql.types import DATE, DATETIME, STRING, TIME, TIMESTAMP, Type

if TYPE_CHECKING:
    from fakes.bigquery.sql.expressions import Expressions

NAMESPACES = {"NET", "HLL_COUNT", "KLL_QUANTILES", "KEYS", "AEAD", "ML", "AI", "BQ", "D3A_COUNT", "OBJ"}
ORDERED = {"RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST", "NTILE", "LAG", "LEAD"}
"""Functions of a window that must have an order."""
UNFRAMED = ORDERED | {"ROW_NUMBER", "PERCENTILE_CONT", "PERCENTILE_DISC"}
"""Functions of a window that must have no frame."""
_SLOT = re.compile(r"\{(\*|n|d|o|over|nulls|\d)(\|\||\*|\?[^}]*)?\}")
_SLOTS = re.compile(r"\{(0\|\||1\*|\*|n|d|o|over|nulls|\d\?[^}]*|\d)\}")


class Modifiers:
    """What stands inside an aggregate's parentheses beside its arguments."""

    def __init__(self, node: exp.Anonymous) -> None:
        self.distinct = self.ignore_nulls = self.respect_nulls = False
        self.order: exp.Order | None = None
        self.limit: exp.Expression | None = None
        self.having: exp.HavingMax | None = None
        self.arguments: list[exp.Expression] = []
        for argument in node.expressions:
            self.arguments += self._peel(argument)

    def _peel(self, node: exp.Expression) -> list[exp.Expression]:
        if isinstance(node, exp.Limit):
            self.limit = node.expression
            return self._peel(node.this)
        if isinstance(node, exp.Order):
            self.order = node
            return self._peel(node.this)
        if isinstance(node, exp.IgnoreNulls):
            self.ignore_nulls = True
            return self._peel(node.this)
        if isinstance(node, exp.RespectNulls):
            self.respect_nulls = True
            return self._peel(node.this)
        if isinstance(node, exp.HavingMax):
            self.having = node
            return self._peel(node.this)
        if isinstance(node, exp.Distinct):
            self.distinct = True
            return [inner for one in node.expressions for inner in self._peel(one)]
        return [node]


class Calls:
    """Compiles the function calls of one statement."""

    def __init__(self, context: Context, expressions: Expressions) -> None:
        self.context = context
        self.expressions = expressions

    # ---- which function

    def call(self, node: exp.Expression, scope: Scope) -> Expr:
        """A call: a plain one, `SAFE.f(…)` or `NET.f(…)`."""
        if isinstance(node, exp.SafeFunc):
            inner = self.call(node.this, scope)
            return safely(self.context, inner.sql, inner.type)
        if isinstance(node, exp.NetFunc):
            return self.named(f"NET.{node.this.name.upper()}", node.this, scope)
        assert isinstance(node, exp.Anonymous)
        if isinstance(node.this, exp.Identifier):
            return builders.routine(self, node.this.name.split("."), node, scope)
        return self.named(node.name.upper(), node, scope)

    def dotted(self, node: exp.Dot, scope: Scope) -> Expr:
        """`a.b.f(…)`: a namespaced built-in or a routine."""
        path: list[str] = []
        step: exp.Expression = node.this
        while isinstance(step, exp.Dot):
            path.insert(0, step.expression.name)
            step = step.this
        path = [*([p.name for p in step.parts] if isinstance(step, exp.Column) else [step.name]), *path]
        call = node.expression
        if len(path) == 1 and path[0].upper() == "SAFE":
            inner = self.call(call, scope)
            return safely(self.context, inner.sql, inner.type)
        if len(path) == 1 and path[0].upper() in NAMESPACES:
            return self.named(f"{path[0].upper()}.{call.name.upper()}", call, scope)
        full = [part for p in [*path, call.name] for part in p.split(".")]
        return builders.routine(self, full, call, scope)

    def named(self, name: str, node: exp.Anonymous, scope: Scope, over: str | None = None) -> Expr:
        """The built-in or temporary function `name`."""
        if name.lower() in self.context.functions:
            return builders.routine(self, [name], node, scope)
        if special := dateparts.SPECIAL.get(name) or time_series.SPECIAL.get(name) or builders.SPECIAL.get(name):
            return special(self, node, scope)
        if name in catalogue.aggregates() or name in aggregates.AGGREGATES:
            return self.aggregate(name, node, scope, over or "")
        if options := catalogue.scalars().get(name):
            arguments = [self.expressions.compile(a, scope) for a in node.expressions]
            return self.fill(name, options, arguments, node)
        if options := catalogue.windows().get(name):
            if over is None:
                raise self.context.fail(f"Analytic function {name} cannot be called without an OVER clause", node)
            return self._windowed(name, options, node, scope, over)
        namespace = name.split(".", maxsplit=1)[0]
        if name in builders.KNOWN_UNSUPPORTED or name.startswith("ST_") or namespace in NAMESPACES:
            raise Unsupported(f"function {name}")
        raise self.context.fail(f"Function not found: {node.name}", node)

    # ---- templates

    def fill(
        self, name: str, options: list[Signature], arguments: list[Expr], node: exp.Expression, **slots: str
    ) -> Expr:
        """The call `name(arguments)` by the signature of `options` that fits best."""
        chosen = choose(options, arguments)
        if chosen is None:
            raise self.context.fail(mismatch(name, options, arguments), node)
        signature, types, result = chosen
        sqls = [self.expressions.coerce(a, t, node) for a, t in zip(arguments, types, strict=True)]
        sql = render(signature.template, sqls, slots)
        if "$seed" in sql:
            self.context.used["seed"] = None
            self.context.volatile = True
        return Expr(use(self.context, sql), result)

    # ---- aggregates and windows

    def aggregate(self, name: str, node: exp.Anonymous, scope: Scope, over: str) -> Expr:
        """An aggregate function, over a group or over a window."""
        modifiers = Modifiers(node)
        if special := aggregates.AGGREGATES.get(name):
            if modifiers.distinct:
                value = self.expressions.compile(modifiers.arguments[0], self._without_aliases(scope))
                self._distinct(modifiers, value, node, over)
            found = special(self, modifiers, node, scope, over)
            return Expr(found.sql, found.type, aggregate=not over)
        inner = self._without_aliases(scope)
        arguments = [self.expressions.compile(a, inner) for a in modifiers.arguments]
        order = self.order(modifiers.order, inner)
        if name in ("MIN", "MAX") and arguments and arguments[0].type.kind in ("ARRAY", "STRUCT", "JSON", "GEOGRAPHY"):
            raise self.context.fail(f"{name} is not defined for arguments of type {arguments[0].type}", node)
        if name in ("MIN", "MAX") and arguments and arguments[0].type.kind == "RANGE":
            raise Unsupported(f"{name} of a RANGE")
        self._distinct(modifiers, arguments[0] if arguments else None, node, over)
        if modifiers.limit is not None:
            raise Unsupported(f"LIMIT inside {name}")
        if modifiers.having is not None:
            raise Unsupported(f"HAVING inside {name}")
        if modifiers.respect_nulls:
            raise Unsupported(f"RESPECT NULLS in {name}")
        found = self.fill(
            name, catalogue.aggregates()[name], arguments, node,
            d="DISTINCT " if modifiers.distinct else "", o=order, over=over,
        )  # fmt: skip
        return Expr(found.sql, found.type, aggregate=not over)

    def _distinct(self, modifiers: Modifiers, value: Expr | None, node: exp.Expression, over: str) -> None:
        """Raise where DISTINCT may not stand."""
        if not modifiers.distinct:
            return
        if "ORDER BY " in over:
            raise self.context.fail("Window ORDER BY is not allowed if DISTINCT is specified", node)
        if value is not None and value.type.kind in ("JSON", "GEOGRAPHY"):
            raise self.context.fail(
                f"Aggregate functions with DISTINCT cannot be used with arguments of type {value.type}", node
            )

    @staticmethod
    def _without_aliases(scope: Scope) -> Scope:
        # Inside an aggregate a name means a column, even where HAVING or ORDER BY could see an alias.
        inner = Scope(scope.parent, None)
        inner.relations, inner.ctes, inner.windows = scope.relations, scope.ctes, scope.windows
        return inner

    def _windowed(self, name: str, options: list[Signature], node: exp.Anonymous, scope: Scope, over: str) -> Expr:
        modifiers = Modifiers(node)
        arguments = [self.expressions.compile(a, scope) for a in modifiers.arguments]
        nulls = " IGNORE NULLS" if modifiers.ignore_nulls else ""
        percentile = name in ("PERCENTILE_CONT", "PERCENTILE_DISC")
        if percentile and modifiers.respect_nulls:
            raise Unsupported(f"RESPECT NULLS in {name}")
        if name in ORDERED and "ORDER BY " not in over:
            raise self.context.fail(f"Window ORDER BY is required for analytic function {name.lower()}", node)
        if percentile and "ORDER BY " in over:
            raise self.context.fail(f"Window ORDER BY is not allowed for analytic function {name.lower()}", node)
        if name in UNFRAMED and re.search(r"\b(ROWS|RANGE) BETWEEN ", over):
            raise self.context.fail(f"Window framing clause is not allowed for analytic function {name.lower()}", node)
        number = arguments[1].value if len(arguments) > 1 else None
        if name in ("LAG", "LEAD") and isinstance(number, int) and number < 0:
            raise self.context.fail(f"The offset to the function {name} must not be negative", node)
        if name == "NTH_VALUE" and isinstance(number, int) and number < 1:
            raise self.context.fail("The N value for the NTH_VALUE function must be positive", node)
        if percentile and number is not None and not 0 <= number <= 1:
            raise self.context.fail(f"{name}: percentile must be between 0 and 1", node)
        return self.fill(name, options, arguments, node, over=over, nulls=nulls)

    def order(self, order: exp.Order | None, scope: Scope, *, plain: bool = False) -> str:
        """` ORDER BY …` with the service's order of NULLs and NaN, or nothing. `plain` keeps one key an item."""
        if order is None:
            return ""
        return " ORDER BY " + ", ".join(self.ordered(o, scope, plain=plain) for o in order.expressions)

    def ordered(self, node: exp.Ordered, scope: Scope, *, plain: bool = False) -> str:
        """One item of an ORDER BY."""
        if isinstance(node.this, exp.Collate):
            raise Unsupported("COLLATE in ORDER BY")
        item = self.orderable(self.expressions.compile(node.this, scope), node)
        return item.sql + direction(node) if plain else sort_key(item, node)

    def orderable(self, item: Expr, node: exp.Expression) -> Expr:
        """`item`, which is to be ordered by; raises for types without an order."""
        if item.type.kind in ("JSON", "STRUCT", "ARRAY", "GEOGRAPHY"):
            raise self.context.fail(f"ORDER BY does not support expressions of type {item.type}", node)
        return item

    def _partition(self, node: exp.Expression, scope: Scope) -> str:
        key = self.expressions.compile(node, scope)
        if key.type.kind in ("JSON", "FLOAT64", "GEOGRAPHY"):
            raise self.context.fail(f"Partitioning by expressions of type {key.type} is not allowed", node)
        if key.type.kind in ("STRUCT", "ARRAY"):
            raise Unsupported(f"PARTITION BY a value of type {key.type}")
        return key.sql

    def window(self, node: exp.Window, scope: Scope) -> Expr:
        """`f(…) OVER (…)`."""
        call = node.this
        outer_nulls = None
        if isinstance(call, (exp.IgnoreNulls, exp.RespectNulls)):
            outer_nulls, call = type(call), call.this
            call = call.copy()
            call.set("expressions", [outer_nulls(this=call.expressions[0]), *call.expressions[1:]])
        over = f"OVER ({self.window_text(node, scope)})"
        if isinstance(call, exp.Anonymous) and isinstance(call.this, str):
            name = call.name.upper()
            found = self.named(name, call, scope, over)
            return Expr(found.sql, found.type)
        raise Unsupported(f"OVER after {call.sql('bigquery')[:60]}")

    def window_text(self, node: exp.Window, scope: Scope) -> str:
        """The inside of an OVER's parentheses; a named window is written out."""
        name = node.alias if isinstance(node.args.get("alias"), (exp.Identifier, exp.TableAlias)) else ""
        base = scope.windows.get(name.lower()) if name else None
        if name and base is None:
            raise self.context.fail(f"Unrecognized window alias {name}", node)
        partition = node.args.get("partition_by") or (base.args.get("partition_by") if base else None) or []
        order = node.args.get("order") or (base.args.get("order") if base else None)
        spec = node.args.get("spec") or (base.args.get("spec") if base else None)
        parts = []
        if partition:
            keys = ", ".join(self._partition(p, scope) for p in partition)
            parts.append("PARTITION BY " + self._steady(keys))
        if order:
            # A frame of values needs its one key as it is.
            plain = spec is not None and spec.args["kind"] == "RANGE"
            parts.append(self._steady(self.order(order, scope, plain=plain).strip()))
        if spec:
            parts.append(self._frame(spec, scope))
        return " ".join(parts)

    def _steady(self, sql: str) -> str:
        from fakes.bigquery.engine import steady

        return use(self.context, steady(sql))

    def _frame(self, spec: exp.WindowSpec, scope: Scope) -> str:
        def bound(value: object, side: str | None) -> str:
            if isinstance(value, str):
                return f"{value} {side or ''}".strip()
            assert isinstance(value, exp.Expression)
            return f"{self.expressions.compile(value, scope).sql} {side or ''}".strip()

        start = bound(spec.args["start"], spec.args.get("start_side"))
        end = spec.args.get("end")
        finish = bound(end, spec.args.get("end_side")) if end else "CURRENT ROW"
        return f"{spec.args['kind']} BETWEEN {start} AND {finish}"

    # ---- the clock, dates

    def clock(self, node: exp.Expression, scope: Scope) -> Expr:
        """CURRENT_TIMESTAMP and its kin, at the run's own time."""
        self.context.used["now"] = None
        zone = node.this if isinstance(node.this, exp.Expression) else None
        moment = "CAST($now AS TIMESTAMP)"
        if zone is not None:
            where = self.expressions.coerced(zone, scope, STRING)
            moment = use(self.context, f"wt_local(CAST($now AS TIMESTAMPTZ), {where})")
        match node:
            case exp.CurrentDate():
                return Expr(f"CAST({moment} AS DATE)", DATE)
            case exp.CurrentTime():
                return Expr(f"CAST({moment} AS TIME)", TIME)
            case exp.CurrentDatetime():
                return Expr(moment, DATETIME)
            case _:
                return Expr("CAST($now AS TIMESTAMPTZ)", TIMESTAMP)

    def interval(self, node: exp.Interval, scope: Scope) -> Expr:
        """`INTERVAL n PART` and `INTERVAL '…' PART TO PART`."""
        return dateparts.interval(self, node, scope)

    def extract(self, node: exp.Extract, scope: Scope) -> Expr:
        """`EXTRACT(part FROM x)`."""
        return dateparts.extract(self, node, scope)

    def cast_format(self, node: exp.Cast, target: Type, scope: Scope) -> Expr:
        """`CAST(x AS t FORMAT '…')`."""
        return builders.cast_format(self, node, target, scope)


def safely(context: Context, sql: str, kind: Type) -> Expr:
    """`sql` with NULL in place of its errors."""
    from fakes.bigquery.engine import safe

    return Expr(use(context, f"TRY({safe(sql)})"), kind)


def direction(node: exp.Ordered) -> str:
    """` ASC NULLS FIRST` and the like: the service sorts NULLs first ascending, last descending."""
    desc = bool(node.args.get("desc"))
    first = node.args.get("nulls_first")
    if first is None:
        first = not desc
    return f" {'DESC' if desc else 'ASC'} NULLS {'FIRST' if first else 'LAST'}"


def sort_key(item: Expr, node: exp.Ordered) -> str:
    """`item` as the service orders by it: NaN comes before every other number, an unbounded start before any start."""
    way = direction(node)
    if item.type.kind == "FLOAT64" and not item.literal:
        nan = way.replace("ASC", "_").replace("DESC", "ASC").replace("_", "DESC")
        return f"isnan({item.sql}){nan}, {item.sql}{way}"
    if item.type.kind == "RANGE":
        start, end = (f"struct_extract({item.sql}, '{part}')" for part in ("start", "end"))
        word = way.split()[0]
        first, last = ("FIRST", "LAST") if word == "ASC" else ("LAST", "FIRST")
        null = f"{item.sql} IS NULL {'DESC' if way.endswith('FIRST') else 'ASC'}"
        return f"{null}, {start} {word} NULLS {first}, {end} {word} NULLS {last}"
    return item.sql + way


def render(template: str, arguments: list[str], slots: dict[str, str]) -> str:
    """`template` with its slots filled."""

    def slot(match: re.Match[str]) -> str:
        word = match.group(1)
        if word == "*":
            return ", ".join(arguments)
        if word == "n":
            return str(len(arguments))
        if word == "0||":
            return " || ".join(arguments)
        if word == "1*":
            return ", ".join(arguments[1:])
        if word in ("d", "o", "over", "nulls"):
            return slots.get(word, "")
        if "?" in word:
            index, default = word.split("?", 1)
            return arguments[int(index)] if int(index) < len(arguments) else default or "NULL"
        return arguments[int(word)]

    return _SLOTS.sub(slot, template)
