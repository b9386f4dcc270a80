"""The workloads as they run inside a simulation. Each does `count` of something and returns real seconds, or a ratio.

Only the work is timed, on the real clock, which the kernel keeps for the harness. It must not know how figures are
shown.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import gevent
from gevent.event import AsyncResult, Event

from harness.sim import clock, guest

EPOCH_NS = 1_768_521_600_000_000_000
NS = 1e9
PENDING_TIMERS = 1000


def run(channel: Any, workload: str, count: int, environ: dict[str, str]) -> int:
    """The child's side: make a machine and one process on it, let `workload` run there, tell what it returned."""
    machine = guest.machine()
    machine.kernel.begin(seed=1, epoch_ns=EPOCH_NS, roots=())
    machine.begin()
    process = machine.kernel.process("benchmark", 0, environ)
    machine.admit(process)
    ended: AsyncResult = AsyncResult()

    def body() -> None:
        try:
            ended.set(globals()[workload](machine, count))
        except Exception as error:  # noqa: BLE001 - whatever it was, the parent must show it
            ended.set_exception(error)

    process.spawn(body)
    try:
        channel.tell("returned", value=ended.get())
    except Exception:  # noqa: BLE001 - as above
        channel.tell("error", traceback=traceback.format_exc()[-3000:])
        return os.EX_SOFTWARE
    return os.EX_OK


def _timed(work: Callable[[], object]) -> float:
    began_ns = clock.real_monotonic_ns()
    work()
    return (clock.real_monotonic_ns() - began_ns) / NS


def nothing(machine: guest.Machine, count: int) -> float:
    """Return at once: what is left is the cost of having been forked."""
    return 0.0


def timer_events(machine: guest.Machine, count: int) -> float:
    """`count` timers fire, `PENDING_TIMERS` of them pending at any time; each that fires starts the next."""
    loop = machine.kernel.loop
    dice = Random(1)
    delays_s = [dice.random() * 100 for _ in range(4093)]
    fired = 0
    done = Event()

    def fire() -> None:
        nonlocal fired
        fired += 1
        if fired < count:
            loop.timer(delays_s[fired % 4093]).start(fire)
        else:
            done.set()

    def work() -> None:
        for delay_s in delays_s[:PENDING_TIMERS]:
            loop.timer(delay_s).start(fire)
        done.wait()

    return _timed(work)


def sleeping_threads(machine: guest.Machine, count: int) -> float:
    """A thousand threads of the standard library sleep in turns, `count` sleeps in all."""
    dice = Random(1)
    delays_s = [dice.random() * 100 for _ in range(4093)]

    def sleeper(number: int) -> None:
        for turn in range(count // 1000):
            time.sleep(delays_s[(number + turn) % 4093])

    def work() -> None:
        threads = [threading.Thread(target=sleeper, args=(number,)) for number in range(1000)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return _timed(work)


def jumps(machine: guest.Machine, count: int) -> float:
    """One thread sleeps `count` times; the clock jumps each time, which is checked."""
    loop = machine.kernel.loop
    before = loop.jumps

    def work() -> None:
        for _ in range(count):
            time.sleep(1.5)

    seconds = _timed(work)
    if loop.jumps - before < count:
        raise AssertionError(f"{count} sleeps made {loop.jumps - before} jumps")
    return seconds


def switches(machine: guest.Machine, count: int) -> float:
    """Two greenlets hand over to one another `count` times."""

    def work() -> None:
        def player() -> None:
            for _ in range(count // 2):
                gevent.sleep(0)

        gevent.joinall([gevent.spawn(player), gevent.spawn(player)])

    return _timed(work)


def _page(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "11")])
    return [b'{"ok":true}']


def front_end(machine: guest.Machine, count: int) -> float:
    """As `requests_round_trips`, by a client that only writes and reads bytes: what is left is our own share, which is
    sockets, network, HTTP and WSGI.
    """
    import socket

    machine.serve_http({"api.test": _page})
    with socket.create_connection(("api.test", 80)) as client:

        def work() -> None:
            for _ in range(count):
                client.sendall(b"GET / HTTP/1.1\r\nHost: api.test\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n")
                if not client.recv(65536).endswith(b'{"ok":true}'):
                    raise AssertionError("the page was not served")

        return _timed(work)


def requests_round_trips(machine: guest.Machine, count: int) -> float:
    """A `requests.Session` gets a small page `count` times from a WSGI app behind the in-memory network."""
    import requests

    machine.serve_http({"api.test": _page})
    with requests.Session() as session:
        session.get("http://api.test/")

        def work() -> None:
            for _ in range(count):
                if session.get("http://api.test/").status_code != 200:
                    raise AssertionError("the page was not served")

        return _timed(work)


def retrying(machine: guest.Machine, count: int) -> float:
    """Virtual seconds per real second of a tenacity retry loop (1 s doubling to 60 s) round `count` failures."""
    from tenacity import RetryError, Retrying, stop_after_attempt, wait_exponential

    def fail() -> None:
        raise ConnectionError("refused")

    def work() -> None:
        retry = Retrying(wait=wait_exponential(multiplier=1, max=60), stop=stop_after_attempt(count))
        try:
            retry(fail)
        except RetryError:
            return
        raise AssertionError("it never gave up")

    return _virtual_per_real(work)


def client_stack(machine: guest.Machine, count: int) -> float:
    """Virtual seconds per real second of `count` requests, each with urllib3's ten retries (1 s doubling to 120 s)
    against a service that answers 503: client, connection pool, network, HTTP on both sides.
    """
    import requests
    from urllib3.util import Retry

    def down(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("503 Service Unavailable", [("Content-Length", "0")])
        return [b""]

    machine.serve_http({"api.test": down})
    retry = Retry(total=10, backoff_factor=1, backoff_max=120, status_forcelist=[503], raise_on_status=False)
    with requests.Session() as session:
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))

        def work() -> None:
            for _ in range(count):
                if session.get("http://api.test/").status_code != 503:
                    raise AssertionError("a service that is down answered")

        return _virtual_per_real(work)


def _virtual_per_real(work: Callable[[], object]) -> float:
    began_s = time.monotonic()
    real_s = _timed(work)
    return (time.monotonic() - began_s) / real_s
