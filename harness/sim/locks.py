"""Locks that remember who holds them, so that a crash cannot leave one held for ever.

Killed inside `ThreadPoolExecutor.submit`, a process left `concurrent.futures.thread._global_shutdown_lock` held and
another process's `submit` never returned (finding 9 of the kernel notes). Real processes do not share locks; ours
share those of every library that is loaded once. This module knows processes and locks, nothing else.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from typing import Any

from gevent.lock import BoundedSemaphore
from greenlet import getcurrent

from harness.sim.order import creation_number
from harness.sim.process import Process

_numbers = itertools.count(1)
_acquire, _release = BoundedSemaphore.acquire, BoundedSemaphore.release


def on_wait(lock: Lock) -> None:
    """Called when a thread is about to wait for `lock` without a time-out; `harness.sim.kernel` puts its own here."""


class Lock(BoundedSemaphore):  # type: ignore[misc]  # gevent ships no types
    """`threading.Lock` in virtual time, with an `owner`: the greenlet that acquired it and has not released it."""

    def __init__(self) -> None:
        super().__init__(1)
        self.owner: Any = None
        self.number = next(_numbers)
        _locks.add(self)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Acquire it, waiting at most `timeout` seconds (-1: for ever); ValueError where `_thread.lock` raises it."""
        if timeout != -1:
            if not blocking:
                raise ValueError("can't specify a timeout for a non-blocking call")
            if timeout < 0:
                raise ValueError("timeout value must be a non-negative number")
            if timeout > threading.TIMEOUT_MAX:
                raise OverflowError("timestamp out of range for platform time_t")
        acquired: bool = _acquire(self, False)
        if not acquired and blocking:
            acquired = self._wait(timeout)
        if acquired:
            self.owner = getcurrent()
        return acquired

    def _wait(self, timeout: float) -> bool:
        if timeout != -1:
            return bool(_acquire(self, True, timeout))
        waiting = getcurrent().__dict__
        waiting["waits_for"] = self
        try:
            on_wait(self)
            return bool(_acquire(self, True))
        finally:
            del waiting["waits_for"]

    acquire_lock = acquire

    def release(self) -> None:
        """Release it; RuntimeError if it is not locked."""
        if self.counter:
            raise RuntimeError("release unlocked lock")
        self.owner = None
        _release(self)

    release_lock = release

    def locked(self) -> bool:
        """Whether somebody holds it."""
        return not self.counter

    def _at_fork_reinit(self) -> None:
        self.owner = None
        if not self.counter:
            _release(self)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self.release()


_locks: weakref.WeakSet[Lock] = weakref.WeakSet()
_rlocks: weakref.WeakSet[Any] = weakref.WeakSet()


def release_held_by(process: Process) -> None:
    """Release every lock a greenlet of the dead `process` holds, in order of their making."""
    for rlock in list(_rlocks):
        if _holder(rlock._block) is process:
            rlock._owner = None
            rlock._count = 0
    held = [lock for lock in list(_locks) if _holder(lock) is process]
    for lock in sorted(held, key=lambda lock: lock.number):
        lock.release()


def _holder(lock: Any) -> Process | None:
    holder: Process | None = getattr(getattr(lock, "owner", None), "process", None)
    return holder


def forget_threads_of(process: Process) -> None:
    """Drop the threads of the dead `process` from the standard library's tables."""
    for child in process.greenlets():
        threading._active.pop(creation_number(child), None)  # type: ignore[attr-defined]  # private to CPython


_real_init_rlock: Any = None


def _init_rlock(self: Any) -> None:
    _real_init_rlock(self)
    _rlocks.add(self)


def install() -> None:
    """Make every lock made from now on a `Lock`; call it before and after gevent patches the thread modules."""
    import _thread

    import gevent.thread
    import gevent.threading

    rlock: Any = threading._PyRLock  # type: ignore[attr-defined]  # what RLock() makes once gevent has patched
    if rlock.__init__ is not _init_rlock:
        global _real_init_rlock  # noqa: PLW0603 - kept for the wrapper, which is installed once
        _real_init_rlock = rlock.__init__
        rlock.__init__ = _init_rlock
    for module, names in (
        (gevent.thread, ("LockType", "allocate_lock", "lock")),
        (gevent.threading, ("Lock", "_allocate_lock")),
        (_thread, ("LockType", "allocate_lock", "allocate", "lock")),
        (threading, ("Lock", "_allocate_lock")),
    ):
        for name in names:
            if hasattr(module, name):
                setattr(module, name, Lock)
