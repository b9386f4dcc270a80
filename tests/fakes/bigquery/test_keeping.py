"""Tables, rows, routines and jobs come back as they were; a job that was under way has failed without effect."""

from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import Conflict, GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.bigquery import create
from tests.fakes.inprocess import google_session
from tests.fakes.manual import ManualSurroundings

TYPES = """
  CREATE TABLE d.types AS SELECT
    1 AS i, 1.5 AS f, TRUE AS b, 'text\\n"quoted"' AS s, b'\\x00\\xff' AS y, DATE '2026-01-16' AS d,
    DATETIME '2026-01-16 01:02:03.456789' AS dt, TIMESTAMP '2026-01-16 01:02:03.456789+00' AS ts,
    TIME '01:02:03.456789' AS t, NUMERIC '12345678901234567890.123456789' AS n, JSON '{"a": [1, null]}' AS j,
    [STRUCT(1 AS x, ['a', 'b'] AS l)] AS nested, INTERVAL '1-2 3 4:5:6.789012' YEAR TO SECOND AS iv,
    CAST(NULL AS STRING) AS missing
"""
STEPS = st.lists(
    st.sampled_from(["insert", "stream", "stream", "update", "delete", "alter", "truncate", "replace", "restart"]),
    max_size=10,
)


class Life:
    """The emulator on a folder, and a client of it; `again` is the next life, on the same folder."""

    def __init__(self, folder: Path | None, now_ns: int | None = None) -> None:
        self.folder = folder
        self.around = ManualSurroundings()
        if now_ns is not None:
            self.around.epoch_ns = now_ns
        options: dict[str, Any] = {} if folder is None else {"data": folder}
        self.backend = create(self.around, project="p", limits="none", **options)
        session = google_session(self.backend)
        self.client = bigquery.Client("p", AnonymousCredentials(), _http=session)

    def again(self) -> "Life":
        self.backend.service.journal.close()
        return Life(self.folder, self.around.epoch_ns + 10**9)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.client.query(sql).result()]

    def shape(self, table: str) -> dict[str, Any]:
        told = self.client.get_table(table).to_api_repr()
        return {key: told.get(key) for key in ("schema", "creationTime", "timePartitioning", "numRows", "description")}


@pytest.fixture
def life(tmp_path: Path) -> Life:
    life = Life(tmp_path)
    life.client.create_dataset("d")
    return life


def test_values_of_every_type_come_back_exactly(life):
    life.rows(TYPES)
    before = life.rows("SELECT * FROM d.types"), life.shape("d.types")
    life = life.again()
    assert (life.rows("SELECT * FROM d.types"), life.shape("d.types")) == before
    life.rows("INSERT INTO d.types SELECT * FROM d.types")
    assert len(life.again().rows("SELECT * FROM d.types")) == 2


def test_the_policy_of_a_table_comes_back_and_its_etag_still_guards_it(life):
    life.rows("CREATE TABLE d.t (n INT64)")
    policy = life.client.get_iam_policy("p.d.t")
    policy.bindings = [{"role": "roles/bigquery.dataViewer", "members": {"user:ann@example.com"}}]
    kept = life.client.set_iam_policy("p.d.t", policy)
    life = life.again()
    found = life.client.get_iam_policy("p.d.t")
    assert (found.etag, list(found.bindings)) == (kept.etag, list(kept.bindings))
    found.bindings = []
    assert life.client.set_iam_policy("p.d.t", found).etag != kept.etag
    with pytest.raises(Conflict, match="concurrent policy changes"):
        life.client.set_iam_policy("p.d.t", kept)


def test_views_functions_partitions_and_descriptions_come_back(life):
    life.rows("CREATE TABLE d.t (day DATE, n INT64) PARTITION BY day OPTIONS (description = 'told')")
    life.rows("INSERT INTO d.t VALUES ('2026-01-16', 1)")
    life.rows("CREATE VIEW d.v AS SELECT n + 1 AS m FROM d.t")
    life.rows("CREATE FUNCTION d.twice(x INT64) AS (x * 2)")
    before = life.shape("d.t")
    life = life.again()
    assert life.shape("d.t") == before
    assert life.rows("SELECT d.twice(m) FROM d.v") == [(4,)]
    life.rows("DROP VIEW d.v")
    life.rows("DROP FUNCTION d.twice")
    life = life.again()
    assert [table.table_id for table in life.client.list_tables("d")] == ["t"]
    assert list(life.client.list_routines("d")) == []


def test_a_job_that_is_done_is_not_run_again(life):
    life.rows("CREATE TABLE d.t (n INT64)")
    insert = "INSERT INTO d.t VALUES (1)"
    job = life.client.query(insert, job_id="the-job", job_retry=None)
    assert job.result().num_dml_affected_rows == 1
    life = life.again()
    with pytest.raises(Conflict):
        life.client._connection.api_request(
            "POST",
            "/projects/p/jobs",
            data={
                "jobReference": {"projectId": "p", "jobId": "the-job"},
                "configuration": {"query": {"query": insert, "useLegacySql": False}},
            },
        )
    found = life.client.get_job("the-job")
    assert (found.state, found.num_dml_affected_rows) == ("DONE", 1)
    assert life.rows("SELECT COUNT(*) FROM d.t") == [(1,)]


def test_a_job_that_was_under_way_has_failed_and_did_nothing(tmp_path):
    life = Life(tmp_path)
    life.backend.close()
    life.backend = create(life.around, project="p", data=tmp_path, limits={"durations_s": {"DML": 60.0}})
    life.client = bigquery.Client("p", AnonymousCredentials(), _http=google_session(life.backend))
    life.client.create_dataset("d")
    life.rows("CREATE TABLE d.t (n INT64)")
    data = {
        "jobReference": {"projectId": "p", "jobId": "slow"},
        "configuration": {"query": {"query": "INSERT INTO d.t VALUES (1)", "useLegacySql": False}},
    }
    assert life.client._connection.api_request("POST", "/projects/p/jobs", data=data)["status"]["state"] != "DONE"
    life = life.again()
    found = life.client.get_job("slow")
    assert (found.state, found.error_result["reason"]) == ("DONE", "backendError")
    assert life.rows("SELECT COUNT(*) FROM d.t") == [(0,)]


def test_rows_streamed_twice_under_one_id_stay_one(life):
    life.rows("CREATE TABLE d.t (n INT64)")
    assert life.client.insert_rows_json("d.t", [{"n": 1}], row_ids=["a"]) == []
    life = life.again()
    assert life.client.insert_rows_json("d.t", [{"n": 1}, {"n": 2}], row_ids=["a", "b"]) == []
    assert life.again().rows("SELECT n FROM d.t ORDER BY n") == [(1,), (2,)]


def test_what_failed_left_nothing(life):
    life.rows("CREATE TABLE d.t (n INT64)")
    with pytest.raises(GoogleAPICallError):
        life.rows("INSERT INTO d.t SELECT x FROM UNNEST([1, DIV(1, 0)]) AS x")
    assert life.again().rows("SELECT COUNT(*) FROM d.t") == [(0,)]


@settings(deadline=None, max_examples=12, derandomize=True)
@given(STEPS)
def test_an_emulator_restarted_anywhere_has_the_rows_of_one_that_never_was(tmp_path_factory, steps):
    kept, plain = Life(tmp_path_factory.mktemp("kept")), Life(None)
    for life in (kept, plain):
        life.client.create_dataset("d")
        life.rows("CREATE TABLE d.t (n INT64, s STRING)")
    for number, step in enumerate(steps):
        if step == "restart":
            kept = kept.again()
        for life in (kept, plain):
            _take(life, step, number)
    kept = kept.again()
    everything = "SELECT TO_JSON_STRING(t) FROM d.t AS t ORDER BY 1"
    assert kept.rows(everything) == plain.rows(everything)


def _take(life: Life, step: str, number: int) -> None:
    match step:
        case "insert":
            life.rows(f"INSERT INTO d.t (n, s) SELECT x, 'i' FROM UNNEST(GENERATE_ARRAY(1, {number + 1})) AS x")
        case "stream":
            life.client.insert_rows_json("d.t", [{"n": number, "s": "streamed"}])
        case "update":
            life.rows(f"UPDATE d.t SET s = 'u{number}' WHERE MOD(n, 2) = 0")
        case "delete":
            life.rows("DELETE FROM d.t WHERE n = (SELECT MIN(n) FROM d.t)")
        case "alter":
            life.rows(f"ALTER TABLE d.t ADD COLUMN c{number} INT64")
        case "truncate":
            life.rows("TRUNCATE TABLE d.t")
        case "replace":
            life.rows("CREATE OR REPLACE TABLE d.t AS SELECT 7 AS n, 'r' AS s")
