"""Semaphores and conditions when a process dies: its permits are given back, and no notice is spent on it.

`threading`'s semaphores and conditions are Python on top of locks; freeing the locks of the dead is not enough where an
installed package, loaded once for all processes, has one of its own. This module knows the standard library's insides,
and processes.
"""

from __future__ import annotations

import functools
import threading
import weakref
from typing import Any

from harness.sim.process import Process, current_process, spawn_in

_WAIT = threading.Condition.wait.__code__
_semaphores: weakref.WeakSet[Any] = weakref.WeakSet()
_real_release = threading.Semaphore.release


def release_held_by(process: Process) -> None:
    """Undo what the dead `process` did to semaphores and conditions that others may share; its locks are free."""
    for child in process.greenlets():
        frame = child.gr_frame
        while frame is not None:
            if frame.f_code is _WAIT and "waiter" in frame.f_locals:
                _stop_waiting(frame.f_locals["self"], frame.f_locals["waiter"])
            frame = frame.f_back
    for semaphore in list(_semaphores):
        permits = semaphore._taken_by.pop(process, 0)
        if permits and semaphore._cond._waiters:
            spawn_in(None, _real_release, semaphore, permits)  # it may have to wait for the semaphore's own lock
        else:
            semaphore._value += permits


def _stop_waiting(condition: Any, waiter: Any) -> None:
    waiting = condition._waiters
    if waiter in waiting:
        waiting.remove(waiter)
    elif waiting:
        waiting.popleft().release()  # it had been told and did not live to act on it: tell the next


def _count(semaphore: Any, permits: int) -> None:
    process = current_process()
    taken = semaphore._taken_by.get(process, 0) + permits
    if taken > 0:
        semaphore._taken_by[process] = taken
    else:
        semaphore._taken_by.pop(process, None)


def install() -> None:
    """Make semaphores count the permits that each process has taken."""
    kind: Any = threading.Semaphore
    initialise, acquire = kind.__init__, kind.acquire

    @functools.wraps(initialise)
    def __init__(self: Any, value: int = 1) -> None:  # noqa: N807 - it is one
        initialise(self, value)
        self._taken_by = {}
        _semaphores.add(self)

    @functools.wraps(acquire)
    def counted_acquire(self: Any, blocking: bool = True, timeout: float | None = None) -> bool:
        acquired: bool = acquire(self, blocking, timeout)
        if acquired:
            _count(self, 1)
        return acquired

    def counted(release: Any) -> Any:
        @functools.wraps(release)
        def counted_release(self: Any, n: int = 1) -> None:
            release(self, n)
            _count(self, -n)

        return counted_release

    kind.__init__ = __init__
    kind.acquire = kind.__enter__ = counted_acquire
    kind.release = counted(kind.release)
    threading.BoundedSemaphore.release = counted(threading.BoundedSemaphore.release)  # type: ignore[method-assign]  # replacing it is the purpose
