"""Reset peer: the connection is reset once it is used."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from gevent import get_hub

from harness.sim.flow import Flow, Packet
from harness.sim.toxics.toxic import Stage, Toxic, need


@dataclass(frozen=True)
class ResetPeer(Toxic):
    """Toxiproxy's `reset_peer`: `timeout` milliseconds after the first data both ends see a reset; data is dropped."""

    type = "reset_peer"
    timeout: int = 0

    def __post_init__(self) -> None:
        need(self, "timeout", self.timeout >= 0, "milliseconds >= 0")

    def stage(self, flow: Flow, dice: random.Random) -> Stage:
        """Lie in wait for data."""
        return _ResetPeerStage(flow, self.timeout / 1000)


class _ResetPeerStage(Stage):
    def __init__(self, flow: Flow, timeout_s: float) -> None:
        self._flow = flow
        self._timeout_s = timeout_s
        self._sprung = False

    def carry(self, packet: Packet) -> Iterable[Packet]:
        if not self._sprung:
            self._sprung = True
            get_hub().loop.timer(self._timeout_s).start(self._flow.connection.reset_both)
        return ()
