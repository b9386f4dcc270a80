"""Down: the host is there, but nobody listens."""

from __future__ import annotations

import random
from dataclasses import dataclass

from harness.sim.flow import Flow
from harness.sim.toxics.toxic import ConnectRule, Stage, Toxic


@dataclass(frozen=True)
class Down(Toxic):
    """Toxiproxy's disabled proxy: live connections are closed, new ones are refused."""

    type = "down"
    connect_rule = ConnectRule.REFUSE

    def stage(self, flow: Flow, dice: random.Random) -> Stage:
        """Close a connection that was there."""
        flow.connection.close_both()
        return Stage()
