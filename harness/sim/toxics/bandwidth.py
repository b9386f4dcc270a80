"""Bandwidth: data trickles at a limited rate."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from harness.sim.flow import Flow, Packet, Signal
from harness.sim.toxics.toxic import MS, Stage, Toxic, need

_PIECE_MS = 100
"""Toxiproxy lets a slow packet through in pieces of 100 ms."""


@dataclass(frozen=True)
class Bandwidth(Toxic):
    """Toxiproxy's `bandwidth`: at most `rate` KB (1,000 bytes) per second, for each connection by itself."""

    type = "bandwidth"
    rate: int = 0

    def __post_init__(self) -> None:
        need(self, "rate", self.rate > 0, "KB/s > 0 (for no data at all use `timeout`)")

    def stage(self, flow: Flow, dice: random.Random) -> Stage:
        """Begin to hold back."""
        return _BandwidthStage(self.rate)


class _BandwidthStage(Stage):
    def __init__(self, bytes_per_ms: int) -> None:
        self._bytes_per_ms = bytes_per_ms
        self._free_ns = 0

    def carry(self, packet: Packet) -> Iterable[Packet]:
        at_ns = max(packet.at_ns, self._free_ns)
        data = packet.payload
        if isinstance(data, Signal):
            return (Packet(at_ns, data),)
        self._free_ns = at_ns + len(data) * MS // self._bytes_per_ms
        piece = self._bytes_per_ms * _PIECE_MS
        packets = []
        while len(data) > piece:
            at_ns += _PIECE_MS * MS
            packets.append(Packet(at_ns, data[:piece]))
            data = data[piece:]
        packets.append(Packet(self._free_ns, data))
        return packets
