"""How long an HTTP request takes over the simulated network, in processor time, with the client's share told apart.

Run it by itself: `python -m benchmarks.http_round_trip [COUNT]`. It prints one JSON line of microseconds a request:
`requests` and `http_client` are whole round trips with those clients on a kept connection, `network_and_front_end` the
same with a client that only writes and reads bytes, `connect` a connection made and closed. The server does nothing.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from typing import Any


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "15")])
    return [b'{"hello":"you"}']


def processor_us() -> float:
    """Processor time of this process so far: it is all in one OS thread, and other processes' load is left out."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1e6


def per_call_us(action: Callable[[], object], count: int) -> float:
    """Microseconds of processor time per call, the best of three rounds."""
    rounds = []
    for _ in range(3):
        began = processor_us()
        for _ in range(count):
            action()
        rounds.append((processor_us() - began) / count)
    return round(min(rounds), 1)


def main(count: int) -> dict[str, float]:
    """The figures, measured in a simulated process, which has a small environment as services have."""
    from harness.sim import guest

    machine = guest.machine()
    machine.kernel.begin(seed=1, epoch_ns=1_768_521_600_000_000_000, roots=())
    machine.begin()
    machine.serve_http({"api.test": application})
    client: Any = machine.kernel.process("client", 0, {"HOME": "/home"}).spawn(measured, count)
    figures: dict[str, float] = client.get()
    return figures


def measured(count: int) -> dict[str, float]:
    import http.client
    import socket

    import requests

    session = requests.Session()
    connection = http.client.HTTPConnection("api.test")
    raw = socket.create_connection(("api.test", 80))

    def with_http_client() -> None:
        connection.request("GET", "/players")
        connection.getresponse().read()

    def with_bytes() -> None:
        raw.sendall(b"GET /players HTTP/1.1\r\nHost: api.test\r\nAccept: */*\r\n\r\n")
        raw.recv(65536)

    return {
        "requests": per_call_us(lambda: session.get("http://api.test/players", timeout=5).json(), count),
        "http_client": per_call_us(with_http_client, count),
        "network_and_front_end": per_call_us(with_bytes, count),
        "connect": per_call_us(lambda: socket.create_connection(("api.test", 80)).close(), count),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)) + "\n")
