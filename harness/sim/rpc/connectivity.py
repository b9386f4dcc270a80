"""Whether a channel can reach its host: gRPC's connectivity states, and the calls that wait for them.

The rules are those of doc/connectivity-semantics-and-api.md and doc/connection-backoff.md of the gRPC repository. It
must not know what the calls are about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.sim.rpc.fabric import Fabric, Methods

IDLE, CONNECTING, READY, TRANSIENT_FAILURE, SHUTDOWN = range(5)
"""The numbers of grpc.ChannelConnectivity."""

BACKOFF_FIRST_S = 1.0
BACKOFF_FACTOR = 1.6
BACKOFF_MOST_S = 120.0
"""doc/connection-backoff.md. Its 20 % jitter is left out: nothing in one simulated channel is there to be spread."""


@dataclass(slots=True)
class _Watch:
    last: int
    tell: Callable[[bool], None]
    timer: Any = None


class Connectivity:
    """The state of one channel to `host`."""

    def __init__(self, fabric: Fabric, host: str) -> None:
        self.state = IDLE
        self._fabric = fabric
        self._host = host
        self._watches: list[_Watch] = []
        self._waiting: list[tuple[Callable[[], bool], Callable[[Methods], None]]] = []
        self._backoff_s = BACKOFF_FIRST_S
        self._retry: Any = None

    def reach(self) -> Methods | None:
        """Try the host now on behalf of a call: its methods, or None when its name does not resolve."""
        methods = self._fabric.resolve(self._host)
        self._become(TRANSIENT_FAILURE if methods is None else READY)
        return methods

    def when_reached(self, wanted: Callable[[], bool], go: Callable[[Methods], None]) -> None:
        """Call `go(methods)` once the host can be reached, trying again with gRPC's back-off while `wanted()`."""
        self._waiting.append((wanted, go))
        self._retry_later()

    def check(self, try_to_connect: bool) -> int:
        """The state now; an idle channel starts to connect if asked to."""
        state = self.state
        if try_to_connect and state == IDLE:
            self._become(CONNECTING)
            self._schedule(self._fabric.latency_s(self._host), self._connected)
        return state

    def watch(self, last: int, timeout_s: float | None, tell: Callable[[bool], None]) -> None:
        """Call `tell(True)` when the state is another than `last`, `tell(False)` when `timeout_s` passed first."""
        if self.state != last:
            tell(True)
            return
        watch = _Watch(last, tell)
        self._watches.append(watch)
        if timeout_s is not None:
            watch.timer = self._fabric.loop.timer(max(0.0, timeout_s))
            watch.timer.start(self._expire, watch)

    def shut_down(self) -> None:
        """The channel was closed."""
        self._waiting.clear()
        if self._retry is not None:
            self._retry.stop()
            self._retry.close()
            self._retry = None
        self._become(SHUTDOWN)

    def _become(self, state: int) -> None:
        if self.state in (state, SHUTDOWN):
            return
        self.state = state
        if state == READY:
            self._backoff_s = BACKOFF_FIRST_S
        changed, self._watches = self._watches, []
        for watch in changed:
            if watch.timer is not None:
                watch.timer.stop()
                watch.timer.close()
            watch.tell(True)

    def _expire(self, watch: _Watch) -> None:
        if watch in self._watches:
            self._watches.remove(watch)
            watch.tell(False)

    def _connected(self) -> None:
        self._retry = None
        self._waiting = [(wanted, go) for wanted, go in self._waiting if wanted()]
        methods = self.reach()
        if methods is not None:
            waiting, self._waiting = self._waiting, []
            for _, go in waiting:
                go(methods)
        elif self._waiting or self._watches:
            self._retry_later()

    def _retry_later(self) -> None:
        if self._retry is None:
            self._schedule(self._backoff_s, self._connected)
            self._backoff_s = min(self._backoff_s * BACKOFF_FACTOR, BACKOFF_MOST_S)

    def _schedule(self, seconds: float, act: Callable[[], None]) -> None:
        if self._retry is None:
            self._retry = self._fabric.loop.timer(seconds)
            self._retry.start(act)
