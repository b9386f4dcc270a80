"""A listening socket's queue of connections that nobody has accepted yet.

This module exists so that user code may be a server on the simulated network. It must not know Python's socket API.
"""

from __future__ import annotations

from collections import deque

from harness.sim.connection import Connection
from harness.sim.descriptors import IN, Pollable
from harness.sim.end import End, would_block
from harness.sim.host import Listening
from harness.sim.network import Network

SOMAXCONN = 4096
"""Linux's limit on a backlog (`net.core.somaxconn`, since 5.4)."""


class Listener(Pollable):
    """A bound address with a backlog; `owner` is the process that listens."""

    __slots__ = ("_backlog", "_limit", "_listening", "_network", "_waiting", "local")

    def __init__(self, network: Network, owner: str, local: tuple[str, int], backlog: int) -> None:
        super().__init__(owner)
        self.local = local
        self._network = network
        self._limit = max(1, min(backlog, SOMAXCONN))
        self._waiting: deque[End] = deque()
        self._listening: list[Listening] = []
        for host in network.bound_hosts(owner, local[0]):
            self._listening.append(
                network.listen(host, local[1], self._accepted, owner=owner, has_room=self._has_room),
            )

    def set_backlog(self, backlog: int) -> None:
        """listen(2) again on a listening socket changes the backlog."""
        self._limit = max(1, min(backlog, SOMAXCONN))

    def ready(self) -> int:
        """Readable while somebody waits to be accepted."""
        return IN if self._waiting else 0

    def accept(self, timeout_s: float | None) -> End:
        """The next connection; BlockingIOError or TimeoutError as `End.read` raises them."""
        if not self._waiting:
            if timeout_s == 0:
                raise would_block()
            if not self.wait(IN, timeout_s, lambda: not self._waiting):
                raise TimeoutError("timed out")
        return self._waiting.popleft()

    def released(self) -> None:
        """Closed: later SYNs are refused, whoever was not accepted yet is reset."""
        for listening in self._listening:
            self._network.unlisten(listening)
        for end in self._waiting:
            end.abort()
        self._waiting.clear()

    def _has_room(self) -> bool:
        return len(self._waiting) < self._limit

    def _accepted(self, connection: Connection) -> None:
        self._waiting.append(connection.server)
        self.changed(IN)
