"""Resets a real connection once its peer has what was sent: a reset discards the rest."""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
import time

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on with 0 seconds: close sends RST."""

_DELIVERY_PAUSE_S = 0.001
_DELIVERY_TRIES = 2000
"""A peer that reads nothing for two seconds gets its reset all the same."""


def reset_on_close(connection: socket.socket) -> None:
    """Wait until the peer's system has what was sent, and let `close` send a reset."""
    for _ in range(_DELIVERY_TRIES):
        queued = fcntl.ioctl(connection, termios.TIOCOUTQ, b"\0\0\0\0")
        if not any(queued):
            break
        time.sleep(_DELIVERY_PAUSE_S)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
