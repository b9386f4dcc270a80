"""What SQLite's connections do of their own in a simulation, beside the contracts with `sqlite3` and SQLAlchemy."""

import sqlite3

import pytest

from harness.sim.sqlite.connection import Connection, Cursor, delays_ms, ours, statements
from tests.harness.sim.simulated import simulated


def test_delays_are_sqlites_and_add_up_to_the_time_out() -> None:
    assert list(delays_ms(0)) == []
    assert list(delays_ms(7)) == [1, 2, 4]
    assert list(delays_ms(500)) == [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100, 100, 72]


@pytest.mark.parametrize(
    ("script", "parts"),
    [
        ("SELECT 1; SELECT ';' ;\n-- a ; b\nSELECT 2", ["SELECT 1;", " SELECT ';' ;", "\n-- a ; b\nSELECT 2"]),
        ("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; DELETE FROM c; END; SELECT 1;", 2),
        (" \n", []),
    ],
)
def test_a_script_is_parted_at_the_ends_of_its_statements(script: str, parts: list[str] | int) -> None:
    found = list(statements(script))
    assert (len(found) if isinstance(parts, int) else found) == parts


def test_classes_derived_before_the_kernel_came_are_given_what_waits() -> None:
    class Early(sqlite3.Connection):
        pass

    assert ours(Connection, sqlite3.Connection) is Connection
    assert ours(Cursor, Cursor) is Cursor
    made = ours(Connection, Early)
    assert issubclass(made, Connection)
    assert issubclass(made, Early)
    assert ours(Connection, Early) is made
    assert ours(Connection, made) is made

    def factory() -> None:
        pass

    assert ours(Connection, factory) is factory


@simulated
def test_a_dead_process_leaves_neither_lock_nor_half_a_transaction() -> None:
    import tempfile
    import time
    from pathlib import Path

    from harness.sim import kernel

    path = Path(tempfile.mkdtemp()) / "games.db"
    told: list[object] = []

    def victim() -> None:
        database = sqlite3.connect(path)
        database.execute("CREATE TABLE games (n INTEGER)")
        database.execute("INSERT INTO games VALUES (1)")
        database.commit()
        database.execute("INSERT INTO games VALUES (2)")
        rows = database.execute("SELECT n FROM games")
        next(rows)
        time.sleep(60)
        told.append("never")

    def witness() -> None:
        database = sqlite3.connect(path, timeout=30)
        database.execute("INSERT INTO games VALUES (3)")
        database.commit()
        told.append([n for (n,) in database.execute("SELECT n FROM games")])

    process = kernel.install().process("victim", 0, {})
    process.spawn(victim)
    time.sleep(1)
    other = kernel.install().process("witness", 0, {})
    other.spawn(witness)
    time.sleep(1)
    process.die()
    time.sleep(1)
    assert told == [[1, 3]]


@simulated
def test_a_connection_without_contention_costs_no_virtual_time_and_is_one_of_the_standard_library() -> None:
    from sqlite3 import dbapi2

    from harness.sim import kernel

    loop = kernel.install().loop
    began_ns = loop.now_ns
    database = dbapi2.connect(":memory:")
    assert isinstance(database, sqlite3.Connection)
    with database:
        database.executescript("CREATE TABLE a (n INTEGER); INSERT INTO a VALUES (1)")
        assert database.executemany("INSERT INTO a VALUES (?)", [(2,), (3,)]).rowcount == 2
    assert database.isolation_level == ""
    assert database.cursor().execute("SELECT SUM(n) FROM a").fetchone() == (6,)
    assert loop.now_ns == began_ns
