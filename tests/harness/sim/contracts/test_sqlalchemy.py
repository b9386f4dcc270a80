"""SQLAlchemy on SQLite: pools, sessions, threads that contend, and its asyncio layer's greenlets."""

from __future__ import annotations

import datetime as dt
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.harness.sim.contracts.contract import Library, Trace, contract

ABOUT = Library(
    "SQLAlchemy", loads=("sqlalchemy", "sqlalchemy.orm", "sqlalchemy.pool", "sqlalchemy.dialects.sqlite.pysqlite")
)


@contextmanager
def an_engine(**options: Any) -> Iterator[Any]:
    """An engine on a file, in which there is a table of players with one player."""
    import sqlalchemy as sa

    with tempfile.TemporaryDirectory() as folder:
        engine = sa.create_engine(f"sqlite:///{Path(folder) / 'games.db'}", **options)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE players (id INTEGER PRIMARY KEY, points INTEGER)"))
            connection.execute(sa.text("INSERT INTO players VALUES (1, 0)"))
        yield engine
        engine.dispose()


@contract(ABOUT)
def test_sessions_write_and_read_objects_in_memory_by_virtual_time(trace: Trace) -> None:
    import sqlalchemy as sa
    from sqlalchemy import orm

    base: Any = orm.declarative_base()

    class Player(base):  # type: ignore[misc]  # made at run time
        __tablename__ = "players"
        id = sa.Column(sa.Integer, primary_key=True)
        name = sa.Column(sa.String, unique=True)
        joined = sa.Column(sa.DateTime, default=lambda: dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0))
        seen = sa.Column(sa.DateTime, server_default=sa.func.now())

    engine = sa.create_engine("sqlite://")
    base.metadata.create_all(engine)
    time.sleep(50)
    with orm.Session(engine) as session:
        session.add_all([Player(name=name) for name in ("Ann", "Bob")])
        session.commit()
        for player in session.scalars(sa.select(Player).order_by(Player.name)):
            trace(player.name, player.joined.isoformat(), player.seen.isoformat())
        session.add(Player(name="Ann"))
        try:
            session.commit()
        except sa.exc.IntegrityError as error:
            session.rollback()
            trace(str(error.orig))
        with session.begin_nested():
            session.get_one(Player, 2).name = "Bea"
        session.commit()
        trace(session.scalars(sa.select(Player.name).order_by(Player.id)).all())
    trace.expect(
        (50, "Ann", "2026-01-16T00:01:00", "2026-01-16T00:01:00"),
        (50, "Bob", "2026-01-16T00:01:00", "2026-01-16T00:01:00"),
        (50, "UNIQUE constraint failed: players.name"),
        (50, ["Ann", "Bea"]),
    )


@contract(ABOUT)
def test_a_pool_that_is_exhausted_times_out_and_hands_connections_on(trace: Trace) -> None:
    import sqlalchemy as sa

    def use(number: int, seconds: float) -> None:
        try:
            with engine.connect() as connection:
                trace("connected", number)
                time.sleep(seconds)
                connection.execute(sa.text("SELECT 1"))
        except sa.exc.TimeoutError as error:
            trace(number, str(error).partition(" (")[0])

    with an_engine(pool_size=1, max_overflow=1, pool_timeout=5) as engine:
        threads = [threading.Thread(target=use, args=arguments) for arguments in enumerate((3, 20, 20, 1))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        trace(engine.pool.checkedin(), engine.pool.overflow())
    trace.expect(
        (0, "connected", 0),
        (0, "connected", 1),
        (3, "connected", 2),
        (5, 3, "QueuePool limit of size 1 overflow 1 reached, connection timed out, timeout 5.00"),
        (23, 1, 0),
    )


@contract(ABOUT)
def test_threads_of_one_file_wait_for_one_another(trace: Trace) -> None:
    import sqlalchemy as sa

    def score(number: int) -> None:
        for _ in range(3):
            with engine.begin() as connection:
                connection.execute(sa.text("UPDATE players SET points = points + 1"))
                time.sleep(0.1)

    with an_engine() as engine:
        threads = [threading.Thread(target=score, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with engine.connect() as connection:
            trace(connection.execute(sa.text("SELECT points FROM players")).scalar_one())
    trace.expect(
        (1.228, 12),
    )


@contract(ABOUT)
def test_a_lock_held_too_long_is_an_operational_error(trace: Trace) -> None:
    import sqlalchemy as sa

    def hold() -> None:
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE players SET points = 7"))
            taken.set()
            time.sleep(10)

    taken = threading.Event()
    with an_engine(connect_args={"timeout": 2}) as engine:
        holder = threading.Thread(target=hold)
        holder.start()
        taken.wait()
        try:
            with engine.begin() as connection:
                connection.execute(sa.text("UPDATE players SET points = 8"))
        except sa.exc.OperationalError as error:
            trace(str(error.orig))
        holder.join()
        with engine.connect() as connection:
            trace(connection.execute(sa.text("SELECT points FROM players")).scalar_one())
    trace.expect(
        (2, "database is locked"),
        (10, 7),
    )


@contract(ABOUT)
def test_events_of_the_engine_and_the_age_of_connections_are_the_users(trace: Trace) -> None:
    import sqlalchemy as sa
    from sqlalchemy import event

    with an_engine(pool_recycle=60, pool_pre_ping=True) as engine:

        @event.listens_for(engine, "connect")
        def configure(connection: Any, record: Any) -> None:
            trace("new connection")
            connection.execute("PRAGMA busy_timeout = 100")
            connection.create_function("double", 1, lambda number: 2 * number)

        engine.dispose()
        for _ in range(3):
            with engine.connect() as connection:
                trace(connection.execute(sa.text("SELECT double(21)")).scalar_one())
            time.sleep(40)
    trace.expect(
        (0, "new connection"),
        (0, 42),
        (40, 42),
        (80, "new connection"),
        (80, 42),
    )


@contract(ABOUT)
def test_synchronous_code_awaits_in_the_greenlets_of_its_asyncio_layer(trace: Trace) -> None:
    import asyncio

    from sqlalchemy.util.concurrency import await_only, greenlet_spawn

    def synchronous(number: int) -> int:
        await_only(asyncio.sleep(number))
        time.sleep(0.5)
        trace("awaited", number, asyncio.get_running_loop() is not None)
        return await_only(answer(number))

    async def answer(number: int) -> int:
        await asyncio.sleep(1)
        return number * number

    async def main() -> None:
        trace(await asyncio.gather(*(greenlet_spawn(synchronous, number) for number in (3, 1, 2))))
        try:
            await asyncio.wait_for(greenlet_spawn(synchronous, 60), 5)
        except TimeoutError:
            trace("time out")

    asyncio.run(main())
    trace.expect(
        (1.5, "awaited", 1, True),
        (2.5, "awaited", 2, True),
        (3.5, "awaited", 3, True),
        (4.5, [9, 1, 4]),
        (9.5, "time out"),
    )
