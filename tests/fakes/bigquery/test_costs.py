"""Bytes processed and billed, the limit on them, and the query cache."""

import pytest
from google.api_core.exceptions import Forbidden, InternalServerError
from google.cloud import bigquery

from tests.fakes.bigquery.client import World

MB = 1 << 20


@pytest.fixture
def world() -> World:
    world = World()
    world.client.create_dataset("d")
    world.rows("CREATE TABLE d.t AS SELECT id, id * 2 AS twice FROM UNNEST(GENERATE_ARRAY(1, 1000)) AS id")
    return world


def ask(world: World, sql: str, **config):
    job = world.client.query(sql, job_config=bigquery.QueryJobConfig(**config))
    if not job.dry_run:
        job.result()
        job.reload()
    return job


def test_a_query_processes_the_columns_it_names_and_bills_ten_mb_a_table(world):
    one, both = ask(world, "SELECT SUM(id) FROM d.t"), ask(world, "SELECT * FROM d.t")
    assert (one.total_bytes_processed, one.total_bytes_billed) == (8_000, 10 * MB)
    assert both.total_bytes_processed == 16_000


def test_a_dry_run_says_what_it_would_process_and_bills_nothing(world):
    job = ask(world, "SELECT id FROM d.t", dry_run=True)
    assert (job.total_bytes_processed, job.total_bytes_billed) == (8_000, 0)


def test_a_job_beyond_its_own_limit_fails_and_has_no_effect(world):
    with pytest.raises(
        InternalServerError, match=r"Query exceeded limit for bytes billed: 1000000. 10485760 or higher"
    ) as beyond:
        ask(world, "SELECT id FROM d.t", maximum_bytes_billed=1_000_000)
    assert beyond.value.errors[0]["reason"] == "bytesBilledLimitExceeded"
    with pytest.raises(InternalServerError):
        ask(world, "DELETE FROM d.t WHERE TRUE", maximum_bytes_billed=1_000_000)
    assert world.rows("SELECT COUNT(*) AS n FROM d.t") == [{"n": 1000}]


def test_the_same_query_again_comes_from_the_cache_until_its_table_changes(world):
    first, again = (ask(world, "SELECT MAX(id) FROM d.t") for _ in range(2))
    assert (first.cache_hit, again.cache_hit, again.total_bytes_billed) == (False, True, 0)
    world.rows("INSERT INTO d.t (id) VALUES (7000)")
    changed = ask(world, "SELECT MAX(id) FROM d.t")
    assert (changed.cache_hit, next(iter(changed.result()))[0]) == (False, 7000)


def test_the_cache_is_not_used_where_it_must_not_be(world):
    for sql, config in (
        ("SELECT MIN(id) FROM d.t", {"use_query_cache": False}),
        ("SELECT CURRENT_TIMESTAMP(), MIN(id) FROM d.t", {}),
        ("SELECT RAND(), MIN(id) FROM d.t", {}),
    ):
        assert [ask(world, sql, **config).cache_hit for _ in range(2)] == [False, False]
    parameters = [[bigquery.ScalarQueryParameter("x", "INT64", n)] for n in (1, 2)]
    assert [ask(world, "SELECT @x FROM d.t", query_parameters=p).cache_hit for p in parameters] == [False, False]


def test_a_cached_result_is_a_day_old_at_most(world):
    ask(world, "SELECT MIN(id) FROM d.t")
    world.around.advance(25 * 3_600)
    assert ask(world, "SELECT MIN(id) FROM d.t").cache_hit is False


def test_a_result_beyond_the_services_size_is_too_large_to_return_but_not_to_store():
    world = World({"result_bytes": 8_000})
    world.client.create_dataset("d")
    world.rows("CREATE TABLE d.t AS SELECT id FROM UNNEST(GENERATE_ARRAY(1, 1001)) AS id")
    job = world.client.query("SELECT id FROM d.t", job_retry=None)
    with pytest.raises(Forbidden, match="Response too large to return"):
        job.result()
    assert job.error_result["reason"] == "responseTooLarge"
    with pytest.raises(Forbidden, match="Response too large to return"):
        world.client.query_and_wait("SELECT id FROM d.t", job_retry=None)
    assert len(world.rows("SELECT id FROM d.t LIMIT 1000")) == 1000
    stored = bigquery.QueryJobConfig(destination="nba-props-platform.d.stored")
    assert world.client.query("SELECT id FROM d.t", job_config=stored).result().total_rows == 1001
