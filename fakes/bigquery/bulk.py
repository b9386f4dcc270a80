"""Many rows into a table with one statement: columns travel as one JSON document that DuckDB takes apart.

Binding thousands of parameters costs DuckDB some 0.1 ms each; a document of 500 rows is read in a few milliseconds.
Values that JSON cannot carry go the slow way. Knows types and the engine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson

from fakes.bigquery.engine import Engine
from fakes.bigquery.sql.types import Type, quoted

SLOW = {"JSON", "BYTES", "INTERVAL"}
"""Kinds that a document carries at the top of a row only."""

MOST_AT_ONCE = 5_000
"""Rows of one document: DuckDB's time to take it apart grows faster than its length."""

Target = tuple[str, Type, bool]
"""(column, type, whether a TIMESTAMP comes as microseconds)."""


def insert(engine: Engine, table: str, targets: Sequence[Target], rows: Sequence[Sequence[Any]]) -> None:
    """Insert `rows` of Python values into the columns `targets` of `table` (in DuckDB's spelling)."""
    if not rows:
        return
    columns = ", ".join(quoted(n) for n, _, _ in targets)
    if len(rows) > MOST_AT_ONCE:
        for start in range(0, len(rows), MOST_AT_ONCE):
            insert(engine, table, targets, rows[start : start + MOST_AT_ONCE])
        return
    transposed = list(zip(*rows, strict=True))
    if len(rows) < 4 or not all(map(_carried, targets, transposed)):
        _bind(engine, table, columns, targets, rows)
        return
    select = _select(tuple(targets))
    document = {f"c{i}": column for i, column in enumerate(transposed)}
    text = orjson.dumps(document, default=_default).decode()
    engine.run(f"INSERT INTO {table} ({columns}) {select}", {"document": text})


def _default(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _carried(target: Target, column: Sequence[Any]) -> bool:
    kind = target[1]
    if kind.kind == "FLOAT64":
        return all(v is None or math.isfinite(v) for v in column)
    return not _nested(kind)


@lru_cache(maxsize=1_024)
def _nested(kind: Type) -> bool:
    """Whether something inside `kind` does not survive a JSON document."""
    if kind.item is not None:
        return kind.item.kind in SLOW | {"FLOAT64"} or _nested(kind.item)
    return any(t.kind in SLOW | {"FLOAT64"} or _nested(t) for _, t in kind.fields)


@lru_cache(maxsize=1_024)
def _select(targets: tuple[Target, ...]) -> str:
    shapes = ", ".join(f'"c{i}": [{_shape(t, micros=m)}]' for i, (_, t, m) in enumerate(targets))
    cells = ", ".join(_cell(f"unnest(d.c{i})", t, micros=m) for i, (_, t, m) in enumerate(targets))
    return f"SELECT {cells} FROM (SELECT from_json($document, '{{{shapes}}}') AS d)"


def _shape(kind: Type, *, micros: bool = False) -> str:
    if kind.kind == "ARRAY":
        assert kind.item
        return f"[{_shape(kind.item)}]"
    if kind.kind == "STRUCT":
        return "{" + ", ".join(f'"{n}": {_shape(t)}' for n, t in kind.named_fields) + "}"
    if kind.kind == "RANGE":
        assert kind.item
        return "{" + ", ".join(f'"{end}": {_shape(kind.item)}' for end in ("start", "end")) + "}"
    if kind.kind == "TIMESTAMP":
        return '"BIGINT"' if micros else '"TIMESTAMP"'
    if kind.kind in SLOW:
        return '"VARCHAR"'
    return f'"{kind.duck}"'


def _cell(text: str, kind: Type, *, micros: bool) -> str:
    if kind.kind == "TIMESTAMP":
        return f"CAST({f'make_timestamp({text})' if micros else text} AS TIMESTAMPTZ)"
    if kind.kind == "BYTES":
        return f"unhex({text})"
    return f"CAST({text} AS {kind.duck})"


def _bind(engine: Engine, table: str, columns: str, targets: Sequence[Target], rows: Sequence[Sequence[Any]]) -> None:
    cells = [
        "CAST(make_timestamp(?) AS TIMESTAMPTZ)" if micros and t.kind == "TIMESTAMP" else f"CAST(? AS {t.duck})"
        for _, t, micros in targets
    ]
    row = f"({', '.join(cells)})"
    size = max(1, 2_000 // len(cells))
    for at in range(0, len(rows), size):
        part = rows[at : at + size]
        values = ", ".join([row] * len(part))
        engine.run(f"INSERT INTO {table} ({columns}) VALUES {values}", [v for r in part for v in r])
