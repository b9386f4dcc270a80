"""Slow close: the end of a stream arrives late."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from harness.sim.flow import Flow, Packet, Signal
from harness.sim.toxics.toxic import MS, Stage, Toxic, need


@dataclass(frozen=True)
class SlowClose(Toxic):
    """Toxiproxy's `slow_close`: the other side hears of a close `delay` milliseconds later."""

    type = "slow_close"
    delay: int = 0

    def __post_init__(self) -> None:
        need(self, "delay", self.delay >= 0, "milliseconds >= 0")

    def stage(self, flow: Flow, dice: random.Random) -> Stage:
        """Begin to delay closes."""
        return _SlowCloseStage(self.delay * MS)


class _SlowCloseStage(Stage):
    def __init__(self, delay_ns: int) -> None:
        self._delay_ns = delay_ns

    def carry(self, packet: Packet) -> Iterable[Packet]:
        if isinstance(packet.payload, Signal):
            return (Packet(packet.at_ns + self._delay_ns, packet.payload),)
        return (packet,)
