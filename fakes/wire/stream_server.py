"""TCP front ends on loopback: a thread per connection. It must not know any protocol or emulator."""

from __future__ import annotations

import contextlib
import selectors
import socket
import sys
import threading

from fakes.seam import ConnectionLost, StreamApp
from fakes.wire.reset import reset_on_close

_BACKLOG = 512


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
        self._listener = socket.create_server((host, port), backlog=_BACKLOG)
        self.address = f"{host}:{self._listener.getsockname()[1]}"
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._wake, self._waker = socket.socketpair()
        self._accepting = threading.Thread(target=self._accept, name="wire-stream", daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Stop listening and end open connections."""
        self._waker.send(b"x")
        self._accepting.join()
        for one in (self._listener, self._wake, self._waker):
            one.close()
        self.hang_up()

    def hang_up(self) -> None:
        """End the connections that are open."""
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(self._listener, selectors.EVENT_READ)
            ready.register(self._wake, selectors.EVENT_READ)
            while not any(key.fileobj is self._wake for key, _ in ready.select()):
                with contextlib.suppress(OSError):
                    connection, _ = self._listener.accept()
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    with self._lock:
                        self._open.add(connection)
                    name = "wire-stream-connection"
                    threading.Thread(target=self._converse, args=(connection,), name=name, daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        try:
            self._app(WireStream(connection))
        except ConnectionLost as lost:
            with contextlib.suppress(OSError):
                if lost.sent:
                    connection.sendall(lost.sent)
                reset_on_close(connection)
        except OSError:
            pass  # the peer went away: its own affair
        except Exception:  # noqa: BLE001 - one connection's bug must not take the server down; it is shown
            sys.excepthook(*sys.exc_info())
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()
