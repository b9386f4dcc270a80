"""Servers that contracts talk to: they answer by a script and note when they were asked.

This module exists so that contracts with HTTP clients can share a peer that is slow, flaky or dies. It must not know
any client.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from fakes.seam import ConnectionLost
from harness.sim.http_server import serve
from harness.sim.network import Network
from tests.harness.sim.world import a_network

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""

REASONS = {200: "OK", 204: "No Content", 302: "Found", 429: "Too Many Requests", 503: "Service Unavailable"}


def scripted(trace: Callable[..., None], host: str, *script: Any, latency_s: float = 0.0, **options: Any) -> Network:
    """A network on which `host` answers its n-th request by `script[n]`, the last one for ever; `trace` is told each.

    An entry is a status, (status, headers), (status, headers, body), a number of seconds to wait before 200 as a float,
    or "reset": the connection is lost before the answer.
    """
    network = a_network(latency_s=latency_s)
    add_scripted(network, trace, host, *script, **options)
    return network


def add_scripted(network: Network, trace: Callable[..., None], host: str, *script: Any, **options: Any) -> None:
    """Let one more `host` answer on `network`, as `scripted` does."""
    asked = 0

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        nonlocal asked
        entry = script[min(asked, len(script) - 1)]
        asked += 1
        body = environ["wsgi.input"].read()
        trace(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}", len(body))
        if entry == "reset":
            raise ConnectionLost
        if isinstance(entry, float):
            time.sleep(entry)
            entry = 200
        status, headers, answer = (*entry, b"")[:3] if isinstance(entry, tuple) else (entry, {}, b"ok")
        start_response(
            f"{status} {REASONS.get(status, 'Status')}", [("Content-Length", str(len(answer))), *headers.items()]
        )
        return [answer]

    serve(network, host, (80, 443), app, **options)
