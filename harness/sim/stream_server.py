"""TCP front ends on the simulated network: each connection converses in a greenlet of its own.

It must not know any protocol, emulator, fault or process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from gevent import get_hub

from fakes.seam import ConnectionLost, StreamApp
from harness.sim.connection import Connection
from harness.sim.host import Listening
from harness.sim.network import Network

Spawn = Callable[..., Any]


class SimStream:
    """`fakes.seam.Stream` over the server's end of a simulated connection."""

    can_upgrade = True

    def __init__(self, connection: Connection) -> None:
        self._end = connection.server
        self.caller = connection.caller

    def receive(self, most: int) -> bytes:
        """At most `most` bytes; b"" at the end."""
        return self._end.read(most, None)

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._end.write_all(data, None)


def serve_stream(network: Network, host: str, port: int, app: StreamApp, spawn: Spawn) -> Listening:
    """Let `app` converse with whoever connects to `host` and `port`."""

    def converse(connection: Connection) -> None:
        end = connection.server
        try:
            app(SimStream(connection))
        except ConnectionLost as lost:
            if lost.sent:
                end.write_all(lost.sent, None)
            end.abort()
        except OSError:
            end.abort()  # the peer is gone: nobody is left to tell
        except Exception:  # noqa: BLE001 - a bug of the front end: it is shown, and its peer sees a reset
            get_hub().handle_error(converse, *sys.exc_info())
            end.abort()
        else:
            end.released()

    return network.listen(host, port, lambda connection: spawn(converse, connection))
