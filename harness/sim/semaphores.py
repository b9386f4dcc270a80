"""multiprocessing's locks in virtual time.

This module exists because a `multiprocessing.Lock` is a semaphore of the operating system: waiting for one that another
simulated thread holds would stop the only OS thread for ever, and a time-out would be a real one. There are no child
processes here, so it need not be shared with any. It must not know who uses it.
"""

from __future__ import annotations

import _multiprocessing  # type: ignore[import-not-found]  # C, without stubs
from typing import Any

import greenlet
from gevent.lock import Semaphore

RECURSIVE_MUTEX = 0
"""`multiprocessing.synchronize.RECURSIVE_MUTEX`; 1 is a semaphore."""


class SemLock:
    """`_multiprocessing.SemLock` among greenlets."""

    SEM_VALUE_MAX = _multiprocessing.SemLock.SEM_VALUE_MAX

    def __init__(self, kind: int, value: int, maxvalue: int, name: str, unlink: bool) -> None:
        self.kind = kind
        self.maxvalue = maxvalue
        self.name = None  # as after unlinking: there is nothing in the system that a tracker process had to clean up
        self.handle = 0
        self._semaphore = Semaphore(value)
        self._owner: Any = None
        self._times = 0

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        """Acquire it, waiting at most `timeout` seconds (None: for ever; below 0: not at all)."""
        if self.kind == RECURSIVE_MUTEX and self._is_mine():
            self._times += 1
            return True
        if not self._semaphore.acquire(block, max(0.0, timeout) if block and timeout is not None else None):
            return False
        self._owner = greenlet.getcurrent()
        self._times += 1
        return True

    def release(self) -> None:
        """Release it; AssertionError or ValueError where the real one raises it."""
        if self.kind == RECURSIVE_MUTEX:
            if not self._is_mine():
                raise AssertionError("attempt to release recursive lock not owned by thread")
            if self._times > 1:
                self._times -= 1
                return
            self._owner = None
        elif self._semaphore.counter >= self.maxvalue:
            raise ValueError("semaphore or lock released too many times")
        self._times -= 1
        self._semaphore.release()

    def _count(self) -> int:
        return self._times

    def _is_mine(self) -> bool:
        return self._times > 0 and self._owner is greenlet.getcurrent()

    def _get_value(self) -> int:
        value: int = self._semaphore.counter
        return value

    def _is_zero(self) -> bool:
        return not self._semaphore.counter

    def _after_fork(self) -> None:
        self._times = 0

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self.release()


def install() -> None:
    """Make multiprocessing build its locks of this; those made before stay real."""
    _multiprocessing.SemLock = SemLock
