"""What tables were: versions for `FOR SYSTEM_TIME AS OF` and for stale reads.

Appends only note how many rows there were; any other change first copies the table aside. That costs a copy per change,
so a back end keeps history only when asked to (`history_s`). Knows tables and the engine, not SQL text of users.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field

from fakes.bigquery.catalog import Catalog, Table
from fakes.bigquery.engine import Engine
from fakes.bigquery.errors import Unsupported, invalid_query
from fakes.bigquery.sql.scope import Source, TableId
from fakes.bigquery.sql.types import quoted

SCHEMA = quoted("_history")
NS_PER_S = 1_000_000_000


@dataclass(slots=True)
class Stretch:
    """A time in which a table was only appended to: `rows[i]` rows before `changes_ns[i]`, all of them at the end.

    `sql` is where its rows are: the table itself for the current stretch, else a copy.
    """

    sql: str
    columns: tuple[str, ...]
    changes_ns: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    end_ns: int | None = None


class History:
    """The past of every table, as far back as `reach_s`."""

    def __init__(self, engine: Engine, catalog: Catalog, reach_s: float) -> None:
        self._engine = engine
        self._catalog = catalog
        self._reach_ns = round(reach_s * NS_PER_S)
        self._stretches: dict[tuple[TableId, int], list[Stretch]] = {}
        self._copies = 0

    @property
    def kept(self) -> bool:
        """Whether there is any history."""
        return self._reach_ns > 0

    def remember(self, table: Table, now_ns: int, *, append: bool) -> None:
        """Called before `table`'s rows change at `now_ns`."""
        if not self.kept or not table.stored:
            return
        stretches = self._of(table)
        current = stretches[-1]
        if append:
            if not current.changes_ns or current.changes_ns[-1] < now_ns:
                current.changes_ns.append(now_ns)
                current.rows.append(int(self._engine.run(f"SELECT count(*) FROM {table.sql}")[0][0]))
            return
        if not self._copies:
            self._engine.run(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        self._copies += 1
        copy = f"{SCHEMA}.{quoted(f'v{self._copies}')}"
        self._engine.run(f"CREATE TABLE {copy} AS SELECT * FROM {table.sql}")
        current.sql, current.end_ns = copy, now_ns
        current.columns = tuple(n for n, _ in table.columns)
        stretches.append(Stretch(table.sql, ()))
        self._forget(stretches, now_ns)

    def _of(self, table: Table) -> list[Stretch]:
        return self._stretches.setdefault((table.id, table.created_ms), [Stretch(table.sql, ())])

    def _forget(self, stretches: list[Stretch], now_ns: int) -> None:
        while stretches[0].end_ns is not None and stretches[0].end_ns < now_ns - self._reach_ns:
            self._engine.run(f"DROP TABLE {stretches.pop(0).sql}")

    def source(self, table: Table, at_ns: int, now_ns: int) -> Source:
        """`table` as it was at `at_ns`; raises the vendor's error for a time before the table or the history."""
        if at_ns >= now_ns:
            return self._catalog.source(table)
        if not self.kept:
            raise Unsupported(
                "a table's past (FOR SYSTEM_TIME AS OF, stale reads)",
                "create the back end with history_s, how far back it shall remember",
            )
        if at_ns < now_ns - self._reach_ns or at_ns < table.created_ms * 1_000_000:
            raise invalid_query(
                f"Table {table.path} does not have a snapshot at that time: it was created later or lies before the"
                " time travel window"
            )
        source = self._catalog.source(table)
        if source.view_query:
            return source
        stretch = next(s for s in self._of(table) if s.end_ns is None or s.end_ns > at_ns)
        index = bisect.bisect_right(stretch.changes_ns, at_ns)
        limit = f" WHERE rowid < {stretch.rows[index]}" if index < len(stretch.changes_ns) else ""
        had = {c.lower() for c in stretch.columns}
        cells = [
            quoted(n) if not had or n.lower() in had else f"CAST(NULL AS {t.duck}) AS {quoted(n)}"
            for n, t in table.columns
        ]
        if table.ingestion_time:
            cells.append('"_PARTITIONTIME"')
        source.sql = f"(SELECT {', '.join(cells)} FROM {stretch.sql}{limit})"
        return source
