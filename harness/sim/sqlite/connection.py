"""`sqlite3.Connection` and `Cursor`, which wait for locks in virtual time.

This module exists because a connection that waits in C for another's lock never gets it: the holder needs the same
thread to go on. Here a statement that SQLite would have waited in is made again after SQLite's own delays, slept
outside of it; whether it would have waited, it says itself, for it does not where waiting cannot help (a transaction
that has read and now wants to write while another writes fails at once).

What a waiting connection holds, it holds while it waits, with one exception: outside a transaction, a statement that
waits for readers at its own commit begins anew.
"""

from __future__ import annotations

import itertools
import re
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from harness.sim.chance import Chance
from harness.sim.process import Process, current_label, current_process
from harness.sim.sqlite.library import Library

T = TypeVar("T")

_DELAYS_MS = (1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50)
_LAST_DELAY_MS = 100
"""`sqliteDefaultBusyCallback` of `sqlite3.c`."""

_PRAGMA = re.compile(
    r"\s*PRAGMA\s+(?:\w+\s*\.\s*)?busy_timeout\s*(?:(?:=\s*|\(\s*)(?P<ms>[+-]?\d+)\s*\)?\s*)?;?\s*", re.IGNORECASE
)

_SqliteConnection = sqlite3.Connection  # in that module the names come to stand for ours
_numbers = itertools.count(1)
_open: weakref.WeakSet[Connection] = weakref.WeakSet()


class Surroundings:
    """What connections are made in: the library in C, and the run's chance."""

    library: Library
    chance: Chance


surroundings = Surroundings()


def delays_ms(timeout_ms: int) -> Iterator[int]:
    """How long SQLite sleeps between its attempts until it has waited `timeout_ms` in all."""
    waited_ms = 0
    for delay_ms in itertools.chain(_DELAYS_MS, itertools.repeat(_LAST_DELAY_MS)):
        rest_ms = timeout_ms - waited_ms
        if rest_ms <= 0:
            return
        yield min(delay_ms, rest_ms)
        waited_ms += delay_ms


def statements(script: str) -> Iterator[str]:
    """The statements of `script` one by one: triggers, strings and comments may contain semicolons."""
    start = 0
    for end in re.finditer(";", script):
        if sqlite3.complete_statement(script[start : end.end()]):
            yield script[start : end.end()]
            start = end.end()
    if script[start:].strip():
        yield script[start:]


class _Resumable:
    """An iterator that can give its last item again: whoever took it could do nothing with it."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = iter(items)
        self._given: list[Any] = []
        self._again: list[Any] = []

    def again(self) -> None:
        self._again, self._given = self._given, []

    def __iter__(self) -> _Resumable:
        return self

    def __next__(self) -> Any:
        item = self._again.pop() if self._again else next(self._items)
        self._given = [item]
        return item


class Cursor(sqlite3.Cursor):
    """A cursor whose statements wait in virtual time."""

    def execute(self, sql: str, *parameters: Any) -> Cursor:
        """As the standard library's."""
        connection = self.connection
        if isinstance(connection, Connection):
            connection.waiting(super().execute, connection.noticed(sql), *parameters)
        else:
            super().execute(sql, *parameters)
        return self

    def executemany(self, sql: str, parameters: Any, /) -> Cursor:
        """As the standard library's; rows that are written are not written again."""
        connection = self.connection
        if not isinstance(connection, Connection):
            super().executemany(sql, parameters)
            return self
        rows = _Resumable(parameters)
        write = super().executemany

        def attempt() -> None:
            rows.again()
            write(sql, rows)

        connection.waiting(attempt)
        return self

    def executescript(self, script: str, /) -> Cursor:
        """As the standard library's; statements that are done are not done again."""
        connection = self.connection
        if not isinstance(connection, Connection):
            super().executescript(script)
            return self
        legacy = getattr(connection, "autocommit", -1) == -1  # from 3.12 on; -1 is LEGACY_TRANSACTION_CONTROL
        if legacy and connection.in_transaction:
            connection.commit()
        level = connection.isolation_level
        if legacy:
            connection.isolation_level = None  # no transaction but the script's own
        try:
            for statement in statements(script):
                connection.execute(statement).fetchall()
        finally:
            if legacy:
                connection.isolation_level = level
        return self


class Connection(sqlite3.Connection):
    """A connection that waits in virtual time, and belongs to the process that opened it."""

    def __init__(self, database: Any, timeout: float = 5.0, *args: Any, **options: Any) -> None:
        self.number = next(_numbers)
        self.process = current_process()
        self._timeout_ms = int(timeout * 1000)
        self._one_thread = options.get("check_same_thread", args[2] if len(args) > 2 else True)
        self._thread = threading.get_ident()
        self._cursors: weakref.WeakSet[sqlite3.Cursor] = weakref.WeakSet()
        if args:
            super().__init__(database, 0.0, *args, **options)
        else:  # from 3.13 on positional arguments are deprecated; nobody is warned who gives none
            super().__init__(database, timeout=0.0, **options)
        surroundings.library.watch(self, self.number)
        stream = surroundings.chance.stream(f"sqlite/{current_label()}")
        self.create_function("random", 0, lambda: stream.getrandbits(64) - (1 << 63))
        self.create_function("randomblob", 1, lambda size: stream.randbytes(max(1, size)))
        _open.add(self)

    def waiting(self, action: Callable[..., T], *args: Any) -> T:
        """`action(*args)`, made again for as long as SQLite would have waited for a lock in it."""
        self._check_thread()
        delays = None
        while True:
            surroundings.library.would_have_waited(self.number)
            try:
                return action(*args)
            except sqlite3.OperationalError as error:
                busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
                if not (busy and surroundings.library.would_have_waited(self.number)):
                    raise
                delays = delays or delays_ms(self._timeout_ms)
                delay_ms = next(delays, 0)
                if not delay_ms:
                    raise
            time.sleep(delay_ms / 1000)

    def noticed(self, sql: str) -> str:
        """What to execute for `sql`: `PRAGMA busy_timeout` is about our waiting, not SQLite's."""
        pragma = _PRAGMA.fullmatch(sql) if isinstance(sql, str) else None
        if pragma is None:
            return sql
        if pragma["ms"] is not None:
            self._timeout_ms = max(0, int(pragma["ms"]))
        return f"SELECT {self._timeout_ms} AS timeout"

    def cursor(self, factory: Any = None, /) -> Any:
        """As the standard library's."""
        self._check_thread()
        made = super().cursor(ours(Cursor, Cursor if factory is None else factory))
        self._cursors.add(made)
        return made

    def execute(self, sql: str, *parameters: Any) -> Cursor:
        """As the standard library's."""
        return Connection._plain_cursor(self).execute(sql, *parameters)

    def executemany(self, sql: str, parameters: Any, /) -> Cursor:
        """As the standard library's."""
        return Connection._plain_cursor(self).executemany(sql, parameters)

    def executescript(self, script: str, /) -> Cursor:
        """As the standard library's."""
        return Connection._plain_cursor(self).executescript(script)

    def _plain_cursor(self) -> Cursor:
        made = super().cursor(Cursor)
        self._cursors.add(made)
        return made

    def commit(self) -> None:
        """As the standard library's."""
        self.waiting(super().commit)

    def rollback(self) -> None:
        """As the standard library's."""
        self._check_thread()
        super().rollback()

    def close(self) -> None:
        """As the standard library's."""
        self._check_thread()
        super().close()

    def __exit__(self, kind: Any, value: Any, trace: Any) -> Any:
        """Commit or roll back, as the standard library's."""
        if kind is not None:
            self.rollback()
            return False
        try:
            self.commit()
        except sqlite3.Error:
            self.rollback()
            raise
        return False

    def backup(
        self,
        target: sqlite3.Connection,
        *,
        pages: int = -1,
        progress: Callable[[int, int, int], object] | None = None,
        name: str = "main",
        sleep: float = 0.250,
    ) -> None:
        """As the standard library's, which sleeps between the attempts at a locked database."""

        def told(status: int, remaining: int, total: int) -> None:
            if progress is not None:
                progress(status, remaining, total)
            if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                time.sleep(sleep)

        self._check_thread()
        super().backup(target, pages=pages, progress=told, name=name, sleep=0)

    def _check_thread(self) -> None:
        # In C all simulated threads are one.
        if self._one_thread and threading.get_ident() != self._thread:
            raise sqlite3.ProgrammingError(
                "SQLite objects created in a thread can only be used in that same thread. The object was created in "
                f"thread id {self._thread} and this is thread id {threading.get_ident()}."
            )

    def abandon(self) -> None:
        """Let go of all locks and of what was not committed, as the operating system does for a dead process."""
        try:
            for cursor in list(self._cursors):
                cursor.close()
            _SqliteConnection.rollback(self)
            _SqliteConnection.close(self)
        except sqlite3.Error:
            return  # closed already; or it died in a function called by SQLite, which cannot be left from here


_mixed: dict[tuple[type, type], type] = {}


def ours(wanted: type, factory: Any) -> Any:
    """`factory`, whose class waits as `wanted` does: also one derived from the standard library's before we came."""
    plain = wanted.__base__
    if factory is plain:
        return wanted
    if plain is None or not isinstance(factory, type) or not issubclass(factory, plain) or issubclass(factory, wanted):
        return factory
    key = wanted, factory
    if key not in _mixed:
        _mixed[key] = type(factory.__name__, (wanted, factory), {"__module__": factory.__module__})
    return _mixed[key]


def release_held_by(process: Process) -> None:
    """Close what the dead `process` had open, in the order in which it was opened."""
    held = [connection for connection in _open if connection.process is process]
    for connection in sorted(held, key=lambda connection: connection.number):
        connection.abandon()
