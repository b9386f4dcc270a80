"""What a simulated file descriptor refers to, and how greenlets wait for it.

This module exists so that sockets, `select`, `poll`, `epoll` and `selectors` share one notion of readiness. It must not
know what a connection is, nor any network.
"""

from __future__ import annotations

import errno
import os
import select as real_select
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gevent import get_hub
from greenlet import getcurrent

FIRST_FD = 1 << 24
"""Simulated descriptors start here: above any real one (Linux's limit, `fs.nr_open`, is 1 << 20 by default)."""

IN = real_select.POLLIN
OUT = real_select.POLLOUT
ERR = real_select.POLLERR
HUP = real_select.POLLHUP
NVAL = real_select.POLLNVAL
RDHUP = real_select.POLLRDHUP
ALWAYS = ERR | HUP
"""poll(2) reports these whether asked for or not."""

Watch = Callable[["Pollable"], None]


class Pollable:
    """Something with readiness: one end of a connection, or a listener; `owner` is the process it belongs to.

    Subclasses say what is ready now (`ready`, a mask of poll(2) bits) and call `changed` whenever bits may have been
    added. Waking is always by way of the loop's queue, never by a direct switch, so that the order of events stays
    first in, first out and in the hands of whoever schedules greenlets.
    """

    __slots__ = ("_waiters", "_watches", "nonblocking", "owner", "references")

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self._waiters: list[tuple[int, Sleeper]] = []
        self._watches: list[Watch] = []
        self.references = 0
        self.nonblocking = False  # O_NONBLOCK of the open file

    def ready(self) -> int:
        """The poll(2) bits that hold at this moment."""
        raise NotImplementedError

    def released(self) -> None:
        """The last descriptor that referred to this was closed."""
        raise NotImplementedError

    def changed(self, mask: int) -> None:
        """Wake whoever waits for any bit of `mask`."""
        waiters = self._waiters
        if waiters:
            run_callback = get_hub().loop.run_callback
            kept = []
            for entry in waiters:
                if entry[0] & mask:
                    run_callback(entry[1].wake)
                else:
                    kept.append(entry)
            self._waiters = kept
        for watch in self._watches:
            watch(self)

    def watch(self, watch: Watch) -> None:
        """Call `watch(self)` at every change until `unwatch`; it must not block."""
        self._watches.append(watch)

    def unwatch(self, watch: Watch) -> None:
        """Undo `watch`."""
        self._watches.remove(watch)

    def forget_waiters(self) -> None:
        """Drop whoever waits, unwoken: their process is dead."""
        self._waiters = []
        self._watches = []

    def wait(self, mask: int, timeout_s: float | None, blocked: Callable[[], bool]) -> bool:
        """As `wait_for_any`, for this one."""
        sleeper = Sleeper(timeout_s)
        entry = mask | ALWAYS, sleeper
        try:
            while blocked():
                if sleeper.expired:
                    return False
                if entry not in self._waiters:
                    self._waiters.append(entry)
                sleeper.sleep()
            return True
        finally:
            sleeper.done()
            if entry in self._waiters:
                self._waiters.remove(entry)


def wait_for_any(wanted: Sequence[tuple[Pollable, int]], timeout_s: float | None, blocked: Callable[[], bool]) -> bool:
    """Wait while `blocked()` holds, looking again whenever a pollable may have gained a bit of its mask.

    False when `timeout_s` (>= 0 seconds, None: for ever) passed first; one timer covers all the looking, for a wake-up
    is only a hint, as with a condition variable.
    """
    sleeper = Sleeper(timeout_s)
    entries = [(pollable, (mask | ALWAYS, sleeper)) for pollable, mask in wanted]
    try:
        while blocked():
            if sleeper.expired:
                return False
            for pollable, entry in entries:
                if entry not in pollable._waiters:
                    pollable._waiters.append(entry)
            sleeper.sleep()
        return True
    finally:
        sleeper.done()
        for pollable, entry in entries:
            if entry in pollable._waiters:
                pollable._waiters.remove(entry)


class Sleeper:
    """A greenlet that waits to be woken, at the latest after `timeout_s` (>= 0 seconds, None: never).

    However many wake it before it runs again (its process may be paused), it is switched to once: a second switch
    would hit whatever it waits for by then.
    """

    __slots__ = ("_timer", "expired", "greenlet")

    def __init__(self, timeout_s: float | None) -> None:
        self.greenlet: Any = None
        """Who sleeps; None once woken."""
        self.expired = False
        self._timer: Any = None
        if timeout_s is not None:
            self._timer = get_hub().loop.timer(timeout_s)
            self._timer.start(self._expire)

    def sleep(self) -> None:
        """Wait to be woken."""
        self.greenlet = getcurrent()
        switch = get_hub().switch
        while self.greenlet is not None:
            switch()

    def wake(self) -> None:
        """Switch to it; call it in the hub."""
        sleeping, self.greenlet = self.greenlet, None
        if sleeping is not None:
            sleeping.switch()

    def done(self) -> None:
        """It waits no more."""
        self.greenlet = None
        if self._timer is not None:
            self._timer.close()

    def _expire(self) -> None:
        self.expired = True
        self.wake()


def yield_once() -> None:
    """Let everything that is runnable now run before the caller goes on."""
    get_hub().loop.sleep()


class DescriptorTable:
    """The open simulated descriptors of one run, numbered from `FIRST_FD` and never reused.

    Numbers are not reused so that a stale one is an error (EBADF) here, where an operating system would quietly hand
    its holder somebody else's connection.
    """

    def __init__(self) -> None:
        self._open: dict[int, Pollable] = {}
        self._next = FIRST_FD

    def open(self, pollable: Pollable) -> int:
        """A new descriptor for `pollable`."""
        fd = self._next
        self._next += 1
        self._open[fd] = pollable
        pollable.references += 1
        return fd

    def duplicate(self, fd: int) -> int:
        """Another descriptor for the same thing."""
        return self.open(self.get(fd))

    def get(self, fd: int) -> Pollable:
        """What `fd` refers to; OSError EBADF when it is not open."""
        try:
            return self._open[fd]
        except KeyError:
            raise bad_descriptor() from None

    def find(self, fd: int) -> Pollable | None:
        """What `fd` refers to, or None."""
        return self._open.get(fd)

    def replace(self, fd: int, pollable: Pollable) -> None:
        """Let `fd` refer to something else (a socket that began to listen); OSError EINVAL if it was duplicated."""
        old = self.get(fd)
        if old.references != 1:
            raise OSError(errno.EINVAL, "a duplicated simulated socket cannot begin to listen: listen before dup()")
        pollable.references = 1
        pollable.nonblocking = old.nonblocking
        pollable._waiters, old._waiters = old._waiters, []
        pollable._watches, old._watches = old._watches, []
        self._open[fd] = pollable

    def close(self, fd: int) -> None:
        """Close `fd`; OSError EBADF when it is not open."""
        pollable = self._open.pop(fd, None)
        if pollable is None:
            raise bad_descriptor()
        pollable.references -= 1
        if not pollable.references:
            pollable.released()

    def drop_owner(self, owner: str) -> None:
        """Forget the descriptors of a dead process, and whoever waited for them, without releasing anything."""
        for fd in [fd for fd, pollable in self._open.items() if pollable.owner == owner]:
            pollable = self._open.pop(fd)
            pollable.references = 0
            pollable.forget_waiters()

    def __iter__(self) -> Iterator[int]:
        return iter(self._open)

    def clear(self) -> None:
        """Start afresh for another run: numbers begin again at `FIRST_FD`."""
        self._open.clear()
        self._next = FIRST_FD


TABLE = DescriptorTable()
"""The table of this OS process. It is global because descriptors are: code passes bare integers to `select`."""


def bad_descriptor() -> OSError:
    """EBADF as the kernel words it."""
    return OSError(errno.EBADF, os.strerror(errno.EBADF))
