"""The client's half of a channel, common to grpc and grpc.aio: how a call comes to be under way.

Readiness, credentials and deadlines are settled here, once for both. It must not know completion queues or coroutines.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fakes.seam import GRPC_CODES
from harness.sim.rpc.connectivity import Connectivity
from harness.sim.rpc.credentials import Pairs, collect, insecure, plugins_of
from harness.sim.rpc.exchange import Exchange, Request
from harness.sim.rpc.fabric import Fabric, Methods
from harness.sim.rpc.status import Status, cancelled, unavailable
from harness.sim.rpc.target import as_headers, host_of, limits_of, sendable

_NO_NAME = "Domain name not found"


@dataclass(frozen=True, slots=True)
class Invocation:
    """What the vendor's layer says of a call: `deadline_epoch_s` is its deadline as seconds since the epoch."""

    method: bytes
    deadline_epoch_s: float | None
    metadata: Sequence[tuple[Any, Any]] | None
    credentials: Any
    wait_for_ready: bool


class SimChannel:
    """One channel to `target` over `fabric`, with cygrpc's channel credentials (None: insecure)."""

    def __init__(self, fabric: Fabric, target: bytes, options: Iterable[Any] | None, credentials: Any) -> None:
        import grpc

        self.target = target.decode()
        self.host = host_of(self.target)
        self.connectivity = Connectivity(fabric, self.host)
        self.closed_reason: str | None = None
        self._fabric = fabric
        self._limits = limits_of(options)
        self._credentials = credentials
        self._plugins = plugins_of(credentials)
        self._user_agent = f"grpc-python/{grpc.__version__}"
        self._exchanges: dict[int, Exchange] = {}

    def begin(self, invocation: Invocation) -> Exchange:
        """Start a call; one that cannot even be sent has ended already."""
        illegal = not sendable(invocation.metadata)
        metadata = (("user-agent", self._user_agent), *(() if illegal else invocation.metadata or ()))
        method = invocation.method.decode()
        headers = as_headers(metadata)
        exchange = Exchange(
            self._fabric,
            Request(
                host=self.host,
                target=self.target,
                method=method,
                caller=self._fabric.who(),
                metadata=headers,
                timeout_s=_remaining_s(invocation.deadline_epoch_s),
                max_send_bytes=self._limits.max_send_bytes,
                max_receive_bytes=self._limits.max_receive_bytes,
            ),
        )
        self._track(exchange)
        if exchange.request.timeout_s is not None and exchange.request.timeout_s <= 0:
            return exchange
        if illegal:
            exchange.fail(Status(GRPC_CODES["INTERNAL"], "Invalid metadata", explained=False))
            return exchange
        if self._credentials is None:
            refusal = insecure(invocation.credentials)
            if refusal is not None:
                exchange.fail(refusal)
                return exchange
        service, _, name = method.rpartition("/")

        def ready(pairs: Pairs) -> None:
            headers.update(as_headers(pairs))
            self._connect(exchange, invocation.wait_for_ready)

        plugins = self._plugins + plugins_of(invocation.credentials)
        collect(plugins, f"https://{self.host}{service}", name, ready, exchange.fail)
        return exchange

    def close(self, details: str) -> None:
        """End all its calls as CANCELLED with `details`, and take no more."""
        if self.closed_reason is None:
            self.closed_reason = details
            for exchange in tuple(self._exchanges.values()):
                exchange.cancel(cancelled(details))
            self.connectivity.shut_down()

    def _track(self, exchange: Exchange) -> None:
        number = exchange.number
        self._exchanges[number] = exchange
        exchange.watch_status(lambda status: self._exchanges.pop(number, None))

    def _connect(self, exchange: Exchange, wait_for_ready: bool) -> None:
        methods = self.connectivity.reach()
        if methods is not None:
            self._depart(exchange, methods)
        elif wait_for_ready:
            self.connectivity.when_reached(lambda: exchange.status is None, lambda found: self._depart(exchange, found))
        else:
            self._give_up = self._fabric.loop.timer(self._fabric.latency_s(self.host))
            self._give_up.start(exchange.fail, unavailable(f"DNS resolution failed for {self.target}: {_NO_NAME}"))

    def _depart(self, exchange: Exchange, methods: Methods) -> None:
        exchange.open(lambda arrived: self._fabric.serve(arrived, methods))


def _remaining_s(deadline_epoch_s: float | None) -> float | None:
    """Seconds until a deadline that grpcio computed as `time.time() + timeout`.

    A float near the epoch is good to 240 ns, so the difference is rounded to whole microseconds to give the caller's
    `timeout` back exactly; core itself rounds to milliseconds.
    """
    if deadline_epoch_s is None:
        return None
    return round(deadline_epoch_s - time.time(), 6)
