"""Dotted names: relation, column, variable and the fields below, found in the order in which the service looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql.casts import text, use
from fakes.bigquery.sql.scope import Context, Expr, Scope
from fakes.bigquery.sql.types import JSON, quoted, struct

if TYPE_CHECKING:
    from fakes.bigquery.sql.expressions import Expressions


class Names:
    """Resolves the names of one statement."""

    def __init__(self, context: Context, expressions: Expressions) -> None:
        self.context = context
        self.expressions = expressions

    def path(self, parts: list[str], scope: Scope, node: exp.Expression) -> Expr:
        """A dotted name: relation, column and fields are found in that order."""
        first = parts[0]
        if len(parts) == 1 and (alias := scope.aliases.get(first.lower())):
            return alias
        if len(parts) > 1 and (relation := scope.relation(first)):
            found = relation.find(parts[1])
            if len(found) > 1:
                raise self.context.fail(f"Column name {parts[1]} is ambiguous", node)
            if found:
                return self._fields(Expr(found[0].sql, found[0].type), parts[2:], node)
            if relation.value is not None:
                return self._fields(relation.value, parts[1:], node)
            if scope.column(first, self.context, node) is None:
                raise self.context.fail(f"Name {parts[1]} not found inside {first}", node)
        column = scope.column(first, self.context, node)
        if column is not None:
            return self._fields(column, parts[1:], node)
        if first.lower() in self.context.variables:
            return self._fields(self.expressions.variable(first, node), parts[1:], node)
        if relation := scope.relation(first):
            return self._row(relation.columns, parts[1:], node)
        if alias := scope.aliases.get(first.lower()):
            return self._fields(alias, parts[1:], node)
        if any(r.table and r.table[1] == "INFORMATION_SCHEMA" for r in scope.relations):
            raise Unsupported(f"column {first} of INFORMATION_SCHEMA")
        raise self.context.fail(f"Unrecognized name: {first}{self._guess(first, scope)}", node)

    def _row(self, columns: list[Any], rest: list[str], node: exp.Expression) -> Expr:
        shown = [c for c in columns if not c.hidden]
        packed = ", ".join(f"{quoted(c.name)} := {c.sql}" for c in shown)
        row = Expr(f"struct_pack({packed})", struct([(c.name, c.type) for c in shown]))
        return self._fields(row, rest, node)

    @staticmethod
    def _guess(name: str, scope: Scope) -> str:
        import difflib

        close = difflib.get_close_matches(name.lower(), [n.lower() for n in scope.names()], n=1, cutoff=0.75)
        if not close:
            return ""
        spelled = next(n for n in scope.names() if n.lower() == close[0])
        return f"; Did you mean {spelled}?"

    def _fields(self, expr: Expr, names: list[str], node: exp.Expression) -> Expr:
        for name in names:
            expr = self.field(expr, name, node)
        return expr

    def field(self, expr: Expr, name: str, node: exp.Expression) -> Expr:
        """`expr.name`."""
        if expr.type.kind == "JSON":
            return Expr(use(self.context, f"wt_json_get({expr.sql}, {text(name)})"), JSON)
        if expr.type.kind != "STRUCT":
            raise self.context.fail(f"Cannot access field {name} on a value with type {expr.type}", node)
        found = expr.type.field(name)
        if found is None:
            raise self.context.fail(f"Field name {name} does not exist in {expr.type}", node)
        return Expr(f"struct_extract({expr.sql}, {text(found[0])})", found[1])
