"""One body per promise, run twice with the vendor's client: in a simulation under virtual time, and over HTTP."""

import contextlib
import datetime
import io
from collections.abc import Iterator
from typing import Any

import pytest

from fakes.seam import LoseReply, Refuse, Ruling
from tests.fakes.bigquery.client import connect
from tests.harness.sim.around import Around, ruled_by
from tests.harness.sim.simulated import in_simulation

PROJECT = "nba-props-platform"
BRIEF_S = dict.fromkeys(("SELECT", "DML", "DDL", "SCRIPT", "LOAD", "COPY", "EXTRACT"), 0.02)
"""Durations of jobs on the wire, where time is real."""


class World:
    """The client, and the ruling that the next call of a method gets."""

    def __init__(self, client: Any, rulings: dict[str, Ruling]) -> None:
        self.client = client
        self.rulings = rulings
        client.create_dataset("d")
        self.rows("CREATE TABLE d.t (id INT64, s STRING)")

    def rows(self, sql: str, **options: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in self.client.query(sql, **options).result()]

    def count(self) -> int:
        return int(self.rows("SELECT COUNT(*) AS n FROM d.t")[0]["n"])


@contextlib.contextmanager
def simulated() -> Iterator[World]:
    from fakes.bigquery import create

    rulings: dict[str, Ruling] = {}
    yield World(connect(create(Around(ruled_by(rulings)), project=PROJECT)), rulings)


@contextlib.contextmanager
def on_the_wire() -> Iterator[World]:
    from google.api_core.client_options import ClientOptions
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery

    from fakes.bigquery import create
    from fakes.wire.http_server import HttpServer
    from fakes.wire.surroundings import RealSurroundings

    rulings: dict[str, Ruling] = {}
    around = RealSurroundings("bigquery", rule=ruled_by(rulings))
    backend = create(around, project=PROJECT, limits={"durations_s": BRIEF_S})
    server = HttpServer(backend.app)
    options = ClientOptions(api_endpoint=f"http://{server.address}")
    client = bigquery.Client(project=PROJECT, credentials=AnonymousCredentials(), client_options=options)
    try:
        yield World(client, rulings)
    finally:
        client.close()
        server.close()
        backend.close()
        around.close()


# ------------------------------------------------------------------------------------------------------------- bodies


def an_insert_whose_reply_was_reset_runs_once(world: World) -> None:
    world.rulings["jobs.insert"] = Ruling(LoseReply(), "lost")
    job = world.client.query("INSERT INTO d.t (id) VALUES (1)")
    job.result()
    assert (job.num_dml_affected_rows, world.count()) == (1, 1)


def an_insert_whose_reply_became_503_is_found_by_its_id(world: World) -> None:
    world.rulings["jobs.insert"] = Ruling(LoseReply(503), "lost")
    world.client.query("INSERT INTO d.t (id) VALUES (1)").result()
    assert world.count() == 1


def a_refused_insert_is_tried_again_and_runs_once(world: World) -> None:
    world.rulings["jobs.insert"] = Ruling(Refuse(503), "down")
    world.client.query("INSERT INTO d.t (id) VALUES (1)").result()
    assert world.count() == 1


def a_retry_under_a_fresh_job_id_runs_twice(world: World) -> None:
    from google.api_core.exceptions import GoogleAPICallError

    world.rulings["jobs.insert"] = Ruling(LoseReply(400, "invalid"), "lost")
    with pytest.raises(GoogleAPICallError):
        world.client.query("INSERT INTO d.t (id) VALUES (1)", retry=None, job_retry=None)
    world.client.query("INSERT INTO d.t (id) VALUES (1)").result()
    assert world.count() == 2


def a_job_that_failed_after_its_effect_is_run_again_by_the_client(world: World) -> None:
    world.rulings["jobs.insert#committed"] = Ruling(LoseReply(503, "backendError"), "late")
    world.client.query("INSERT INTO d.t (id) VALUES (1)").result()
    assert world.count() == 2


def rows_with_insert_ids_arrive_once_though_the_reply_was_lost(world: World) -> None:
    rows, ids = [{"id": 1}, {"id": 2}], ["a", "b"]
    world.rulings["tabledata.insertAll"] = Ruling(LoseReply(), "lost")
    assert world.client.insert_rows_json("d.t", rows, row_ids=ids) == []
    assert world.count() == 2


def rows_without_insert_ids_arrive_twice(world: World) -> None:
    world.rulings["tabledata.insertAll"] = Ruling(LoseReply(), "lost")
    world.client.insert_rows_json("d.t", [{"id": 1}], row_ids=[None])
    assert world.count() == 2


def two_merges_at_once_both_count(world: World) -> None:
    world.rows("INSERT INTO d.t (id, s) VALUES (1, 'x')")
    merge = "MERGE d.t t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET s = CONCAT(t.s, 'y')"
    jobs = [world.client.query(merge) for _ in range(2)]
    for job in jobs:
        job.result()
    assert world.rows("SELECT s FROM d.t") == [{"s": "xyy"}]


def streamed_rows_are_not_deleted(world: World) -> None:
    from google.api_core.exceptions import BadRequest

    world.client.insert_rows_json("d.t", [{"id": 1}])
    with pytest.raises(BadRequest, match="would affect rows in the streaming buffer"):
        world.rows("DELETE FROM d.t WHERE id = 1", job_retry=None)
    assert world.count() == 1


def the_same_id_twice_is_409(world: World) -> None:
    from google.api_core.exceptions import Conflict

    world.client.query("INSERT INTO d.t (id) VALUES (1)", job_id="one", job_retry=None).result(job_retry=None)
    with pytest.raises(Conflict):
        world.client.query("INSERT INTO d.t (id) VALUES (1)", job_id="one", job_retry=None)
    assert world.count() == 1


def rows_come_page_by_page(world: World) -> None:
    world.rows("INSERT INTO d.t (id) SELECT * FROM UNNEST(GENERATE_ARRAY(1, 25))")
    rows = world.client.query("SELECT id FROM d.t ORDER BY id").result(page_size=10)
    assert [page.num_items for page in rows.pages] == [10, 10, 5]
    listed = world.client.list_rows("d.t", page_size=10)
    assert [page.num_items for page in listed.pages] == [10, 10, 5]


def a_file_is_loaded_in_one_piece_and_in_several(world: World) -> None:
    import io

    from google.cloud import bigquery

    config = bigquery.LoadJobConfig(source_format="CSV", schema=[bigquery.SchemaField("id", "INTEGER")])
    data = b"".join(b"%d\n" % number for number in range(20_000))
    small = world.client.load_table_from_file(io.BytesIO(b"1\n2\n"), "d.small", size=4, job_config=config)
    small.result()
    whole = world.client.load_table_from_file(io.BytesIO(data), "d.big", job_config=config)
    whole.result()
    assert (small.output_rows, whole.output_rows) == (2, 20_000)


def another_version_of_a_table_is_not_overwritten(world: World) -> None:
    from google.api_core.exceptions import PreconditionFailed

    mine, theirs = world.client.get_table("d.t"), world.client.get_table("d.t")
    theirs.description = "theirs"
    world.client.update_table(theirs, ["description"])
    mine.description = "mine"
    with pytest.raises(PreconditionFailed):
        world.client.update_table(mine, ["description"])


def the_table_that_results_lie_in_is_read_as_any(world: World) -> None:
    from google.api_core.exceptions import NotFound

    job = world.client.query("SELECT n, CAST(n AS STRING) AS s FROM UNNEST(GENERATE_ARRAY(1, 7)) AS n ORDER BY n")
    job.result()
    table = world.client.get_table(job.destination)
    assert (table.num_rows, [field.name for field in table.schema]) == (7, ["n", "s"])
    rows = list(world.client.list_rows(table, start_index=1, max_results=3, page_size=2))
    assert [tuple(row) for row in rows] == [(2, "2"), (3, "3"), (4, "4")]
    assert [dict(r) for r in world.client.list_rows(table, selected_fields=[table.schema[1]], max_results=1)] == [
        {"s": "1"}
    ]
    with pytest.raises(NotFound):
        world.client.get_table(f"{PROJECT}._anonymous.anon0")


def a_key_named_by_a_job_is_the_table_s(world: World) -> None:
    from google.cloud import bigquery

    key = bigquery.EncryptionConfiguration(kms_key_name="projects/p/locations/us/keyRings/r/cryptoKeys/k")
    named = {"destination_encryption_configuration": key}
    query = bigquery.QueryJobConfig(destination=f"{PROJECT}.d.queried", **named)
    world.client.query("SELECT 1 AS x", job_config=query).result()
    world.client.copy_table("d.queried", "d.copied", job_config=bigquery.CopyJobConfig(**named)).result()
    load = bigquery.LoadJobConfig(schema=[bigquery.SchemaField("x", "INTEGER")], source_format="CSV", **named)
    world.client.load_table_from_file(io.BytesIO(b"1\n"), "d.loaded", job_config=load).result()
    for name in ("queried", "copied", "loaded"):
        assert world.client.get_table(f"d.{name}").encryption_configuration.kms_key_name == key.kms_key_name


def how_a_materialised_view_is_refreshed_can_be_changed(world: World) -> None:
    from google.cloud import bigquery

    view = bigquery.Table(f"{PROJECT}.d.mv")
    view.mview_query = "SELECT id, COUNT(*) AS n FROM d.t GROUP BY id"
    assert world.client.create_table(view).mview_enable_refresh
    view = bigquery.Table(f"{PROJECT}.d.mv")
    view.mview_enable_refresh = False
    view.mview_refresh_interval = datetime.timedelta(hours=1)
    world.client.update_table(view, ["mview_enable_refresh", "mview_refresh_interval"])
    found = world.client.get_table(f"{PROJECT}.d.mv")
    assert (found.mview_enable_refresh, found.mview_refresh_interval) == (False, datetime.timedelta(hours=1))
    assert found.mview_query == "SELECT id, COUNT(*) AS n FROM d.t GROUP BY id"


def a_script_counts_its_statements_and_the_expressions_that_read_tables(world: World) -> None:
    text = "DECLARE n INT64 DEFAULT 1; SET n = (SELECT COUNT(*) FROM d.t); SELECT n + 1 AS m;"
    job = world.client.query(text)
    assert [dict(row) for row in job.result()] == [{"m": 1}]
    job.reload()
    assert job.num_child_jobs == 2
    kinds = [child.script_statistics.evaluation_kind for child in world.client.list_jobs(parent_job=job)]
    assert sorted(kinds) == ["EXPRESSION", "STATEMENT"]


def a_copy_of_what_was_is_refused_where_nothing_keeps_it(world: World) -> None:
    from google.api_core.exceptions import BadRequest, MethodNotImplemented

    with pytest.raises(MethodNotImplemented, match="a table's past"):
        world.client.copy_table("d.t@-1", "d.past").result()
    with pytest.raises(BadRequest, match="Invalid snapshot time"):
        world.client.copy_table("d.t@yesterday", "d.past").result()
    world.client.delete_table("d.t")
    with pytest.raises(MethodNotImplemented, match="copies of a deleted table"):
        world.client.copy_table("d.t@-1", "d.past")


def what_is_not_emulated_is_refused_at_once(world: World) -> None:
    from google.api_core.exceptions import MethodNotImplemented
    from google.cloud import bigquery

    with pytest.raises(MethodNotImplemented, match="unsupported by the emulator: legacy SQL"):
        world.rows("SELECT 1", job_config=bigquery.QueryJobConfig(use_legacy_sql=True))


BODIES = (
    an_insert_whose_reply_was_reset_runs_once,
    an_insert_whose_reply_became_503_is_found_by_its_id,
    a_refused_insert_is_tried_again_and_runs_once,
    a_retry_under_a_fresh_job_id_runs_twice,
    a_job_that_failed_after_its_effect_is_run_again_by_the_client,
    rows_with_insert_ids_arrive_once_though_the_reply_was_lost,
    rows_without_insert_ids_arrive_twice,
    two_merges_at_once_both_count,
    streamed_rows_are_not_deleted,
    the_same_id_twice_is_409,
    rows_come_page_by_page,
    a_file_is_loaded_in_one_piece_and_in_several,
    another_version_of_a_table_is_not_overwritten,
    the_table_that_results_lie_in_is_read_as_any,
    a_key_named_by_a_job_is_the_table_s,
    how_a_materialised_view_is_refreshed_can_be_changed,
    a_script_counts_its_statements_and_the_expressions_that_read_tables,
    a_copy_of_what_was_is_refused_where_nothing_keeps_it,
    what_is_not_emulated_is_refused_at_once,
)


def in_a_simulation(body: str) -> None:
    with simulated() as world:
        globals()[body](world)


@pytest.mark.parametrize("body", [body.__name__ for body in BODIES])
def test_in_a_simulation(body):
    in_simulation(f"{__name__}:in_a_simulation", body=body)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
def test_on_the_wire(body):
    with on_the_wire() as world:
        body(world)
