"""What TCP servers on loopback have in common: they listen, give each connection a thread, and close.

It must not know any protocol, nor what is said over a connection.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable
from typing import Any

_BACKLOG = 512

Converse = Callable[[socket.socket, Any], None]
"""Serves a connection from an address until it ends; closing is the listener's."""


class Listener:
    """A listening socket at `host` and `port`, the one the system chose where 0 was asked for."""

    def __init__(self, name: str, host: str, port: int, converse: Converse) -> None:
        """Take the port; threads are named after `name`. Raises `OSError` if it is taken."""
        self._name = name
        self._converse = converse
        self._socket = socket.create_server((host, port), backlog=_BACKLOG)
        self.host, self.port = self._socket.getsockname()[:2]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._wake, self._waker = socket.socketpair()
        self._accepting = threading.Thread(target=self._accept, name=name, daemon=True)

    def start(self) -> None:
        """Accept connections from now on."""
        self._accepting.start()

    def close(self) -> None:
        """Stop listening and end open connections."""
        self._waker.send(b"x")
        self._accepting.join()
        for one in (self._socket, self._wake, self._waker):
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
            ready.register(self._socket, selectors.EVENT_READ)
            ready.register(self._wake, selectors.EVENT_READ)
            while not any(key.fileobj is self._wake for key, _ in ready.select()):
                with contextlib.suppress(OSError):
                    connection, peer = self._socket.accept()
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    with self._lock:
                        self._open.add(connection)
                    threading.Thread(
                        target=self._serve, args=(connection, peer), name=f"{self._name}-connection", daemon=True
                    ).start()

    def _serve(self, connection: socket.socket, peer: Any) -> None:
        try:
            self._converse(connection, peer)
        except OSError:
            pass  # the peer went away: its own affair
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()
