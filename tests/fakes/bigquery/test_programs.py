"""Generated programs: no error of the emulator's own, no hang, and what a failed job leaves behind is what was there.

The small form runs always; `WINDTUNNEL_BIGQUERY_PROGRAMS=2000` asks for the whole campaign.
"""

import os

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.bigquery.client import PROJECT, World
from tests.fakes.bigquery.corpus import INSTANT
from tests.fakes.bigquery.test_robustness import post

PROGRAMS = int(os.environ.get("WINDTUNNEL_BIGQUERY_PROGRAMS", "60"))

numbers = st.sampled_from(["a", "b", "0", "-1", "7", "NULL", "9223372036854775807", "NUMERIC '1.5'", "2.5", "n"])
texts = st.sampled_from(["s", "'x'", "''", "NULL", "'déjà'", "'2024-02-29'", "UPPER(s)", "CONCAT(s, 'y')"])
moments = st.sampled_from(["d", "DATE '0001-01-01'", "DATE '9999-12-31'", "NULL", "DATE_ADD(d, INTERVAL 1 MONTH)"])
arithmetic = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/"]), inner),
        st.builds("{}({}, {})".format, st.sampled_from(["MOD", "SAFE_DIVIDE", "COALESCE", "GREATEST"]), inner, inner),
        st.builds("{}({})".format, st.sampled_from(["ABS", "SIGN", "ROUND", "SAFE.SQRT", "-"]), inner),
    ),
    max_leaves=5,
)
conditions = st.one_of(
    st.builds("{} {} {}".format, arithmetic, st.sampled_from(["=", "<", ">=", "!="]), arithmetic),
    st.builds("{} LIKE {}".format, texts, texts),
    st.builds("{} IS {}NULL".format, st.one_of(arithmetic, texts), st.sampled_from(["", "NOT "])),
    st.builds("{} IN ({}, {})".format, arithmetic, arithmetic, arithmetic),
    st.builds("EXISTS (SELECT 1 FROM p.u WHERE u.k = a AND {})".format, st.sampled_from(["TRUE", "w > 1", "NULL"])),
)
aggregates = st.builds(
    "{}({}{})".format, st.sampled_from(["SUM", "COUNT", "AVG", "MIN", "MAX", "ANY_VALUE", "ARRAY_AGG"]),
    st.sampled_from(["", "DISTINCT "]), arithmetic,
)  # fmt: skip
windows = st.builds(
    "{} OVER ({}ORDER BY {})".format, st.sampled_from(["ROW_NUMBER()", "SUM(a)", "LAG(b)", "COUNT(*)"]),
    st.sampled_from(["", "PARTITION BY s "]), arithmetic,
)  # fmt: skip
selects = st.one_of(
    st.builds("SELECT {} AS x, {} AS y, {} AS z FROM p.t WHERE {}".format, arithmetic, texts, moments, conditions),
    st.builds("SELECT {}, {} AS g FROM p.t GROUP BY {}".format, aggregates, st.just("s"), st.just("g")),
    st.builds("SELECT a, {} AS w FROM p.t QUALIFY w IS NOT NULL ORDER BY a LIMIT 3".format, windows),
    st.builds("WITH q AS (SELECT {} AS v FROM p.t) SELECT v FROM q UNION ALL SELECT {}".format, arithmetic, arithmetic),
    st.builds("SELECT t.a, u.w FROM p.t {} JOIN p.u ON {}".format, st.sampled_from(["", "LEFT", "FULL"]), conditions),
    st.builds("SELECT * FROM (SELECT a, s FROM p.t) PIVOT({} FOR s IN ('x', 'y'))".format, st.just("SUM(a)")),
    st.builds("SELECT x, i FROM UNNEST([{}, {}]) AS x WITH OFFSET AS i".format, arithmetic, arithmetic),
)
changes = st.one_of(
    st.builds("INSERT INTO p.t (a, b, s) VALUES ({}, {}, {})".format, arithmetic, arithmetic, texts),
    st.builds("UPDATE p.t SET a = {}, s = {} WHERE {}".format, arithmetic, texts, conditions),
    st.builds("DELETE FROM p.t WHERE {}".format, conditions),
    st.builds(
        "MERGE p.t USING p.u ON t.a = u.k WHEN MATCHED AND {} THEN UPDATE SET b = {} WHEN NOT MATCHED THEN INSERT (a)"
        " VALUES (k)".format, conditions, arithmetic
    ),
    st.builds(
        "BEGIN TRANSACTION; UPDATE p.t SET b = {} WHERE TRUE; {}; ROLLBACK TRANSACTION;".format, arithmetic, selects
    ),
    st.builds(
        "BEGIN DELETE FROM p.t WHERE {}; EXCEPTION WHEN ERROR THEN SELECT @@error.message; END;".format, conditions
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def world():
    found = World({**INSTANT, "insert_job_per_s": None})
    found.client.create_dataset("p")
    found.client.query(
        "CREATE TABLE p.t (a INT64, b FLOAT64, n NUMERIC, s STRING, d DATE);"
        "CREATE TABLE p.u AS SELECT 1 AS k, 2 AS w UNION ALL SELECT 1, 3 UNION ALL SELECT 5, NULL"
    ).result()
    yield found
    found.backend.close()


def ask(world, sql):
    status, content = post(world.backend, f"/bigquery/v2/projects/{PROJECT}/queries", {"query": sql})
    return status, orjson.loads(content)


def rows(world):
    return world.rows("SELECT TO_JSON_STRING(t) AS r FROM p.t ORDER BY r")


@settings(max_examples=PROGRAMS, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(selects, changes), min_size=1, max_size=4))
def test_a_program_is_answered_or_refused_and_a_failed_job_changes_nothing(world, program):
    world.client.query(
        "TRUNCATE TABLE p.t;"
        " INSERT p.t VALUES (1, 1.5, 2, 'x', '2024-01-31'), (2, NULL, NULL, NULL, NULL), (5, 0, 0, '',"
        " '2023-12-31')"
    ).result()
    for sql in program:
        before = rows(world)
        status, content = ask(world, sql)
        assert status in (200, 400, 404, 501), (sql, status, content)
        if status != 200:
            assert content["error"]["errors"][0]["reason"], content
            if not sql.startswith("BEGIN"):
                assert rows(world) == before, sql
        assert len(world.client.get_table("p.t").schema) == 5
