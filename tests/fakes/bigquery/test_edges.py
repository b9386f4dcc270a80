"""A job's life has five edges: each is asked about in order, and a fault there does what the service would show."""

import pytest
from google.api_core.exceptions import BadRequest, Conflict, GoogleAPICallError, NotFound
from google.cloud import bigquery

from fakes.bigquery.edges import EDGES
from fakes.seam import Delay, Hang, LoseReply, Refuse, Ruling, ServeStale
from tests.fakes.bigquery.client import World

INSERT = "INSERT INTO d.t (id) VALUES (1)"


@pytest.fixture
def world() -> World:
    world = World()
    world.client.create_dataset("d")
    world.rows("CREATE TABLE d.t (id INT64)")
    world.around.calls.clear()
    return world


def rule_at(world: World, method: str, verdict) -> None:
    """Give `verdict` to each call of `method`."""

    def rule(call):
        world.around.calls.append(call)
        return Ruling(verdict, "f") if call.method == method else Ruling()

    world.around.rule = rule


def edges_passed(world: World) -> list[str]:
    return [c.method for c in world.around.calls if "#" in c.method]


def count(world: World) -> int:
    return int(world.rows("SELECT COUNT(*) AS n FROM d.t", use_query_cache=False)[0]["n"])


def start(world: World, sql: str = INSERT, **options):
    return world.client.query(sql, job_retry=None, **options)


def test_the_edges_are_passed_in_order_and_the_resource_is_the_table(world):
    start(world).result()
    assert edges_passed(world) == [f"jobs.insert#{edge}" for edge in EDGES]
    assert {c.resource for c in world.around.calls if "#" in c.method} == {"nba-props-platform.d.t"}


def test_a_job_goes_on_at_its_time_although_nobody_asks(world):
    start(world)
    assert edges_passed(world) == ["jobs.insert#accepted", "jobs.insert#running"]
    world.around.advance(1)
    assert edges_passed(world) == [f"jobs.insert#{edge}" for edge in EDGES]


@pytest.mark.parametrize(
    ("edge", "verdict", "rows"),
    [
        ("accepted", Refuse(503), 0), ("running", Refuse(503), 0), ("before-commit", Refuse(503), 0),
        ("committed", Refuse(503), 1), ("committed", LoseReply(), 1),
    ],
)  # fmt: skip
def test_a_refusal_fails_the_job_with_its_effect_only_once_that_is_committed(world, edge, verdict, rows):
    rule_at(world, f"jobs.insert#{edge}", verdict)
    job = start(world)
    with pytest.raises(GoogleAPICallError, match="Retrying may solve the problem"):
        job.result(retry=None)
    job.reload()
    assert job.error_result["reason"] == "backendError"
    world.around.rule = lambda call: Ruling()
    assert count(world) == rows


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("backendError", "jobBackendError"), ("internalError", "jobInternalError"),
        ("rateLimitExceeded", "jobRateLimitExceeded"), ("resourcesExceeded", "resourcesExceeded"),
    ],
)  # fmt: skip
def test_a_failed_jobs_error_does_not_read_as_trouble_of_the_api_that_is_asked_about_it(world, reason, shown):
    rule_at(world, "jobs.insert#before-commit", Refuse(503, reason))
    job = start(world)
    world.around.advance(5)
    with pytest.raises(BadRequest) as told:
        world.client._call_api(
            None, method="GET", path=f"/projects/{job.project}/queries/{job.job_id}", query_params={"maxResults": 0}
        )
    assert told.value.errors[0]["reason"] == shown
    job.reload()
    assert job.error_result["reason"] == reason


def test_a_client_that_waits_for_a_job_which_fails_makes_it_again_at_once(world, monkeypatch):
    """The answer to its wait is no API error, so that it does not ask for ten minutes why the job has failed."""
    monkeypatch.setattr("time.sleep", world.around.advance)
    failing = [Ruling(Refuse(503), "f")]
    world.around.rule = lambda call: failing.pop() if call.method == "jobs.insert#running" and failing else Ruling()
    began_ns = world.around.now_ns()
    world.client.query(INSERT).result()
    assert (world.around.now_ns() - began_ns) / 1e9 < 30
    assert count(world) == 1


@pytest.mark.parametrize("edge", ["accepted", "running", "before-commit", "committed"])
def test_a_delay_holds_the_job_up_once(world, edge):
    began_ns = world.around.now_ns()
    rule_at(world, f"jobs.insert#{edge}", Delay(30))
    start(world).result(timeout=60)
    assert (world.around.now_ns() - began_ns) / 1e9 == 31
    world.around.rule = lambda call: Ruling()
    assert count(world) == 1


@pytest.mark.parametrize(
    ("edge", "state", "rows"),
    [
        ("accepted", "PENDING", 0),
        ("running", "RUNNING", 0),
        ("before-commit", "RUNNING", 0),
        ("committed", "RUNNING", 1),
    ],
)
def test_a_job_that_hangs_at_an_edge_can_be_cancelled_there(world, edge, state, rows):
    rule_at(world, f"jobs.insert#{edge}", Hang())
    job = start(world)
    world.around.advance(3_600)
    job.reload()
    assert job.state == state
    job.cancel()
    assert job.state == "DONE"
    assert (job.error_result or {}).get("reason") == (None if rows else "stopped")
    world.around.rule = lambda call: Ruling()
    assert count(world) == rows


def test_a_reset_at_an_edge_is_a_killed_callers_and_its_job_goes_on(world):
    rule_at(world, "jobs.insert#before-commit", Refuse(0))
    start(world).result()
    assert count(world) == 1


def test_a_verdict_that_means_nothing_at_an_edge_is_told(world):
    rule_at(world, "jobs.insert#running", ServeStale(60))
    start(world).result()
    [told] = [e for e in world.around.events if e["kind"] == "unsupported"]
    assert told["what"] == "unsupported by the emulator: ServeStale at the edge running of a job"


def test_a_select_read_its_rows_when_it_began_and_gives_none_when_refused_at_its_end(world):
    rule_at(world, "jobs.insert#before-commit", Refuse(503, "resourcesExceeded"))
    job = start(world, "SELECT 1")
    with pytest.raises(GoogleAPICallError, match="Retrying"):
        job.result(retry=None)
    job.reload()
    assert job.error_result["reason"] == "resourcesExceeded"


def test_jobs_query_passes_the_same_edges_under_its_own_name(world):
    world.client.query_and_wait(INSERT)
    assert edges_passed(world) == [f"jobs.query#{edge}" for edge in EDGES]


@pytest.mark.parametrize("wait_s", [0, 0.5, 5])
def test_the_same_id_twice_is_409_whatever_became_of_the_first(world, wait_s):
    start(world, job_id="one")
    world.around.advance(wait_s)
    with pytest.raises(Conflict):
        start(world, job_id="one")
    world.around.advance(10)
    assert count(world) == 1


def test_a_cancelled_job_makes_room_for_those_that_wait(world):
    jobs = [start(world, "DELETE FROM d.t WHERE TRUE") for _ in range(22)]
    jobs[-1].cancel()
    start(world, "DELETE FROM d.t WHERE TRUE")


def test_of_finished_jobs_only_so_many_are_remembered():
    world = World({"insert_job_per_s": None}, keep_jobs=100)
    for number in range(150):
        world.client.query("SELECT 1", job_id=f"j{number}", job_retry=None).result(job_retry=None)
    assert len(list(world.client.list_jobs())) <= 100
    assert world.client.get_job("j149").state == "DONE"
    with pytest.raises(NotFound, match="Not found: Job"):
        world.client.get_job("j0")


def test_bigquery_names_its_edges_to_the_harness(world):
    assert world.backend.edges == EDGES
    assert isinstance(world.client, bigquery.Client)
