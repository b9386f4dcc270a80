"""Python's socket object for datagrams (UDP) on the in-memory network.

This module exists because programs ask a UDP socket for their own address, and because metrics (statsd), logs (syslog)
and look-ups of one's own travel in datagrams. It must not know how datagrams travel.
"""

from __future__ import annotations

import errno
import os
import socket as real_socket
from collections.abc import Iterable
from typing import Any

from harness.sim.descriptors import TABLE
from harness.sim.mailbox import BROADCAST, Mailbox
from harness.sim.sockets import Address, NotSimulatedError, SimSocket, kind_of, plain


class SimDatagramSocket(SimSocket):
    """A UDP socket over IPv4: `socket.socket(AF_INET, SOCK_DGRAM)` makes one. Broadcast and multicast reach nobody."""

    __slots__ = ("_mailbox",)

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:
        self._describe(family, proto)
        if fileno is not None:
            found = TABLE.get(fileno)
            assert isinstance(found, Mailbox)  # `class_for` chose this class by it
            self._mailbox = found
            self._fd = fileno
        else:
            if self._family != real_socket.AF_INET:
                raise NotSimulatedError(errno.EAFNOSUPPORT, "datagrams are simulated over IPv4 only: use AF_INET")
            self._mailbox = Mailbox(self.network, self._owner)
            self._fd = TABLE.open(self._mailbox)
        self._end = self._mailbox
        self._start_timing(type)

    @property
    def type(self) -> real_socket.SocketKind:
        """SOCK_DGRAM."""
        return real_socket.SOCK_DGRAM

    def getpeername(self) -> Address:
        """(address, port) it is connected to; OSError ENOTCONN without one."""
        remote = self._box().remote
        if remote is None:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        return remote

    # ---- addresses

    def bind(self, address: Address) -> None:
        """Take datagrams in at (host, port); port 0 takes a free one. OSError EINVAL when bound already."""
        if self._box().local is not None:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._box().bind(*self._resolve(address, passive=True))

    def listen(self, backlog: int = 0) -> None:
        """OSError EOPNOTSUPP."""
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    def accept(self) -> tuple[SimSocket, Address]:
        """OSError EOPNOTSUPP."""
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    def _connect(self, address: Address) -> int:
        self._box().connect(*self._target(address))
        return 0

    def _target(self, address: Address) -> tuple[str, int]:
        host, port = self._resolve((BROADCAST, address[1]) if address[0] == "<broadcast>" else address)
        if host == BROADCAST and not self._options.get((real_socket.SOL_SOCKET, real_socket.SO_BROADCAST)):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return host, port

    # ---- datagrams

    def send(self, data: Any, flags: int = 0) -> int:
        """Send `data` as one datagram to where it is connected; OSError EDESTADDRREQ, EMSGSIZE, ECONNREFUSED."""
        return self._box().send(bytes(plain(data)), None)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """As `send`."""
        self.send(data, flags)

    def sendto(self, data: Any, *rest: Any) -> int:
        """Send `data` as one datagram to (host, port), the last argument."""
        if len(rest) not in (1, 2):
            raise TypeError(f"sendto() takes 2 or 3 arguments ({len(rest) + 1} given)")
        return self._box().send(bytes(plain(data)), self._target(rest[-1]))

    def sendmsg(self, buffers: Iterable[Any], ancdata: Any = (), flags: int = 0, address: Address = None) -> int:
        """Send several buffers as one datagram; NotSimulatedError with ancillary data."""
        if list(ancdata):
            raise NotSimulatedError(errno.EOPNOTSUPP, "ancillary data is not simulated")
        data = b"".join(bytes(plain(buffer)) for buffer in buffers)
        return self.send(data) if address is None else self.sendto(data, address)

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """The next datagram, cut off after `bufsize` bytes."""
        return self.recvfrom(bufsize, flags)[0]

    def recvfrom(self, bufsize: int, flags: int = 0) -> tuple[bytes, Address]:
        """The next datagram, cut off after `bufsize` bytes, and its sender."""
        data, source = self._receive(flags)
        return data[:bufsize], source

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Receive into `buffer`; how many bytes."""
        return self.recvfrom_into(buffer, nbytes, flags)[0]

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> tuple[int, Address]:
        """Receive into `buffer`; how many bytes, and the sender."""
        view = memoryview(buffer).cast("B")
        data, source = self.recvfrom(nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data), source

    def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0) -> tuple[bytes, list[Any], int, Address]:
        """As `recvfrom`, with MSG_TRUNC where the datagram was longer; there is never ancillary data."""
        data, source = self._receive(flags)
        return data[:bufsize], [], real_socket.MSG_TRUNC if len(data) > bufsize else 0, source

    def recvmsg_into(
        self, buffers: Iterable[Any], ancbufsize: int = 0, flags: int = 0
    ) -> tuple[int, list[Any], int, Address]:
        """As `recvmsg`, over several buffers."""
        views = [memoryview(buffer).cast("B") for buffer in buffers]
        data, ancillary, given, source = self.recvmsg(sum(map(len, views)), ancbufsize, flags)
        self._scatter(data, views)
        return len(data), ancillary, given, source

    def _receive(self, flags: int) -> tuple[bytes, Address]:
        return self._box().receive(self._wait_s(flags), peek=bool(flags & real_socket.MSG_PEEK))

    # ---- ending

    def shutdown(self, how: int) -> None:
        """Close one half or both; OSError ENOTCONN if not connected."""
        self._box().shutdown(how)

    def _box(self) -> Mailbox:
        self._require_open()
        return self._mailbox


def class_for(family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> type[SimSocket]:
    """Which class `socket.socket(family, type, proto, fileno)` makes an object of."""
    datagrams = kind_of(type) == real_socket.SOCK_DGRAM if fileno is None else isinstance(TABLE.find(fileno), Mailbox)
    return SimDatagramSocket if datagrams else SimSocket
