"""Puts virtual time under `sqlite3`, wherever it is referred to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from harness.sim.chance import Chance
from harness.sim.rebind import rebind
from harness.sim.repoint import repoint
from harness.sim.sqlite import connection
from harness.sim.sqlite.library import Library

_FACTORY = 5
"""Where `factory` is among the positional arguments of `sqlite3.connect`."""


def install(chance: Chance, wall_ns: Callable[[], int]) -> None:
    """Let SQLite read `wall_ns()`, draw `random()` from `chance`, and wait in virtual time."""
    library = Library()
    library.tell_time(wall_ns)
    connection.surroundings.library = library
    connection.surroundings.chance = chance

    def connect(*args: Any, **options: Any) -> Any:
        if len(args) > _FACTORY:
            factory = connection.ours(connection.Connection, args[_FACTORY])
            args = (*args[:_FACTORY], factory, *args[_FACTORY + 1 :])
        else:
            factory = options.get("factory", connection.Connection)
            options["factory"] = connection.ours(connection.Connection, factory)
        return real(*args, **options)

    real = repoint(sqlite3.connect, connect)
    replacements = {id(sqlite3.Connection): connection.Connection, id(sqlite3.Cursor): connection.Cursor}
    rebind(replacements, {})
