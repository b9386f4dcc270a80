"""One direction of a simulated TCP connection: bytes on their way, their delays and their window.

This module exists to hold what happens between two ends. It must not know names, ports, sockets or any toxic.
"""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

from gevent import get_hub

from harness.sim.descriptors import OUT

if TYPE_CHECKING:
    from harness.sim.connection import Connection
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
        "_let_go_ns",
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
        self._let_go_ns = 0
        self._stalled = 0
        self._give_up: Any = None

    def room(self) -> int:
        """Bytes that may be sent before the window is full."""
        return self.window_bytes - self._in_flight_bytes - len(self.sink.inbox)

    def send(self, payload: Payload) -> None:
        """Put `payload` on its way."""
        now_ns = self.now_ns()
        if self.orphaned:
            if isinstance(payload, bytes):
                round_trip_s = 2 * self.line.latency_ns / 1e9
                get_hub().loop.timer(round_trip_s).start(self.source.receive_reset, errno.ECONNRESET)
            return
        if not self.stages:
            self.transmit(now_ns, payload, now_ns)
            return
        packets = [Packet(now_ns, payload)]
        for stage in list(self.stages.values()):
            packets = [out for packet in packets for out in stage.carry(packet)]
        for packet in packets:
            if self.line.bytes_per_s is None:
                self.transmit(packet.at_ns, packet.payload, now_ns)
            else:
                self._transmit_later(packet, now_ns)

    def _transmit_later(self, packet: Packet, now_ns: int) -> None:
        """Take a share of a limited line only when the stages let the packet go: others use it until then."""
        at_ns = self._let_go_ns = max(packet.at_ns, self._let_go_ns, now_ns)
        size = 0 if isinstance(packet.payload, Signal) else len(packet.payload)
        self._in_flight_bytes += size

        def let_go() -> None:
            self._in_flight_bytes -= size
            self.transmit(at_ns, packet.payload, at_ns)

        get_hub().loop.timer((at_ns - now_ns) / 1e9).start(let_go)

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

    def close(self) -> None:
        """Something in the middle closes: the sink sees the end after what is under way, later data meets a reset."""
        if not self.orphaned:
            self.orphaned = True
            now_ns = self.now_ns()
            self.transmit(now_ns, Signal.FIN, now_ns)

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
            self.sink.receive(payload)
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
