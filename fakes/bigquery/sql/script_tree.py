"""What a script is taken apart into: one class for each kind of statement, whose expressions stay text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Statement:
    """A plain SQL statement."""

    text: str


@dataclass(slots=True)
class Declare:
    """DECLARE names [type] [DEFAULT expression]."""

    names: list[str]
    type: str
    default: str


@dataclass(slots=True)
class Assign:
    """SET names = expression; names in parentheses take a struct apart."""

    names: list[str]
    value: str
    apart: bool = False


@dataclass(slots=True)
class Branch:
    """IF and CASE: (condition, body) in order, and what else."""

    arms: list[tuple[str, list[Any]]]
    otherwise: list[Any]


@dataclass(slots=True)
class Loop:
    """LOOP, WHILE and REPEAT: `test` before or after each turn."""

    body: list[Any]
    test: str = ""
    after: bool = False
    label: str = ""


@dataclass(slots=True)
class For:
    """FOR name IN (query) DO body."""

    name: str
    query: str
    body: list[Any]
    label: str = ""


@dataclass(slots=True)
class Block:
    """BEGIN … [EXCEPTION WHEN ERROR THEN …] END."""

    body: list[Any]
    handler: list[Any] | None = None
    label: str = ""


@dataclass(slots=True)
class Word:
    """BREAK, CONTINUE, RETURN, BEGIN TRANSACTION, COMMIT, ROLLBACK; `argument` is a label."""

    kind: str
    argument: str = ""


@dataclass(slots=True)
class Raise:
    """RAISE [USING MESSAGE = expression]."""

    message: str


@dataclass(slots=True)
class Execute:
    """EXECUTE IMMEDIATE expression [INTO names] [USING arguments]."""

    sql: str
    into: list[str]
    using: list[tuple[str, str]]


@dataclass(slots=True)
class Call:
    """CALL procedure(arguments)."""

    path: list[str]
    arguments: list[str]


@dataclass(slots=True)
class Assertion:
    """ASSERT expression [AS 'message']."""

    test: str
    message: str


@dataclass(slots=True)
class Procedure:
    """CREATE PROCEDURE: (mode, name, type) of each argument, and the body."""

    path: list[str]
    replace: bool
    exists: bool
    arguments: list[tuple[str, str, str]]
    body: Block
    text: str = field(repr=False, default="")
