"""Slicer: data arrives in small pieces."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.sim.flow import Flow, Packet, Signal
from harness.sim.toxics.toxic import Stage, Toxic, need

_US = 1_000
"""Nanoseconds in a microsecond, the unit of this toxic's delay."""


@dataclass(frozen=True)
class Slicer(Toxic):
    """Toxiproxy's `slicer`: data is cut into pieces of `average_size` ± `size_variation` bytes, `delay` µs apart."""

    type = "slicer"
    average_size: int = 0
    size_variation: int = 0
    delay: int = 0

    def __post_init__(self) -> None:
        need(self, "average_size", self.average_size > 0, "bytes > 0")
        need(self, "size_variation", 0 <= self.size_variation < self.average_size, "bytes below the average size")
        need(self, "delay", self.delay >= 0, "microseconds >= 0")

    def stage(self, flow: Flow, dice: random.Random) -> Stage:
        """Begin to slice."""
        return _SlicerStage(self, dice)

    def slices(self, data: bytes, dice: random.Random) -> Iterator[bytes]:
        """Halve at about the middle until a piece is about the average size."""
        if len(data) - self.average_size <= self.size_variation or len(data) < 2:
            yield data
            return
        vary = self.size_variation
        middle = len(data) // 2 + (dice.randrange(-vary, vary) if vary else 0)
        middle = min(max(middle, 1), len(data) - 1)
        yield from self.slices(data[:middle], dice)
        yield from self.slices(data[middle:], dice)


class _SlicerStage(Stage):
    def __init__(self, toxic: Slicer, dice: random.Random) -> None:
        self._toxic = toxic
        self._dice = dice
        self._free_ns = 0

    def carry(self, packet: Packet) -> Iterable[Packet]:
        at_ns = max(packet.at_ns, self._free_ns)
        if isinstance(packet.payload, Signal):
            return (Packet(at_ns, packet.payload),)
        packets = []
        for piece in self._toxic.slices(packet.payload, self._dice):
            packets.append(Packet(at_ns, piece))
            at_ns += self._toxic.delay * _US
        self._free_ns = at_ns
        return packets
