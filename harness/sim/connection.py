"""One simulated TCP connection: two ends and the two flows of bytes between them.

This module exists to imitate what Linux does for a socket once addresses are settled: buffers, windows, FIN, RST and
the errors they turn into. It must not know names, ports, listeners, Python's socket API or any protocol above TCP.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

from gevent import get_hub

from harness.sim.descriptors import ERR, HUP, IN, OUT, RDHUP, Pollable

if TYPE_CHECKING:
    from harness.sim.toxics.toxic import Stage

WINDOW_BYTES = 1 << 20
"""Bytes a sender may have under way or unread before it blocks: between Linux's default send buffer (16 KiB) and the
limit of its autotuning (`tcp_rmem` 6 MiB, `tcp_wmem` 4 MiB); kernel documentation, ip-sysctl."""

GIVE_UP_S = 924.6
"""How long Linux retransmits unacknowledged data before ETIMEDOUT (`tcp_retries2` = 15; ip-sysctl)."""

Stream = Literal["upstream", "downstream"]
"""Toxiproxy's words: upstream is from the client to the server, downstream from the server to the client."""


class Signal(Enum):
    """What travels besides data."""

    FIN = "fin"
    RST = "rst"


Payload = bytes | Signal


@dataclass(slots=True)
class Packet:
    """A payload that leaves a stage of a flow at `at_ns` of virtual time."""

    at_ns: int
    payload: Payload


class State(Enum):
    """Where an end is in its life, as far as its socket can tell."""

    FRESH = "fresh"
    CONNECTING = "connecting"
    ESTABLISHED = "established"
    CLOSED = "closed"


class Line:
    """How long a packet takes between two hosts in one direction: `latency_ns` plus its share of `bytes_per_s`."""

    __slots__ = ("_free_ns", "bytes_per_s", "latency_ns")

    def __init__(self, latency_s: float, bytes_per_s: float | None = None) -> None:
        self.latency_ns = round(latency_s * 1e9)
        self.bytes_per_s = bytes_per_s
        self._free_ns = 0

    def arrival_ns(self, at_ns: int, size: int) -> int:
        """When a packet of `size` bytes put on the line at `at_ns` is there; packets queue for the bandwidth."""
        if self.bytes_per_s is None:
            return at_ns + self.latency_ns
        self._free_ns = max(at_ns, self._free_ns) + round(size / self.bytes_per_s * 1e9)
        return self._free_ns + self.latency_ns


class Flow:
    """One direction of a connection: what `source` writes, `sink` reads later, in order."""

    __slots__ = (
        "_give_up",
        "_in_flight_bytes",
        "_last_ns",
        "_queue",
        "_stalled",
        "connection",
        "line",
        "now_ns",
        "orphaned",
        "sink",
        "source",
        "stages",
        "starved",
        "stream",
        "window_bytes",
    )

    def __init__(self, connection: Connection, stream: Stream, line: Line, now_ns: Callable[[], int]) -> None:
        ends = connection.client, connection.server
        self.stream: Stream = stream
        self.source, self.sink = ends if stream == "upstream" else ends[::-1]
        self.line = line
        self.connection = connection
        self.window_bytes = WINDOW_BYTES
        self.stages: dict[str, Stage] = {}
        self.starved = False
        self.orphaned = False
        self.now_ns = now_ns
        self._queue: deque[Payload] = deque()
        self._in_flight_bytes = 0
        self._last_ns = 0
        self._stalled = 0
        self._give_up: Any = None

    def room(self) -> int:
        """Bytes that may be sent before the window is full."""
        return self.window_bytes - self._in_flight_bytes - len(self.sink.inbox)

    def send(self, payload: Payload) -> None:
        """Put `payload` on its way."""
        now_ns = self.now_ns()
        if not self.stages:
            self.transmit(now_ns, payload, now_ns)
            return
        packets = [Packet(now_ns, payload)]
        for stage in list(self.stages.values()):
            packets = [out for packet in packets for out in stage.carry(packet)]
        for packet in packets:
            self.transmit(packet.at_ns, packet.payload, now_ns)

    def transmit(self, at_ns: int, payload: Payload, now_ns: int) -> None:
        """Put `payload` on the line at `at_ns` (>= `now_ns`, the present), past the stages."""
        size = 0 if isinstance(payload, Signal) else len(payload)
        arrival_ns = self.line.arrival_ns(at_ns, size)
        # TCP keeps the order even where the path does not.
        self._last_ns = arrival_ns = max(arrival_ns, self._last_ns)
        self._queue.append(payload)
        self._in_flight_bytes += size
        if self.room() < self.window_bytes // 3:
            self.starved = True
        delay_ns = arrival_ns - now_ns
        if delay_ns <= 0 and len(self._queue) == 1:
            self._arrive()
        else:
            # One timer per packet, each taking the head: order never depends on how floats round.
            get_hub().loop.timer(delay_ns / 1e9).start(self._arrive)

    def consumed(self) -> None:
        """The sink read something: let a blocked writer go on once a third of the window is free, as Linux does."""
        if self.starved and self.room() >= self.window_bytes // 3:
            self.starved = False
            self.source.changed(OUT)

    def cut(self) -> None:
        """Drop all that is under way."""
        self._queue.clear()
        self._in_flight_bytes = 0
        self._stalled = 0
        self._stop_giving_up()

    def healed(self) -> None:
        """The path is whole again: what was held back is retransmitted."""
        stalled, self._stalled = self._stalled, 0
        self._stop_giving_up()
        for _ in range(stalled):
            get_hub().loop.timer(self.line.latency_ns / 1e9).start(self._arrive)

    def _arrive(self) -> None:
        if not self._queue:  # cut meanwhile
            return
        if self.connection.severed_path:
            self._stalled += 1
            if self._give_up is None:
                self._give_up = get_hub().loop.timer(GIVE_UP_S)
                self._give_up.start(self._given_up)
            return
        payload = self._queue.popleft()
        if isinstance(payload, bytes):
            self._in_flight_bytes -= len(payload)
            if self.orphaned:
                get_hub().loop.timer(self.line.latency_ns / 1e9).start(self.source.receive_reset, errno.ECONNRESET)
            else:
                self.sink.receive(payload)
        elif self.orphaned:
            return
        elif payload is Signal.FIN:
            self.sink.receive_fin()
        else:
            self.sink.receive_reset(errno.ECONNRESET)

    def _given_up(self) -> None:
        self._give_up = None
        self.cut()
        self.source.receive_reset(errno.ETIMEDOUT)

    def _stop_giving_up(self) -> None:
        if self._give_up is not None:
            self._give_up.close()
            self._give_up = None


class End(Pollable):
    """One end of a connection, as the kernel of its host holds it.

    `owner` is the process it belongs to, `local` and `remote` are (address, port). Methods that may wait take
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
        "owner",
        "remote",
        "reset_on_close",
        "state",
    )

    def __init__(self, owner: str) -> None:
        super().__init__()
        self.owner = owner
        self.local: tuple[str, int] | None = None
        self.remote: tuple[str, int] | None = None
        self.state = State.FRESH
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
        if self.state is State.CONNECTING:
            return 0
        if self.state is State.FRESH and not self._error:
            return OUT | HUP
        mask = 0
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
        if not inbox and not self._await_input(timeout_s):
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
        if not inbox and not self._await_input(timeout_s):
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
        if self.state is not State.ESTABLISHED:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        if how in (1, 2) and not self._write_shut:
            self._write_shut = True
            if self.outgoing is not None:
                self.outgoing.send(Signal.FIN)
        if how in (0, 2):
            self.eof = True
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
        self._close()

    def abort(self) -> None:
        """Reset the connection: what was sent before still arrives, then the peer sees ECONNRESET."""
        self._send_last(Signal.RST)
        self._close()

    def _send_last(self, signal: Signal) -> None:
        if self.state is State.ESTABLISHED and self.outgoing is not None and not self.broken:
            self.outgoing.send(signal)
            if signal is Signal.RST:
                self.outgoing = None

    def _close(self) -> None:
        if self.state is State.CLOSED:
            return
        self.state = State.CLOSED
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
        self.state = State.ESTABLISHED
        self.changed(OUT)

    def fail_to_connect(self, error: int) -> None:
        """The handshake failed with `error` (an errno)."""
        if self.state is State.CONNECTING:
            self.state = State.FRESH
            self._error = error
            self.changed(IN | OUT | ERR | HUP)

    def receive(self, data: bytes) -> None:
        """Data arrived; a closed end answers it with a reset, which is how a peer learns that nobody reads."""
        if self.state is not State.CLOSED:
            self.inbox += data
            self.changed(IN)
        elif self.outgoing is not None and not self.broken:
            self.outgoing.send(Signal.RST)
            self.outgoing = None

    def receive_fin(self) -> None:
        """The peer will send no more."""
        self.eof = True
        self.changed(IN | RDHUP)

    def receive_reset(self, error: int) -> None:
        """The connection is gone; `error` (an errno) is what the next call meets, once."""
        if self.broken:
            return
        self.broken = True
        if self.outgoing is not None:
            self.outgoing.cut()
        if self.state is not State.CLOSED:
            # Linux: a reset in CLOSE_WAIT is EPIPE, and reading goes on saying end of stream (tcp_reset, tcp_fin).
            self._error = errno.EPIPE if self.eof and error == errno.ECONNRESET else error
            self.changed(IN | OUT)

    # ---- inside

    def _await_input(self, timeout_s: float | None) -> bool:
        """Wait until there is input; False at the end of the stream."""
        if not self.inbox and self._is_silent():
            if self.state is not State.ESTABLISHED:
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
        return not (self.inbox or self.eof or self._error or self.broken or self.state is State.CLOSED)

    def _is_full(self) -> bool:
        flow = self.outgoing
        return flow is not None and flow.room() <= 0 and not (self._error or self._write_shut or self.broken)

    def _writable_flow(self) -> Flow:
        if self._error:
            self._raise_error()
        if self._write_shut or self.broken:
            raise OSError(errno.EPIPE, os.strerror(errno.EPIPE))
        if self.outgoing is None or self.state is not State.ESTABLISHED:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        return self.outgoing

    def _raise_error(self) -> None:
        error = self.take_error()
        raise OSError(error, os.strerror(error))


class Connection:
    """Two ends and two flows, and what the network knows about them.

    `number` counts the connections from `caller` to `host`, from 1: dice thrown for one connection are keyed by these
    three, so that one connection more elsewhere changes nothing here.
    """

    def __init__(
        self,
        client: End,
        server: End,
        lines: tuple[Line, Line],
        now_ns: Callable[[], int],
        *,
        host: str = "",
        port: int = 0,
        number: int = 0,
    ) -> None:
        self.client = client
        self.server = server
        self.caller = client.owner
        self.host = host
        self.port = port
        self.number = number
        self.severed_path = False
        self.upstream = Flow(self, "upstream", lines[0], now_ns)
        self.downstream = Flow(self, "downstream", lines[1], now_ns)
        self.on_over: Callable[[Connection], None] | None = None

    def flow(self, stream: Stream) -> Flow:
        """The flow of that direction."""
        return self.upstream if stream == "upstream" else self.downstream

    def cut_path(self, cut: bool) -> None:
        """A partition began or ended: while it lasts packets are retransmitted in vain."""
        if self.severed_path and not cut:
            self.severed_path = False
            self.upstream.healed()
            self.downstream.healed()
        else:
            self.severed_path = cut

    def close_both(self) -> None:
        """Something in the middle closed the connection: both ends see its end, later data is answered with a reset."""
        for flow in (self.upstream, self.downstream):
            flow.cut()
            flow.sink.receive_fin()
            flow.orphaned = True

    def reset_both(self) -> None:
        """Something in the middle reset the connection: both ends see ECONNRESET."""
        for flow in (self.upstream, self.downstream):
            flow.cut()
            flow.sink.receive_reset(errno.ECONNRESET)

    def end_closed(self) -> None:
        """One end closed; when both have, the connection is over."""
        if self.on_over is not None and self.client.state is self.server.state is State.CLOSED:
            self.on_over(self)
            self.on_over = None


def would_block() -> BlockingIOError:
    """EAGAIN as the kernel words it."""
    return BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
