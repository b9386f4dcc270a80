"""A lost reply must not make anything happen twice: the property this emulator exists for."""

from collections.abc import Mapping
from datetime import datetime

import pytest
import requests
from google.api_core.exceptions import BadRequest, Conflict, Forbidden
from google.cloud import bigquery

from fakes.gcs import create as create_storage
from fakes.seam import LoseReply, Refuse, Ruling
from tests.fakes.bigquery.client import World


@pytest.fixture
def world() -> World:
    world = World()
    world.client.create_dataset("d")
    world.rows("SELECT 1")
    world.client.create_table(
        bigquery.Table(
            "nba-props-platform.d.t", [bigquery.SchemaField("id", "INT64"), bigquery.SchemaField("s", "STRING")]
        )
    )
    return world


def lose_next(world: World, method: str, ruling: Ruling) -> None:
    """Give `ruling` to the next call of `method` only."""
    plain = world.around.rule

    def rule(call):
        world.around.calls.append(call)
        if call.method == method:
            world.around.rule = plain
            return ruling
        return Ruling()

    world.around.rule = rule


@pytest.mark.parametrize("verdict", [LoseReply(), LoseReply(503)], ids=["reset", "503"])
def test_an_insert_whose_reply_was_lost_runs_once(world, verdict, monkeypatch):
    monkeypatch.setattr("time.sleep", world.around.advance)
    lose_next(world, "jobs.insert", Ruling(verdict, "lost"))
    job = world.client.query("INSERT INTO d.t (id) VALUES (1)")
    job.result()
    assert job.num_dml_affected_rows == 1
    assert world.rows("SELECT COUNT(*) AS n FROM d.t") == [{"n": 1}]


def test_the_same_job_id_twice_is_409_and_runs_once(world):
    world.client.query("INSERT INTO d.t (id) VALUES (1)", job_id="one", job_retry=None).result()
    with pytest.raises(Conflict, match=r"Already Exists: Job nba-props-platform:US.one"):
        world.client.query("INSERT INTO d.t (id) VALUES (1)", job_id="one", job_retry=None)
    assert world.rows("SELECT COUNT(*) AS n FROM d.t") == [{"n": 1}]


def test_a_refused_insert_is_not_applied_and_the_retry_is(world, monkeypatch):
    monkeypatch.setattr("time.sleep", world.around.advance)
    lose_next(world, "jobs.insert", Ruling(Refuse(503), "down"))
    world.client.query("INSERT INTO d.t (id) VALUES (1)").result()
    assert world.rows("SELECT COUNT(*) AS n FROM d.t") == [{"n": 1}]


def test_rows_with_an_insert_id_are_streamed_once_within_its_window(world):
    rows = [{"id": 1}, {"id": 2}]
    for _ in range(2):
        assert world.client.insert_rows_json("d.t", rows, row_ids=["a", "b"]) == []
    assert world.rows("SELECT COUNT(*) AS n FROM d.t") == [{"n": 2}]
    world.around.advance(61)
    world.client.insert_rows_json("d.t", rows, row_ids=["a", "b"])
    assert world.rows("SELECT COUNT(*) AS n FROM d.t") == [{"n": 4}]


def test_streamed_rows_cannot_be_deleted_until_they_leave_the_buffer(world):
    world.client.insert_rows_json("d.t", [{"id": 1}])
    with pytest.raises(BadRequest, match="would affect rows in the streaming buffer, which is not supported"):
        world.rows("DELETE FROM d.t WHERE id = 1")
    assert world.rows("DELETE FROM d.t WHERE id = 2") == []
    world.around.advance(5_400)
    world.rows("DELETE FROM d.t WHERE id = 1")
    assert world.rows("SELECT COUNT(*) AS n FROM d.t") == [{"n": 0}]


def load(world: World) -> bigquery.LoadJob:
    """Append the one row of `gs://loads/one.json`, and wait."""
    config = bigquery.LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON")
    job = world.client.load_table_from_uri("gs://loads/one.json", "d.t", job_config=config, retry=None)
    return job.result(retry=None)


def loading(at: str, limits: Mapping[str, object]) -> World:
    """A world at the time `at` that has something to load and a table for it."""
    world = World(limits)
    storage = world.around.peers["gcs"] = create_storage(world.around)
    storage.provision({"buckets": {"loads": {}}})
    storage.write_object("loads", "one.json", b'{"id": 1}')
    world.client.create_dataset("d")
    world.rows("CREATE TABLE d.t (id INT64)")
    to(world, at)
    return world


def to(world: World, at: str) -> None:
    world.around.advance(datetime.fromisoformat(at).timestamp() - world.around.now_ns() / 1e9)


def test_load_job_1501_of_a_day_is_refused():
    world = loading("2026-01-16T08:00:00Z", {})  # midnight in Los Angeles
    for _ in range(1_500):
        load(world)
        world.around.advance(10)
    with pytest.raises(Forbidden, match="imports or query appends per table") as refused:
        load(world)
    assert refused.value.errors[0]["reason"] == "quotaExceeded"
    assert world.rows("SELECT COUNT(*) AS n FROM d.t") == [{"n": 1_500}]


@pytest.mark.parametrize(
    ("midnight", "next_midnight", "hours"),
    [
        ("2026-01-16T08:00:00Z", "2026-01-17T08:00:00Z", 24),
        ("2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z", 23),
        ("2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z", 25),
    ],
    ids=["winter", "clocks go forward", "clocks go back"],
)
def test_a_days_quota_begins_anew_at_midnight_pacific(midnight, next_midnight, hours):
    world = loading(midnight, {"table_operations_per_day": 3})
    for _ in range(3):
        load(world)
    began_ns = world.around.now_ns()
    to(world, next_midnight)
    assert (world.around.now_ns() - began_ns) // 3_600_000_000_000 == hours
    world.around.epoch_ns -= 1
    with pytest.raises(Forbidden, match="imports or query appends per table"):
        load(world)
    world.around.epoch_ns += 1
    load(world)
    assert world.rows("SELECT COUNT(*) AS n FROM d.t") == [{"n": 4}]


def test_two_merges_at_once_are_serialised_and_neither_is_lost(world):
    world.rows("INSERT INTO d.t (id, s) VALUES (1, 'x')")
    merge = "MERGE d.t t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET s = CONCAT(t.s, 'y')"
    jobs = [world.client.query(merge) for _ in range(3)]
    assert [j.state for j in jobs] == ["RUNNING", "RUNNING", "PENDING"]
    for job in jobs:
        job.result()
    assert world.rows("SELECT s FROM d.t") == [{"s": "xyyy"}]


def test_mutating_jobs_beyond_two_running_and_twenty_waiting_are_refused(world):
    for _ in range(22):
        world.client.query("DELETE FROM d.t WHERE TRUE")
    with pytest.raises(Forbidden, match=r"total number of dml jobs writing to a table, pending"):
        world.client.query("DELETE FROM d.t WHERE TRUE", job_retry=None)


def test_a_reset_reaches_the_client_as_a_connection_error(world):
    lose_next(world, "tables.get", Ruling(Refuse(0), "reset"))
    with pytest.raises(requests.ConnectionError):
        world.client.get_table("d.t", retry=None)
