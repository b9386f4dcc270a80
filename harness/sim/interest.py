"""A standing interest in many descriptors, as `epoll` and `selectors` keep it.

This module exists so that a wait costs as much as there is to report, however many descriptors are idle. It must not
know what is behind a descriptor.
"""

from __future__ import annotations

import select as real_select
from typing import Any

from gevent import get_hub

from harness.sim.descriptors import ALWAYS, FIRST_FD, TABLE, Pollable, Sleeper, yield_once
from harness.sim.guard import RealIoError

ONESHOT = real_select.EPOLLONESHOT
EDGE = real_select.EPOLLET


def descriptor_of(thing: Any) -> int:
    """The simulated descriptor of an integer or of what has `fileno()`; RealIoError for a real one."""
    fd = thing if isinstance(thing, int) else thing.fileno()
    if not isinstance(fd, int):
        raise TypeError("argument must be an int, or have a fileno() method.")
    if fd < 0:
        raise ValueError(f"file descriptor cannot be a negative integer ({fd})")
    if fd < FIRST_FD:
        raise RealIoError(
            f"waiting for the real descriptor {fd} ({thing!r})",
            "nothing outside moves in virtual time: use simulated sockets, or queue.Queue between threads",
        )
    return fd


class Interest:
    """A set of descriptors and the bits asked of each, that knows without looking at all of them which may be ready.

    What changed since the last look is remembered in order, so a wait costs as much as there is to report.
    """

    def __init__(self) -> None:
        self._asked: dict[int, tuple[Pollable, int]] = {}
        self._numbers: dict[Pollable, list[int]] = {}
        self._candidates: dict[int, None] = {}
        self._sleeper: Sleeper | None = None

    def __contains__(self, fd: int) -> bool:
        return fd in self._asked

    def put(self, fd: int, mask: int) -> None:
        """Ask for `mask` of `fd`; OSError EBADF when it is not open."""
        pollable = TABLE.get(fd)
        self.drop(fd)
        self._asked[fd] = (pollable, mask)
        numbers = self._numbers.setdefault(pollable, [])
        if not numbers:
            pollable.watch(self._changed)
        numbers.append(fd)
        self._changed(pollable)

    def drop(self, fd: int) -> None:
        """Ask nothing more of `fd`."""
        asked = self._asked.pop(fd, None)
        self._candidates.pop(fd, None)
        if asked is not None:
            pollable = asked[0]
            numbers = self._numbers[pollable]
            numbers.remove(fd)
            if not numbers:
                del self._numbers[pollable]
                if pollable.references:
                    pollable.unwatch(self._changed)

    def watched(self) -> list[Pollable]:
        """What it asks anything of."""
        return [pollable for pollable, _ in self._asked.values()]

    def clear(self) -> None:
        """Ask nothing of anything."""
        for fd in list(self._asked):
            self.drop(fd)

    def ready(self, limit: int = -1) -> list[tuple[int, int]]:
        """[(descriptor, bits)] of what is ready now, at most `limit` of them unless that is negative."""
        found: list[tuple[int, int]] = []
        for fd in list(self._candidates):
            if len(found) == limit:
                break
            pollable, mask = self._asked[fd]
            if TABLE.find(fd) is not pollable:  # closed without a word, as epoll allows
                self.drop(fd)
                continue
            bits = pollable.ready() & (mask | ALWAYS)
            if not bits:
                del self._candidates[fd]
                continue
            found.append((fd, bits))
            if mask & (EDGE | ONESHOT):
                del self._candidates[fd]
                if mask & ONESHOT:
                    self._asked[fd] = (pollable, 0)
        return found

    def wait(self, timeout_s: float | None, limit: int = -1) -> list[tuple[int, int]]:
        """As `ready`, waiting until there is something or `timeout_s` has passed; always lets others run."""
        found: list[tuple[int, int]] = []
        at_once = timeout_s is not None and timeout_s <= 0
        if at_once or self._candidates:
            yield_once()
            found = self.ready(limit)
            if at_once or found:
                return found
        sleeper = Sleeper(timeout_s)
        try:
            while not found and not sleeper.expired:
                self._sleeper = sleeper
                sleeper.sleep()
                found = self.ready(limit)
            return found
        finally:
            self._sleeper = None
            sleeper.done()

    def _changed(self, pollable: Pollable) -> None:
        for fd in self._numbers[pollable]:
            self._candidates[fd] = None
        if self._sleeper is not None:
            sleeper, self._sleeper = self._sleeper, None
            get_hub().loop.run_callback(sleeper.wake)
