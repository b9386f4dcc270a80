"""Timeout: nothing gets through, and after a while the connection is closed."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gevent import get_hub

from harness.sim.flow import Flow, Packet, Signal
from harness.sim.toxics.toxic import Stage, Toxic, need


@dataclass(frozen=True)
class Timeout(Toxic):
    """Toxiproxy's `timeout`: data is dropped; `timeout` milliseconds after the last of it both ends see a close.

    0 never closes. Taking the toxic away closes too, for the data dropped is missing from the stream.
    """

    type = "timeout"
    timeout: int = 0

    def __post_init__(self) -> None:
        need(self, "timeout", self.timeout >= 0, "milliseconds >= 0")

    def stage(self, flow: Flow, dice: random.Random) -> Stage:
        """Begin to drop."""
        return _TimeoutStage(flow, self.timeout / 1000)


class _TimeoutStage(Stage):
    def __init__(self, flow: Flow, timeout_s: float) -> None:
        self._flow = flow
        self._timeout_s = timeout_s
        self._timer: Any = None
        self._wind_up()

    def carry(self, packet: Packet) -> Iterable[Packet]:
        if isinstance(packet.payload, Signal):
            return (packet,)
        self._wind_up()
        return ()

    def removed(self) -> None:
        """The stream has a hole: close."""
        if self._timer is not None:
            self._timer.close()
        self._flow.connection.close_both()

    def _wind_up(self) -> None:
        if self._timeout_s:
            if self._timer is not None:
                self._timer.close()
            self._timer = get_hub().loop.timer(self._timeout_s)
            self._timer.start(self._flow.connection.close_both)
