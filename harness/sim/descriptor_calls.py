"""`os` and `fcntl` on simulated descriptors: read, write, close, dup and the flags of an open file.

This module exists because libraries reach below the socket object: they make a descriptor non-blocking with `fcntl`,
close what they detached with `os.close`. Real descriptors (files on disk) go to the real calls. It must not know
Python's socket API.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from typing import Any

from harness.sim.descriptors import FIRST_FD, TABLE
from harness.sim.end import End
from harness.sim.repoint import repoint

_ACCESS = os.O_RDWR
_DUPLICATING = {fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC}


def install() -> None:
    """Let these calls of `os` and `fcntl` take simulated descriptors too."""
    for function, simulated in (
        (os.read, _read),
        (os.write, _write),
        (os.close, TABLE.close),
        (os.dup, _duplicate),
        (os.get_blocking, _get_blocking),
        (os.set_blocking, _set_blocking),
        (os.get_inheritable, _get_inheritable),
        (os.set_inheritable, _set_inheritable),
        (os.isatty, _isatty),
    ):
        _by_number(function, simulated)
    _by_number(fcntl.fcntl, _fcntl, object_too=True)


def _by_number(function: Callable[..., Any], simulated: Callable[..., Any], *, object_too: bool = False) -> None:
    """Send calls whose first argument is a simulated descriptor (or has one) to `simulated`."""

    def sorted_out(fd: Any, /, *args: Any) -> Any:
        number = fd.fileno() if object_too and hasattr(fd, "fileno") else fd
        if isinstance(number, int) and number >= FIRST_FD:
            return simulated(number, *args)
        return real(fd, *args)

    real = repoint(function, sorted_out)


def _end(fd: int) -> End:
    pollable = TABLE.get(fd)
    if not isinstance(pollable, End):
        raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
    return pollable


def _patience_s(end: End) -> float | None:
    return 0.0 if end.nonblocking else None


def _read(fd: int, size: int) -> bytes:
    end = _end(fd)
    return end.read(size, _patience_s(end))


def _write(fd: int, data: Any) -> int:
    end = _end(fd)
    return end.write(memoryview(data).cast("B"), _patience_s(end))


def _duplicate(fd: int) -> int:
    return TABLE.duplicate(fd)


def _get_blocking(fd: int) -> bool:
    return not TABLE.get(fd).nonblocking


def _set_blocking(fd: int, blocking: bool) -> None:
    TABLE.get(fd).nonblocking = not blocking


def _get_inheritable(fd: int) -> bool:
    TABLE.get(fd)
    return False


def _set_inheritable(fd: int, inheritable: int) -> None:
    TABLE.get(fd)


def _isatty(fd: int) -> bool:
    TABLE.get(fd)
    return False


def _fcntl(fd: int, command: int, argument: Any = 0) -> int:
    pollable = TABLE.get(fd)
    if command == fcntl.F_GETFL:
        return _ACCESS | (os.O_NONBLOCK if pollable.nonblocking else 0)
    if command == fcntl.F_SETFL:
        pollable.nonblocking = bool(argument & os.O_NONBLOCK)
        return 0
    if command == fcntl.F_GETFD:
        return fcntl.FD_CLOEXEC
    if command == fcntl.F_SETFD:
        return 0
    if command in _DUPLICATING:
        return TABLE.duplicate(fd)
    raise OSError(errno.EINVAL, f"{os.strerror(errno.EINVAL)}: fcntl command {command} is not simulated")
