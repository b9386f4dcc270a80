"""What one call of the emulated BigQuery costs, in process and on the wire, beside bqemulator where that is installed.

    python -m benchmarks.bigquery [--rounds N] [--count N] [--only WORD] [--json] [--jobs N]
                                  [--bqemulator PYTHON]

In process it is processor time of this process, so that a busy machine does not blur the figures; on the wire it is
elapsed time, ours and the reference's by turns. `PYTHON` is an interpreter that has bqemulator (figures were taken
beside 1.4.0). Calls are p50 of `--count`.
"""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from statistics import median
from tempfile import TemporaryFile
from typing import IO

import orjson
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from benchmarks import sheet
from benchmarks.emulators import resident_mb, up
from benchmarks.figure import Figure
from tests.fakes.bigquery.client import PROJECT, World

SELECT = "SELECT id, name FROM d.t WHERE id = @id AND ts > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)"
MERGE = (
    "MERGE d.t t USING (SELECT @id AS id, 'x' AS name) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = s.name"
    " WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)"
)
SCHEMA = [bigquery.SchemaField(*column) for column in (("id", "INT64"), ("name", "STRING"), ("ts", "TIMESTAMP"))]
LIMITS = {
    "durations_s": dict.fromkeys(("SELECT", "DML", "DDL"), 0.0), "insert_job_per_s": None, "streaming_buffer_s": 0,
}  # fmt: skip
"""Jobs take no virtual time, so that what is left is the emulator's own."""
KEPT_JOBS = 10_000
"""As many finished jobs as the emulator remembers unless told otherwise: memory ought not to grow after that."""
NEEDS = (
    "bqemulator needs to be installed there, and loads DuckDB's spatial extension when it starts, which it fetches from"
    " DuckDB's hub: without a network or a copy in ~/.duckdb it cannot start"
)
Timer = Callable[[], float]


def p50_ms(work: Callable[[], object], count: int, now_s: Timer = time.process_time) -> float:
    """The median time of `work` in ms over `count` calls, after one that is not counted."""
    work()
    spent = []
    for _ in range(count):
        began_s = now_s()
        work()
        spent.append(now_s() - began_s)
    return median(spent) * 1e3


class Calls:
    """What users ask most of a warehouse, through the vendor's client."""

    def __init__(self, client: bigquery.Client) -> None:
        self._client = client
        self._streamed = 0
        client.create_dataset("d")
        client.create_table(bigquery.Table(f"{client.project}.d.t", SCHEMA))

    def select(self) -> None:
        """A parametrised SELECT, and its rows."""
        self._query(SELECT)

    def merge(self) -> None:
        """A MERGE of one row."""
        self._query(MERGE)

    def _query(self, sql: str) -> None:
        config = bigquery.QueryJobConfig(query_parameters=[bigquery.ScalarQueryParameter("id", "INT64", 5)])
        list(self._client.query(sql, job_config=config).result())

    def stream(self) -> None:
        """500 rows by insertAll."""
        self._streamed += 500
        rows = [{"id": self._streamed + i, "name": "abc", "ts": "2026-01-01T00:00:00Z"} for i in range(500)]
        if problems := self._client.insert_rows_json(f"{self._client.project}.d.t", rows):
            raise AssertionError(problems)


def in_process() -> Calls:
    """Calls whose requests end in an emulator of this process."""
    return Calls(World(LIMITS).client)


def on_the_wire(address: str) -> Calls:
    """Calls to the server at `address`, a URL."""
    options = ClientOptions(api_endpoint=address)
    return Calls(bigquery.Client(PROJECT, AnonymousCredentials(), client_options=options))


@contextmanager
def served() -> Iterator[str]:
    """The URL of ours, alone in a process of its own."""
    settings = (f"bigquery.limits={orjson.dumps(LIMITS).decode()}", f"bigquery.project={PROJECT}")
    with up("bigquery", *(part for one in settings for part in ("--set", one))) as (environment, _):
        yield environment["BIGQUERY_EMULATOR_HOST"]


@contextmanager
def bqemulator(python: str) -> Iterator[str]:
    """The URL of the peer, in memory, on free ports."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    rest, grpc = (probe.getsockname()[1] for probe in probes)
    for probe in probes:
        probe.close()
    command = [python, "-m", "bqemulator", "start", "--ephemeral", "--project", PROJECT, "--log-level", "error",
               "--rest-port", str(rest), "--grpc-port", str(grpc)]  # fmt: skip
    with TemporaryFile() as told:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=told)
        yield from _answering(process, python, rest, told)


def _answering(process: subprocess.Popen[bytes], python: str, rest: int, told: IO[bytes]) -> Iterator[str]:
    try:
        while True:
            if process.poll() is not None:
                told.seek(0)
                last = (told.read().decode(errors="replace").strip() or "and said nothing").splitlines()[-1]
                raise SystemExit(f"--bqemulator {python}: it ended with {process.returncode}: {last}\n{NEEDS}")
            try:
                socket.create_connection(("127.0.0.1", rest)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.01)
        yield f"http://127.0.0.1:{rest}"
    finally:
        process.terminate()
        process.wait()


def fresh() -> None:
    """An engine made and thrown away."""
    World().backend.close()


def start_s(server: Callable[[], AbstractContextManager[str]]) -> float:
    """Seconds from the command until the server takes connections."""
    began_s = time.perf_counter()
    with server():
        return time.perf_counter() - began_s


def grown_mb(jobs: int) -> float:
    """How many MB more this process holds after `jobs` jobs than after the first `KEPT_JOBS`; no client."""
    world = World(LIMITS)
    Calls(world.client)
    before_mb = 0.0
    for number in range(jobs):
        if number == KEPT_JOBS:
            before_mb = resident_mb(os.getpid())
        _job(world, SELECT if number % 2 else MERGE, number)
        # What the tests' surroundings note of every call is not the emulator's.
        world.around.calls.clear()
        world.around.events.clear()
    grown = resident_mb(os.getpid()) - before_mb
    world.backend.close()
    return grown


def _job(world: World, sql: str, number: int) -> None:
    parameter = {
        "name": "id", "parameterType": {"type": "INT64"}, "parameterValue": {"value": str(number % 100)},
    }  # fmt: skip
    body = orjson.dumps({
        "configuration": {"query": {"query": sql, "useLegacySql": False, "queryParameters": [parameter]}},
        "jobReference": {"jobId": f"j{number}"},
    })  # fmt: skip
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": f"/bigquery/v2/projects/{PROJECT}/jobs", "QUERY_STRING": "",
        "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/json", "HTTP_HOST": "localhost",
        "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "https",
    }  # fmt: skip
    statuses: list[str] = []
    b"".join(world.backend.app(environ, lambda status, headers: statuses.append(status)))
    if statuses[0] != "200 OK":
        raise AssertionError(statuses)


def inside(count: int, jobs: int) -> list[Figure]:
    """The figures in process."""
    calls = in_process()
    return [
        Figure("SELECT in process", "ms", "less", lambda: p50_ms(calls.select, count), 8),
        Figure("MERGE in process", "ms", "less", lambda: p50_ms(calls.merge, count), 12),
        Figure("insertAll of 500 rows in process", "ms", "less", lambda: p50_ms(calls.stream, count), 15),
        Figure("fresh engine", "ms", "less", lambda: p50_ms(fresh, 10), 30),
        Figure(f"memory: growth from {KEPT_JOBS:,} to {jobs:,} jobs", "MB", "less", lambda: grown_mb(jobs), 10),
    ]


def wire(ours: str, theirs: str | None, python: str, count: int) -> list[Figure]:
    """The figures on the wire; the bar is a ratio."""
    us, them = on_the_wire(ours), None if theirs is None else on_the_wire(theirs)

    def pair(name: str, work: Callable[[Calls], object]) -> Figure:
        def taken(calls: Calls) -> float:
            return p50_ms(lambda: work(calls), count, time.perf_counter)

        reference = None if them is None else lambda: taken(them)
        return Figure(name, "ms", "less", lambda: taken(us), None, reference, "bqemulator", bar=2)

    peer = (lambda: start_s(lambda: bqemulator(python))) if theirs else None
    return [
        pair("SELECT on the wire", Calls.select),
        pair("MERGE on the wire", Calls.merge),
        pair("insertAll of 500 rows on the wire", Calls.stream),
        Figure("start on the wire", "s", "less", lambda: start_s(served), None, peer, "bqemulator", bar=2),
    ]


def main() -> int:
    """Measure and print; exit 1 when a target is missed."""
    parser = sheet.parser("Measure the emulated BigQuery.", rounds=3, count=100, of="calls")
    parser.add_argument("--jobs", type=int, default=2 * KEPT_JOBS, help=f"for memory (default {2 * KEPT_JOBS:,})")
    parser.add_argument("--bqemulator", default="", metavar="PYTHON", help="an interpreter that has bqemulator")
    options = parser.parse_args()
    if options.jobs <= KEPT_JOBS:
        parser.error(f"--jobs {options.jobs}: take more than {KEPT_JOBS:,}")
    if not options.bqemulator:
        print("no bqemulator beside: --bqemulator PYTHON names an interpreter that has it", file=sys.stderr)
    told = sheet.conditions(options.rounds)
    measured = sheet.measure(inside(options.count, options.jobs), options)
    with ExitStack() as stack:
        ours = stack.enter_context(served())
        theirs = stack.enter_context(bqemulator(options.bqemulator)) if options.bqemulator else None
        measured += sheet.measure(wire(ours, theirs, options.bqemulator, options.count), options)
    return sheet.show(measured, told, options)


if __name__ == "__main__":
    sys.exit(main())
