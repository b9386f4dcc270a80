"""Data faults show wrong data to the calls they strike and leave what is stored as it is."""

import json

import pytest
from google.api_core.exceptions import BadRequest, MethodNotImplemented
from google.cloud import bigquery

from fakes.seam import Distort, Ruling
from tests.fakes.bigquery.client import World

QUERY = "SELECT COUNT(*) AS n FROM d.games"


@pytest.fixture
def world() -> World:
    world = World()
    world.client.create_dataset("d")
    world.rows("CREATE TABLE d.games (day DATE, home STRING, points INT64) PARTITION BY day")
    world.rows(
        "INSERT INTO d.games VALUES (DATE '2026-01-15', 'LAL', 1), (DATE '2026-01-16', 'BOS', 2), (NULL, 'NYK', 3)"
    )
    world.around.events.clear()
    return world


def strike(world: World, method: str, **ways) -> None:
    """Distort each call of `method`."""
    world.around.rule = lambda call: Ruling(Distort(**ways), "bent") if call.method == method else Ruling()


def at_ease(world: World) -> None:
    world.around.rule = lambda call: Ruling()


def struck(world: World) -> list[str]:
    return [e["method"] for e in world.around.events if e["kind"] == "call" and e["fault"] == "bent"]


@pytest.mark.parametrize("partition", ["20260115", "20260116"])
def test_a_hidden_partition_is_missing_from_queries_and_listings_only_while_the_fault_strikes(world, partition):
    strike(world, "jobs.insert", hide_partition=partition)
    assert world.rows(QUERY) == [{"n": 2}]
    strike(world, "tabledata.list", hide_partition=partition)
    assert len(list(world.client.list_rows("d.games"))) == 2
    at_ease(world)
    assert world.rows(QUERY) == [{"n": 3}]
    assert struck(world) == ["jobs.insert", "tabledata.list"]


def test_streamed_rows_are_seen_late(world):
    world.client.insert_rows_json("d.games", [{"home": "DEN", "points": 4}])
    world.around.advance(200)
    world.client.insert_rows_json("d.games", [{"home": "PHX", "points": 5}])
    strike(world, "jobs.insert", hide_streamed_s=60.0)
    assert world.rows("SELECT home FROM d.games WHERE points > 3") == [{"home": "DEN"}]
    world.around.advance(120)
    assert len(world.rows("SELECT home FROM d.games WHERE points > 3")) == 2


def load(world: World, count: int = 1_000) -> bigquery.LoadJob:
    rows = [{"home": "LAL", "points": n} for n in range(count)]
    job = world.client.load_table_from_json(rows, "d.loaded", job_config=bigquery.LoadJobConfig(autodetect=True))
    job.result()
    return job


@pytest.mark.parametrize(
    ("ways", "low", "high"), [({"drop_rows": 0.1}, 850, 950), ({"duplicate_rows": 0.1}, 1_050, 1_150)]
)
def test_a_load_loses_or_doubles_rows_and_says_that_all_is_well(world, ways, low, high):
    strike(world, "jobs.insert", **ways)
    job = load(world)
    at_ease(world)
    assert job.output_rows == 1_000
    [found] = world.rows("SELECT COUNT(*) AS n, COUNT(DISTINCT points) AS d FROM d.loaded")
    assert low < found["n"] < high
    assert found["d"] == (found["n"] if "drop_rows" in ways else 1_000)
    assert struck(world) == ["jobs.insert"]


def test_a_dropped_column_is_gone_for_queries_metadata_and_streams(world):
    strike(world, "jobs.insert", drop_columns=("points",))
    with pytest.raises(BadRequest, match="Unrecognized name: points"):
        world.rows("SELECT points FROM d.games")
    assert set(world.rows("SELECT * FROM d.games LIMIT 1")[0]) == {"day", "home"}
    strike(world, "tables.get", drop_columns=("points",))
    assert [f.name for f in world.client.get_table("d.games").schema] == ["day", "home"]
    strike(world, "tabledata.insertAll", drop_columns=("points",))
    [refused] = world.client.insert_rows_json("d.games", [{"home": "X", "points": 9}])
    assert refused["errors"][0]["message"] == "no such field: points."
    at_ease(world)
    assert world.rows("SELECT SUM(points) AS s FROM d.games") == [{"s": 6}]


def test_a_renamed_column_is_found_under_its_new_name_and_stored_under_the_old(world):
    strike(world, "jobs.insert", rename_columns={"home": "home_team"})
    assert world.rows("SELECT home_team FROM d.games WHERE points = 1") == [{"home_team": "LAL"}]
    strike(world, "tabledata.insertAll", rename_columns={"home": "home_team"})
    assert world.client.insert_rows_json("d.games", [{"home_team": "MIA", "points": 7}]) == []
    at_ease(world)
    assert world.rows("SELECT home FROM d.games WHERE points = 7") == [{"home": "MIA"}]


def test_the_partition_column_may_be_renamed_too(world):
    strike(world, "jobs.insert", rename_columns={"day": "game_date"}, hide_partition="20260115")
    found = world.rows("SELECT game_date FROM d.games WHERE game_date = DATE '2026-01-16'")
    assert json.dumps(found, default=str) == '[{"game_date": "2026-01-16"}]'


@pytest.mark.parametrize(
    ("method", "ways", "says"),
    [
        ("jobs.insert", {"drop_rows": 0.5}, "drop_rows of a query; it knows drop_columns, hide_partition"),
        ("tables.get", {"hide_partition": "20260115"}, "hide_partition of tables.get; it knows drop_columns"),
        ("datasets.get", {"drop_rows": 0.5}, "drop_rows of datasets.get; it knows no distortion"),
    ],
)
def test_a_way_that_a_call_does_not_know_is_refused_and_told(world, method, ways, says):
    strike(world, method, **ways)
    calls = {
        "jobs.insert": lambda: world.rows(QUERY),
        "tables.get": lambda: world.client.get_table("d.games", retry=None),
        "datasets.get": lambda: world.client.get_dataset("d", retry=None),
    }
    with pytest.raises(MethodNotImplemented, match=says):
        calls[method]()
    assert [e["kind"] for e in world.around.events].count("unsupported") == 1


def test_a_table_without_partitions_has_none_to_hide(world):
    world.rows("CREATE TABLE d.plain (id INT64)")
    strike(world, "jobs.insert", hide_partition="20260115")
    with pytest.raises(MethodNotImplemented, match="which has no partitions"):
        world.rows("SELECT id FROM d.plain")
