"""INSERT, UPDATE, DELETE, MERGE and TRUNCATE, with the service's preconditions as checks.

Knows tables' shapes. Must not know when a job runs or what else runs.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql import parsing, type_parameters
from fakes.bigquery.sql.casts import convert
from fakes.bigquery.sql.plan import Check, Plan
from fakes.bigquery.sql.scope import Column, Context, Expr, Need, Query, Relation, Scope, Source, reference
from fakes.bigquery.sql.select import Selects
from fakes.bigquery.sql.types import BOOL, Type, coercible, quoted

BUFFER = quoted("_wt_buffer")
TOO_MANY = "UPDATE/MERGE must match at most one source row for each target row"


class Statements:
    """Compiles the data-changing statements of one context."""

    def __init__(self, context: Context, defaults: dict[str, str] | None = None) -> None:
        self.context = context
        self.selects = Selects(context)
        self.expressions = self.selects.expressions

    def plan(self, node: exp.Expression) -> Plan:
        """The plan of a query or DML statement."""
        match node:
            case exp.Insert():
                return self._insert(node)
            case exp.Update():
                return self._update(node)
            case exp.Delete():
                return self._delete(node)
            case exp.Merge():
                from fakes.bigquery.sql.merge import Merge

                return Merge(self).plan(node)
            case exp.TruncateTable():
                return self._truncate(node)
            case _:
                return self.select(node)

    def select(self, node: exp.Expression, *, view: bool = False) -> Plan:
        """The plan of a query; that of a `view` may leave its partition filters to those who use it."""
        query = self.selects.open_query(node) if view else self.selects.query(node)
        names = [n.lower() for n, _ in query.columns]
        if query.value_table and query.columns[0][1].kind == "STRUCT":
            query = self._unpacked(query)
        elif query.value_table:
            query = Query(f"SELECT v AS f0_ FROM ({query.sql})", [("f0_", query.columns[0][1])])
        if len(set(names)) < len(names):
            raise self.context.fail("Duplicate column names in the result are not supported")
        return self.done("SELECT", query.sql, columns=query.columns)

    def _unpacked(self, query: Query) -> Query:
        kind = query.columns[0][1]
        items = [f"struct_extract(v, '{n}') AS {quoted(n)}" for n, _ in kind.named_fields]
        return Query(f"SELECT {', '.join(items)} FROM ({query.sql})", list(kind.named_fields))

    def done(
        self,
        kind: str,
        sql: str,
        *,
        columns: Sequence[tuple[str, Type]] = (),
        target: Source | None = None,
        checks: Sequence[Check] = (),
    ) -> Plan:
        """The finished plan of this context."""
        context = self.context
        return Plan(
            kind,
            sql,
            tuple(columns),
            tuple(k for k in context.used),
            tuple(context.sources),
            target.id if target else None,
            frozenset(context.macros),
            tuple(checks),
            volatile=context.volatile,
            generation=None,
        )

    # ---- the target

    def target(self, node: exp.Expression, verb: str) -> tuple[Source, str]:
        """The table that a statement changes and its alias; raises for what is no table."""
        table = node.this if isinstance(node, exp.Schema) else node
        if isinstance(table, exp.Alias):
            table = table.this
        if not isinstance(table, exp.Table):
            raise self.context.fail(f"{verb} needs a table", node)
        source = self.context.tables.source([p.name for p in table.parts], None)
        self.context.sources.append(source)
        if source.view_query or source.wildcard:
            raise self.context.fail(f"Cannot modify '{'.'.join(source.id)}': it is no table", table)
        return source, table.alias or table.name

    def where_columns(self, source: Source, alias: str) -> Relation:
        """The target as conditions see it."""
        columns = [Column(n, t, reference(alias, n)) for n, t in source.columns]
        columns += [Column(n, t, s.format(alias=quoted(alias)), hidden=True) for n, t, s in source.hidden]
        return Relation(alias, columns, table=source.id, needs=self._needs(source))

    @staticmethod
    def _needs(source: Source) -> list[Need]:
        if not source.require_partition_filter:
            return []
        names = (source.partition_column, *source.partition_aliases)
        return [Need(frozenset(n.lower() for n in names), source)]

    @staticmethod
    def buffered(source: Source, verb: str, rows: str, used: tuple[str, ...] = ()) -> Check:
        """The check that `rows`, a query, finds no row that is still in the streaming buffer."""
        word = verb if verb == "TRUNCATE TABLE" else "UPDATE or DELETE"
        message = (
            f"{word} statement over table {source.id[0]}.{source.id[1]}.{source.id[2]} would affect rows in the"
            " streaming buffer, which is not supported"
        )
        return Check(rows, message, used, only_if_buffered=True)

    # ---- INSERT

    def _insert(self, node: exp.Insert) -> Plan:
        schema = node.this
        source, _ = self.target(schema, "INSERT")
        kinds = dict(source.columns)
        lower = {n.lower(): n for n in kinds}
        if isinstance(schema, exp.Schema):
            names = []
            for column in schema.expressions:
                spelled = lower.get(column.name.lower())
                if spelled is None:
                    hidden = next((h for h, _, _ in source.hidden if h.lower() == column.name.lower()), None)
                    if hidden is None:
                        raise self.context.fail(f"Column {column.name} is not present in table {'.'.join(source.id)}",
                                                column)  # fmt: skip
                    spelled = hidden
                names.append(spelled)
        else:
            names = list(kinds)
        kinds |= {h: t for h, t, _ in source.hidden}
        body = node.expression
        values = body if isinstance(body, exp.Values) else None
        if values is not None:
            rows = [self._row(row, names, kinds, source) for row in values.expressions]
            sql_body = "VALUES " + ", ".join(rows)
        else:
            query = self.selects.query(body)
            if query.value_table and query.columns[0][1].kind == "STRUCT":
                query = self._unpacked(query)
            if len(query.columns) != len(names):
                raise self.context.fail(
                    f"Inserted row has wrong column count; Has {len(query.columns)}, expected {len(names)}", body
                )
            items = []
            for (name, kind), target in zip(query.columns, names, strict=True):
                if not coercible(kind, kinds[target]) and not self._null_column(body, name):
                    raise self.context.fail(
                        f"Query column {[n for n, _ in query.columns].index(name) + 1} has type {kind} which cannot be"
                        f" inserted into column {target}, which has type {kinds[target]}", body
                    )  # fmt: skip
                converted = convert(self.context, Expr(quoted(name), kind), kinds[target])
                items.append(self.held(source, target, converted))
            sql_body = f"SELECT {', '.join(items)} FROM ({query.sql})"
        sql_names = [quoted(n) for n in names]
        extra_names, extra_values = self.defaults(source, names)
        if extra_names:
            columns = ", ".join(f"c{i}" for i in range(len(names)))
            sql_body = f"SELECT {columns}, {', '.join(extra_values)} FROM ({sql_body}) AS _b({columns})"
            sql_names += extra_names
        return self.done("INSERT", f"INSERT INTO {source.sql} ({', '.join(sql_names)}) {sql_body}", target=source)

    @staticmethod
    def _null_column(body: exp.Expression, name: str) -> bool:
        if not isinstance(body, exp.Select):
            return False
        return any(isinstance(e.unalias(), exp.Null) and e.alias_or_name == name for e in body.expressions)

    def _row(self, row: exp.Expression, names: list[str], kinds: dict[str, Type], source: Source) -> str:
        cells = row.expressions if isinstance(row, exp.Tuple) else [row]
        if isinstance(row, exp.Paren):
            cells = [row.this]
        if len(cells) != len(names):
            raise self.context.fail(
                f"Inserted row has wrong column count; Has {len(cells)}, expected {len(names)}", row
            )
        scope = Scope()
        parts = []
        for name, cell in zip(names, cells, strict=True):
            if is_default(cell):
                parts.append(self.default(source, name))
                continue
            value = self.expressions.compile(cell, scope)
            if not coercible(value.type, kinds[name], literal=value.literal):
                raise self.context.fail(
                    f"Value has type {value.type} which cannot be inserted into column {name}, which has type"
                    f" {kinds[name]}", cell
                )  # fmt: skip
            parts.append(self.held(source, name, self.expressions.coerce(value, kinds[name], cell)))
        return f"({', '.join(parts)})"

    def held(self, source: Source, name: str, sql: str) -> str:
        """`sql` held to the parameters of the type of the column `name`."""
        if (field := source.limits.get(name)) is None:
            return sql
        return type_parameters.held(self.context, sql, dict(source.columns)[name], field)

    def default(self, source: Source, name: str) -> str:
        """The default of a column, NULL where it has none."""
        text = source.defaults.get(name)
        kind = dict(source.columns)[name]
        if text is None:
            return f"CAST(NULL AS {kind.duck})"
        select = parsing.query(f"SELECT {text}")
        assert isinstance(select, exp.Select)
        return self.held(source, name, self.expressions.coerced(select.expressions[0], Scope(), kind))

    def defaults(self, source: Source, given: list[str]) -> tuple[list[str], list[str]]:
        """(columns, values) that an INSERT of the columns `given` leaves to the table."""
        names, values = [], []
        for name in source.defaults:
            if name not in given:
                names.append(quoted(name))
                values.append(self.default(source, name))
        if any(h == "_PARTITIONTIME" for h, _, _ in source.hidden) and "_PARTITIONTIME" not in given:
            self.context.used["partition"] = None
            names.append('"_PARTITIONTIME"')
            values.append("CAST($partition AS TIMESTAMPTZ)")
        return names, values

    # ---- UPDATE and DELETE

    def _update(self, node: exp.Update) -> Plan:
        if node.args.get("where") is None:
            raise self.context.fail("UPDATE must have a WHERE clause", node)
        source, alias = self.target(node.this, "UPDATE")
        scope = Scope()
        self._ctes(node, scope)
        scope.relations.append(self.where_columns(source, alias))
        froms = ""
        if (clause := node.args.get("from_")) is not None:
            inner = Scope(scope.parent, None)
            inner.ctes = scope.ctes
            froms = self.selects.relations.compile(clause.this, clause.this.args.get("joins") or [], inner)
            scope.relations += inner.relations
        assignments = self.assignments(node.expressions, source, scope)
        where = self.expressions.coerced(node.args["where"].this, scope, BOOL)
        self.selects.relations.check_partition_filters(scope, node.args["where"].this)
        target = f"{source.sql} AS {quoted(alias)}"
        sql = f"UPDATE {target} SET {assignments}{' FROM ' + froms if froms else ''} WHERE {where}"
        everything = f"{target}, {froms}" if froms else target
        checks = [
            self.buffered(
                source,
                "UPDATE",
                f"SELECT 1 FROM {everything} WHERE {where} AND {quoted(alias)}.{BUFFER} > $buffer LIMIT 1",
            )
        ]
        if froms:
            checks.append(Check(
                f"SELECT 1 FROM {everything} WHERE {where} GROUP BY {quoted(alias)}.rowid HAVING count(*) > 1 LIMIT 1",
                TOO_MANY,
            ))  # fmt: skip
        return self.done("UPDATE", sql, target=source, checks=checks)

    def _ctes(self, node: exp.Expression, scope: Scope) -> None:
        if node.args.get("with_") is not None:
            raise Unsupported("WITH before a DML statement", "put it into a subquery")

    def assignments(self, items: Sequence[exp.Expression], source: Source, scope: Scope) -> str:
        """What follows SET; the assignments of one STRUCT's fields become one."""
        kinds = {n.lower(): (n, t) for n, t in source.columns}
        changes: dict[str, list[tuple[list[str], exp.Expression]]] = {}
        for item in items:
            if not isinstance(item, exp.EQ):
                raise self.context.fail("UPDATE needs column = value", item)
            parts = [p.name for p in item.this.parts] if isinstance(item.this, exp.Column) else self._dots(item.this)
            if parts and parts[0].lower() not in kinds and len(parts) > 1 and scope.relation(parts[0]) is not None:
                parts = parts[1:]
            if not parts or parts[0].lower() not in kinds:
                raise self.context.fail(f"Unrecognized name: {'.'.join(parts)}", item.this)
            changes.setdefault(kinds[parts[0].lower()][0], []).append((parts[1:], item.expression))
        texts = []
        for name, updates in changes.items():
            kind = dict(source.columns)[name]
            relation = scope.relations[0]
            current = Expr(reference(relation.alias, name), kind)
            if len(updates) > 1 and any(not path for path, _ in updates):
                raise self.context.fail(f"Update item {name} assigned more than once")
            for path, value_node in updates:
                current = Expr(self._replaced(current, path, value_node, source, name, scope), kind)
            texts.append(f"{quoted(name)} = {self.held(source, name, current.sql)}")
        return ", ".join(texts)

    def _dots(self, node: exp.Expression) -> list[str]:
        if isinstance(node, exp.Dot):
            return [*self._dots(node.this), node.expression.name]
        if isinstance(node, exp.Column):
            return [p.name for p in node.parts]
        return []

    def _replaced(
        self, current: Expr, path: list[str], node: exp.Expression, source: Source, name: str, scope: Scope
    ) -> str:
        if not path:
            if is_default(node):
                return self.default(source, name)
            value = self.expressions.compile(node, scope)
            if not coercible(value.type, current.type, literal=value.literal):
                raise self.context.fail(
                    f"Value of type {value.type} cannot be assigned to {name}, which has type {current.type}", node
                )
            return self.expressions.coerce(value, current.type, node)
        parts = []
        if current.type.kind != "STRUCT" or current.type.field(path[0]) is None:
            raise self.context.fail(f"Field {path[0]} does not exist in {current.type}", node)
        for field, kind in current.type.named_fields:
            inner = Expr(f"struct_extract({current.sql}, '{field}')", kind)
            text = (
                self._replaced(inner, path[1:], node, source, name, scope)
                if field.lower() == path[0].lower()
                else inner.sql
            )
            parts.append(f"{quoted(field)} := {text}")
        return f"struct_pack({', '.join(parts)})"

    def _delete(self, node: exp.Delete) -> Plan:
        if node.args.get("where") is None:
            raise self.context.fail("DELETE must have a WHERE clause", node)
        source, alias = self.target(node.this or node.args["tables"][0], "DELETE")
        scope = Scope()
        scope.relations.append(self.where_columns(source, alias))
        where = self.expressions.coerced(node.args["where"].this, scope, BOOL)
        self.selects.relations.check_partition_filters(scope, node.args["where"].this)
        target = f"{source.sql} AS {quoted(alias)}"
        check = self.buffered(
            source, "DELETE", f"SELECT 1 FROM {target} WHERE {where} AND {quoted(alias)}.{BUFFER} > $buffer LIMIT 1"
        )
        return self.done("DELETE", f"DELETE FROM {target} WHERE {where}", target=source, checks=[check])

    def _truncate(self, node: exp.TruncateTable) -> Plan:
        source, _ = self.target(node.expressions[0], "TRUNCATE TABLE")
        check = self.buffered(source, "TRUNCATE TABLE", f"SELECT 1 FROM {source.sql} WHERE {BUFFER} > $buffer LIMIT 1")
        return self.done("TRUNCATE_TABLE", f"DELETE FROM {source.sql}", target=source, checks=[check])


def is_default(node: exp.Expression) -> bool:
    """Whether `node` is the bare word DEFAULT."""
    return isinstance(node, (exp.Var, exp.Column)) and node.name.upper() == "DEFAULT" and not node.args.get("table")
