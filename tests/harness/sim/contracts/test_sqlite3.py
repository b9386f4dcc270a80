"""sqlite3: writers that wait for one another in virtual time, and what SQL says of the time and of chance."""

from __future__ import annotations

import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.harness.sim.contracts.contract import Library, Trace, contract

ABOUT = Library("sqlite3", standard=True)


@contextmanager
def a_file(mode: str = "delete") -> Iterator[str]:
    """The path of a database with one table of one row."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "games.db")
        with closing(sqlite3.connect(path)) as database:
            database.execute(f"PRAGMA journal_mode = {mode}")
            database.execute("CREATE TABLE games (n INTEGER)")
            database.execute("INSERT INTO games VALUES (0)")
            database.commit()
        yield path


def _hold(path: str, seconds: float, begin: str = "BEGIN IMMEDIATE") -> threading.Thread:
    """A thread that holds a lock for so long, from now on."""

    def hold() -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute(begin)
            database.execute("SELECT * FROM games").fetchall()
            taken.set()
            time.sleep(seconds)
            database.execute("COMMIT")

    taken = threading.Event()
    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait()
    return thread


@contract(ABOUT)
def test_a_writer_waits_for_another_by_sqlites_own_delays(trace: Trace) -> None:
    with a_file() as path, closing(sqlite3.connect(path)) as database:
        holder = _hold(path, 0.3)
        database.execute("INSERT INTO games VALUES (1)")
        trace("written", database.in_transaction)
        database.commit()
        trace(database.execute("SELECT * FROM games").fetchall())
        holder.join()
    trace.expect((0.328, "written", True), (0.328, [[0], [1]]))


@contract(ABOUT)
def test_a_lock_held_for_longer_than_the_time_out_is_an_error_at_its_instant(trace: Trace) -> None:
    def insert(connection: sqlite3.Connection) -> None:
        with closing(connection) as database:
            try:
                database.execute("INSERT INTO games VALUES (1)")
            except sqlite3.OperationalError as error:
                trace(str(error), error.sqlite_errorname)

    with a_file() as path:
        holder = _hold(path, 60)
        insert(sqlite3.connect(path))
        insert(sqlite3.connect(path, 1.5))
        insert(sqlite3.connect(path, timeout=0))
        database = sqlite3.connect(path)
        trace(database.execute("PRAGMA busy_timeout").fetchall())
        trace(database.execute("PRAGMA busy_timeout = 250;").fetchall())
        insert(database)
        holder.join()
    locked = ("database is locked", "SQLITE_BUSY")
    trace.expect((5, *locked), (6.5, *locked), (6.5, *locked), (6.5, [[5000]]), (6.5, [[250]]), (6.75, *locked))


@contract(ABOUT, know="a transaction that has read cannot wait to write while another writes: SQLite says so at once")
def test_a_reader_that_would_write_fails_at_once_as_sqlite_decides(trace: Trace) -> None:
    for mode in ("delete", "wal"):
        with a_file(mode) as path, closing(sqlite3.connect(path, isolation_level=None)) as database:
            holder = _hold(path, 1)
            database.execute("BEGIN")
            database.execute("SELECT * FROM games").fetchall()
            try:
                database.execute("INSERT INTO games VALUES (1)")
            except sqlite3.OperationalError as error:
                trace(str(error))
            database.execute("ROLLBACK")
            database.execute("BEGIN IMMEDIATE")
            trace("begun")
            database.execute("COMMIT")
            holder.join()
    trace.expect((0, "database is locked"), (1.028, "begun"), (1.028, "database is locked"), (2.056, "begun"))


@contract(ABOUT)
def test_a_commit_waits_for_readers_to_finish(trace: Trace) -> None:
    with a_file() as path, closing(sqlite3.connect(path)) as database:
        reader = _hold(path, 2, "BEGIN")
        database.execute("INSERT INTO games VALUES (1)")
        trace("written")
        database.commit()
        trace("committed")
        reader.join()
        reader = _hold(path, 2, "BEGIN")
        with database:
            database.executescript("BEGIN; INSERT INTO games VALUES (2); COMMIT; SELECT 1")
        trace("script")
        reader.join()
        trace(database.execute("SELECT COUNT(*) FROM games").fetchone())
    trace.expect((0, "written"), (2.028, "committed"), (4.056, "script"), (4.056, [3]))


@contract(ABOUT)
def test_eight_threads_lose_no_increment(trace: Trace) -> None:
    def count(number: int) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            for _ in range(5):
                database.execute("BEGIN IMMEDIATE")
                ((value,),) = database.execute("SELECT n FROM games")
                time.sleep(0.01)
                database.execute("UPDATE games SET n = ?", (value + 1,))
                database.execute("COMMIT")

    with a_file("wal") as path:
        threads = [threading.Thread(target=count, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with closing(sqlite3.connect(path)) as database:
            trace(database.execute("SELECT n FROM games").fetchone())
    trace.expect((0.678, [40]))


@contract(ABOUT)
def test_rows_written_before_a_wait_are_not_written_again(trace: Trace) -> None:
    def rows() -> Iterator[tuple[int]]:
        for number in range(1, 4):
            if number == 2:
                holders.append(_hold(path, 1))
            yield (number,)

    holders: list[threading.Thread] = []
    with a_file() as path, closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executemany("INSERT INTO games VALUES (?)", rows())
        trace([n for (n,) in database.execute("SELECT n FROM games ORDER BY n")])
        holders[0].join()
    trace.expect((1.028, [0, 1, 2, 3]))


@contract(ABOUT)
def test_sql_tells_virtual_time_and_draws_from_the_seed(trace: Trace) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE games (n INTEGER, at TEXT DEFAULT CURRENT_TIMESTAMP)")
        for number in range(2):
            database.execute("INSERT INTO games (n) VALUES (?)", (number,))
            time.sleep(3600)
        trace([at for (at,) in database.execute("SELECT at FROM games")])
        trace(database.execute("SELECT datetime('now', '+1 day'), unixepoch(), round(julianday('now'), 3)").fetchone())
        trace([n for (n,) in database.execute("SELECT abs(random()) % 1000 FROM games")])
        trace(database.execute("SELECT hex(randomblob(4))").fetchone())
    trace.expect(
        (7200, ["2026-01-16 00:00:10", "2026-01-16 01:00:10"]),
        (7200, ["2026-01-17 02:00:10", 1768528810, 2461056.583]),
        (7200, [585, 653]),
        (7200, ["B5503B9F"]),
    )


@contract(ABOUT)
def test_a_connection_is_used_by_the_thread_that_made_it(trace: Trace) -> None:
    def use(database: sqlite3.Connection) -> None:
        try:
            trace(database.execute("SELECT 1").fetchone())
        except sqlite3.ProgrammingError as error:
            trace(str(error).partition(".")[0])

    for one_thread in (True, False):
        with closing(sqlite3.connect(":memory:", check_same_thread=one_thread)) as database:
            thread = threading.Thread(target=use, args=(database,))
            thread.start()
            thread.join()
    trace.expect((0, "SQLite objects created in a thread can only be used in that same thread"), (0, [1]))


@contract(ABOUT)
def test_classes_of_ones_own_wait_too(trace: Trace) -> None:
    class Counting(sqlite3.Connection):
        executed = 0

        def execute(self, *args: Any) -> Any:
            self.executed += 1
            return super().execute(*args)

    class Rows(sqlite3.Cursor):
        def fetchall(self) -> Any:
            return ["rows", *super().fetchall()]

    with a_file() as path:
        holder = _hold(path, 1)
        with closing(sqlite3.connect(path, factory=Counting)) as database:
            database.row_factory = sqlite3.Row
            database.execute("INSERT INTO games VALUES (1)")
            trace(database.executed)
            cursor = database.cursor(Rows)
            cursor.row_factory = None
            trace(cursor.execute("SELECT n FROM games").fetchall())
            trace(dict(database.execute("SELECT n FROM games").fetchone()))
        holder.join()
    trace.expect((1.028, 1), (1.028, ["rows", [0], [1]]), (1.028, {"n": 0}))


@contract(ABOUT)
def test_a_backup_waits_for_a_writer(trace: Trace) -> None:
    with a_file() as path, closing(sqlite3.connect(path)) as database, closing(sqlite3.connect(":memory:")) as copy:
        holder = _hold(path, 1, "BEGIN EXCLUSIVE")
        database.backup(copy)
        trace(copy.execute("SELECT * FROM games").fetchall())
        holder.join()
    trace.expect((1, [[0]]))
