"""google-cloud-bigquery against the emulator: queries, retries, jobs, loads, streaming inserts and time-outs."""

import io
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fakes.seam import Delay, LoseReply, Refuse, Ruling
from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.contracts.emulated import emulated

ABOUT = Library("google-cloud-bigquery", loads=("google.cloud.bigquery",))

SCHEMA = [{"name": "n", "type": "INT64"}, {"name": "name", "type": "STRING"}]
TABLE = "windtunnel.shop.orders"


def warehouse() -> tuple[Any, Any]:
    """A client of an emulator with one empty table; the clock's readings of making them are not of interest."""
    from google.cloud import bigquery

    around, backend = emulated("bigquery")
    backend.provision({"datasets": {"shop": {"tables": {"orders": {"schema": SCHEMA}}}}})
    client = bigquery.Client()
    list(client.query_and_wait("SELECT 1"))  # fetches the token, once
    return around, client


@contract(ABOUT)
def test_a_query_is_retried_through_503s_with_the_librarys_back_off(trace: Trace) -> None:
    around, client = warehouse()
    random.uniform = lambda low, high: high  # type: ignore[method-assign]  # jitter at its longest
    around.rulings = [("jobs.query", Ruling(Refuse(503), "f")) for _ in range(3)]
    began = time.monotonic()
    rows = list(client.query_and_wait("SELECT n FROM UNNEST([3, 1, 2]) n ORDER BY n"))
    trace([row.n for row in rows], round(time.monotonic() - began, 3), around.outcomes("jobs.query"))
    trace.expect((8.015, [1, 2, 3], 7.504, ["ok", "refused", "refused", "refused", "ok"]))


@contract(ABOUT)
def test_a_job_that_fails_with_a_retryable_reason_is_made_again(trace: Trace) -> None:
    around, client = warehouse()
    random.uniform = lambda low, high: high  # type: ignore[method-assign]  # jitter at its longest
    around.rulings = [
        ("jobs.insert", Ruling(Refuse(403, reason="rateLimitExceeded"), "f")),
        ("jobs.insert", Ruling(LoseReply(), "f")),
    ]
    job = client.query("SELECT 42 AS answer")
    trace([row.answer for row in job.result()], job.state, around.outcomes("jobs.insert"))
    trace.expect((3.518, [42], "DONE", ["refused", "lost", "error"]))


@contract(ABOUT)
def test_a_time_out_of_the_transport_passes_at_its_instant(trace: Trace) -> None:
    import requests

    around, client = warehouse()
    around.rulings = [("jobs.insert", Ruling(Delay(60), "f"))]
    began = time.monotonic()
    try:
        client.query("SELECT 1", timeout=5, retry=None, job_retry=None)
    except requests.exceptions.Timeout as error:
        trace(type(error).__name__, round(time.monotonic() - began, 3))
    trace.expect((5.511, "ReadTimeout", 5.0))


@contract(ABOUT)
def test_rows_are_loaded_from_a_file_and_from_json_and_inserted_in_a_stream(trace: Trace) -> None:
    from google.cloud import bigquery

    _, client = warehouse()
    config = bigquery.LoadJobConfig(source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON)
    lines = b"".join(b'{"n": %d, "name": "file"}\n' % number for number in range(3))
    client.load_table_from_file(io.BytesIO(lines), TABLE, job_config=config).result()
    client.load_table_from_json([{"n": 10, "name": "json"}], TABLE).result()
    csv = bigquery.LoadJobConfig(source_format=bigquery.SourceFormat.CSV, skip_leading_rows=1)
    client.load_table_from_file(io.StringIO("n,name\n20,csv\n"), TABLE, job_config=csv).result()
    errors = client.insert_rows_json(
        TABLE, [{"n": 30, "name": "stream"}, {"n": "x", "name": "bad"}], row_ids=["a", "b"]
    )
    trace("errors", [[entry["index"], entry["errors"][0]["reason"]] for entry in errors])
    trace("again", client.insert_rows_json(TABLE, [{"n": 30, "name": "stream"}] * 2, row_ids=["a", "a"]))
    rows = client.query_and_wait(f"SELECT name, COUNT(*) c FROM `{TABLE}` GROUP BY name ORDER BY name")
    trace([[row.name, row.c] for row in rows])
    trace.expect(
        (8.6968, "errors", [[0, "stopped"], [1, "invalid"]]),
        (8.6978, "again", []),
        (9.1988, [["csv", 1], ["file", 3], ["json", 1], ["stream", 1]]),
    )


@contract(ABOUT)
def test_eight_threads_share_a_client(trace: Trace) -> None:
    _, client = warehouse()

    def ask(number: int) -> int:
        (row,) = client.query_and_wait(f"SELECT {number} * {number} AS square")
        return int(row.square)

    with ThreadPoolExecutor(8) as pool:
        trace(list(pool.map(ask, range(24))))
    trace.expect(
        (
            2.015,
            [0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121, 144, 169, 196, 225, 256, 289, 324, 361, 400, 441, 484, 529],
        )
    )


@contract(ABOUT)
def test_a_done_callback_of_a_job_and_an_exception_arrive_in_their_threads(trace: Trace) -> None:
    from google.api_core import exceptions

    _, client = warehouse()
    job = client.query("SELECT 1 AS one")
    called = threading.Event()
    job.add_done_callback(lambda done: (trace("done", done.state), called.set()))
    trace(called.wait(60))
    try:
        client.query_and_wait("SELECT missing FROM nowhere.at_all")
    except exceptions.NotFound as error:
        trace(type(error).__name__)
    try:
        client.query_and_wait("SELEC 1")
    except exceptions.BadRequest as error:
        trace(type(error).__name__)
    trace.expect((1.0716, "done", "DONE"), (1.0716, True), (1.0726, "NotFound"), (1.0736, "BadRequest"))


@contract(ABOUT)
def test_pages_of_a_result_come_one_by_one(trace: Trace) -> None:
    _, client = warehouse()
    rows = client.query_and_wait("SELECT n FROM UNNEST(GENERATE_ARRAY(1, 25)) n ORDER BY n", page_size=10)
    trace([next(row.n for row in page) for page in rows.pages], rows.total_rows)
    trace.expect((1.015, [1, 11, 21], 25))


@contract(ABOUT, know="to_dataframe needs pandas and db-dtypes, as in production")
def test_a_result_becomes_a_data_frame_and_a_data_frame_a_table(trace: Trace) -> None:
    import pandas

    _, client = warehouse()
    frame = client.query_and_wait("SELECT n, n * 0.5 AS half FROM UNNEST([1, 2, 3]) n ORDER BY n").to_dataframe(
        create_bqstorage_client=False
    )
    trace(frame["half"].tolist(), str(frame.dtypes["n"]))
    client.load_table_from_dataframe(pandas.DataFrame({"n": [7, 8], "name": ["x", "y"]}), TABLE).result()
    trace([list(row.values()) for row in client.query_and_wait(f"SELECT n, name FROM `{TABLE}` ORDER BY n")])
    trace.expect((1.012, [0.5, 1.0, 1.5], "Int64"), (3.5889, [[7, "x"], [8, "y"]]))
