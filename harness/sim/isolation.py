"""What an operating system keeps apart for each process: environment, pid and host name.

This module exists so that two services in one interpreter cannot see each other. It must not know services, networks
or faults.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from harness.sim.process import current_process
from harness.sim.repoint import repoint

real_putenv: Callable[..., Any] = os.putenv
"""The real `os.putenv`, for those who keep C's idea of the environment; `install` replaces it by the preserved one."""


class _Environment(MutableMapping[Any, Any]):
    """What `os.environ` wraps: the environment of the running process, the real one in the harness."""

    def __init__(self, real: dict[bytes, bytes]) -> None:
        self._real = real

    def _here(self) -> dict[bytes, bytes]:
        process = current_process()
        return self._real if process is None else process.encoded_environ

    def __getitem__(self, key: bytes) -> bytes:
        # `_here`, written out: some libraries read every variable for each request.
        process = current_process()
        return (self._real if process is None else process.encoded_environ)[key]

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._here()[key] = value

    def __delitem__(self, key: bytes) -> None:
        del self._here()[key]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._here())

    def __len__(self) -> int:
        return len(self._here())


def install() -> None:
    """Give each process its own."""
    os.environ._data = _Environment(os.environ._data)  # type: ignore[attr-defined]  # the dict behind it
    global real_putenv  # noqa: PLW0603 - the original is preserved where its user looks for it
    real_putenv = repoint(os.putenv, lambda key, value: None if current_process() else real_putenv(key, value))
    real_unsetenv = repoint(os.unsetenv, lambda key: None if current_process() else real_unsetenv(key))

    def getpid() -> int:
        process = current_process()
        return real_getpid() if process is None else process.pid

    real_getpid = repoint(os.getpid, getpid)

    def gethostname() -> str:
        process = current_process()
        return "localhost" if process is None else process.host_name

    repoint(socket.gethostname, gethostname)
