"""Limit data: the connection is closed after so many bytes."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from gevent import get_hub

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
        self._spent = False

    def carry(self, packet: Packet) -> Iterable[Packet]:
        data = packet.payload
        if self._spent:
            return
        if isinstance(data, Signal):
            yield packet
            return
        passed = data[: self._left_bytes]
        self._left_bytes -= len(passed)
        if passed:
            yield Packet(packet.at_ns, passed)
        if not self._left_bytes:
            self._spent = True
            yield Packet(packet.at_ns, Signal.FIN)
            delay_s = (packet.at_ns - self._flow.now_ns()) / 1e9
            get_hub().loop.timer(delay_s).start(self._close)

    def _close(self) -> None:
        self._flow.orphaned = True
        self._flow.connection.opposite(self._flow).close()
