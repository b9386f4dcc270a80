# ruff: noqa: E501 - vocabularies of generated requests and statements
"""Whatever is asked, the emulator answers as a service does: no exception of its own, no 500, and it stays consistent."""

import io
import os

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.bigquery.client import PROJECT, World
from tests.fakes.bigquery.corpus import INSTANT

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "300"))
"""20,000 before a release."""

names = st.sampled_from(["d", "t", "nosuch", "v", "", "a b", "d.t", "_x", "t$20240101", "日本", "x" * 40])
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=12), names,
    st.sampled_from(["INT64", "STRING", "RECORD", "REPEATED", "SELECT 1", "CSV", "WRITE_TRUNCATE", "gs://b/o", "true"]),
)  # fmt: skip
KEYS = [
    "configuration", "query", "load", "copy", "extract", "jobReference", "jobId", "projectId", "datasetId", "tableId",
    "destinationTable", "sourceTable", "sourceTables", "sourceUris", "destinationUris", "schema", "fields", "name",
    "type", "mode", "rows", "json", "insertId", "id", "s", "datasetReference", "tableReference", "view", "labels",
    "timePartitioning", "field", "clustering", "queryParameters", "parameterType", "parameterValue", "value",
    "arrayType", "structTypes", "useLegacySql", "dryRun", "maxResults", "timeoutMs", "formatOptions", "sourceFormat",
    "writeDisposition", "defaultDataset", "expirationTime", "rangePartitioning", "range", "skipInvalidRows", "access",
]  # fmt: skip
bodies = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)),
    max_leaves=12,
)
paths = st.one_of(
    st.builds(
        lambda parts: f"/bigquery/v2/projects/{PROJECT}/" + "/".join(parts),
        st.lists(
            st.one_of(
                names,
                st.sampled_from(["datasets", "tables", "jobs", "queries", "routines", "models", "data", "insertAll", "cancel"]),
            ),
            max_size=6,
        ),
    ),
    st.sampled_from([
        f"/bigquery/v2/projects/{PROJECT}/jobs", f"/bigquery/v2/projects/{PROJECT}/queries",
        f"/bigquery/v2/projects/{PROJECT}/datasets", f"/bigquery/v2/projects/{PROJECT}/datasets/d/tables",
        f"/bigquery/v2/projects/{PROJECT}/datasets/d/tables/t", f"/bigquery/v2/projects/{PROJECT}/datasets/d",
        f"/bigquery/v2/projects/{PROJECT}/datasets/d/tables/t/insertAll",
        f"/upload/bigquery/v2/projects/{PROJECT}/jobs", f"/bigquery/v2/projects/{PROJECT}/jobs/one",
    ]),
)  # fmt: skip
queries = st.dictionaries(
    st.sampled_from(["maxResults", "pageToken", "startIndex", "uploadType", "upload_id", "stateFilter", "timeoutMs", "filter",
                     "selectedFields", "deleteContents", "formatOptions.useInt64Timestamp", "location"]),
    st.sampled_from(["", "0", "-1", "1", "x", "multipart", "resumable", "b2Zmc2V0OjE", "done", "true", "id"]), max_size=3,
)  # fmt: skip


def make_world() -> World:
    world = World({**INSTANT, "insert_job_per_s": None})
    world.client.create_dataset("d")
    world.client.query("CREATE TABLE d.t (id INT64, s STRING)").result()
    world.client.query("CREATE VIEW d.v AS SELECT id FROM d.t").result()
    return world


WORLD = make_world()


def post(backend, path, body):
    """(status, content) of a POST that `backend` answers."""
    return call(backend, "POST", path, {}, {"useLegacySql": False, **body})


def ask(verb, path, query, body):
    return call(WORLD.backend, verb, path, query, body)


def call(backend, verb, path, query, body):
    data = orjson.dumps(body, default=str, option=orjson.OPT_NON_STR_KEYS) if body is not None else b""
    environ = {
        "REQUEST_METHOD": verb, "PATH_INFO": path, "QUERY_STRING": "&".join(f"{k}={v}" for k, v in query.items()),
        "CONTENT_LENGTH": str(len(data)), "CONTENT_TYPE": "application/json", "HTTP_HOST": "bigquery.googleapis.com",
        "wsgi.input": io.BytesIO(data), "wsgi.url_scheme": "https",
    }  # fmt: skip
    statuses = []
    content = b"".join(backend.app(environ, lambda status, headers: statuses.append(int(status.split()[0]))))
    return statuses[0], content


def clamped(value):
    """`value` with integers that JSON libraries carry."""
    if isinstance(value, dict):
        return {k: clamped(v) for k, v in value.items()}
    if isinstance(value, list):
        return [clamped(v) for v in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return str(value)
    return value


@settings(max_examples=REQUESTS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]), paths, queries, st.one_of(st.none(), bodies))
def test_any_request_is_answered_in_the_services_way(verb, path, query, body):
    status, content = ask(verb, path, query, clamped(body))
    assert status < 500 or status == 501, (status, content)
    if status >= 400 and status != 499:
        error = orjson.loads(content)["error"]
        assert error["errors"][0]["reason"]
        assert error["message"]


columns = st.sampled_from(
    ["id", "s", "t.id", "nosuch", "1", "NULL", "'a'", "1.5", "[1, 2]", "STRUCT(1 AS a)", "id + 1"]
)
expressions = st.recursive(
    columns,
    lambda inner: st.one_of(
        st.builds(
            "({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "=", "<", "AND", "||", "IN UNNEST"]), inner
        ),
        st.builds(
            "{}({})".format,
            st.sampled_from(["UPPER", "ABS", "COUNT", "SUM", "ARRAY_AGG", "TO_JSON_STRING", "nofn", "LENGTH"]),
            inner,
        ),
        st.builds(
            "CAST({} AS {})".format, inner, st.sampled_from(["STRING", "INT64", "DATE", "ARRAY<INT64>", "FLOAT64"])
        ),
        st.builds("IF({}, {}, {})".format, inner, inner, inner),
        st.builds("SAFE_CAST({} AS INT64)".format, inner),
        st.builds("(SELECT MAX({}) FROM d.t)".format, inner),
        st.builds("ARRAY(SELECT {} FROM d.t)".format, inner),
    ),
    max_leaves=6,
)
statements = st.one_of(
    st.builds("SELECT {} AS x, {} FROM d.t WHERE {} ORDER BY 1 LIMIT 5".format, expressions, expressions, expressions),
    st.builds("SELECT {} FROM d.t GROUP BY {}".format, expressions, expressions),
    st.builds("UPDATE d.t SET s = {} WHERE {}".format, expressions, expressions),
    st.builds("INSERT INTO d.t (id, s) VALUES ({}, {})".format, expressions, expressions),
    st.builds("DELETE FROM d.t WHERE {}".format, expressions),
    st.builds(
        "MERGE d.t t USING (SELECT {} AS id) q ON t.id = q.id WHEN MATCHED THEN UPDATE SET s = {} WHEN NOT MATCHED THEN"
        " INSERT (id) VALUES (q.id)".format, expressions, expressions
    ),
    st.builds("DECLARE x INT64 DEFAULT {}; SELECT x".format, expressions),
)  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(statements)
def test_any_statement_succeeds_or_fails_as_the_services_error(sql):
    body = {"query": sql, "useLegacySql": False}
    status, content = ask("POST", f"/bigquery/v2/projects/{PROJECT}/queries", {}, body)
    assert status in (200, 400, 404, 501), (status, content)
    assert ask(
        "POST",
        f"/bigquery/v2/projects/{PROJECT}/queries",
        {},
        {"query": "SELECT COUNT(*) FROM d.v", "useLegacySql": False},
    )[0] in (200, 404)
