"""The references: the same work done by what others use, each in a fresh interpreter that no kernel has patched.

    python -m benchmarks.outside NAME COUNT    prints real seconds

It must not import anything of the harness but the history, which is no part of the simulation.
"""

from __future__ import annotations

import hashlib
import io
import json
import multiprocessing
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any

PENDING_TIMERS = 1000

CALL = {
    "id": 1, "caller": "phase3-analytics#1", "service": "bigquery", "method": "jobs.insert",
    "resource": "nba-props-platform/nba_raw/bdl_player_boxscores", "started_ns": 32_400_000_000_000, "outcome": "ok",
    "status": 200, "reason": "", "applied": True, "fault": "", "bytes_in": 512, "bytes_out": 2048,
}  # fmt: skip
"""A call as it is recorded: about 300 bytes."""


def _delays_s() -> list[float]:
    dice = Random(1)
    return [dice.random() * 100 for _ in range(4093)]


def simpy_timer_events(count: int) -> float:
    """SimPy's time-outs with a callback each, as many pending."""
    import simpy

    delays_s = _delays_s()
    env = simpy.Environment()
    fired = 0

    def fire(event: Any) -> None:
        nonlocal fired
        fired += 1
        if fired < count:
            env.timeout(delays_s[fired % 4093]).callbacks.append(fire)

    began_s = time.perf_counter()
    for delay_s in delays_s[:PENDING_TIMERS]:
        env.timeout(delay_s).callbacks.append(fire)
    env.run()
    return time.perf_counter() - began_s


def simpy_sleeping_processes(count: int) -> float:
    """A thousand SimPy processes (generators) that sleep in turns."""
    import simpy

    delays_s = _delays_s()
    env = simpy.Environment()

    def sleeper(number: int) -> Any:
        for turn in range(count // 1000):
            yield env.timeout(delays_s[(number + turn) % 4093])

    began_s = time.perf_counter()
    for number in range(1000):
        env.process(sleeper(number))
    env.run()
    return time.perf_counter() - began_s


def simpy_jumps(count: int) -> float:
    """One SimPy process that sleeps."""
    import simpy

    env = simpy.Environment()

    def sleeper() -> Any:
        for _ in range(count):
            yield env.timeout(1.5)

    env.process(sleeper())
    began_s = time.perf_counter()
    env.run()
    return time.perf_counter() - began_s


def gevent_switches(count: int) -> float:
    """Gevent on its own loop (libev), in real time."""
    import gevent

    def player() -> None:
        for _ in range(count // 2):
            gevent.sleep(0)

    began_s = time.perf_counter()
    gevent.joinall([gevent.spawn(player), gevent.spawn(player)])
    return time.perf_counter() - began_s


class _Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "11")
        self.end_headers()
        self.wfile.write(b'{"ok":true}')

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


def _serve(ports: Any) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ports.send(server.server_address[1])
    ports.recv()


def loopback_round_trips(count: int) -> float:
    """The same client against the standard library's server in another OS process, over a loopback socket."""
    import requests

    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{ours.recv()}/"
    with requests.Session() as session:
        session.get(url)
        began_s = time.perf_counter()
        for _ in range(count):
            session.get(url)
        seconds = time.perf_counter() - began_s
    ours.send("stop")
    server.join()
    return seconds


class _CannedSocket:
    """A connected socket with the page ready to read whenever anybody does; its descriptor is idle, as asked for."""

    def __init__(self) -> None:
        self._idle, self._other = multiprocessing.Pipe(duplex=False)

    def fileno(self) -> int:
        return self._idle.fileno()

    def sendall(self, data: bytes) -> None:
        pass

    def settimeout(self, seconds: float | None) -> None:
        pass

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}')

    def close(self) -> None:
        self._idle.close()
        self._other.close()


def canned_answers(count: int) -> float:
    """The same client without any network: every answer is in memory before it is asked for."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection
    from urllib3.connectionpool import HTTPConnectionPool

    class Connection(HTTPConnection):
        def _new_conn(self) -> Any:
            return _CannedSocket()

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    with requests.Session() as session:
        adapter = HTTPAdapter()
        adapter.poolmanager.pool_classes_by_scheme = {"http": Pool}
        session.mount("http://", adapter)
        session.get("http://api.test/")
        began_s = time.perf_counter()
        for _ in range(count):
            if session.get("http://api.test/").status_code != 200:
                raise AssertionError("the page was not read")
        return time.perf_counter() - began_s


def history_events(count: int) -> float:
    """Our own writer, into a file; not in virtual time, since writing takes none."""
    from harness.history import HistoryWriter

    with tempfile.TemporaryDirectory() as folder:
        writer = HistoryWriter(Path(folder) / "history.jsonl")
        began_s = time.perf_counter()
        for t_ns in range(count):
            writer.append(t_ns, "call", "phase3-analytics", 1, CALL)
        writer.close()
        return time.perf_counter() - began_s


def json_events(count: int) -> float:
    """The standard library's JSON with sorted keys, hashed and written to a file; no checks."""
    with tempfile.TemporaryFile() as file:
        digest = hashlib.sha256()
        began_s = time.perf_counter()
        for t_ns in range(count):
            event = {**CALL, "seq": t_ns, "t_ns": t_ns, "kind": "call", "process": "phase3-analytics", "instance": 1}
            line = json.dumps(event, sort_keys=True, separators=(",", ":")).encode() + b"\n"
            digest.update(line)
            file.write(line)
        return time.perf_counter() - began_s


def cold_start(count: int) -> float:
    """Import what a zygote has ready, once, whatever `count` is; the interpreter's own start is left out."""
    began_s = time.perf_counter()
    import duckdb
    import flask
    import google.cloud.bigquery
    import google.cloud.pubsub_v1
    import google.cloud.storage
    import requests
    import sqlglot

    seconds = time.perf_counter() - began_s
    if not all((duckdb, flask, google.cloud.bigquery, google.cloud.pubsub_v1, google.cloud.storage, requests, sqlglot)):
        raise AssertionError("nothing was imported")
    return seconds


if __name__ == "__main__":
    work: Callable[[int], float] = globals()[sys.argv[1]]
    sys.stdout.write(f"{work(int(sys.argv[2]))}\n")
