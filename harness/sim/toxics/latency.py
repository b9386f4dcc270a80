"""Latency: data arrives later, by a constant and a seeded jitter."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from harness.sim.flow import Flow, Packet, Signal
from harness.sim.toxics.toxic import MS, Stage, Toxic, need


@dataclass(frozen=True)
class Latency(Toxic):
    """Toxiproxy's `latency`: each piece of data is delayed by `latency` ± `jitter` milliseconds, in order."""

    type = "latency"
    latency: int = 0
    jitter: int = 0

    def __post_init__(self) -> None:
        need(self, "latency", self.latency >= 0, "milliseconds >= 0")
        need(self, "jitter", 0 <= self.jitter <= self.latency, "milliseconds from 0 to the latency")

    def stage(self, flow: Flow, dice: random.Random) -> Stage:
        """Begin to delay."""
        return _LatencyStage(self, dice)


class _LatencyStage(Stage):
    def __init__(self, toxic: Latency, dice: random.Random) -> None:
        self._toxic = toxic
        self._dice = dice

    def carry(self, packet: Packet) -> Iterable[Packet]:
        if isinstance(packet.payload, Signal):  # the end of a stream is not delayed by itself, only kept in order
            return (packet,)
        delay_ns = self._toxic.latency * MS
        if self._toxic.jitter:
            delay_ns += self._dice.randrange(-self._toxic.jitter * MS, self._toxic.jitter * MS)
        return (Packet(packet.at_ns + delay_ns, packet.payload),)
