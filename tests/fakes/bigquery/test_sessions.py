"""Jobs of one session share variables, temporary tables and functions, until it ends."""

import pytest
from google.api_core.exceptions import BadRequest, NotFound
from google.cloud import bigquery

from tests.fakes.bigquery.client import World


def begin(world: World, sql: str) -> str:
    job = world.client.query(sql, job_config=bigquery.QueryJobConfig(create_session=True))
    job.result()
    return str(job.session_info.session_id)


def within(session: str) -> dict[str, object]:
    return {"connection_properties": [bigquery.ConnectionProperty("session_id", session)]}


@pytest.fixture
def world() -> World:
    return World()


def test_a_temporary_table_is_there_for_later_jobs_of_its_session_only(world):
    session = begin(world, "CREATE TEMP TABLE n AS SELECT * FROM UNNEST([1, 2, 3]) AS id")
    assert world.rows("SELECT SUM(id) AS s FROM n", **within(session)) == [{"s": 6}]
    world.rows("INSERT INTO n (id) VALUES (4)", **within(session))
    assert world.rows("SELECT SUM(id) AS s FROM n", **within(session)) == [{"s": 10}]
    with pytest.raises((BadRequest, NotFound)):
        world.rows("SELECT SUM(id) AS s FROM n")


def test_variables_and_functions_outlive_the_job_that_made_them(world):
    session = begin(world, "DECLARE x INT64 DEFAULT 5; CREATE TEMP FUNCTION twice(n INT64) AS (n * 2); SELECT 1")
    assert world.rows("SELECT twice(x) AS y", **within(session)) == [{"y": 10}]


def test_an_unknown_session_is_refused(world):
    with pytest.raises(BadRequest, match=r"Invalid input session id"):
        world.rows("SELECT 1", **within("nobody"))


def test_a_session_ends_after_a_day_without_a_job(world):
    session = begin(world, "CREATE TEMP TABLE n (id INT64)")
    world.around.advance(24 * 3_600 - 60)
    world.rows("SELECT * FROM n", **within(session))
    world.around.advance(24 * 3_600 + 60)
    with pytest.raises(BadRequest, match="has expired"):
        world.rows("SELECT * FROM n", **within(session))


def test_abort_session_drops_its_tables(world):
    session = begin(world, "CREATE TEMP TABLE n (id INT64)")
    world.rows("CALL BQ.ABORT_SESSION()", **within(session))
    with pytest.raises(BadRequest, match="Invalid input session id"):
        world.rows("SELECT * FROM n", **within(session))
