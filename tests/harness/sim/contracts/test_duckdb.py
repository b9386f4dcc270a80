"""DuckDB in a program's own code: threads, files, Parquet, frames, and what SQL says of the time and of chance."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.harness.sim.contracts.contract import Library, Trace, contract

ABOUT = Library("duckdb", loads=("duckdb", "pandas", "tests.harness.sim.contracts.queried"))


@contract(ABOUT)
def test_a_database_opened_before_or_after_a_fork_answers_the_same(trace: Trace) -> None:
    from tests.harness.sim.contracts import queried

    trace(queried.answers(queried.DATABASE) == queried.BEFORE, queried.BEFORE)
    trace.expect((0.0, True, [[0, 166667, 41666583333], [1, 166667, 41666750000], [2, 166666, 41666416667]]))


@contract(ABOUT)
def test_threads_write_through_cursors_of_one_file(trace: Trace) -> None:
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "games.duckdb"
        with duckdb.connect(str(path)) as database:
            database.execute("CREATE TABLE games (n INTEGER, points DOUBLE)")

            def write(number: int) -> None:
                database.cursor().execute("INSERT INTO games SELECT ?, i FROM range(1000) t(i)", [number])

            with ThreadPoolExecutor(4) as pool:
                list(pool.map(write, range(8)))
        with duckdb.connect(str(path), read_only=True) as database:
            trace(database.execute("SELECT n, SUM(points) FROM games GROUP BY n ORDER BY n").fetchall())
    trace.expect((0.0, [[number, 499500.0] for number in range(8)]))


@contract(ABOUT)
def test_frames_and_parquet_files_are_tables(trace: Trace) -> None:
    import duckdb
    import pandas

    frame = pandas.DataFrame({"team": ["LAL", "BOS", "LAL"], "points": [101, 99, 88]})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "games.parquet"
        database = duckdb.connect()
        database.register("frame", frame)
        database.execute(f"COPY frame TO '{path}' (FORMAT parquet)")
        trace(database.execute(f"SELECT team, MAX(points) FROM '{path}' GROUP BY team ORDER BY team").fetchall())
    trace(database.execute("SELECT * FROM frame ORDER BY points").df()["points"].tolist())
    trace.expect((0.0, [["BOS", 99], ["LAL", 101]]), (0.0, [88, 99, 101]))


@contract(
    ABOUT,
    know="now() and random() inside SQL are computed in C++, by the machine's clock and chance",
    remedy="pass the time as a parameter, and call setseed before random",
)
def test_time_passed_in_is_virtual_and_seeded_chance_replays(trace: Trace) -> None:
    import datetime as dt
    import time

    import duckdb

    database = duckdb.connect()
    time.sleep(90)
    (told,) = database.execute("SELECT date_trunc('second', ?::TIMESTAMP)", [dt.datetime.now(dt.UTC)]).fetchone() or ()
    trace(told.isoformat())
    database.execute("SELECT setseed(0.25)")
    trace([round(row[0], 6) for row in database.execute("SELECT random() FROM range(3)").fetchall()])
    trace.expect((90.0, "2026-01-16T00:01:40"), (90.0, [0.243763, 0.75964, 0.207977]))
