"""What all simulated channels of one run share: who serves which host, who is calling, and every RPC under way.

It must not know grpcio, worlds or faults.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Mapping
from typing import Any

import gevent

from fakes.seam import GrpcMethod
from harness.sim.rpc.exchange import Exchange
from harness.sim.rpc.handler import SOCKET_CLOSED, Complaint, Spawn, serve
from harness.sim.rpc.status import unavailable

Methods = Mapping[str, GrpcMethod]

DEFAULT_LATENCY_S = 0.001
"""One round trip inside a region; Google Cloud's own figure between zones is below 1 ms."""


def _log_complaint(method: str, error: BaseException) -> None:
    logging.getLogger("windtunnel.rpc").error("handler of %s raised", method, exc_info=error)


class Fabric:
    """The simulated gRPC network.

    `resolve(host)` gives the methods served there by full path, or None for a name that does not resolve; it is asked
    for every call. `who()` names the process of the calling greenlet. `server(host)` names the process that serves a
    host, "" where it cannot die. `latency_s(host)` is a call's round trip in seconds (>= 0), asked once per call.
    `spawn` runs a handler; `complain` hears of handlers that raised what they should not.
    """

    def __init__(
        self,
        resolve: Callable[[str], Methods | None],
        who: Callable[[], str],
        *,
        latency_s: Callable[[str], float] = lambda host: DEFAULT_LATENCY_S,
        spawn: Spawn = lambda serve: gevent.spawn(serve),  # noqa: PLW0108 - the kernel replaces gevent.spawn later
        server: Callable[[str], str] = lambda host: "",
        complain: Complaint = _log_complaint,
    ) -> None:
        self.resolve = resolve
        self.who = who
        self.latency_s = latency_s
        self._spawn = spawn
        self._server = server
        self._complain = complain
        self._live: dict[int, Exchange] = {}
        self._numbers = itertools.count()

    @property
    def loop(self) -> Any:
        """The event loop that keeps the time."""
        return gevent.get_hub().loop

    @property
    def calls(self) -> tuple[Exchange, ...]:
        """The RPCs under way, oldest first."""
        return tuple(self._live.values())

    def abort_owner(self, owner: str) -> None:
        """The process `owner` died.

        Its own calls never come back and their handlers see the peer go; calls it was serving end as UNAVAILABLE at
        their callers half a round trip later.
        """
        for exchange in self.calls:
            if exchange.request.caller == owner:
                exchange.forsake()
            elif self._server(exchange.request.host) == owner:
                exchange.reset(unavailable(SOCKET_CLOSED))

    def serve(self, exchange: Exchange, methods: Methods) -> None:
        """Run the handler of `exchange`; called when its head has arrived at the server."""
        serve(exchange, methods, self._spawn, self._complain)

    def enter(self, exchange: Exchange) -> int:
        """Take an RPC into the list of those under way; returns the number to `leave` by."""
        number = next(self._numbers)
        self._live[number] = exchange
        return number

    def leave(self, number: int) -> None:
        """Both ends have done with the RPC."""
        self._live.pop(number, None)
