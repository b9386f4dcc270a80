"""A simulated TCP connection: two ends, the two flows between them, and what may befall it from outside.

This module exists so that the network and toxics speak of a connection as one thing. It must not know names beyond
what they are for, nor any protocol above TCP.
"""

from __future__ import annotations

import errno
from collections.abc import Callable

from harness.sim.end import End, State
from harness.sim.flow import Flow, Line, Stream


class Connection:
    """Two ends and two flows, and what the network knows about them.

    `number` counts the connections from `caller` to `host`, from 1: dice thrown for one connection are keyed by these
    three, so that one connection more elsewhere changes nothing here.
    """

    def __init__(
        self,
        client: End,
        server: End,
        lines: tuple[Line, Line],
        now_ns: Callable[[], int],
        *,
        host: str = "",
        port: int = 0,
        number: int = 0,
    ) -> None:
        self.client = client
        self.server = server
        self.caller = client.owner
        self.host = host
        self.port = port
        self.number = number
        self.is_pair = port == 0
        self.severed_path = False
        self.upstream = Flow(self, "upstream", lines[0], now_ns)
        self.downstream = Flow(self, "downstream", lines[1], now_ns)
        self.on_over: Callable[[Connection], None] | None = None

    def flow(self, stream: Stream) -> Flow:
        """The flow of that direction."""
        return self.upstream if stream == "upstream" else self.downstream

    def opposite(self, flow: Flow) -> Flow:
        """The other flow."""
        return self.downstream if flow is self.upstream else self.upstream

    def cut_path(self, cut: bool) -> None:
        """A partition began or ended: while it lasts packets are retransmitted in vain."""
        if self.severed_path and not cut:
            self.severed_path = False
            self.upstream.healed()
            self.downstream.healed()
        else:
            self.severed_path = cut

    def close_both(self) -> None:
        """Something in the middle closed the connection: both ends see its end, later data is answered with a reset."""
        self.upstream.close()
        self.downstream.close()

    def reset_both(self) -> None:
        """Something in the middle reset the connection: both ends see ECONNRESET."""
        for flow in (self.upstream, self.downstream):
            flow.cut()
            flow.sink.receive_reset(errno.ECONNRESET)

    def end_closed(self) -> None:
        """One end closed; when both have, the connection is over."""
        if self.on_over is not None and self.client.state is self.server.state is State.CLOSED:
            self.on_over(self)
            self.on_over = None
