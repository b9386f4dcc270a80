"""Limits of the service strike where it says, with its numbers unless a scenario has others."""

from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Forbidden, GoogleAPICallError, MethodNotImplemented
from google.cloud import bigquery

from fakes.bigquery.weather import SERVICE
from fakes.gcs import create as create_storage
from fakes.seam import Delay, Ruling
from tests.fakes.bigquery.client import PROJECT, World

TABLE = f"{PROJECT}.d.t"
MB = 1024**2


def build(**limits: Any) -> World:
    """A world with a table `d.t` and a bucket `b`."""
    world = World(limits)
    world.client.create_dataset("d")
    world.client.create_table(bigquery.Table(TABLE, [bigquery.SchemaField("s", "STRING")]))
    storage = create_storage(world.around)
    storage.provision({"buckets": {"bucket": {}}})
    world.around.peers["gcs"] = storage
    return world


def test_the_numbers_are_the_services() -> None:
    """https://cloud.google.com/bigquery/quotas"""
    assert (SERVICE.queries_queued, SERVICE.insert_rows_per_request) == (1_000, 50_000)
    assert (SERVICE.insert_bytes_per_request, SERVICE.row_bytes) == (10 * MB, 10 * MB)
    assert (SERVICE.export_bytes_per_day, SERVICE.export_bytes_per_file, SERVICE.export_uris) == (
        50 * 1024**4, 1024**3, 500,
    )  # fmt: skip


def test_further_queries_wait_and_read_what_is_there_when_they_end(monkeypatch: pytest.MonkeyPatch) -> None:
    world = build(queries_running=2, durations_s={"SELECT": 10.0, "DML": 1.0})
    monkeypatch.setattr("time.sleep", world.around.advance)
    jobs = [world.client.query("SELECT COUNT(*) AS n FROM d.t") for _ in range(3)]
    states = [world.client.get_job(j.job_id).state for j in jobs]
    assert states == ["RUNNING", "RUNNING", "PENDING"]
    world.around.advance(1)
    world.backend.service.catalog.engine.run(
        f"INSERT INTO {world.backend.service.catalog.table((PROJECT, 'd', 't')).sql} (s) VALUES ('late')"
    )
    assert [next(iter(j.result())).n for j in jobs] == [0, 0, 1]
    waited = [(j.started - j.created).total_seconds() for j in jobs]
    assert [round(w) for w in waited] == [0, 0, 10]


def test_a_query_too_many_in_the_queue_is_refused_and_a_cancelled_one_makes_room() -> None:
    world = build(queries_running=1, queries_queued=1, durations_s={"SELECT": 10.0})
    first, _ = (world.client.query(f"SELECT {n}") for n in (1, 2))
    with pytest.raises(Forbidden, match="total number of queued interactive queries"):
        world.client.query("SELECT 3", job_retry=None, retry=None)
    world.client.cancel_job(first.job_id)
    world.client.query("SELECT 4", job_retry=None, retry=None)


def extract(world: World, uri: str) -> bigquery.ExtractJob:
    job: bigquery.ExtractJob = world.client.extract_table(TABLE, uri)
    job.result()
    return job


def test_a_table_too_large_for_one_file_is_exported_in_shards() -> None:
    world = build(export_bytes_per_file=25, streaming_buffer_s=0)
    world.client.insert_rows_json(TABLE, [{"s": "abc"}] * 3)
    with pytest.raises(BadRequest, match="too large to be exported to a single file"):
        extract(world, "gs://bucket/one.csv")
    assert extract(world, "gs://bucket/many-*.csv").destination_uri_file_counts == [1]


def test_exported_bytes_are_counted_a_day_that_ends_at_midnight_pacific() -> None:
    world = build(export_bytes_per_day=50)
    world.client.insert_rows_json(TABLE, [{"s": "abc"}] * 3)
    extract(world, "gs://bucket/a.csv")
    with pytest.raises(Forbidden, match="quota for ExportBytes"):
        extract(world, "gs://bucket/b.csv")
    world.around.advance(86_400)
    extract(world, "gs://bucket/c.csv")


def test_an_export_names_so_many_uris() -> None:
    world = build(export_uris=2)
    with pytest.raises(BadRequest, match="Too many destination URIs: 3, at most 2"):
        world.client.extract_table(TABLE, [f"gs://bucket/{n}-*.csv" for n in range(3)]).result()


@pytest.mark.parametrize(
    ("limits", "rows", "message"),
    [
        ({"insert_rows_per_request": 2}, [{"s": "a"}] * 3, "too many rows: 3, at most 2"),
        ({"insert_bytes_per_request": 100}, [{"s": "a" * 200}], "Request payload size exceeds the limit: 100 bytes"),
    ],
)
def test_a_request_too_large_to_stream_is_refused_whole(limits: dict[str, Any], rows: Any, message: str) -> None:
    world = build(**limits)
    with pytest.raises(GoogleAPICallError, match=message):
        world.client.insert_rows_json(TABLE, rows, retry=None)
    assert world.rows("SELECT COUNT(*) AS n FROM d.t") == [{"n": 0}]


def test_a_row_too_large_to_stream_is_its_own_fault() -> None:
    world = build(row_bytes=100)
    problems = world.client.insert_rows_json(TABLE, [{"s": "a"}, {"s": "b" * 200}], skip_invalid_rows=True)
    assert [(p["index"], p["errors"][0]["message"]) for p in problems] == [
        (1, "Row size is too large: 208. Maximum row size is 100")
    ]
    assert world.rows("SELECT s FROM d.t") == [{"s": "a"}]


def begun(job: bigquery.QueryJob) -> int:
    """After how many seconds the job started."""
    job.reload()
    return round((job.started - job.created).total_seconds())


def test_a_cancelled_query_lets_those_behind_it_start_at_once() -> None:
    world = build(queries_running=1, durations_s={"SELECT": 10.0})
    first, second, third = (world.client.query(f"SELECT {n}") for n in range(3))
    world.around.advance(3)
    world.client.cancel_job(second.job_id)
    world.client.cancel_job(first.job_id)
    world.around.advance(10)
    assert (third.state, begun(third), third.state) == ("PENDING", 3, "DONE")
    assert world.client.get_job(second.job_id).error_result["reason"] == "stopped"


def test_a_query_that_takes_longer_than_foreseen_keeps_those_behind_it_waiting() -> None:
    world = build(queries_running=1, durations_s={"SELECT": 10.0})
    slow = [Ruling(Delay(30.0), "slow")]
    world.around.rule = lambda call: slow.pop() if call.method == "jobs.insert#running" and slow else Ruling()
    first, second = (world.client.query(f"SELECT {n}") for n in range(2))
    world.around.advance(60)
    assert (begun(first), begun(second)) == (0, 40)
    assert round((second.ended - second.started).total_seconds()) == 10


def test_changes_of_one_table_wait_and_those_of_another_do_not() -> None:
    world = build(durations_s={"DML": 10.0}, mutating_dml_running=1, mutating_dml_queued=1)
    world.rows("CREATE TABLE d.u (s STRING)")
    first, second, other = (
        world.client.query(f"DELETE FROM d.{name} WHERE TRUE", job_retry=None) for name in ("t", "t", "u")
    )
    with pytest.raises(Forbidden, match="total number of dml jobs writing to a table"):
        world.client.query("DELETE FROM d.t WHERE TRUE", job_retry=None, retry=None)
    world.around.advance(20)
    assert [begun(job) for job in (first, second, other)] == [0, 10, 0]


def test_a_waiting_query_that_is_refused_as_unsupported_holds_no_place() -> None:
    world = build(queries_running=1, durations_s={"SELECT": 10.0})
    with pytest.raises(MethodNotImplemented):
        world.client.query("SELECT ST_AREA(NULL)", job_retry=None, retry=None)
    assert begun(world.client.query("SELECT 1")) == 0
