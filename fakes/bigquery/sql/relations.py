"""FROM clauses: tables, views, subqueries, UNNEST, table functions and joins.

Knows how relations get their columns; what is done with them is the query compiler's business.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from fakes.bigquery.errors import Unsupported, invalid_query
from fakes.bigquery.sql import parsing, pivots, time_series
from fakes.bigquery.sql.scope import Column, Context, Expr, Need, Query, Relation, Scope, Source, reference
from fakes.bigquery.sql.types import BOOL, INT64, quoted, settled

if TYPE_CHECKING:
    from fakes.bigquery.sql.expressions import Expressions
    from fakes.bigquery.sql.select import Selects

JOINS = {"": "JOIN", "INNER": "JOIN", "LEFT": "LEFT JOIN", "RIGHT": "RIGHT JOIN", "FULL": "FULL JOIN"}


class Relations:
    """Compiles the FROM clauses of one statement."""

    def __init__(self, context: Context, selects: Selects, expressions: Expressions) -> None:
        self.context = context
        self.selects = selects
        self.expressions = expressions

    def compile(self, first: exp.Expression, joins: Sequence[exp.Join], scope: Scope) -> str:
        """The text after FROM; every relation is added to `scope`."""
        sql = self._item(first, scope)
        for join in joins:
            sql = self._join(sql, join, scope)
        for join in first.args.get("joins") or ():
            sql = self._join(sql, join, scope)
        return sql

    # ---- items

    def _item(self, node: exp.Expression, scope: Scope) -> str:
        if isinstance(node, exp.Subquery):
            return self._subquery(node, scope)
        if isinstance(node, exp.Table):
            return self._table(node, scope)
        if isinstance(node, exp.Unnest):
            return self._unnest(node, scope)
        if isinstance(node, exp.Paren):
            return "(" + self.compile(node.this, node.args.get("joins") or [], scope) + ")"
        raise Unsupported(f"{type(node).__name__} in FROM")

    def _subquery(self, node: exp.Subquery, scope: Scope) -> str:
        if node.args.get("pivots"):
            return self._pivoted(node, scope)
        if isinstance(node.this, (exp.Table, exp.Unnest)):
            joins = [*(node.this.args.get("joins") or ()), *(node.args.get("joins") or ())]
            inner = node.this.copy()
            inner.set("joins", None)
            return "(" + self.compile(inner, joins, scope) + ")"
        bare = node.copy()
        bare.set("alias", None)
        bare.set("joins", None)
        query = self.selects.open_query(bare, self._outer(scope))
        alias = node.alias or self.context.alias()
        scope.relations.append(self.derived(alias, query))
        return f"({query.sql}) AS {quoted(alias)}"

    @staticmethod
    def _outer(scope: Scope) -> Scope:
        # A derived table sees the surroundings of its query and the common table expressions, not its neighbours.
        outer = Scope(scope.parent)
        outer.ctes = scope.ctes
        return outer

    def derived(self, alias: str, query: Query) -> Relation:
        """The relation that a compiled query is under `alias`; a value table of structs offers its fields."""
        if query.value_table and len(query.columns) == 1:
            name, kind = query.columns[0]
            value = Expr(reference(alias, name), kind)
            columns = []
            if kind.kind == "STRUCT":
                columns = [
                    Column(n, t, self.expressions.names.field(value, n, exp.Null()).sql) for n, t in kind.named_fields
                ]
            return Relation(alias, columns, value, needs=query.needs)
        columns = [Column(n, t, reference(alias, n)) for n, t in query.columns]
        return Relation(alias, columns, needs=query.needs, ambiguous=query.ambiguous)

    def _table(self, node: exp.Table, scope: Scope) -> str:
        if node.args.get("sample"):
            raise Unsupported("TABLESAMPLE")
        if node.args.get("pivots"):
            return self._pivoted(node, scope)
        if isinstance(node.this, exp.Anonymous):
            return self._table_function(node, scope)
        parts = [p.name for p in node.parts]
        alias = node.alias or parts[-1]
        if len(parts) == 1 and (cte := scope.cte(parts[0])):
            sql_name, query = cte
            scope.relations.append(self.derived(alias, Query("", query.columns, query.value_table, needs=query.needs)))
            return f"{quoted(sql_name)} AS {quoted(alias)}"
        if len(parts) > 1 and scope.relation(parts[0]) is not None:
            return self._unnest_path(parts, node, scope)
        source = self.context.tables.source(parts, self._as_of(node))
        self.context.sources.append(source)
        return self.source(source, alias, scope)

    def _pivoted(self, node: exp.Expression, scope: Scope) -> str:
        bare = node.copy()
        bare.set("pivots", None)
        bare.set("joins", None)
        inner = self._outer(scope)
        sql = self._item(bare, inner)
        columns = [(n, e.type) for n, e in self.star(inner)]
        items = ", ".join(f"{e.sql} AS {quoted(n)}" for n, e in self.star(inner))
        query = Query(f"SELECT {items} FROM {sql}", columns, needs=inner.relations[0].needs)
        alias = node.alias_or_name
        for pivot in node.args["pivots"]:
            query = pivots.apply(self, query, alias, pivot)
            alias = pivot.alias or self.context.alias()
        scope.relations.append(self.derived(alias, query))
        return f"({query.sql}) AS {quoted(alias)}"

    def _as_of(self, node: exp.Table) -> int | None:
        version = node.args.get("version")
        if version is None:
            return None
        if self.context.as_of is None:
            raise Unsupported("FOR SYSTEM_TIME AS OF here")
        return self.context.as_of(version.expression)

    def source(self, source: Source, alias: str, scope: Scope) -> str:
        """Add a table or view under `alias`; a view is written out as its query."""
        if source.view_query:
            inner = parsing.query(source.view_query)
            try:
                query = self.selects.open_query(inner, None)
            except RecursionError:
                raise invalid_query(f"View {'.'.join(source.id)} refers to itself") from None
            relation = self.derived(alias, query)
            if source.columns and not query.value_table:
                named = zip(source.columns, relation.columns, strict=False)
                relation.columns = [Column(n, c.type, c.sql) for (n, _), c in named]
            relation.table = source.id
            scope.relations.append(relation)
            return f"({query.sql}) AS {quoted(alias)}"
        columns = [Column(n, t, reference(alias, n)) for n, t in source.columns]
        columns += [Column(n, t, sql.format(alias=quoted(alias)), hidden=True) for n, t, sql in source.hidden]
        needs = []
        if source.require_partition_filter:
            names = (source.partition_column, *source.partition_aliases)
            needs = [Need(frozenset(n.lower() for n in names), source)]
        scope.relations.append(Relation(alias, columns, table=source.id, needs=needs))
        return f"{source.sql} AS {quoted(alias)}"

    def _table_function(self, node: exp.Table, scope: Scope) -> str:
        call = node.this
        parts = [p.name for p in node.parts[:-1]] + (
            call.this.name.split(".") if isinstance(call.this, exp.Identifier) else [call.this]
        )
        if [p.upper() for p in parts] == ["RANGE_SESSIONIZE"]:
            query = time_series.sessionize(self, call, self._outer(scope))
            alias = node.alias or self.context.alias()
            scope.relations.append(self.derived(alias, query))
            return f"({query.sql}) AS {quoted(alias)}"
        function = self.context.tables.routine([x for p in parts for x in p.split(".")])
        if function is None or not function.table_valued:
            raise self.context.fail(f"Table-valued function not found: {'.'.join(parts)}", node)
        arguments = [self.expressions.compile(a, scope) for a in call.expressions]
        query = function.query(self.selects, arguments, node)
        alias = node.alias or self.context.alias()
        scope.relations.append(self.derived(alias, query))
        return f"({query.sql}) AS {quoted(alias)}"

    # ---- UNNEST

    def _unnest(self, node: exp.Unnest, scope: Scope) -> str:
        inner = Scope(scope)
        value = self.expressions.compile(node.expressions[0], inner)
        if len(node.expressions) > 1:
            raise Unsupported("UNNEST of several arrays")
        alias_node = node.args.get("alias")
        names = [c.name for c in alias_node.columns] if alias_node is not None else []
        if alias_node is not None and not names and alias_node.name:
            names = [alias_node.name]
        offset = node.args.get("offset")
        offset_name = offset.name if isinstance(offset, exp.Identifier) else ("offset" if offset else "")
        return self._unnested(value, names[0] if names else "", offset_name, node, scope)

    def _unnested(self, value: Expr, alias: str, offset: str, node: exp.Expression, scope: Scope) -> str:
        if value.type.kind != "ARRAY" or value.type.item is None:
            raise self.context.fail(
                f"Values referenced in UNNEST must be arrays. UNNEST contains expression of type {value.type}", node
            )
        item = settled(value.type.item)
        sql_alias = alias or self.context.alias()
        whole = Expr(reference(sql_alias, "v"), item)
        columns = []
        if item.kind == "STRUCT":
            columns = [Column(n, t, self.expressions.names.field(whole, n, node).sql) for n, t in item.named_fields]
        relation = Relation(sql_alias, columns, whole)
        scope.relations.append(relation)
        array_sql = value.sql if value.type.item.kind != "NULL" else "CAST([] AS BIGINT[])"
        text = f"SELECT unnest(a) AS v FROM (SELECT {array_sql} AS a)"
        if offset:
            position = "CAST(generate_subscripts(a, 1) - 1 AS BIGINT)"
            text = f"SELECT unnest(a) AS v, {position} AS o FROM (SELECT {array_sql} AS a)"
            scope.relations.append(Relation(offset, [], Expr(reference(sql_alias, "o"), INT64), merged=set()))
        return f"({text}) AS {quoted(sql_alias)}"

    def _unnest_path(self, parts: list[str], node: exp.Table, scope: Scope) -> str:
        value = self.expressions.names.path(parts, scope, node)
        offset = node.args.get("with_offset")
        return self._unnested(value, node.alias or parts[-1], offset.name if offset else "", node, scope)

    # ---- joins

    def _join(self, left: str, node: exp.Join, scope: Scope) -> str:
        before = list(scope.relations)
        method = (node.args.get("method") or "").upper()
        if method not in ("", "HASH"):
            raise Unsupported(f"{method} JOIN")
        right = self._item(node.this, scope)
        inner_joins = node.this.args.get("joins") or ()
        if inner_joins and not isinstance(node.this, exp.Subquery):
            for join in inner_joins:
                right = self._join(right, join, scope)
        added = scope.relations[len(before) :]
        side, kind = (node.args.get("side") or "").upper(), (node.args.get("kind") or "").upper()
        lateral = "LATERAL " if self._is_unnest(node.this, before) else ""
        word = JOINS.get(side or ("INNER" if kind == "INNER" else ""))
        if word is None:
            raise Unsupported(f"{side} {kind} JOIN")
        if using := node.args.get("using"):
            condition = self._using([u.name for u in using], side, before, added, scope, node)
        elif (on := node.args.get("on")) is not None:
            condition = self.expressions.coerced(on, scope, BOOL)
            scope.aliases.setdefault("", Expr("", BOOL))
            self._note_condition(scope, on)
        elif side in ("LEFT", "RIGHT", "FULL") or (kind == "INNER" and not lateral):
            if not lateral:
                raise self.context.fail(f"Syntax error: {side or kind} JOIN needs an ON or USING clause", node)
            condition = "TRUE"
        else:
            return f"{left} CROSS JOIN {lateral}{right}"
        return f"{left} {word} {lateral}{right} ON {condition}"

    @staticmethod
    def _note_condition(scope: Scope, on: exp.Expression) -> None:
        scope.aliases.pop("", None)
        conditions: list[exp.Expression] = getattr(scope, "conditions", [])
        conditions.append(on)
        scope.conditions = conditions  # type: ignore[attr-defined] # read by check_partition_filters

    def _is_unnest(self, node: exp.Expression, before: list[Relation]) -> bool:
        if isinstance(node, exp.Unnest):
            return True
        names = {r.alias.lower() for r in before}
        return isinstance(node, exp.Table) and len(node.parts) > 1 and node.parts[0].name.lower() in names

    def _using(
        self, names: list[str], side: str, before: list[Relation], added: list[Relation], scope: Scope, node: exp.Join
    ) -> str:
        conditions, merged = [], []
        for name in names:
            left, right = Scope(), Scope()
            left.relations, right.relations = before, added
            a, b = left.column(name, self.context, node), right.column(name, self.context, node)
            if a is None or b is None:
                where = "left" if a is None else "right"
                raise self.context.fail(f"Column {name} in USING clause not found on {where} side of join", node)
            conditions.append(self.expressions.operators.comparison("=", a, b, node).sql)
            spelled = next(c.name for r in before for c in r.columns if c.name.lower() == name.lower())
            chosen = {"RIGHT": b.sql, "FULL": f"coalesce({a.sql}, {b.sql})"}.get(side, a.sql)
            merged.append(Column(spelled, a.type, chosen))
            for relation in (*before, *added):
                if relation.find(name):
                    relation.merged.add(name.lower())
        for relation in before:
            if relation.alias == "" and relation.table is None:
                relation.columns = [c for c in relation.columns if c.name.lower() not in {n.lower() for n in names}]
        scope.relations.append(Relation("", merged))
        return " AND ".join(conditions)

    def star(self, scope: Scope) -> list[tuple[str, Expr]]:
        """What `*` stands for: USING columns first, then every relation's own."""
        result: list[tuple[str, Expr]] = []
        for relation in scope.relations:
            if relation.alias == "":
                result += [(c.name, Expr(c.sql, c.type)) for c in relation.columns]
        for relation in scope.relations:
            if relation.alias == "":
                continue
            if relation.value is not None and not relation.columns:
                result.append((relation.alias if not relation.alias.startswith("_r") else "", relation.value))
                continue
            result += [
                (c.name, Expr(c.sql, c.type))
                for c in relation.columns
                if not c.hidden and c.name.lower() not in relation.merged
            ]
        return result

    # ---- required partition filters

    def owed(self, scope: Scope, where: exp.Expression | None) -> list[tuple[Relation, Need]]:
        """The partition filters that neither WHERE nor a join's condition gives."""
        conditions = [*getattr(scope, "conditions", ()), *([where] if where is not None else [])]
        return [
            (relation, need)
            for relation in scope.relations
            for need in relation.needs
            if not any(filters(c, relation, need.names) for c in conditions)
        ]

    def check_partition_filters(self, scope: Scope, where: exp.Expression | None) -> None:
        """Raise the service's error where a partition filter is owed."""
        for _, need in self.owed(scope, where):
            raise missing_partition_filter(need.source)

    def passed_on(
        self, scope: Scope, where: exp.Expression | None, items: Sequence[tuple[str, Expr]], *, closed: bool
    ) -> list[Need]:
        """The filters that an outer query may still give, through the columns `items`; raises where it cannot."""
        needs = []
        for relation, need in self.owed(scope, where):
            columns = {c.sql for c in relation.columns if c.name.lower() in need.names}
            names = frozenset(name.lower() for name, value in items if value.sql in columns and name)
            if closed or not names:
                raise missing_partition_filter(need.source)
            needs.append(Need(names, need.source))
        return needs


def missing_partition_filter(source: Source) -> Exception:
    """The service's refusal of a query that would scan every partition of a table that forbids it."""
    columns = "', '".join((source.partition_column, *source.partition_aliases))
    return invalid_query(
        f"Cannot query over table '{'.'.join(source.id)}' without a filter over column(s) '{columns}' that can be"
        " used for partition elimination"
    )


def filters(node: exp.Expression, relation: Relation, names: Collection[str]) -> bool:
    """Whether `node` compares one of the partition columns `names` of `relation` with something constant."""
    node = node.unnest()
    if isinstance(node, exp.And):
        return filters(node.left, relation, names) or filters(node.right, relation, names)
    if isinstance(node, exp.Or):
        return filters(node.left, relation, names) and filters(node.right, relation, names)
    if isinstance(node, (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE)):
        pairs = ((node.left, node.right), (node.right, node.left))
        return any(_is_partition(a, relation, names) and _constant(b) for a, b in pairs)
    if isinstance(node, exp.Between):
        return _is_partition(node.this, relation, names) and _constant(node.args["low"]) and _constant(
            node.args["high"]
        )  # fmt: skip
    if isinstance(node, exp.Not) and isinstance(node.this, exp.Is):
        return _is_partition(node.this.this, relation, names)
    if isinstance(node, (exp.In, exp.Is)):
        return _is_partition(node.this, relation, names)
    return False


def _is_partition(node: exp.Expression, relation: Relation, names: Collection[str]) -> bool:
    node = node.unnest()
    if isinstance(node, exp.Cast):
        node = node.this
    if isinstance(node, exp.Anonymous) and node.name.upper() in ("DATE", "TIMESTAMP", "DATETIME") and node.expressions:
        node = node.expressions[0]
    if not isinstance(node, exp.Column) or node.name.lower() not in names:
        return False
    return not node.table or node.table.lower() == relation.alias.lower()


def _constant(node: exp.Expression) -> bool:
    if isinstance(node, (exp.Subquery, exp.Query)):
        return True
    return not any(_columns(node))


def _columns(node: exp.Expression) -> Iterator[exp.Column]:
    for column in node.find_all(exp.Column):
        parent = column.find_ancestor(exp.Subquery)
        is_part = isinstance(column.parent, exp.Anonymous) and column.name.upper() in (
            "DAY", "WEEK", "ISOWEEK", "MONTH", "QUARTER", "YEAR", "ISOYEAR", "HOUR", "MINUTE", "SECOND", "MILLISECOND",
            "MICROSECOND", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY",
        )  # fmt: skip
        if parent is None and not is_part:
            yield column
