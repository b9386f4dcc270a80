"""What a piece of SQL may see while it is compiled: tables, columns, parameters, variables, and where a node stands.

Knows names and types. Must not know how any expression or statement is rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlglot import exp

from fakes.bigquery.errors import ApiError, invalid_query
from fakes.bigquery.sql.types import Type, quoted

TableId = tuple[str, str, str]
"""(project, dataset, table)."""


def parameter_key(name: str) -> str:
    """Under which name a query parameter is bound: ASCII letters, digits and underscores only."""
    return "p_" + "".join(c if (c.isalnum() and c.isascii()) or c == "_" else f"_{ord(c):x}_" for c in name)


@dataclass(frozen=True, slots=True)
class Expr:
    """A compiled expression: DuckDB text, its GoogleSQL type, and whether it coerces as a literal does.

    `value` is the literal's own value where it is a plain string or number, else None.
    """

    sql: str
    type: Type
    literal: bool = False
    value: Any = None
    aggregate: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a relation offers under `name`; `sql` is how to refer to it. Hidden ones are not in `*`."""

    name: str
    type: Type
    sql: str
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """A partition filter that is still owed: on one of the columns `names` (lower case), for the table `source`."""

    names: frozenset[str]
    source: Source


@dataclass(slots=True)
class Relation:
    """One item of a FROM clause. `value` is what the alias itself stands for when used as an expression."""

    alias: str
    columns: list[Column]
    value: Expr | None = None
    table: TableId | None = None
    merged: set[str] = field(default_factory=set)
    needs: list[Need] = field(default_factory=list)
    ambiguous: frozenset[str] = frozenset()

    def find(self, name: str) -> list[Column]:
        """Its columns of that name; case does not matter. More than one where the name is ambiguous."""
        lower = name.lower()
        found = [c for c in self.columns if c.name.lower() == lower]
        return found * 2 if lower in self.ambiguous else found


@dataclass(slots=True)
class Source:
    """What the catalog says of a table: columns with types, and either a stored table (`sql`) or a view's query.

    `limits` are the REST schema fields of the columns whose types have parameters.
    """

    id: TableId
    columns: Sequence[tuple[str, Type]]
    sql: str = ""
    hidden: Sequence[tuple[str, Type, str]] = ()
    view_query: str = ""
    partition_column: str = ""
    partition_aliases: tuple[str, ...] = ()
    require_partition_filter: bool = False
    wildcard: bool = False
    defaults: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    version: int = 0


class Tables(Protocol):
    """The catalog as the compiler sees it."""

    def source(self, parts: Sequence[str], as_of_ns: int | None) -> Source:
        """The table of 1–3 name parts; raises the vendor's `notFound` and `invalid`."""

    def routine(self, parts: Sequence[str]) -> Any:
        """The function of that path, or None."""


@dataclass(slots=True)
class Query:
    """A compiled query: DuckDB text, output columns in order, and what its value is when it is a value table.

    `nulls` are the positions of the columns that are a bare NULL, which any type may be; `ambiguous` the names that
    several columns were given, of which all but the first have another by now.
    """

    sql: str
    columns: list[tuple[str, Type]]
    value_table: bool = False
    ordered: bool = False
    needs: list[Need] = field(default_factory=list)
    nulls: frozenset[int] = frozenset()
    ambiguous: frozenset[str] = frozenset()


@dataclass
class Context:
    """One statement's compilation: what is given to it, and what it was found to need.

    `parameters` maps `@name` (or `1`, `2`… for `?`) to types, `variables` the script's variables in scope.
    """

    tables: Tables
    text: str
    parameters: Mapping[str, Type] = field(default_factory=dict)
    variables: Mapping[str, Type] = field(default_factory=dict)
    functions: Mapping[str, Any] = field(default_factory=dict)
    used: dict[str, None] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    macros: set[str] = field(default_factory=set)
    positional: int = 0
    aliases: int = 0
    as_of: Callable[[exp.Expression], int] | None = None
    volatile: bool = False

    def alias(self) -> str:
        """A fresh internal alias."""
        self.aliases += 1
        return f"_r{self.aliases}"

    def at(self, node: exp.Expression | None) -> tuple[int, int] | None:
        """(line, column) of the leftmost token of `node` in the statement, or None."""
        start = _start(node)
        if start is None or start > len(self.text):
            return None
        before = self.text[:start]
        return before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1

    def fail(self, message: str, node: exp.Expression | None = None) -> ApiError:
        """An analysis error of this statement, positioned at `node`."""
        return invalid_query(message, self.at(node))


def _start(node: exp.Expression | None) -> int | None:
    if node is None:
        return None
    starts = [n.meta["start"] for n in node.walk() if n._meta and "start" in n._meta]
    return min(starts) if starts else None


class Scope:
    """The names one query block sees: its relations, its common table expressions, and those of its surroundings."""

    def __init__(self, parent: Scope | None = None, ctes: Mapping[str, Query] | None = None) -> None:
        self.parent = parent
        self.relations: list[Relation] = []
        self.ctes: dict[str, tuple[str, Query]] = dict(ctes or {})  # type: ignore[arg-type] # same shape
        self.aliases: dict[str, Expr] = {}
        self.windows: dict[str, exp.Window] = {}

    def cte(self, name: str) -> tuple[str, Query] | None:
        """(SQL name, query) of the common table expression of that name, the nearest first."""
        scope: Scope | None = self
        while scope:
            if found := scope.ctes.get(name.lower()):
                return found
            scope = scope.parent
        return None

    def relation(self, alias: str) -> Relation | None:
        """The relation of that alias, the nearest first."""
        scope: Scope | None = self
        lower = alias.lower()
        while scope:
            for relation in scope.relations:
                if relation.alias.lower() == lower:
                    return relation
            scope = scope.parent
        return None

    def column(self, name: str, context: Context, node: exp.Expression) -> Expr | None:
        """The unqualified column `name`, looking outwards; raises where two relations offer it."""
        scope: Scope | None = self
        lower = name.lower()
        while scope:
            for relation in scope.relations:
                if relation.value is not None and relation.alias.lower() == lower:
                    return relation.value
            found = [
                column for relation in scope.relations for column in relation.find(name) if lower not in relation.merged
            ]
            if len(found) > 1:
                raise context.fail(f"Column name {name} is ambiguous", node)
            if found:
                return Expr(found[0].sql, found[0].type)
            scope = scope.parent
        return None

    def names(self) -> list[str]:
        """Every column name in reach, nearest first, for a "did you mean"."""
        scope: Scope | None = self
        names: dict[str, None] = {}
        while scope:
            names |= dict.fromkeys(c.name for r in scope.relations for c in r.columns if not c.hidden)
            scope = scope.parent
        return list(names)


def reference(alias: str, name: str) -> str:
    """`alias.name` in DuckDB's spelling."""
    return f"{quoted(alias)}.{quoted(name)}"
