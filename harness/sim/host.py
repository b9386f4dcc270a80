"""A machine on the simulated network: its lines, who listens on it, and the toxics in front of it.

This module exists so that what is wrong with a host is kept with the host. It must not know how connections are made,
nor any single toxic.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from harness.sim.connection import Connection
from harness.sim.flow import Line
from harness.sim.toxics.toxic import Attached, ConnectRule, Toxic

Acceptor = Callable[[Connection], None]
"""Gets each new connection when its SYN arrives, and owns `connection.server`; it must not block."""


class Certificate(Enum):
    """What a host shows in a TLS handshake."""

    GOOD = "good"
    EXPIRED = "expired"
    WRONG_HOST = "wrong host"
    SELF_SIGNED = "self-signed"
    HANDSHAKE_HANGS = "handshake hangs"


@dataclass(slots=True)
class Listening:
    """Somebody listening on a port; `has_room` is False while its backlog is full."""

    acceptor: Acceptor
    owner: str
    has_room: Callable[[], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Receiving:
    """Somebody who takes datagrams in on a port: `deliver(data, sender)`, which must not block."""

    deliver: Callable[[bytes, tuple[str, int]], None]
    owner: str


class Host:
    """A machine on the network: a name, an address, the lines to and from it, and who listens.

    `certificate` is what its TLS servers show; while `resolves` is False its name gives EAI_AGAIN (a failing name
    server), though its address can still be reached. Toxics sit on the host's side of every connection to it, as
    Toxiproxy sits in front of an upstream.
    """

    def __init__(self, name: str, address: str, latency_s: float, rng: Callable[[str], random.Random]) -> None:
        self._rng = rng
        self.name = name
        self.address = address
        self.certificate = Certificate.GOOD
        self.resolves = True
        self.listening: dict[int, Listening] = {}
        self.receiving: dict[int, Receiving] = {}
        self.connections: dict[Connection, None] = {}
        self.toxics: dict[str, Attached] = {}
        self._lines = (Line(latency_s), Line(latency_s))

    @property
    def lines(self) -> tuple[Line, Line]:
        """The line to the host and the line from it."""
        return self._lines

    def shape(self, *, latency_s: float | None = None, bytes_per_s: float | None = None) -> None:
        """Set the latency (seconds each way, >= 0) and the bandwidth (bytes per second each way, shared by all)."""
        if latency_s is not None and latency_s < 0:
            raise ValueError(f"latency_s of host {self.name!r} is {latency_s!r}: give seconds >= 0")
        if bytes_per_s is not None and bytes_per_s <= 0:
            raise ValueError(f"bytes_per_s of host {self.name!r} is {bytes_per_s!r}: give a rate > 0, or a black hole")
        for line in self._lines:
            if latency_s is not None:
                line.latency_ns = round(latency_s * 1e9)
            line.bytes_per_s = bytes_per_s

    def connect_rule(self) -> ConnectRule:
        """What the toxics make of a new connection: the first that has a say wins."""
        for attached in self.toxics.values():
            if attached.toxic.connect_rule is not ConnectRule.ALLOW:
                return attached.toxic.connect_rule
        return ConnectRule.ALLOW

    def add_toxic(self, toxic: Toxic, *, stream: str = "downstream", toxicity: float = 1.0, name: str = "") -> str:
        """Put a toxic in front, for live connections too; returns its name (`<type>_<stream>` by default).

        `stream` is `upstream` or `downstream`; `toxicity` (0..1) is the share of connections it affects. ValueError
        for anything else, and for a name that is taken.
        """
        if stream not in {"upstream", "downstream"}:
            raise ValueError(f"stream of toxic {toxic!r} is {stream!r}: say upstream or downstream")
        if not 0.0 <= toxicity <= 1.0:
            raise ValueError(f"toxicity of toxic {toxic!r} is {toxicity!r}: give a share between 0 and 1")
        if toxicity < 1.0 and toxic.connect_rule is not ConnectRule.ALLOW:
            raise ValueError(f"toxicity of toxic {toxic.type!r} is {toxicity!r}: such a host is so for all, give 1")
        name = name or f"{toxic.type}_{stream}"
        if name in self.toxics:
            raise ValueError(f"host {self.name!r} already has a toxic named {name!r}: give another name")
        attached = self.toxics[name] = Attached(toxic, stream, toxicity)
        for connection in list(self.connections):
            self._attach(name, attached, connection)
        return name

    def remove_toxic(self, name: str) -> None:
        """Take a toxic away; KeyError naming those there are when there is none of that name."""
        if self.toxics.pop(name, None) is None:
            raise KeyError(f"host {self.name!r} has no toxic {name!r}, only {sorted(self.toxics)}")
        for connection in list(self.connections):
            for flow in (connection.upstream, connection.downstream):
                stage = flow.stages.pop(name, None)
                if stage is not None:
                    stage.removed()

    def take_in(self, connection: Connection) -> None:
        """A new connection: let the toxics have it, and know it until it is over."""
        self.connections[connection] = None
        connection.on_over = lambda over: self.connections.pop(over, None)
        for name, attached in self.toxics.items():
            self._attach(name, attached, connection)

    def _attach(self, name: str, attached: Attached, connection: Connection) -> None:
        dice = self._rng(f"toxic/{self.name}/{name}/{connection.caller}/{connection.number}")
        if attached.toxicity >= 1.0 or dice.random() < attached.toxicity:
            for flow in (connection.upstream, connection.downstream):
                if attached.toxic.both_streams or flow.stream == attached.stream:
                    flow.stages[name] = attached.toxic.stage(flow, dice)
