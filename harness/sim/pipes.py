"""Pipes between the threads of one simulated process.

This module exists because reading from a real pipe stops the only OS thread, and with it whoever was to write into it
(`multiprocessing.pool.ThreadPool` wakes its workers so). A pipe here is a pair of simulated sockets, each shut one way.
It must not know who uses it.
"""

from __future__ import annotations

import os
import socket
from typing import Any

from harness.sim.process import current_process
from harness.sim.repoint import repoint


def _pipe() -> tuple[int, int]:
    reader, writer = socket.socketpair()
    reader.shutdown(socket.SHUT_WR)
    writer.shutdown(socket.SHUT_RD)
    return reader.detach(), writer.detach()


def install() -> None:
    """Give processes simulated pipes; the harness keeps real ones. The network must be there."""

    def pipe() -> Any:
        return real_pipe() if current_process() is None else _pipe()

    def pipe2(flags: int, /) -> Any:
        if current_process() is None:
            return real_pipe2(flags)
        ends = _pipe()
        if flags & os.O_NONBLOCK:
            for end in ends:
                os.set_blocking(end, False)
        return ends

    real_pipe = repoint(os.pipe, pipe)
    real_pipe2 = repoint(os.pipe2, pipe2)
