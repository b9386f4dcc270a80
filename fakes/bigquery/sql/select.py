"""Queries: SELECT, set operations, WITH, FROM and everything between.

Every output column is named and typed here, so the result's schema is known before anything runs. Knows no jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlglot import exp

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql.calls import direction, sort_key
from fakes.bigquery.sql.casts import convert
from fakes.bigquery.sql.expressions import NULL, Expressions
from fakes.bigquery.sql.relations import Relations, missing_partition_filter
from fakes.bigquery.sql.scope import Context, Expr, Need, Query, Scope
from fakes.bigquery.sql.types import BOOL, INT64, Type, quoted, settled, supertype

UNGROUPED = {"JSON", "GEOGRAPHY"}
"""Kinds of types whose values are never compared for grouping."""


class Selects:
    """Compiles the queries of one statement."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.expressions = Expressions(context, self)
        self.relations = Relations(context, self, self.expressions)

    def query(self, node: exp.Expression, scope: Scope | None = None) -> Query:
        """Compile any query expression seen from `scope`; raises where it owes a partition filter."""
        found = self.open_query(node, scope)
        for need in found.needs:
            raise missing_partition_filter(need.source)
        return found

    def open_query(self, node: exp.Expression, scope: Scope | None = None) -> Query:
        """Compile a query that an outer one may still give partition filters."""
        if isinstance(node, exp.Subquery):
            return self._subquery(node, scope)
        if isinstance(node, exp.Select):
            return self._with(node, scope, self._select)
        if isinstance(node, exp.SetOperation):
            return self._with(node, scope, self._set_operation)
        if isinstance(node, exp.Paren):
            return self.open_query(node.this, scope)
        raise Unsupported(f"{type(node).__name__} as a query")

    def _subquery(self, node: exp.Subquery, scope: Scope | None) -> Query:
        tail = any(node.args.get(k) for k in ("order", "limit", "offset", "with_"))
        if not tail:
            return self.open_query(node.this, scope)

        def body(node: exp.Expression, inner_scope: Scope) -> Query:
            inner = self.open_query(node.this, inner_scope)
            return self._tail(node, inner, inner_scope)

        return self._with(node, scope, body)

    def _with(self, node: exp.Expression, parent: Scope | None, body: Callable[[Any, Scope], Query]) -> Query:
        scope = Scope(parent)
        clause = node.args.get("with_")
        if clause is None:
            return body(node, scope)
        parts = []
        for cte in clause.expressions:
            name = cte.alias
            if name.lower() in scope.ctes:
                raise self.context.fail(f"Duplicate alias {name} for WITH subquery", cte)
            sql_name = f"{name}_{self.context.alias()}"
            if clause.args.get("recursive") and self._mentions(cte.this, name):
                compiled = self._recursive(cte.this, name, sql_name, scope)
            else:
                compiled = self.open_query(cte.this, scope)
            scope.ctes[name.lower()] = (sql_name, compiled)
            columns = ", ".join(quoted(c) for c, _ in compiled.columns)
            parts.append(f"{quoted(sql_name)}({columns}) AS ({compiled.sql})")
        inner = body(node, scope)
        word = "WITH RECURSIVE" if clause.args.get("recursive") else "WITH"
        return Query(
            f"{word} {', '.join(parts)} {inner.sql}", inner.columns, inner.value_table, inner.ordered, inner.needs
        )

    @staticmethod
    def _mentions(node: exp.Expression, name: str) -> bool:
        return any(t.name.lower() == name.lower() and not t.db for t in node.find_all(exp.Table))

    def _recursive(self, node: exp.Expression, name: str, sql_name: str, scope: Scope) -> Query:
        if not isinstance(node, exp.Union):
            raise self.context.fail(f"Recursive reference from query alias {name} must be a UNION ALL", node)
        base = self.query(node.left, scope)
        scope.ctes[name.lower()] = (sql_name, base)
        step = self.query(node.right, scope)
        columns = []
        for (column, kind), (_, other) in zip(base.columns, step.columns, strict=True):
            columns.append((column, supertype([kind, other]) or kind))
        left, right = self._cast_columns(base, columns), self._cast_columns(step, columns)
        scope.ctes[name.lower()] = (sql_name, Query("", columns))
        word = "UNION" if node.args.get("distinct") else "UNION ALL"
        return Query(f"({left}) {word} ({right})", columns)

    # ---- set operations

    def _set_operation(self, node: exp.SetOperation, scope: Scope) -> Query:
        left, right = self.open_query(node.left, scope), self.open_query(node.right, scope)
        word = {exp.Union: "UNION", exp.Except: "EXCEPT", exp.Intersect: "INTERSECT"}[type(node)]
        said = f"{word} {'DISTINCT' if node.args.get('distinct') else 'ALL'}"
        if node.args.get("by_name"):
            left, right = self._by_name(node, left, right, said)
        if len(left.columns) != len(right.columns):
            raise self.context.fail(
                f"Queries in {said} have mismatched column count; query 1 has {len(left.columns)} columns, query 2 has"
                f" {len(right.columns)} columns", node.right
            )  # fmt: skip
        columns: list[tuple[str, Type]] = []
        for i, ((name, kind), (_, other)) in enumerate(zip(left.columns, right.columns, strict=True)):
            wider = supertype([kind, other])
            if i in left.nulls or i in right.nulls:
                wider = other if i in left.nulls else kind
            if wider is None:
                raise self.context.fail(f"Column {i + 1} in {said} has incompatible types: {kind}, {other}", node.right)
            if node.args.get("distinct") and wider.kind in UNGROUPED:
                raise self.context.fail(
                    f"Column {i + 1} in {said} has type that does not support set operation comparisons: {wider}",
                    node.right,
                )
            columns.append((name, wider))
        if not node.args.get("distinct"):
            word += " ALL"
        sql = f"({self._cast_columns(left, columns)}) {word} ({self._cast_columns(right, columns)})"
        if word == "UNION ALL" and isinstance(node.parent, (exp.CTE, exp.Subquery)):
            # Keeps the order of the rows: grouped straight away, DuckDB reads the later branches first, and an
            # ARRAY_AGG without ORDER BY shows it.
            sql += " OFFSET 0"
        needs = [*left.needs, *(self._renamed(n, right.columns, columns) for n in right.needs)]
        return self._tail(node, Query(sql, columns, needs=needs, nulls=left.nulls & right.nulls), scope)

    def _by_name(self, node: exp.SetOperation, left: Query, right: Query, said: str) -> tuple[Query, Query]:
        """Both sides with their columns matched by name: all of them, those of both, of the left, or of either."""
        mine = {n.lower(): n for n, _ in left.columns}
        others = {n.lower(): n for n, _ in right.columns}
        side, inner = node.args.get("side"), node.args.get("kind") == "INNER"
        if on := node.args.get("on"):
            names = [c.name.lower() for c in on]
        elif inner:
            names = [n for n in mine if n in others]
        elif side == "LEFT":
            names = list(mine)
        elif side == "FULL":
            names = [*mine, *(n for n in others if n not in mine)]
        else:
            names = list(mine)
            if set(mine) != set(others):
                raise self.context.fail(f"Queries in {said} BY NAME must have the same set of column names", node.right)
        return self._ordered_as(left, names, mine | {n: others[n] for n in names if n not in mine}), self._ordered_as(
            right, names, others
        )

    @staticmethod
    def _ordered_as(query: Query, names: Sequence[str], spelled: Mapping[str, str]) -> Query:
        kinds = {n.lower(): (i, n, t) for i, (n, t) in enumerate(query.columns)}
        items, columns, nulls = [], [], set[int]()
        for i, name in enumerate(names):
            label = spelled.get(name, name)
            if name not in kinds:
                items.append(f"CAST(NULL AS BIGINT) AS {quoted(label)}")
                columns.append((label, INT64))
                nulls.add(i)
                continue
            position, own, kind = kinds[name]
            items.append(f"{quoted(own)} AS {quoted(label)}")
            columns.append((label, kind))
            if position in query.nulls:
                nulls.add(i)
        return Query(
            f"SELECT {', '.join(items)} FROM ({query.sql})", columns, needs=query.needs, nulls=frozenset(nulls)
        )

    @staticmethod
    def _renamed(need: Need, own: Sequence[tuple[str, Type]], shown: Sequence[tuple[str, Type]]) -> Need:
        """A need of the right side of a set operation, by the names of the left."""
        names = (s for (n, _), (s, _) in zip(own, shown, strict=True) if n.lower() in need.names)
        return Need(frozenset(n.lower() for n in names), need.source)

    def _cast_columns(self, query: Query, columns: Sequence[tuple[str, Type]]) -> str:
        if [t for _, t in query.columns] == [t for _, t in columns] and [n for n, _ in query.columns] == [
            n for n, _ in columns
        ]:
            return query.sql
        items = [
            self.expressions.coerce(Expr(quoted(name), NULL if i in query.nulls else kind), target)
            + f" AS {quoted(alias)}"
            for i, ((name, kind), (alias, target)) in enumerate(zip(query.columns, columns, strict=True))
        ]
        return f"SELECT {', '.join(items)} FROM ({query.sql})"

    def _tail(self, node: exp.Expression, query: Query, outer: Scope) -> Query:
        """ORDER BY and LIMIT after a set operation or a parenthesised query: they see output columns only."""
        order, limit = node.args.get("order"), self._limit(node, outer)
        if order is None and not limit:
            return query
        alias = self.context.alias()
        scope = Scope(outer.parent)
        scope.relations = [self.relations.derived(alias, query)]
        keys = []
        if order is not None:
            for item in order.expressions:
                position = self._ordinal(item.this)
                if position is not None:
                    keys.append(f"{position}{direction(item)}")
                else:
                    keys.append(self.expressions.calls.ordered(item, scope))
        columns = ", ".join(f"{quoted(alias)}.{quoted(n)}" for n, _ in query.columns)
        by = f" ORDER BY {', '.join(keys)}" if keys else ""
        sql = f"SELECT {columns} FROM ({query.sql}) AS {quoted(alias)}{by}{limit}"
        return Query(sql, query.columns, query.value_table, bool(keys), query.needs if not limit else self._shut(query))

    @staticmethod
    def _shut(query: Query) -> list[Need]:
        # A filter outside cannot reach through LIMIT.
        for need in query.needs:
            raise missing_partition_filter(need.source)
        return []

    # ---- SELECT

    def _select(self, node: exp.Select, scope: Scope) -> Query:
        self._refuse(node)
        froms = ""
        if (clause := node.args.get("from_")) is not None:
            froms = " FROM " + self.relations.compile(clause.this, node.args.get("joins") or [], scope)
        elif any(isinstance(e, exp.Star) for e in node.expressions):
            raise self.context.fail("SELECT * must have a FROM clause", node)
        for window in node.args.get("windows") or []:
            scope.windows[window.name.lower()] = window
        items = self._items(node, scope)
        where = ""
        if (clause := node.args.get("where")) is not None:
            where = " WHERE " + self.expressions.coerced(clause.this, scope, BOOL)
        items_only = [(n, e) for n, e, _ in items]
        closed = node.args.get("limit") is not None or node.args.get("kind") is not None
        needs = self.relations.passed_on(scope, clause.this if clause is not None else None, items_only, closed=closed)
        group = self._group(node, items, scope)
        aliased = self._aliased(scope, items)
        having = self._condition(node, "having", "HAVING", aliased)
        qualify = self._condition(node, "qualify", "QUALIFY", aliased)
        order = self._order(node, items, aliased)
        distinct = node.args.get("distinct")
        for name, value, _ in items if distinct else ():
            if value.type.kind in UNGROUPED:
                raise self.context.fail(f"Column {name} of type {value.type} cannot be used in SELECT DISTINCT", node)
        word = "SELECT DISTINCT" if distinct else "SELECT"
        shown, columns = self._output(node, items)
        limit = self._limit(node, scope)
        if not froms and (where or having):
            froms = " FROM (SELECT 1)"
        sql = f"{word} {shown}{froms}{where}{group}{having}{qualify}{order}{limit}"
        nulls = frozenset(i for i, (_, e, _) in enumerate(items) if e.type.kind == "NULL")
        named = [n.lower() for n, _, _ in items if n]
        ambiguous = frozenset(n for n in named if named.count(n) > 1)
        return Query(sql, columns, node.args.get("kind") is not None, bool(order), needs, nulls, ambiguous)

    def _refuse(self, node: exp.Select) -> None:
        for key, what in (("laterals", "LATERAL"), ("sample", "TABLESAMPLE"), ("connect", "CONNECT BY"),
                          ("into", "SELECT INTO"), ("pivots", "PIVOT")):  # fmt: skip
            if node.args.get(key):
                raise Unsupported(what)
        if mode := node.args.get("operation_modifiers"):
            raise Unsupported(f"SELECT {mode[0]}")
        distinct = node.args.get("distinct")
        if distinct is not None and distinct.args.get("on"):
            raise Unsupported("DISTINCT ON")

    def _items(self, node: exp.Select, scope: Scope) -> list[tuple[str, Expr, bool]]:
        """(name, expression, named by the user) of every output column, stars expanded."""
        items: list[tuple[str, Expr, bool]] = []
        for one in node.expressions:
            if star := self._star(one):
                items += [(n, e, True) for n, e in self._expand(one, star, scope)]
            elif isinstance(one, exp.Alias):
                items.append((one.alias, self.expressions.compile(one.this, scope), True))
            else:
                bare = one.unnest()
                name = bare.name if isinstance(bare, (exp.Column, exp.Dot)) and not self._is_call(bare) else ""
                items.append((name, self.expressions.compile(one, scope), bool(name)))
        return items

    @staticmethod
    def _is_call(node: exp.Expression) -> bool:
        return isinstance(node, exp.Dot) and isinstance(node.expression, exp.Anonymous)

    @staticmethod
    def _star(node: exp.Expression) -> exp.Star | None:
        if isinstance(node, exp.Star):
            return node
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
            return node.this
        if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Star):
            return node.expression
        return None

    def _expand(self, node: exp.Expression, star: exp.Star, scope: Scope) -> list[tuple[str, Expr]]:
        columns: list[tuple[str, Expr]] = []
        if isinstance(node, exp.Star):
            columns = self.relations.star(scope)
        else:
            base = node.this if isinstance(node, exp.Dot) else None
            parts = [p.name for p in node.parts[:-1]] if isinstance(node, exp.Column) else []
            relation = scope.relation(parts[0]) if len(parts) == 1 else None
            if relation is not None and (relation.value is None or relation.columns):
                columns = [(c.name, Expr(c.sql, c.type)) for c in relation.columns if not c.hidden]
            else:
                value = self.expressions.compile(base, scope) if base is not None else self.expressions.names.path(
                    parts, scope, node
                )  # fmt: skip
                if value.type.kind != "STRUCT":
                    raise self.context.fail(f"Dot-star is not supported for type {value.type}", node)
                columns = [(n, self.expressions.names.field(value, n, node)) for n, _ in value.type.named_fields]
        dropped = dict.fromkeys(c.name.lower() for c in star.args.get("except_") or ())
        replaced = {a.alias.lower(): a for a in star.args.get("replace") or ()}
        known = {n.lower() for n, _ in columns}
        for name in [*dropped, *replaced]:
            if name not in known:
                word = "EXCEPT" if name in dropped else "REPLACE"
                raise self.context.fail(f"Column {name} in SELECT * {word} list does not exist", node)
        result = []
        for name, value in columns:
            if name.lower() in dropped:
                continue
            if (alias := replaced.get(name.lower())) is not None:
                value = self.expressions.compile(alias.this, scope)  # noqa: PLW2901 - the same value, cast - REPLACE gives it anew
            result.append((name, value))
        if not result:
            raise self.context.fail("SELECT * expands to zero columns after applying EXCEPT", node)
        return result

    def _output(self, node: exp.Select, items: list[tuple[str, Expr, bool]]) -> tuple[str, list[tuple[str, Type]]]:
        kind = node.args.get("kind")
        if kind == "STRUCT":
            packed = self.expressions.struct([(n, e) for n, e, _ in items])
            return f"{packed.sql} AS {quoted('v')}", [("v", settled(packed.type))]
        if kind == "VALUE":
            if len(items) != 1:
                raise self.context.fail("SELECT AS VALUE query must have exactly one column", node)
            value = items[0][1]
            return f"{value.sql} AS {quoted('v')}", [("v", settled(value.type))]
        shown, columns, taken = [], [], set[str]()
        anonymous = 0
        for name, value, _ in items:
            if value.type.kind == "NULL":
                value = Expr(convert(self.context, value, INT64), INT64)  # noqa: PLW2901 - the same value, typed
            if value.type.kind == "ARRAY" and value.type.item and value.type.item.kind == "NULL":
                value = Expr(f"CAST({value.sql} AS BIGINT[])", Type("ARRAY", item=INT64))  # noqa: PLW2901 - the same value, cast
            label = name
            if not label:
                label, anonymous = f"f{anonymous}_", anonymous + 1
            unique, n = label, 1
            while unique.lower() in taken:
                unique, n = f"{label}_{n}", n + 1
            taken.add(unique.lower())
            shown.append(f"{value.sql} AS {quoted(unique)}")
            columns.append((unique, settled(value.type)))
        return ", ".join(shown), columns

    # ---- clauses

    def _aliased(self, scope: Scope, items: list[tuple[str, Expr, bool]]) -> Scope:
        aliased = Scope(scope.parent)
        aliased.relations, aliased.ctes, aliased.windows = scope.relations, scope.ctes, scope.windows
        for name, value, named in items:
            if named and name:
                aliased.aliases.setdefault(name.lower(), Expr(value.sql, value.type))
        return aliased

    def _condition(self, node: exp.Select, key: str, word: str, scope: Scope) -> str:
        clause = node.args.get(key)
        return f" {word} {self.expressions.coerced(clause.this, scope, BOOL)}" if clause is not None else ""

    @staticmethod
    def _ordinal(node: exp.Expression) -> int | None:
        return int(node.this) if isinstance(node, exp.Literal) and not node.is_string and node.this.isdigit() else None

    def _group(self, node: exp.Select, items: list[tuple[str, Expr, bool]], scope: Scope) -> str:
        clause = node.args.get("group")
        if clause is None:
            return ""
        if clause.args.get("all"):
            for _, value, _ in items:
                if not value.aggregate:
                    self._groupable(value, node)
            return " GROUP BY ALL"
        aliases = {n.lower(): e for n, e, named in items if named and n}

        def key(one: exp.Expression) -> str:
            position = self._ordinal(one)
            if position is not None:
                if not 1 <= position <= len(items):
                    raise self.context.fail(f"GROUP BY is out of SELECT column number range: {position}", one)
                return self._groupable(items[position - 1][1], one)
            for kind, word in ((exp.Rollup, "ROLLUP"), (exp.Cube, "CUBE"), (exp.GroupingSets, "GROUPING SETS")):
                if isinstance(one, kind):
                    return f"{word} ({', '.join(key(i) for i in one.expressions)})"
            if isinstance(one, exp.Column) and len(one.parts) == 1 and one.name.lower() in aliases:
                return self._groupable(aliases[one.name.lower()], one)
            if isinstance(one, (exp.Tuple, exp.Paren)):
                inner = one.expressions if isinstance(one, exp.Tuple) else [one.this]
                return "(" + ", ".join(key(i) for i in inner) + ")"
            return self._groupable(self.expressions.compile(one, scope), one)

        parts = [key(one) for one in clause.expressions]
        for name, word in (("rollup", "ROLLUP"), ("cube", "CUBE"), ("grouping_sets", "GROUPING SETS")):
            for part in clause.args.get(name) or ():
                parts.append(f"{word} ({', '.join(key(i) for i in part.expressions)})")
        return " GROUP BY " + ", ".join(parts)

    def _groupable(self, key: Expr, node: exp.Expression) -> str:
        if key.type.kind in UNGROUPED:
            raise self.context.fail(f"Grouping by expressions of type {key.type} is not allowed", node)
        return key.sql

    def _order(self, node: exp.Select, items: list[tuple[str, Expr, bool]], scope: Scope) -> str:
        clause = node.args.get("order")
        if clause is None:
            return ""
        keys = []
        for item in clause.expressions:
            position = self._ordinal(item.this)
            if position is not None:
                if not 1 <= position <= len(items):
                    raise self.context.fail(f"ORDER BY is out of SELECT column number range: {position}", item)
                keys.append(sort_key(self.expressions.calls.orderable(items[position - 1][1], item), item))
            else:
                keys.append(self.expressions.calls.ordered(item, scope))
        return " ORDER BY " + ", ".join(keys)

    def _limit(self, node: exp.Expression, scope: Scope) -> str:
        parts = ""
        for key, word in (("limit", "LIMIT"), ("offset", "OFFSET")):
            if (clause := node.args.get(key)) is not None:
                parts += f" {word} {self.expressions.coerced(clause.expression, scope, INT64)}"
        return parts
