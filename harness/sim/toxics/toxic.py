"""What every toxic is: a recipe (`Toxic`) that puts a `Stage` into a flow of bytes.

This module exists so that the network can hold toxics without knowing any of them, and they need know only the flow
they sit on. Names, parameters and their units follow Toxiproxy (github.com/Shopify/toxiproxy, README, "Toxics"),
so that its users and its wire counterpart speak of the same things.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from harness.sim.flow import Flow, Packet

MS = 1_000_000
"""Nanoseconds in a millisecond, Toxiproxy's usual unit."""


class ConnectRule(Enum):
    """What a toxic makes of new connections."""

    ALLOW = "allow"
    REFUSE = "refuse"
    DROP = "drop"


class Stage:
    """A toxic at work on one flow of one connection; this one lets everything through."""

    def carry(self, packet: Packet) -> Iterable[Packet]:
        """What becomes of a packet: packets to pass on, at the same time or later; none to swallow it."""
        return (packet,)

    def removed(self) -> None:
        """The toxic was taken away while the connection lives."""


class Toxic:
    """A recipe for stages; subclasses are frozen dataclasses of Toxiproxy's parameters."""

    type: ClassVar[str]
    connect_rule: ClassVar[ConnectRule] = ConnectRule.ALLOW
    both_streams: ClassVar[bool] = False
    """Whether it works on both flows of a connection, whatever stream it was put on."""

    def stage(self, flow: Flow, dice: random.Random) -> Stage:
        """Begin to work on `flow`; `dice` are this connection's own."""
        raise NotImplementedError


def need(toxic: Toxic, name: str, holds: bool, range_words: str) -> None:
    """ValueError naming an attribute out of range and what it may be."""
    if not holds:
        raise ValueError(f"{name} of toxic {toxic.type!r} is {getattr(toxic, name)!r}: give {range_words}")


@dataclass(frozen=True, slots=True)
class Attached:
    """A toxic in front of a host: the stream it works on and the share (0..1) of connections it affects."""

    toxic: Toxic
    stream: str
    toxicity: float
