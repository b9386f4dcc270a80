"""Routines: SQL functions, table functions and procedures, temporary and persistent.

SQL functions are inlined where they are called. JavaScript functions can be created and described, not called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from fakes.bigquery import options
from fakes.bigquery.catalog import split_path
from fakes.bigquery.errors import ApiError, Unsupported, not_found
from fakes.bigquery.sql import javascript
from fakes.bigquery.sql.scope import Column, Expr, Query, Relation, Scope, TableId
from fakes.bigquery.sql.types import Type, from_ast

if TYPE_CHECKING:
    from fakes.bigquery.ddl import Ddl
    from fakes.bigquery.sql.calls import Calls
    from fakes.bigquery.sql.select import Selects

DEEPEST = 64
"""How deep functions may call functions before it is taken for recursion, which the service forbids."""


@dataclass
class Routine:
    """One routine. `parameters` are (name, type); a type of None is ANY TYPE. `modes` are for procedures."""

    id: TableId
    kind: str
    parameters: list[tuple[str, Type | None]]
    returns: Type | None
    body: exp.Expression | None
    text: str
    language: str = "SQL"
    modes: list[str] = field(default_factory=list)
    created_ms: int = 0
    depth: int = 0
    block: Any = None
    modified_ms: int = 0
    given: dict[str, Any] = field(default_factory=dict)

    @property
    def table_valued(self) -> bool:
        """Whether it stands in a FROM clause."""
        return self.kind == "TABLE_VALUED_FUNCTION"

    def _scope(self, calls: Calls, arguments: Sequence[Expr], node: exp.Expression) -> Scope:
        if len(arguments) != len(self.parameters):
            raise calls.context.fail(
                f"Number of arguments does not match for function {self.id[2]}. Supported signature:"
                f" {self.id[2]}({', '.join(str(t or 'ANY TYPE') for _, t in self.parameters)})", node
            )  # fmt: skip
        if self.language != "SQL" or self.body is None:
            raise Unsupported(f"calling {self.id[2]}, a function in {self.language}", "write it in SQL")
        columns = []
        for (name, kind), argument in zip(self.parameters, arguments, strict=True):
            sql = calls.expressions.coerce(argument, kind, node) if kind is not None else argument.sql
            columns.append(Column(name, kind or argument.type, f"({sql})", hidden=True))
        scope = Scope()
        scope.relations.append(Relation(" arguments", columns))
        return scope

    def inline(self, calls: Calls, arguments: Sequence[Expr], node: exp.Expression) -> Expr:
        """The call as an expression."""
        if self.language == "JAVASCRIPT":
            return self._javascript(calls, arguments, node)
        scope = self._scope(calls, arguments, node)
        assert self.body is not None
        self.depth += 1
        try:
            if self.depth > DEEPEST:
                raise calls.context.fail(f"Function {self.id[2]} is recursive", node)
            value = calls.expressions.compile(self.body, scope)
        finally:
            self.depth -= 1
        if self.returns is not None:
            return Expr(f"({calls.expressions.coerce(value, self.returns, node)})", self.returns)
        return Expr(f"({value.sql})", value.type)

    def _javascript(self, calls: Calls, arguments: Sequence[Expr], node: exp.Expression) -> Expr:
        if len(arguments) != len(self.parameters) or self.returns is None or self.body is None:
            raise calls.context.fail(f"No matching signature for function {self.id[2]}", node)
        given = [
            Expr(calls.expressions.coerce(a, t, node), t) if t is not None else a
            for a, (_, t) in zip(arguments, self.parameters, strict=True)
        ]
        return javascript.call(calls, [n for n, _ in self.parameters], given, self.body.name, self.returns)

    def query(self, selects: Selects, arguments: Sequence[Expr], node: exp.Expression) -> Query:
        """The call as a relation."""
        scope = self._scope(selects.expressions.calls, arguments, node)
        assert self.body is not None
        return selects.query(self.body, scope)

    def resource(self) -> dict[str, Any]:
        """The vendor's `Routine`."""
        return {
            "etag": f"{self.created_ms:x}-{self.modified_ms:x}",
            "routineReference": {"projectId": self.id[0], "datasetId": self.id[1], "routineId": self.id[2]},
            "routineType": self.kind,
            "creationTime": str(self.created_ms),
            "lastModifiedTime": str(self.modified_ms or self.created_ms),
            "language": self.language,
            "arguments": [
                {"name": n, **({"dataType": {"typeKind": t.kind}} if t else {"argumentKind": "ANY_TYPE"})}
                for n, t in self.parameters
            ],
            **({"returnType": {"typeKind": self.returns.kind}} if self.returns else {}),
            "definitionBody": self.text,
            **self.given,
        }


def create(ddl: Ddl, node: exp.Create) -> None:
    """CREATE FUNCTION and CREATE TABLE FUNCTION."""
    function = node.this
    if not isinstance(function, exp.UserDefinedFunction):
        raise Unsupported(f"CREATE {node.args.get('kind')}")
    temporary = options.has(node, exp.TemporaryProperty)
    parts = [p for x in function.this.parts for p in x.name.split(".")]
    id = ("", "", parts[-1]) if temporary else split_path(parts, ddl.environment.project, ddl.environment.dataset)
    routine = read(node, function, id, ddl.now_ms)
    if temporary:
        ddl.environment.functions[parts[-1].lower()] = routine
        ddl.job.statistics["ddlOperationPerformed"] = "CREATE"
        return
    dataset = ddl.catalog.dataset(id[0], id[1], sql=True)
    word = "CREATE"
    if id[2].lower() in dataset.routines:
        word = "REPLACE" if node.args.get("replace") else "SKIP"
        if word == "SKIP" and not node.args.get("exists"):
            raise ApiError("duplicate", f"Already Exists: Routine {id[0]}:{id[1]}.{id[2]}")
    if word != "SKIP":
        dataset.routines[id[2].lower()] = routine
        ddl.catalog.generation += 1
    ddl.job.statistics["ddlOperationPerformed"] = word
    ddl.job.statistics["ddlTargetRoutine"] = {"projectId": id[0], "datasetId": id[1], "routineId": id[2]}


def read(node: exp.Create, function: exp.UserDefinedFunction, id: TableId, now_ms: int) -> Routine:
    """The routine that a CREATE FUNCTION describes."""
    parameters: list[tuple[str, Type | None]] = []
    for one in function.expressions:
        kind = one.args.get("kind") if isinstance(one, exp.ColumnDef) else None
        if kind is None or kind.sql("bigquery").upper().startswith("ANY"):
            parameters.append((one.name, None))
        else:
            parameters.append((one.name, from_ast(kind)))
    language = options.first(node, exp.LanguageProperty)
    returns = options.first(node, exp.ReturnsProperty)
    body = node.args.get("expression")
    query = body.this if isinstance(body, exp.Subquery) else body
    table_valued = isinstance(query, exp.Query) and not isinstance(body, exp.Paren)
    word = language.this.name.upper() if language is not None else "SQL"
    if isinstance(body, exp.Literal) and word == "SQL":
        word = "JS"
    return Routine(
        id,
        "TABLE_VALUED_FUNCTION" if table_valued else "SCALAR_FUNCTION",
        parameters,
        from_ast(returns.this) if returns is not None and isinstance(returns.this, exp.DataType) else None,
        query if table_valued else body,
        body.sql("bigquery") if body is not None else "",
        {"JS": "JAVASCRIPT"}.get(word, word),
        created_ms=now_ms,
    )


def drop(ddl: Ddl, node: exp.Drop, target: exp.Expression) -> None:
    """DROP FUNCTION and DROP PROCEDURE."""
    if isinstance(target, exp.UserDefinedFunction):
        target = target.this
    id = split_path([p.name for p in target.parts], ddl.environment.project, ddl.environment.dataset)
    dataset = ddl.catalog.dataset(id[0], id[1], sql=True)
    if dataset.routines.pop(id[2].lower(), None) is None:
        if not node.args.get("exists"):
            raise not_found("Routine", f"{id[0]}:{id[1]}.{id[2]}")
        ddl.job.statistics["ddlOperationPerformed"] = "SKIP"
        return
    ddl.catalog.policies.pop(id, None)
    ddl.catalog.generation += 1
    ddl.job.statistics["ddlOperationPerformed"] = "DROP"
