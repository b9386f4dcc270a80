"""The query cache: the same text over the same unchanged tables is answered from the last answer.

https://cloud.google.com/bigquery/docs/cached-results: for about 24 hours; not for queries that are not deterministic,
name a destination, or read a table with a streaming buffer. Knows plans and the catalog.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from fakes.bigquery.jobs import Result

if TYPE_CHECKING:
    from fakes.bigquery.catalog import Catalog
    from fakes.bigquery.sql.plan import Plan

LIFE_NS = 24 * 3_600 * 1_000_000_000
KEPT = 200
"""Results kept; the service has no such bound, memory does."""
MOST_ROWS = 10_000
"""Larger results are not kept, for the same reason."""

Key = tuple[Any, ...]


class ResultsCache:
    """Results by query and by the state of the tables it read."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._results: OrderedDict[Key, tuple[int, Result]] = OrderedDict()

    def key(self, text: str, default: str, plan: Plan, bound: dict[str, Any], now_ns: int) -> Key | None:
        """What the answer depends on; None where it must not come from the cache."""
        if (
            plan.kind != "SELECT"
            or plan.volatile
            or plan.generation == -1
            or {"now", "seed", "partition"} & set(plan.used)
        ):
            return None
        states = []
        for source in plan.sources:
            table = self._catalog.find(source.id)
            if table is None or source.wildcard or not table.stored or table.buffer_until_us * 1_000 > now_ns:
                return None
            states.append((source.id, table.created_ms, table.version, table.changes))
        values = tuple(repr(bound[name]) for name in plan.used if name in bound)
        return (text, default, plan.columns, values, tuple(states))

    def get(self, key: Key, now_ns: int) -> Result | None:
        """The kept answer, if it is not too old."""
        found = self._results.get(key)
        if found is None or now_ns - found[0] > LIFE_NS:
            return None
        self._results.move_to_end(key)
        return found[1]

    def keep(self, key: Key, result: Result, now_ns: int) -> None:
        """Keep an answer."""
        if len(result.rows) > MOST_ROWS:
            return
        self._results[key] = (now_ns, result)
        if len(self._results) > KEPT:
            self._results.popitem(last=False)
