"""Compiled statements: what a statement is, the DuckDB text that does it, and what must hold before it may run.

Plans are immutable and kept by text; they name tables by id and version, so that a change of schema makes a new one.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from fakes.bigquery.sql.scope import Source, TableId
from fakes.bigquery.sql.types import Type


@dataclass(frozen=True, slots=True)
class Check:
    """A query that must give no row, or the statement fails with `message` as 400 `invalidQuery`."""

    sql: str
    message: str
    used: tuple[str, ...] = ()
    only_if_buffered: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """One statement, compiled. `kind` is the vendor's `statementType`; DDL and scripts keep their syntax tree."""

    kind: str
    sql: str = ""
    columns: tuple[tuple[str, Type], ...] = ()
    used: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    target: TableId | None = None
    helpers: frozenset[str] = frozenset()
    checks: tuple[Check, ...] = ()
    node: exp.Expression | None = None
    volatile: bool = False
    generation: int | None = None
    merge: bool = False

    @property
    def dml(self) -> bool:
        """Whether it changes rows."""
        return self.kind in ("INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE_TABLE")

    @property
    def mutating(self) -> bool:
        """Whether it changes rows that are there (and so competes with others of its kind)."""
        return self.kind in ("UPDATE", "DELETE", "MERGE")
