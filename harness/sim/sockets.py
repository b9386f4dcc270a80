"""Python's socket object on the in-memory network.

This module exists so that client libraries run unmodified: `SimSocket` is a real subclass of the interpreter's
`socket.socket`, so `isinstance` holds and `makefile` is the standard library's own. It must not know how bytes travel.
"""

from __future__ import annotations

import errno
import os
import socket as real_socket
from collections.abc import Iterable
from typing import Any, ClassVar, TypeAlias

from harness.sim.descriptors import FIRST_FD, OUT, TABLE, bad_descriptor
from harness.sim.end import End, State
from harness.sim.guard import RealIoError
from harness.sim.listener import SOMAXCONN, Listener
from harness.sim.mailbox import Mailbox
from harness.sim.network import Network
from harness.sim.resolver import Resolver

RealSocket: Any = real_socket.socket
"""The interpreter's own class (Any, because its typing knows nothing of the slots that a subclass must fill)."""

Address: TypeAlias = Any
"""(host, port), as the socket module takes it."""

_FAMILIES = {real_socket.AF_INET, real_socket.AF_UNIX}
# As integers: to say what two flags have in common takes their enum longer than sending does.
_DONTWAIT, _OOB = int(real_socket.MSG_DONTWAIT), int(real_socket.MSG_OOB)
_PEEK, _WAITALL = int(real_socket.MSG_PEEK), int(real_socket.MSG_WAITALL)
_LINGER_ON = b"\x01\x00\x00\x00"


class NotSimulatedError(OSError):
    """Something of the socket API that the in-memory network does not offer."""


class SimSocket(RealSocket):  # type: ignore[misc]  # see RealSocket
    """A TCP socket whose other side is in this process.

    Offers what `socket.socket` offers for AF_INET (and AF_UNIX by `socketpair`) streams. Raises `NotSimulatedError`
    for raw and IPv6 sockets, file-descriptor passing and out-of-band data. Time-outs are exact in virtual time.
    """

    network: ClassVar[Network]
    """The network of the run; it and the resolver are set by `harness.sim.install`."""
    resolver: ClassVar[Resolver]

    _end: End | Listener | Mailbox

    __slots__ = ("_bound", "_end", "_family", "_fd", "_options", "_owner", "_proto", "_timeout_s")

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:
        self._describe(family, proto)
        if fileno is not None:
            if 0 <= fileno < FIRST_FD:
                raise RealIoError(
                    f"socket.socket(fileno={fileno}), a real descriptor", "make the socket in the simulation"
                )
            found = TABLE.get(fileno)
            if not isinstance(found, End | Listener):
                raise OSError(errno.ENOTSOCK, os.strerror(errno.ENOTSOCK))
            self._end = found
            self._fd = fileno
            self._start_timing(type)
            return
        kind = kind_of(type)
        if kind == real_socket.SOCK_DGRAM:
            raise NotSimulatedError(
                errno.EPROTONOSUPPORT, "UDP in a class of one's own is not simulated: use socket.socket itself"
            )
        if kind != real_socket.SOCK_STREAM:
            raise NotSimulatedError(
                errno.EPROTONOSUPPORT,
                f"raw sockets are not simulated (type {kind}): send over TCP or UDP, or turn this client off in the "
                "simulated process",
            )
        if self._family not in _FAMILIES:
            raise NotSimulatedError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT) + ": hosts here are IPv4 only")
        self._end = self.network.new_end(self._owner)
        self._fd = TABLE.open(self._end)
        self._start_timing(type)

    def _describe(self, family: int, proto: int) -> None:
        """Fill the slots that every kind of socket has."""
        self._io_refs = 0  # type: ignore[misc]  # a slot of the real class
        self._closed = False  # type: ignore[misc]  # likewise
        self._fd = -1
        self._family = real_socket.AF_INET if family == -1 else real_socket.AddressFamily(family)
        self._timeout_s: float | None = None
        self._proto = 0 if proto == -1 else proto
        self._options: dict[tuple[int, int], int | bytes] = {}
        self._bound: tuple[str, int] | None = None
        self._owner = self.network.who()

    def _start_timing(self, kind: int) -> None:
        timeout_s = real_socket.getdefaulttimeout()
        if kind != -1 and kind & real_socket.SOCK_NONBLOCK:
            timeout_s = 0.0
        if timeout_s is not None:
            self.settimeout(timeout_s)

    def __del__(self) -> None:
        """A socket nobody holds is closed, as CPython does."""
        if getattr(self, "_fd", -1) >= 0:
            self._real_close()

    # ---- what it is

    @property
    def family(self) -> real_socket.AddressFamily:
        """AF_INET, or AF_UNIX for a socketpair."""
        return self._family

    @property
    def type(self) -> real_socket.SocketKind:
        """SOCK_STREAM."""
        return real_socket.SOCK_STREAM

    @property
    def proto(self) -> int:
        """What it was made with."""
        return self._proto

    @property
    def timeout(self) -> float | None:
        """What `settimeout` was given."""
        return self._timeout_s

    def fileno(self) -> int:
        """The simulated descriptor, -1 once closed."""
        return self._fd

    def stream(self) -> End:
        """The end behind it; OSError EBADF when closed, ENOTCONN when it listens."""
        if self._fd < 0:
            raise bad_descriptor()
        if not isinstance(self._end, End):
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        return self._end

    def getsockname(self) -> Address:
        """(address, port) of this end."""
        self._require_open()
        local = self._end.local
        if self._family == real_socket.AF_UNIX:
            return ""
        return local or self._bound or ("0.0.0.0", 0)  # noqa: S104 - what an unbound socket says

    def getpeername(self) -> Address:
        """(address, port) of the other end; OSError ENOTCONN without one."""
        end = self.stream()
        if end.state is not State.ESTABLISHED or end.broken:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        return "" if self._family == real_socket.AF_UNIX else end.remote

    # ---- options and time-outs

    def settimeout(self, value: float | None) -> None:
        """None blocks for ever, 0 never; ValueError below 0."""
        if value is not None and value < 0:
            raise ValueError("Timeout value out of range")
        self._timeout_s = value if value is None else float(value)
        self._end.nonblocking = value is not None

    def gettimeout(self) -> float | None:
        """What `settimeout` was given."""
        return self._timeout_s

    def setblocking(self, flag: bool) -> None:
        """As settimeout(None) or settimeout(0)."""
        self.settimeout(None if flag else 0.0)

    def getblocking(self) -> bool:
        """Whether calls may wait."""
        return self._timeout_s != 0

    def setsockopt(self, level: int, optname: int, value: Any, optlen: int | None = None) -> None:
        """Remembered; of the options only SO_LINGER with a time of 0 changes anything (a reset at close)."""
        self._require_open()
        self._options[level, optname] = value if optlen is None else b"\0" * optlen
        if (level, optname) == (real_socket.SOL_SOCKET, real_socket.SO_LINGER) and isinstance(self._end, End):
            self._end.reset_on_close = bytes(value).startswith(_LINGER_ON) and not any(bytes(value)[4:8])

    def getsockopt(self, level: int, optname: int, buflen: int = 0) -> Any:
        """SO_ERROR, SO_TYPE, SO_ACCEPTCONN, and whatever was set before (0 for the rest)."""
        self._require_open()
        if level == real_socket.SOL_SOCKET:
            if optname == real_socket.SO_ERROR:
                return 0 if isinstance(self._end, Listener) else self._end.take_error()
            if optname == real_socket.SO_TYPE:
                return int(self.type)
            if optname == real_socket.SO_ACCEPTCONN:
                return int(isinstance(self._end, Listener))
        value = self._options.get((level, optname), 0)
        if buflen:
            return value if isinstance(value, bytes) else value.to_bytes(4, "little").ljust(buflen, b"\0")[:buflen]
        return value

    # ---- becoming connected

    def bind(self, address: Address) -> None:
        """Choose the local (host, port); port 0 takes a free one. OSError EINVAL when bound already."""
        self._require_open()
        if self._family == real_socket.AF_UNIX:
            raise NotSimulatedError(errno.EOPNOTSUPP, f"UNIX sockets by path are not simulated ({address!r}): use TCP")
        if self._bound is not None:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        host, port = self._resolve(address, passive=True)
        self.network.check_bindable(self._owner, host, port)
        self._bound = (host, port or self.network.free_port(self._owner))
        if isinstance(self._end, End):
            self._end.local = self._bound

    def listen(self, backlog: int = SOMAXCONN) -> None:
        """Accept connections from now on; OSError EADDRINUSE when the address is taken."""
        self._require_open()
        if isinstance(self._end, Listener):
            self._end.set_backlog(backlog)
            return
        local = self._bound or ("0.0.0.0", self.network.free_port(self._owner))  # noqa: S104 - Linux's own choice
        fresh, listener = self._end, Listener(self.network, self._owner, local, backlog)
        TABLE.replace(self._fd, listener)
        self._end = listener
        fresh.released()

    def accept(self) -> tuple[SimSocket, Address]:
        """The next connection and its (address, port)."""
        end = self._listener().accept(self._wait_s())
        return SimSocket(fileno=TABLE.open(end)), end.remote

    def connect(self, address: Address) -> None:
        """Connect to (host, port): BlockingIOError EINPROGRESS, TimeoutError, ConnectionRefusedError, gaierror…"""
        error = self._connect(address)
        if error:
            raise OSError(error, os.strerror(error))

    def connect_ex(self, address: Address) -> int:
        """As `connect`, but returns the error number (0 for success)."""
        try:
            return self._connect(address)
        except TimeoutError:
            return errno.EAGAIN  # what CPython's connect_ex gives for a time-out
        except real_socket.gaierror:
            raise
        except OSError as problem:
            return problem.errno or errno.EIO

    def _connect(self, address: Address) -> int:
        end = self.stream()
        if self._family == real_socket.AF_UNIX:
            return errno.ENOENT
        if end.state is State.ESTABLISHED:
            return errno.EISCONN
        if end.state is State.CONNECTING:
            return errno.EALREADY
        host, port = self._resolve(address)
        self.network.connect(end, host, port)
        if self._timeout_s == 0:
            return errno.EINPROGRESS
        if not end.wait(OUT, self._timeout_s, lambda: end.state is State.CONNECTING):
            raise TimeoutError("timed out")
        return end.take_error()

    def _resolve(self, address: Address, *, passive: bool = False) -> tuple[str, int]:
        host, port = address[0], address[1]
        if not isinstance(port, int):
            raise TypeError(f"an integer is required for the port, not {port!r}")
        if host == "" and passive:
            return "0.0.0.0", port  # noqa: S104 - what "" means to bind
        return self.resolver.address_of(host), port

    # ---- bytes

    def send(self, data: Any, flags: int = 0) -> int:
        """How many bytes of `data` were taken."""
        return self.stream().write(plain(data), self._wait_s(flags))

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all of `data`."""
        self.stream().write_all(plain(data), self._wait_s(flags))

    def sendmsg(self, buffers: Iterable[Any], ancdata: Any = (), flags: int = 0, address: Address = None) -> int:
        """Send several buffers as one; NotSimulatedError with ancillary data."""
        if list(ancdata):
            raise NotSimulatedError(errno.EOPNOTSUPP, "ancillary data (descriptor passing) is not simulated")
        return self.send(b"".join(buffers), flags)

    def sendto(self, data: Any, *rest: Any) -> int:
        """As `send`: the address of a stream socket is ignored, as by Linux once connected."""
        return self.send(data, rest[0] if len(rest) > 1 else 0)

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """At most `bufsize` bytes; b"" at the end of the stream."""
        end = self.stream()
        if flags & _WAITALL:
            parts = bytearray()
            while len(parts) < bufsize and (part := end.read(bufsize - len(parts), self._wait_s(flags))):
                parts += part
            return bytes(parts)
        return end.read(bufsize, self._wait_s(flags), peek=bool(flags & _PEEK))

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Receive into `buffer`; how many bytes, 0 at the end of the stream."""
        view = memoryview(buffer).cast("B")
        if nbytes:
            view = view[:nbytes]
        if flags & (_PEEK | _WAITALL):
            data = self.recv(len(view), flags)
            view[: len(data)] = data
            return len(data)
        return self.stream().read_into(view, self._wait_s(flags))

    def recvfrom(self, bufsize: int, flags: int = 0) -> tuple[bytes, Address]:
        """As `recv`, with no address, as for any connected stream."""
        return self.recv(bufsize, flags), None

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> tuple[int, Address]:
        """As `recv_into`, with no address."""
        return self.recv_into(buffer, nbytes, flags), None

    def recvmsg(self, bufsize: int, ancbufsize: int = 0, flags: int = 0) -> tuple[bytes, list[Any], int, Address]:
        """As `recv`; there is never ancillary data."""
        return self.recv(bufsize, flags), [], 0, None

    def recvmsg_into(
        self, buffers: Iterable[Any], ancbufsize: int = 0, flags: int = 0
    ) -> tuple[int, list[Any], int, Address]:
        """As `recv_into`, over several buffers; there is never ancillary data."""
        views = [memoryview(buffer).cast("B") for buffer in buffers]
        data = self.recv(sum(map(len, views)), flags)
        self._scatter(data, views)
        return len(data), [], 0, None

    @staticmethod
    def _scatter(data: bytes, views: Iterable[memoryview]) -> None:
        for view in views:
            part, data = data[: len(view)], data[len(view) :]
            view[: len(part)] = part

    # ---- ending

    def shutdown(self, how: int) -> None:
        """Close one half or both."""
        self.stream().shutdown(how)

    def detach(self) -> int:
        """Give the descriptor away; the object is closed, the connection is not."""
        fd, self._fd = self._fd, -1
        self._closed = True  # type: ignore[misc]  # a slot of the real class
        return fd

    def dup(self) -> SimSocket:
        """Another object for the same connection."""
        twin = SimSocket(self._family, self.type, self._proto, fileno=TABLE.duplicate(self._fd))
        twin.settimeout(self._timeout_s)
        return twin

    def get_inheritable(self) -> bool:
        """False: there are no children to inherit it."""
        return False

    def set_inheritable(self, inheritable: bool) -> None:
        """Nothing to do: there are no children to inherit it."""

    def _real_close(self) -> None:
        fd, self._fd = self._fd, -1
        # Otherwise its process died and the network closed it, or it is left over from another run.
        if fd >= 0 and TABLE.find(fd) is self._end:
            TABLE.close(fd)

    def _sendfile_use_sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        # The kernel cannot write into a simulated socket: let the standard library fall back to send().
        raise real_socket._GiveupOnSendfile("simulated socket")  # type: ignore[attr-defined] # private to the module

    # ---- inside

    def _require_open(self) -> None:
        if self._fd < 0:
            raise bad_descriptor()

    def _listener(self) -> Listener:
        self._require_open()
        if not isinstance(self._end, Listener):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return self._end

    def _wait_s(self, flags: int = 0) -> float | None:
        if flags & _OOB:
            raise NotSimulatedError(errno.EOPNOTSUPP, "out-of-band data (MSG_OOB) is not simulated")
        if flags & _DONTWAIT or (self._timeout_s is None and self._end.nonblocking):
            return 0.0
        return self._timeout_s


def socketpair(family: int | None = None, type: int = real_socket.SOCK_STREAM, proto: int = 0) -> Any:
    """Two connected sockets with no delay between them (`_socket.socketpair`)."""
    network = SimSocket.network
    family = real_socket.AF_UNIX if family is None else family
    return tuple(SimSocket(family, type, proto, TABLE.open(end)) for end in network.pair(network.who()))


def kind_of(type: int) -> int:
    """The type a socket is asked for (-1: a stream), without the flags that travel in it."""
    return real_socket.SOCK_STREAM if type == -1 else type & ~(real_socket.SOCK_NONBLOCK | real_socket.SOCK_CLOEXEC)


def plain(data: Any) -> bytes | memoryview:
    """Bytes as they are, any other buffer as a view of its bytes."""
    if type(data) is bytes:
        return data
    return memoryview(data).cast("B")
