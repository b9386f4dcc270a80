"""How a call sees the data: as it is, as it was, or distorted by a fault. State stays right; this is laid over it.

Knows the verdicts, tables and what SQL sees of them. Must not know jobs or HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.sql.types import Type, quoted
from fakes.seam import Distort

if TYPE_CHECKING:
    from fakes.bigquery.catalog import Table
    from fakes.bigquery.sql.scope import Source

READ = frozenset(["hide_partition", "hide_streamed_s", "drop_columns", "rename_columns"])
"""Ways in which a query or tabledata.list may see wrong data."""
SCHEMA = frozenset(["drop_columns", "rename_columns"])
"""Ways in which tables.get and insertAll may find a table."""
LOAD = frozenset(["drop_rows", "duplicate_rows"])
"""Ways in which a load job may bring its rows in."""


STRAIGHT = Distort()
"""No distortion."""


@dataclass(frozen=True, slots=True)
class Sight:
    """`age_s` is how old a state is seen (0: the present one); `way` is what is wrong with the data."""

    age_s: float = 0.0
    way: Distort = STRAIGHT

    @property
    def plain(self) -> bool:
        """Whether everything is seen as it is."""
        return not self.age_s and not self.way.ways()

    def only(self, known: frozenset[str], what: str) -> Distort:
        """The distortion; raises `Unsupported` naming a way that `what` does not know."""
        unknown = [w for w in self.way.ways() if w not in known]
        if unknown:
            raise Unsupported(f"{unknown[0]} of {what}", f"it knows {', '.join(sorted(known)) or 'no distortion'}")
        return self.way

    # ---- reads

    def source(self, table: Table, source: Source, now_us: int) -> Source:
        """`source` as a query sees it."""
        way = self.only(READ, "a query")
        if not way.ways() or source.view_query:
            return source
        where = hidden_rows(table, way, now_us)
        names = shown_columns(source.columns, way)
        kinds = dict(source.columns)
        cells = [f"{quoted(old)} AS {quoted(new)}" for old, new in names]
        cells += [quoted(n) for n, _, _ in source.hidden if n == "_PARTITIONTIME"]
        changed = {old.lower(): new for old, new in names}
        return replace(
            source,
            columns=[(new, kinds[old]) for old, new in names],
            sql=f"(SELECT {', '.join(cells)} FROM {source.sql}{where})",
            partition_column=changed.get(source.partition_column.lower(), source.partition_column),
        )


PLAIN = Sight()


def hidden_rows(table: Table, way: Distort, now_us: int) -> str:
    """The WHERE clause that leaves out the rows that `way` hides, "" where it hides none."""
    from fakes.bigquery.catalog import BUFFER
    from fakes.bigquery.destinations import partition_bounds

    terms = []
    if way.hide_partition and table.partitioning is None and table.range_partitioning is None:
        raise Unsupported(f"hide_partition of {table.path}, which has no partitions")
    if way.hide_partition:
        column, low, high = partition_bounds(table, way.hide_partition)
        bounds = (f"{quoted(column)} >= {_literal(low)}", f"{quoted(column)} < {_literal(high)}")
        terms.append(f"({' AND '.join(bounds)}) IS NOT TRUE")
    if way.hide_streamed_s:
        since_us = now_us - round(way.hide_streamed_s * 1_000_000)
        marks = [until for at, until in table.streamed if at > since_us]
        if marks:
            terms.append(f"({quoted(BUFFER)} IS NULL OR {quoted(BUFFER)} NOT IN ({', '.join(map(str, marks))}))")
    return f" WHERE {' AND '.join(terms)}" if terms else ""


def _literal(value: Any) -> str:
    return str(value) if isinstance(value, int) else f"TIMESTAMP '{value.isoformat(sep=' ')}'"


def shown_columns(columns: Sequence[tuple[str, Type]], way: Distort) -> list[tuple[str, str]]:
    """(name as stored, name as shown) of the columns that are left."""
    dropped = {n.lower() for n in way.drop_columns}
    renamed = {k.lower(): v for k, v in way.rename_columns.items()}
    return [(n, renamed.get(n.lower(), n)) for n, _ in columns if n.lower() not in dropped]


def drifted(table: Table, way: Distort) -> Table:
    """`table` as it looks to a call that finds its schema changed; the same one where it is not."""
    if not SCHEMA & set(way.ways()):
        return table
    by_name = {f["name"]: f for f in table.schema}
    return replace(table, schema=[{**by_name[old], "name": new} for old, new in shown_columns(table.columns, way)])
