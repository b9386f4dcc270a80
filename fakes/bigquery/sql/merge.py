"""MERGE: which rows match, what happens to each kind, and that no target row is changed twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql.dml import BUFFER, TOO_MANY, is_default
from fakes.bigquery.sql.plan import Check, Plan
from fakes.bigquery.sql.scope import Relation, Scope, Source
from fakes.bigquery.sql.types import BOOL, quoted

if TYPE_CHECKING:
    from fakes.bigquery.sql.dml import Statements


class Merge:
    """Compiles the MERGE statements of one context."""

    def __init__(self, statements: Statements) -> None:
        self.statements = statements
        self.context = statements.context
        self.selects = statements.selects
        self.expressions = statements.expressions

    def plan(self, node: exp.Merge) -> Plan:
        """The plan of a MERGE."""
        source, alias = self.statements.target(node.this, "MERGE")
        using_scope = Scope()
        using = self.selects.relations.compile(node.args["using"], [], using_scope)
        target_relation = self.statements.where_columns(source, alias)
        scope = Scope()
        scope.relations = [target_relation, *using_scope.relations]
        condition = self.expressions.coerced(node.args["on"], scope, BOOL)
        self.selects.relations.check_partition_filters(scope, node.args["on"])
        whens, matched, unmatched_source = [], [], []
        for when in node.args["whens"].expressions:
            text, kind, test = self._when(when, source, scope, target_relation, using_scope)
            whens.append(text)
            if kind == "matched":
                matched.append(test)
            elif kind == "source":
                unmatched_source.append(test)
        target = f"{source.sql} AS {quoted(alias)}"
        sql = f"MERGE INTO {target} USING {using} ON {condition} {' '.join(whens)} RETURNING merge_action"
        checks = []
        t = quoted(alias)
        if matched:
            joined = f"FROM {target} JOIN {using} ON {condition} WHERE ({' OR '.join(matched)})"
            if not self._single_row(node.args["using"]):
                checks.append(Check(f"SELECT 1 {joined} GROUP BY {t}.rowid HAVING count(*) > 1 LIMIT 1", TOO_MANY))
            checks.append(
                self.statements.buffered(source, "MERGE", f"SELECT 1 {joined} AND {t}.{BUFFER} > $buffer LIMIT 1")
            )
        if unmatched_source:
            lonely = (
                f"SELECT 1 FROM {target} WHERE ({' OR '.join(unmatched_source)}) AND {t}.{BUFFER} > $buffer"
                f" AND NOT EXISTS (SELECT 1 FROM {using} WHERE {condition}) LIMIT 1"
            )
            checks.append(self.statements.buffered(source, "MERGE", lonely))
        return self.statements.done("MERGE", sql, target=source, checks=checks)

    @staticmethod
    def _single_row(node: exp.Expression) -> bool:
        """Whether a source has one row at most by its looks: `(SELECT … )` without FROM."""
        select = node.this if isinstance(node, exp.Subquery) else None
        return isinstance(select, exp.Select) and select.args.get("from_") is None

    def _when(
        self, when: exp.When, source: Source, scope: Scope, target: Relation, using_scope: Scope
    ) -> tuple[str, str, str]:
        by_source = bool(when.args.get("source"))
        matched = bool(when.args.get("matched"))
        kind = "matched" if matched else "source" if by_source else "insert"
        seen = scope
        if kind == "source":
            seen = Scope()
            seen.relations = [target]
        elif kind == "insert":
            seen = Scope()
            seen.relations = list(using_scope.relations)
        test = ""
        if (condition := when.args.get("condition")) is not None:
            test = self.expressions.coerced(condition, seen, BOOL)
        head = {"matched": "WHEN MATCHED", "source": "WHEN NOT MATCHED BY SOURCE", "insert": "WHEN NOT MATCHED"}[kind]
        if test:
            head += f" AND {test}"
        then = when.args["then"]
        if isinstance(then, exp.Update):
            assignments_scope = Scope()
            assignments_scope.relations = [target, *(using_scope.relations if kind == "matched" else [])]
            body = "UPDATE SET " + self.statements.assignments(then.expressions, source, assignments_scope)
        elif isinstance(then, exp.Insert):
            body = self._merge_insert(then, source, seen, using_scope)
        elif isinstance(then, (exp.Var, exp.Delete)) and then.name.upper() in ("DELETE", ""):
            body = "DELETE"
        else:
            raise Unsupported(f"MERGE … THEN {then.sql('bigquery')[:40]}")
        return f"{head} THEN {body}", kind, test or "TRUE"

    def _merge_insert(self, node: exp.Insert, source: Source, scope: Scope, using_scope: Scope) -> str:
        kinds = dict(source.columns)
        lower = {n.lower(): n for n in kinds}
        columns = node.this
        if isinstance(columns, exp.Var) or (isinstance(columns, exp.Expression) and columns.name.upper() == "ROW"):
            names = list(kinds)
            values = [e for _, e in self.selects.relations.star(using_scope)]
            if len(values) != len(names):
                raise self.context.fail(
                    f"Inserted row has wrong column count; Has {len(values)}, expected {len(names)}", node
                )
            cells = [self.expressions.coerce(v, kinds[n], node) for n, v in zip(names, values, strict=True)]
        else:
            given = columns.expressions if columns is not None else []
            names = []
            for column in given:
                if column.name.lower() not in lower:
                    raise self.context.fail(f"Unrecognized name: {column.name}", column)
                names.append(lower[column.name.lower()])
            names = names or list(kinds)
            body = node.expression
            if isinstance(body, (exp.Var, exp.Column)) and body.name.upper() == "ROW":
                values = [e for _, e in self.selects.relations.star(using_scope)]
                cells = [self.expressions.coerce(v, kinds[n], node) for n, v in zip(names, values, strict=True)]
            else:
                row = body.expressions[0] if isinstance(body, exp.Values) else body
                nodes = (
                    row.expressions if isinstance(row, exp.Tuple) else [row.this if isinstance(row, exp.Paren) else row]
                )
                if len(nodes) != len(names):
                    raise self.context.fail(
                        f"Inserted row has wrong column count; Has {len(nodes)}, expected {len(names)}", node
                    )
                cells = []
                for name, cell in zip(names, nodes, strict=True):
                    if is_default(cell):
                        cells.append(self.statements.default(source, name))
                    else:
                        cells.append(self.expressions.coerced(cell, scope, kinds[name]))
        cells = [self.statements.held(source, n, c) for n, c in zip(names, cells, strict=True)]
        extra_names, extra_values = self.statements.defaults(source, names)
        columns_text = ", ".join([*(quoted(n) for n in names), *extra_names])
        return f"INSERT ({columns_text}) VALUES ({', '.join([*cells, *extra_values])})"
