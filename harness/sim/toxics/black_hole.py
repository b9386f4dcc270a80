"""Black hole: packets vanish and nobody says so."""

from __future__ import annotations

import errno
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gevent import get_hub

from harness.sim.flow import GIVE_UP_S, Flow, Packet
from harness.sim.toxics.toxic import ConnectRule, Stage, Toxic


@dataclass(frozen=True)
class BlackHole(Toxic):
    """A firewall that drops silently (no toxic of Toxiproxy's: a proxy has accepted before it can drop).

    New connections hang until Linux gives up (127 s). On live ones what is sent vanishes in both directions; the
    sender gives up after 924.6 s. What vanished stays lost when the toxic is taken away: the connection is reset.
    """

    type = "black_hole"
    connect_rule = ConnectRule.DROP
    both_streams = True

    def stage(self, flow: Flow, dice: random.Random) -> Stage:
        """Begin to swallow."""
        return _BlackHoleStage(flow)


class _BlackHoleStage(Stage):
    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._timer: Any = None

    def carry(self, packet: Packet) -> Iterable[Packet]:
        if self._timer is None:
            self._timer = get_hub().loop.timer(GIVE_UP_S)
            self._timer.start(self._flow.source.receive_reset, errno.ETIMEDOUT)
        return ()

    def removed(self) -> None:
        """The stream has a hole: reset, if anything fell into it."""
        if self._timer is not None:
            self._timer.close()
            self._flow.connection.reset_both()
