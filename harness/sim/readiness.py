"""Waiting for many descriptors at once: `select`, `poll` and `epoll` on simulated descriptors.

This module exists because client libraries ask a descriptor, not a socket, whether a pooled connection has gone stale.
It must not know what is behind a descriptor.
"""

from __future__ import annotations

import select as real_select
from collections.abc import Iterable
from typing import Any

from harness.sim.descriptors import ALWAYS, ERR, HUP, IN, NVAL, OUT, RDHUP, TABLE, wait_for_any
from harness.sim.interest import Interest, descriptor_of

PRI = real_select.POLLPRI
_READABLE = IN | HUP | ERR | RDHUP
_WRITABLE = OUT | ERR


def select(
    rlist: Iterable[Any], wlist: Iterable[Any], xlist: Iterable[Any], timeout: float | None = None
) -> tuple[list[Any], list[Any], list[Any]]:
    """select.select; without any descriptor it is a sleep."""
    if timeout is not None and timeout < 0:
        raise ValueError("timeout must be non-negative")
    asked = [
        (kind, thing, TABLE.get(descriptor_of(thing)), bits)
        for kind, (things, bits) in enumerate(((rlist, _READABLE), (wlist, _WRITABLE), (xlist, PRI)))
        for thing in things
    ]

    def look() -> tuple[list[Any], list[Any], list[Any]]:
        found: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
        for kind, thing, pollable, bits in asked:
            if pollable.ready() & bits:
                found[kind].append(thing)
        return found

    found = look()
    if timeout == 0 or any(found):
        return found
    wait_for_any([(pollable, bits) for _, _, pollable, bits in asked], timeout, lambda: not any(look()))
    return look()


class SimPoll:
    """select.poll."""

    def __init__(self) -> None:
        self._asked: dict[int, int] = {}

    def register(self, fd: Any, eventmask: int = IN | OUT | PRI) -> None:
        """Ask for `eventmask` of a descriptor, in place of what was asked before."""
        self._asked[descriptor_of(fd)] = eventmask

    def modify(self, fd: Any, eventmask: int) -> None:
        """Change what is asked; FileNotFoundError if nothing was."""
        number = descriptor_of(fd)
        if number not in self._asked:
            raise FileNotFoundError(2, "No such file or directory")
        self._asked[number] = eventmask

    def unregister(self, fd: Any) -> None:
        """Ask no more; KeyError if nothing was asked."""
        del self._asked[descriptor_of(fd)]

    def poll(self, timeout: float | None = None) -> list[tuple[int, int]]:
        """[(descriptor, bits)] of what is ready; `timeout` in milliseconds, None or negative for ever."""
        found = self._look()
        if found or timeout == 0:
            return found
        wanted = [(TABLE.get(fd), mask) for fd, mask in self._asked.items()]
        wait_for_any(wanted, None if timeout is None or timeout < 0 else timeout / 1000, lambda: not self._look())
        return self._look()

    def _look(self) -> list[tuple[int, int]]:
        found = []
        for fd, mask in self._asked.items():
            pollable = TABLE.find(fd)
            bits = NVAL if pollable is None else pollable.ready() & (mask | ALWAYS)
            if bits:
                found.append((fd, bits))
        return found


class SimEpoll:
    """select.epoll, level- or edge-triggered."""

    def __init__(self, sizehint: int = -1, flags: int = 0) -> None:
        self._interest = Interest()
        self.closed = False

    def register(self, fd: Any, eventmask: int = IN | OUT | PRI) -> None:
        """Ask for `eventmask` of a descriptor; FileExistsError if it is registered."""
        self._require_open()
        number = descriptor_of(fd)
        if number in self._interest:
            raise FileExistsError(17, "File exists")
        self._interest.put(number, eventmask)

    def modify(self, fd: Any, eventmask: int) -> None:
        """Change what is asked; FileNotFoundError if it is not registered."""
        self._require_open()
        number = descriptor_of(fd)
        if number not in self._interest:
            raise FileNotFoundError(2, "No such file or directory")
        self._interest.put(number, eventmask)

    def unregister(self, fd: Any) -> None:
        """Ask no more; FileNotFoundError if it is not registered."""
        self._require_open()
        number = descriptor_of(fd)
        if number not in self._interest:
            raise FileNotFoundError(2, "No such file or directory")
        self._interest.drop(number)

    def poll(self, timeout: float | None = None, maxevents: int = -1) -> list[tuple[int, int]]:
        """[(descriptor, bits)] of what is ready; `timeout` in seconds, None or negative for ever."""
        self._require_open()
        return self._interest.wait(None if timeout is None or timeout < 0 else timeout, maxevents)

    def fileno(self) -> int:
        """Refused: waiting for a set of descriptors as for one is not simulated."""
        raise NotImplementedError("an epoll within another (epoll.fileno()) is not simulated: poll it directly")

    def close(self) -> None:
        """Ask nothing more of anything."""
        self._interest.clear()
        self.closed = True

    def __enter__(self) -> SimEpoll:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _require_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed epoll object")
