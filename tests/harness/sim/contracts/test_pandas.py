"""pandas and pyarrow: frames, times, chance, files, and Arrow's own threads on either side of a fork."""

from __future__ import annotations

import io
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.harness.sim.contracts.contract import Library, Trace, contract

PANDAS = Library("pandas", loads=("pandas", "tests.harness.sim.contracts.framed"), beside=("numpy",))
PYARROW = Library(
    "pyarrow",
    loads=(
        "pyarrow",
        "pyarrow.csv",
        "pyarrow.dataset",
        "pyarrow.parquet",
        "pandas",
        "tests.harness.sim.contracts.framed",
    ),
)


@contract(PANDAS)
def test_frames_are_grouped_joined_and_rolled_alike(trace: Trace) -> None:
    import pandas

    from tests.harness.sim.contracts.framed import frame

    games = frame(1000)
    groups = games.groupby("team", sort=False)["points"].agg(["mean", "max"])
    trace(groups.index.tolist(), groups["max"].tolist(), groups["mean"].round(3).tolist())
    names = pandas.DataFrame({"team": ["LAL", "BOS"], "city": ["Los Angeles", "Boston"]})
    trace(games.merge(names, on="team").groupby("city").size().to_dict())
    trace(games["points"].rolling(10).mean().round(2).dropna().head(3).tolist())
    trace(games.pivot_table("points", "team", aggfunc="sum")["points"].to_dict())
    trace.expect(
        (0, ["LAL", "BOS", "CHI", "NYK"], [100.5, 100.5, 100.5, 100.5], [50.56, 50.392, 50.628, 50.46]),
        (0, {"Boston": 250, "Los Angeles": 250}),
        (0, [45.8, 52.5, 49.1]),
        (0, {"BOS": 12598.0, "CHI": 12657.0, "LAL": 12640.0, "NYK": 12615.0}),
    )


@contract(PANDAS)
def test_every_way_to_say_now_is_virtual(trace: Trace) -> None:
    import pandas

    time.sleep(3600)
    nows = [
        pandas.Timestamp.now("UTC"),
        pandas.Timestamp.now(),
        pandas.Timestamp.utcnow(),
        pandas.Timestamp.today(),
        pandas.Timestamp("now"),
        pandas.Timestamp("today"),
        pandas.to_datetime("now"),
        pandas.to_datetime("today"),
        pandas.to_datetime(["now", "today"])[0],
        pandas.to_datetime(pandas.Series(["now"]))[0],
        pandas.Timestamp.today().normalize() + pandas.Timedelta("1h10s"),
        pandas.date_range(end=pandas.Timestamp.now(), periods=2, freq="h")[1],
        pandas.Period.now("s").to_timestamp(),
    ]
    trace(len(nows), sorted({now.tz_localize(None).isoformat(timespec="seconds") for now in nows}))
    trace(str(pandas.Period.now("D")))
    trace.expect(
        (3600, 13, ["2026-01-16T01:00:10"]),
        (3600, "2026-01-16"),
    )


@contract(PANDAS)
def test_samples_are_the_seeds(trace: Trace) -> None:
    import numpy
    import pandas

    numbers = pandas.Series(range(100))
    trace(numbers.sample(3, random_state=1).tolist())
    numpy.random.seed(1)
    drawn = numbers.sample(3).tolist()
    time.sleep(1)
    trace(drawn, numbers.sample(frac=1)[:3].tolist())
    trace.expect(
        (0, [80, 84, 33]),
        (1, [80, 84, 33], [44, 96, 1]),
    )


@contract(PANDAS)
def test_frames_go_to_csv_json_pickle_and_sqlite_and_back(trace: Trace) -> None:
    import sqlite3

    import pandas

    from tests.harness.sim.contracts.framed import frame

    games = frame(100)
    trace(pandas.read_csv(io.StringIO(games.to_csv(index=False))).equals(games))
    trace(pandas.read_json(io.StringIO(games.to_json(orient="records"))).equals(games))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "games.pickle"
        games.to_pickle(path)
        trace(pandas.read_pickle(path).equals(games))
        with sqlite3.connect(Path(folder) / "games.db") as database:
            games.to_sql("games", database, index=False)
            trace(pandas.read_sql("SELECT * FROM games", database).equals(games))
        database.close()
    trace.expect(
        (0, True),
        (0, True),
        (0, True),
        (0, True),
    )


@contract(PYARROW, know="Arrow's threads work on either side of a fork and take no virtual time")
def test_what_arrow_computed_before_a_fork_it_computes_after_it(trace: Trace) -> None:
    from tests.harness.sim.contracts import framed

    trace(framed.computed() == framed.COMPUTED, framed.COMPUTED)
    with ThreadPoolExecutor(4) as pool:
        trace([answer == framed.COMPUTED for answer in pool.map(lambda _: framed.computed(), range(8))])
    trace.expect(
        (0, True, [126195.0, 126280.0, 126312.0, 126163.0, 50.495]),
        (0, [True, True, True, True, True, True, True, True]),
    )


@contract(PYARROW)
def test_parquet_makes_the_round_trip_with_arrows_threads(trace: Trace) -> None:
    import pandas
    import pyarrow
    import pyarrow.parquet

    from tests.harness.sim.contracts.framed import frame

    games = frame(20_000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "games.parquet"
        games.to_parquet(path, row_group_size=1000)
        written = path.read_bytes()
        games.to_parquet(path, row_group_size=1000)
        trace(path.read_bytes() == written, pandas.read_parquet(path).equals(games))
        table = pyarrow.parquet.read_table(path, columns=["points"], filters=[("team", "=", "BOS")], use_threads=True)
        trace(table.num_rows, sum(group.num_rows for group in pyarrow.parquet.ParquetFile(path).iter_batches(3000)))
        parts = pyarrow.table({"a": [1, 2, 3], "b": ["x", "y", "x"]})
        pyarrow.parquet.write_to_dataset(parts, f"{folder}/d", ["b"], basename_template="part-{i}.parquet")
        trace(sorted(str(part.relative_to(folder)) for part in Path(folder, "d").rglob("*.parquet")))
        trace(pandas.read_parquet(f"{folder}/d").sort_values("a")["a"].tolist())
    trace.expect(
        (0, True, True),
        (0, 5000, 20000),
        (0, ["d/b=x/part-0.parquet", "d/b=y/part-0.parquet"]),
        (0, [1, 2, 3]),
    )


@contract(PYARROW)
def test_csv_and_data_sets_are_read_with_arrows_threads_in_order(trace: Trace) -> None:
    import pandas
    import pyarrow
    import pyarrow.csv
    import pyarrow.dataset

    from tests.harness.sim.contracts.framed import frame

    games = frame(50_000)
    text = games.to_csv(index=False).encode()
    options = pyarrow.csv.ReadOptions(use_threads=True, block_size=10_000)
    trace(pyarrow.csv.read_csv(io.BytesIO(text), read_options=options).to_pandas().equals(games))
    trace(pandas.read_csv(io.BytesIO(text), engine="pyarrow").equals(games))
    with tempfile.TemporaryDirectory() as folder:
        for number in range(8):
            pyarrow.csv.write_csv(pyarrow.Table.from_pandas(frame(10 + number)), f"{folder}/{number}.csv")
        found = pyarrow.dataset.dataset(folder, format="csv")
        trace(found.count_rows(), [batch.num_rows for batch in found.to_batches(use_threads=True)])
        table = found.to_table(filter=pyarrow.dataset.field("team") == "LAL", use_threads=True)
        trace(table.num_rows, table["points"].to_pylist()[:4])
    trace.expect(
        (0, True),
        (0, True),
        (0, 108, [10, 11, 12, 13, 14, 15, 16, 17]),
        (0, 30, [0.5, 47.5, 94.5, 0.5]),
    )
