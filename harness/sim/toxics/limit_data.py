"""Limit data: the connection is closed after so many bytes."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from harness.sim.flow import Flow, Packet, Signal
from harness.sim.toxics.toxic import Stage, Toxic, need


@dataclass(frozen=True)
class LimitData(Toxic):
    """Toxiproxy's `limit_data`: the first `bytes` bytes get through, then both ends see a close."""

    type = "limit_data"
    bytes: int = 0

    def __post_init__(self) -> None:
        need(self, "bytes", self.bytes >= 0, "a number >= 0")

    def stage(self, flow: Flow, dice: random.Random) -> Stage:
        """Begin to count."""
        return _LimitDataStage(flow, self.bytes)


class _LimitDataStage(Stage):
    def __init__(self, flow: Flow, limit_bytes: int) -> None:
        self._flow = flow
        self._left_bytes = limit_bytes

    def carry(self, packet: Packet) -> Iterable[Packet]:
        data = packet.payload
        if isinstance(data, Signal):
            yield packet
            return
        passed = data[: self._left_bytes]
        self._left_bytes -= len(passed)
        if passed:
            yield Packet(packet.at_ns, passed)
        if not self._left_bytes:
            yield Packet(packet.at_ns, Signal.FIN)
            self._flow.orphaned = True
            self._flow.connection.opposite(self._flow).close()
