"""Locks that remember who holds them, so that a crash cannot leave one held for ever.

Killed inside `ThreadPoolExecutor.submit`, a process left `concurrent.futures.thread._global_shutdown_lock` held and
another process's `submit` never returned (finding 9 of the kernel notes). Real processes do not share locks; ours
share those of every library that is loaded once. This module knows processes and locks, nothing else.
"""

from __future__ import annotations

import gc
import itertools
import threading
from typing import Any

import greenlet
from gevent.lock import BoundedSemaphore

from harness.sim.order import creation_number
from harness.sim.process import Process

_numbers = itertools.count(1)


class Lock(BoundedSemaphore):  # type: ignore[misc]  # gevent ships no types
    """`threading.Lock` in virtual time, with an `owner`: the greenlet that acquired it and has not released it."""

    def __init__(self) -> None:
        super().__init__(1)
        self.owner: Any = None
        self.number = next(_numbers)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Acquire it, waiting at most `timeout` seconds (-1: for ever); ValueError where `_thread.lock` raises it."""
        if timeout != -1:
            if not blocking:
                raise ValueError("can't specify a timeout for a non-blocking call")
            if timeout < 0:
                raise ValueError("timeout value must be a non-negative number")
            if timeout > threading.TIMEOUT_MAX:
                raise OverflowError("timestamp out of range for platform time_t")
        acquired: bool = super().acquire(blocking, None if timeout == -1 else timeout)
        if acquired:
            self.owner = greenlet.getcurrent()
        return acquired

    acquire_lock = acquire

    def release(self) -> None:
        """Release it; RuntimeError if it is not locked."""
        if self.counter:
            raise RuntimeError("release unlocked lock")
        self.owner = None
        super().release()

    release_lock = release

    def locked(self) -> bool:
        """Whether somebody holds it."""
        return not self.counter

    def _at_fork_reinit(self) -> None:
        self.owner = None
        if not self.counter:
            super().release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self.release()


_frozen: list[Lock] = []
_frozen_rlocks: list[Any] = []


def remember_frozen() -> None:
    """Note every lock there is: after `gc.freeze()` the collector no longer lists them."""
    everything = gc.get_objects()
    _frozen[:] = [thing for thing in everything if isinstance(thing, Lock)]
    _frozen_rlocks[:] = [thing for thing in everything if type(thing) is threading._PyRLock]  # type: ignore[attr-defined]  # private to CPython


def release_held_by(process: Process) -> None:
    """Release every lock a greenlet of the dead `process` holds, in order of first holding."""
    everything = gc.get_objects()
    rlocks = _frozen_rlocks + [t for t in everything if type(t) is threading._PyRLock]  # type: ignore[attr-defined]  # private to CPython
    locks = _frozen + [thing for thing in everything if isinstance(thing, Lock)]
    for rlock in rlocks:
        holder = getattr(rlock._block, "owner", None)
        if holder is not None and getattr(holder, "process", None) is process:
            rlock._owner = None
            rlock._count = 0
    held = {
        lock.number: lock
        for lock in locks
        if lock.owner is not None and getattr(lock.owner, "process", None) is process
    }
    for _, lock in sorted(held.items()):
        lock.release()


def forget_threads_of(process: Process) -> None:
    """Drop the threads of the dead `process` from the standard library's tables."""
    for child in process.greenlets():
        threading._active.pop(creation_number(child), None)  # type: ignore[attr-defined]  # private to CPython


def install() -> None:
    """Make every lock made from now on a `Lock`; call it before and after gevent patches the thread modules."""
    import _thread

    import gevent.thread
    import gevent.threading

    for module, names in (
        (gevent.thread, ("LockType", "allocate_lock", "lock")),
        (gevent.threading, ("Lock", "_allocate_lock")),
        (_thread, ("LockType", "allocate_lock", "allocate", "lock")),
        (threading, ("Lock", "_allocate_lock")),
    ):
        for name in names:
            if hasattr(module, name):
                setattr(module, name, Lock)
