"""Waiting in one greenlet for something that is told to a callback in another.

The channel's insides speak in callbacks (they run in the hub and must not block); handlers and blocking clients speak
in return values. This is the one place where the two meet. It must not know what is waited for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import gevent
from gevent.hub import Waiter

T = TypeVar("T")


def park(begin: Callable[[Callable[[T], None]], None]) -> T:
    """Run `begin(resume)` and block the calling greenlet until `resume(value)` was called; return `value`.

    `resume` may be called at once, from the hub or from any greenlet, and counts the first time only.
    """
    arrived: list[T] = []
    waiter: Waiter | None = None
    loop = gevent.get_hub().loop

    def resume(value: T) -> None:
        if arrived:
            return
        arrived.append(value)
        if waiter is not None:
            loop.run_callback(waiter.switch, None)

    begin(resume)
    if not arrived:
        waiter = Waiter()
        waiter.get()
    return arrived[0]


class Mailbox(Generic[T]):
    """A first-in first-out box that one greenlet empties while others, or the hub, fill it without ever blocking."""

    def __init__(self) -> None:
        self._letters: list[T] = []
        self._readers: list[Callable[[T], None]] = []

    def put(self, letter: T) -> None:
        """Hand `letter` to the reader that has waited longest, or keep it."""
        if self._readers:
            self._readers.pop(0)(letter)
        else:
            self._letters.append(letter)

    def get(self) -> T:
        """The oldest letter; blocks until there is one."""
        if self._letters:
            return self._letters.pop(0)
        return park(self._readers.append)
