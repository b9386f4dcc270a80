"""One end of a simulated TCP connection, as the kernel of its host holds it.

This module exists to imitate what Linux does for a socket: buffers, FIN, RST and the errors they turn into. It must
not know names, listeners, Python's socket API or any protocol above TCP.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from enum import Enum

from harness.sim.descriptors import ERR, HUP, IN, OUT, RDHUP, Pollable
from harness.sim.flow import Flow, Signal


class State(Enum):
    """Where an end is in its life, as far as its socket can tell."""

    FRESH = "fresh"
    CONNECTING = "connecting"
    FAILED = "failed"
    ESTABLISHED = "established"
    CLOSED = "closed"


_FRESH, _CONNECTING, _FAILED, _ESTABLISHED, _CLOSED = State
"""Before 3.12 a member asked of its class costs ten times a variable, and these are asked for at every packet."""


class End(Pollable):
    """One end of a connection, as the kernel of its host holds it.

    `local` and `remote` are (address, port). Methods that may wait take
    `timeout_s`: None waits for ever, 0 never (BlockingIOError), anything else raises TimeoutError when it has passed.
    """

    __slots__ = (
        "_error",
        "_write_shut",
        "broken",
        "eof",
        "inbox",
        "incoming",
        "local",
        "on_released",
        "outgoing",
        "remote",
        "reset_on_close",
        "state",
    )

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.local: tuple[str, int] | None = None
        self.remote: tuple[str, int] | None = None
        self.state = _FRESH
        self.inbox = bytearray()
        self.eof = False
        self.broken = False
        self.incoming: Flow | None = None
        self.outgoing: Flow | None = None
        self.reset_on_close = False
        self.on_released: Callable[[End], None] | None = None
        self._error = 0
        self._write_shut = False

    # ---- what the socket asks

    def ready(self) -> int:
        """The poll(2) bits that hold now, as Linux's `tcp_poll` gives them."""
        if self.state is _CONNECTING:
            return 0
        if self.state is _FRESH:
            return OUT | HUP
        mask = IN | OUT | RDHUP | HUP if self.state is _FAILED else 0
        if self.inbox or self.eof:
            mask |= IN
        if self.eof:
            mask |= RDHUP
            if self._write_shut:
                mask |= HUP
        if self.broken:
            mask |= IN | OUT | RDHUP | HUP
        if self._error:
            mask |= IN | OUT | ERR
        if self.outgoing is None or self._write_shut or self.outgoing.room() >= self.outgoing.window_bytes // 3:
            mask |= OUT
        return mask

    def read(self, size: int, timeout_s: float | None, *, peek: bool = False) -> bytes:
        """At most `size` bytes, at least one; b"" at the end of the stream."""
        inbox = self.inbox
        if not size or (not inbox and not self._await_input(timeout_s)):
            return b""
        if size >= len(inbox):
            data = bytes(inbox)
            if not peek:
                inbox.clear()
        else:
            data = bytes(inbox[:size])
            if not peek:
                del inbox[:size]
        if not peek and self.incoming is not None and self.incoming.starved:
            self.incoming.consumed()
        return data

    def read_into(self, view: memoryview, timeout_s: float | None) -> int:
        """Fill `view` (of bytes) from the front; how many bytes were there, 0 at the end of the stream."""
        inbox = self.inbox
        if not len(view) or (not inbox and not self._await_input(timeout_s)):
            return 0
        size = min(len(view), len(inbox))
        with memoryview(inbox) as whole:
            view[:size] = whole[:size]
        del inbox[:size]
        if self.incoming is not None and self.incoming.starved:
            self.incoming.consumed()
        return size

    def write(self, data: bytes | memoryview, timeout_s: float | None) -> int:
        """Send what the window takes of `data`, at least one byte; how many bytes were taken."""
        flow = self._writable_flow()
        if not len(data):
            return 0
        if flow.room() <= 0:
            if timeout_s == 0:
                raise would_block()
            if not self.wait(OUT, timeout_s, self._is_full):
                raise TimeoutError("timed out")
            flow = self._writable_flow()
        room = flow.room()
        chunk = data if len(data) <= room else data[:room]
        flow.send(chunk if type(chunk) is bytes else bytes(chunk))
        return len(chunk)

    def write_all(self, data: bytes | memoryview, timeout_s: float | None) -> None:
        """Send all of `data`; `timeout_s` is for the whole, as in CPython's `sendall`."""
        sent = self.write(data, timeout_s)
        if sent == len(data):
            return
        assert self.outgoing is not None
        deadline_ns = None if timeout_s is None else self.outgoing.now_ns() + round(timeout_s * 1e9)
        rest = memoryview(data)[sent:]
        while rest:
            left_s = timeout_s
            if deadline_ns is not None and timeout_s:
                left_s = max(0.0, (deadline_ns - self.outgoing.now_ns()) / 1e9)
                if not left_s:
                    raise TimeoutError("timed out")
            rest = rest[self.write(rest, left_s) :]

    def shutdown(self, how: int) -> None:
        """Close one half or both: `how` is 0 to stop reading, 1 writing, 2 both; OSError ENOTCONN if not connected."""
        connected = self.state is _ESTABLISHED and not self.broken
        if how in (1, 2) and not self._write_shut:
            self._write_shut = True
            if self.outgoing is not None and connected:
                self.outgoing.send(Signal.FIN)
        if how in (0, 2):
            self.eof = True
        if not connected:  # Linux marks the halves all the same (inet_shutdown)
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        self.changed(IN | OUT | RDHUP | HUP)

    def take_error(self) -> int:
        """The pending error number, cleared by asking (SO_ERROR)."""
        error, self._error = self._error, 0
        return error

    def released(self) -> None:
        """close(2) by the last descriptor: FIN, or RST where input was left unread (RFC 2525, 2.17) or asked for."""
        if self.inbox or self.reset_on_close:
            self._send_last(Signal.RST)
        elif not self._write_shut:
            self._send_last(Signal.FIN)
        if self.outgoing is not None and self.outgoing.connection.is_pair:
            self.outgoing.sink.lose_reader()
        self._close()

    def abort(self) -> None:
        """Reset the connection: what was sent before still arrives, then the peer sees ECONNRESET."""
        self._send_last(Signal.RST)
        self._close()

    def _send_last(self, signal: Signal) -> None:
        if self.state is _ESTABLISHED and self.outgoing is not None and not self.broken:
            self.outgoing.send(signal)
            if signal is Signal.RST:
                self.outgoing = None

    def _close(self) -> None:
        if self.state is _CLOSED:
            return
        self.state = _CLOSED
        self.inbox.clear()
        self.eof = self._write_shut = True
        if self.on_released is not None:
            self.on_released(self)
        if self.incoming is not None:
            self.incoming.connection.end_closed()

    # ---- what the network tells it

    def establish(self, incoming: Flow, outgoing: Flow) -> None:
        """The handshake is over."""
        self.incoming, self.outgoing = incoming, outgoing
        self.state = _ESTABLISHED
        self.changed(OUT)

    def fail_to_connect(self, error: int) -> None:
        """The handshake failed with `error` (an errno)."""
        if self.state is _CONNECTING:
            self.state = _FAILED
            self._error = error
            self.changed(IN | OUT | ERR | HUP)

    def receive(self, data: bytes) -> None:
        """Data arrived; a closed end answers it with a reset, which is how a peer learns that nobody reads."""
        if self.state is not _CLOSED:
            self.inbox += data
            self.changed(IN)
        elif self.outgoing is not None and not self.broken:
            self.outgoing.send(Signal.RST)
            self.outgoing = None

    def receive_fin(self) -> None:
        """The peer will send no more."""
        self.eof = True
        self.changed(IN | RDHUP)

    def lose_reader(self) -> None:
        """The other end of a socketpair closed: writing fails from now on, where TCP would let one write pass."""
        self._write_shut = True
        self.changed(OUT | HUP)

    def receive_reset(self, error: int) -> None:
        """The connection is gone; `error` (an errno) is what the next call meets, once."""
        if self.broken:
            return
        self.broken = True
        if self.outgoing is not None and not self.outgoing.orphaned:
            self.outgoing.cut()
        if self.state is not _CLOSED:
            # Linux: a reset in CLOSE_WAIT is EPIPE, and reading goes on saying end of stream (tcp_reset, tcp_fin).
            self._error = errno.EPIPE if self.eof and error == errno.ECONNRESET else error
            self.changed(IN | OUT)

    # ---- inside

    def _await_input(self, timeout_s: float | None) -> bool:
        """Wait until there is input; False at the end of the stream."""
        if not self.inbox and self._is_silent():
            if self.state is not _ESTABLISHED:
                raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
            if timeout_s == 0:
                raise would_block()
            if not self.wait(IN, timeout_s, self._is_silent):
                raise TimeoutError("timed out")
        if self.inbox:
            return True
        if not self.eof and self._error:
            self._raise_error()
        return False

    def _is_silent(self) -> bool:
        return not (self.inbox or self.eof or self._error or self.broken) and self.state is not _CLOSED

    def _is_full(self) -> bool:
        flow = self.outgoing
        return flow is not None and flow.room() <= 0 and not (self._error or self._write_shut or self.broken)

    def _writable_flow(self) -> Flow:
        if self._error:
            self._raise_error()
        if self.state is _CONNECTING:
            raise would_block()
        if self._write_shut or self.broken or self.outgoing is None:
            raise OSError(errno.EPIPE, os.strerror(errno.EPIPE))
        return self.outgoing

    def _raise_error(self) -> None:
        error = self.take_error()
        raise OSError(error, os.strerror(error))


def would_block() -> BlockingIOError:
    """EAGAIN as the kernel words it."""
    return BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
