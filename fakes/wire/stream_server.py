"""TCP front ends on loopback: a thread per connection. It must not know any protocol or emulator."""

from __future__ import annotations

import socket
import sys

from fakes.seam import ConnectionLost, StreamApp
from fakes.wire.listener import Listener
from fakes.wire.reset import reset_on_close


class WireStream:
    """`fakes.seam.Stream` over a real socket."""

    caller = ""
    can_upgrade = False

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def receive(self, most: int) -> bytes:
        """At most `most` bytes; b"" at the end."""
        return self._connection.recv(most)

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._connection.sendall(data)


class StreamServer:
    """A running server; `address` is `host:port`, with the port the system chose where 0 was asked for."""

    def __init__(self, app: StreamApp, host: str = "127.0.0.1", port: int = 0) -> None:
        """Start serving at once. Raises `OSError` if the port is taken."""
        self._app = app
        self._listener = Listener("wire-stream", host, port, self._converse)
        self.address = f"{host}:{self._listener.port}"
        self._listener.start()

    def close(self) -> None:
        """Stop listening and end open connections."""
        self._listener.close()

    def hang_up(self) -> None:
        """End the connections that are open."""
        self._listener.hang_up()

    def _converse(self, connection: socket.socket, _peer: object) -> None:
        try:
            self._app(WireStream(connection))
        except ConnectionLost as lost:
            if lost.sent:
                connection.sendall(lost.sent)
            reset_on_close(connection)
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - one connection's bug must not take the server down; it is shown
            sys.excepthook(*sys.exc_info())
