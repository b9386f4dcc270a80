"""A UDP socket as the kernel of its host holds it: a queue of datagrams, and where the next ones go.

This module exists to imitate what Linux does for UDP: whole datagrams or none, nobody told of a loss, and "connection
refused" only to those who connected. It must not know names, nor Python's socket API.
"""

from __future__ import annotations

import errno
import os
from collections import deque

from harness.sim.descriptors import ERR, HUP, IN, OUT, RDHUP, Pollable
from harness.sim.end import would_block
from harness.sim.host import Host, Receiving
from harness.sim.network import LOCALHOST, Network

LARGEST_B = 65_507
"""The payload of the largest datagram: 65,535 bytes less the headers of IPv4 (20) and UDP (8)."""

QUEUE_B = 212_992
"""Bytes that wait to be read before more are dropped (Linux's `net.core.rmem_default`, headers not counted)."""

ANY = "0.0.0.0"  # noqa: S104 - it is what user code binds
BROADCAST = "255.255.255.255"

Address = tuple[str, int]


class Mailbox(Pollable):
    """Takes datagrams in once it is bound; `local` and `remote` are (address, port), None before `bind` and `connect`.

    A connected one hears of nobody but `remote`, and learns at its next call that nobody listens there.
    """

    __slots__ = ("_error", "_network", "_queue", "_queued_b", "_receiving", "_shut", "_write_shut", "local", "remote")

    def __init__(self, network: Network, owner: str) -> None:
        super().__init__(owner)
        self.local: Address | None = None
        self.remote: Address | None = None
        self._network = network
        self._queue: deque[tuple[bytes, Address]] = deque()
        self._queued_b = 0
        self._receiving = Receiving(self._arrives, owner)
        self._error = 0
        self._shut = self._write_shut = False

    def ready(self) -> int:
        """Always writable; readable with a datagram or once shut down (Linux's `datagram_poll`)."""
        mask = OUT
        if self._queue or self._shut:
            mask |= IN
        if self._error:
            mask |= ERR
        if self._shut:
            mask |= RDHUP | (HUP if self._write_shut else 0)
        return mask

    def bind(self, address: str, port: int) -> None:
        """Take datagrams in at `address:port` (port 0: a free one); OSError EADDRINUSE, EADDRNOTAVAIL."""
        hosts = self._network.bound_hosts(self.owner, address)
        if port and any(port in host.receiving for host in hosts):
            raise OSError(errno.EADDRINUSE, f"{os.strerror(errno.EADDRINUSE)}: UDP {address}:{port}")
        while not port or any(port in host.receiving for host in hosts):
            port = self._network.free_port(self.owner)
        for host in hosts:
            host.receiving[port] = self._receiving
        self.local = (address, port)

    def connect(self, address: str, port: int) -> None:
        """Send to `address:port` and hear of nobody else; nothing travels, and anybody may be named."""
        source = self._source(address)
        if self.local is None:
            self.bind(source, 0)
        assert self.local is not None
        self.local = (source, self.local[1])
        self.remote = (address, port)
        self._queue = deque(entry for entry in self._queue if entry[1] == self.remote)

    def send(self, data: bytes, to: Address | None) -> int:
        """Send one datagram; how many bytes. Whether it arrives nobody says."""
        self._raise_error()
        if self._write_shut:
            raise OSError(errno.EPIPE, os.strerror(errno.EPIPE))
        if self.local is None:
            self.bind(ANY, 0)
        assert self.local is not None
        target = to or self.remote
        if target is None:
            raise OSError(errno.EDESTADDRREQ, os.strerror(errno.EDESTADDRREQ))
        if len(data) > LARGEST_B:
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        if not target[1]:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        source = self._source(target[0]), self.local[1]
        self._network.post(data, source, target, self.owner, self._refused)
        return len(data)

    def receive(self, timeout_s: float | None, *, peek: bool = False) -> tuple[bytes, Address | None]:
        """The next datagram and its sender; (b"", None) once shut down. Waits as `End.read` does."""
        if not self._queue and not self._error and not self._shut:
            if timeout_s == 0:
                raise would_block()
            if not self.wait(IN, timeout_s, lambda: not (self._queue or self._error or self._shut)):
                raise TimeoutError("timed out")
        self._raise_error()
        if not self._queue:
            return b"", None
        if peek:
            return self._queue[0]
        data, source = self._queue.popleft()
        self._queued_b -= len(data)
        return data, source

    def shutdown(self, how: int) -> None:
        """Stop reading (0), writing (1) or both (2); OSError ENOTCONN if not connected."""
        if self.remote is None:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        self._shut = self._shut or how in (0, 2)
        self._write_shut = self._write_shut or how in (1, 2)
        self.changed(IN | RDHUP | HUP)

    def take_error(self) -> int:
        """The pending error number, cleared by asking (SO_ERROR)."""
        error, self._error = self._error, 0
        return error

    def released(self) -> None:
        """Closed: what arrives from now on finds nobody."""
        self._network.stop_receiving(self._receiving)
        self._queue.clear()

    def _source(self, to: str) -> str:
        """The address that datagrams to `to` come from; OSError EINVAL from loopback to elsewhere."""
        bound = ANY if self.local is None else self.local[0]
        host: Host | None = self._network.route(to, self.owner)
        near = host is not None and host.address == LOCALHOST
        if bound == ANY:
            return LOCALHOST if near else self._network.home_of(self.owner).address
        if bound.startswith("127.") and not near:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return bound

    def _arrives(self, data: bytes, source: Address) -> None:
        if self.remote not in (None, source) or self._shut or self._queued_b + len(data) > QUEUE_B:
            return
        self._queue.append((data, source))
        self._queued_b += len(data)
        self.changed(IN)

    def _refused(self, by: Address) -> None:
        """ICMP says that nobody listens there: Linux tells connected sockets only (udp(7))."""
        if by == self.remote and self.references:
            self._error = errno.ECONNREFUSED
            self.changed(ERR)

    def _raise_error(self) -> None:
        error = self.take_error()
        if error:
            raise OSError(error, os.strerror(error))
