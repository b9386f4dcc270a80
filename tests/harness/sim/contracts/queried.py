"""A DuckDB database in memory, asked once as this module is imported.

This module exists so that contracts see DuckDB's threads from both sides of a fork: where the library was there first,
they have worked before the zygote forks. It must not know the kernel.
"""

from __future__ import annotations

from typing import Any

import duckdb

ROWS = 500_000
"""Enough for several of DuckDB's threads: it hands out row groups of 122,880."""


def answers(database: duckdb.DuckDBPyConnection) -> Any:
    """What all its threads work at."""
    query = "SELECT n % 3 AS third, COUNT(*), SUM(n) FROM numbers GROUP BY third ORDER BY third"
    return [list(map(int, row)) for row in database.execute(query).fetchall()]


DATABASE = duckdb.connect()
DATABASE.execute(f"CREATE TABLE numbers AS SELECT i AS n FROM range({ROWS}) t(i)")
BEFORE = answers(DATABASE)
