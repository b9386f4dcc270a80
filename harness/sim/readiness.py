"""Waiting for many descriptors at once: `select`, `poll`, `epoll` and `selectors` on simulated descriptors.

This module exists because client libraries ask a descriptor, not a socket, whether a pooled connection has gone stale,
and because asyncio lives on it. It must not know what is behind a descriptor.
"""

from __future__ import annotations

import select as real_select
import selectors
from collections.abc import Iterable, Mapping
from typing import Any

from gevent import get_hub
from gevent.hub import Waiter

from harness.sim.descriptors import (
    ALWAYS,
    ERR,
    FIRST_FD,
    HUP,
    IN,
    NVAL,
    OUT,
    RDHUP,
    TABLE,
    Pollable,
    bad_descriptor,
    wait_for_any,
    yield_once,
)
from harness.sim.guard import RealIoError

PRI = real_select.POLLPRI
ONESHOT = real_select.EPOLLONESHOT
EDGE = real_select.EPOLLET
_READABLE = IN | HUP | ERR | RDHUP
_WRITABLE = OUT | ERR


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


def select(
    rlist: Iterable[Any], wlist: Iterable[Any], xlist: Iterable[Any], timeout: float | None = None
) -> tuple[list[Any], list[Any], list[Any]]:
    """select.select; without any descriptor it is a sleep."""
    if timeout is not None and timeout < 0:
        raise ValueError("timeout must be non-negative")
    asked = [
        (kind, thing, _open(descriptor_of(thing)), bits)
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
    while not any(found):
        if not wait_for_any([(pollable, bits) for _, _, pollable, bits in asked], timeout):
            return look()
        found = look()
    return found


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
        timeout_s = None if timeout is None or timeout < 0 else timeout / 1000
        while not found:
            wanted = [(_open(fd), mask) for fd, mask in self._asked.items()]
            if not wait_for_any(wanted, timeout_s):
                return self._look()
            found = self._look()
        return found

    def _look(self) -> list[tuple[int, int]]:
        found = []
        for fd, mask in self._asked.items():
            pollable = TABLE.find(fd)
            bits = NVAL if pollable is None else pollable.ready() & (mask | ALWAYS)
            if bits:
                found.append((fd, bits))
        return found


class Interest:
    """A set of descriptors and the bits asked of each, that knows without looking at all of them which may be ready.

    What changed since the last look is remembered in order, so a wait costs as much as there is to report.
    """

    def __init__(self) -> None:
        self._asked: dict[int, tuple[Pollable, int]] = {}
        self._numbers: dict[Pollable, list[int]] = {}
        self._candidates: dict[int, None] = {}
        self._waiter: Waiter | None = None

    def __contains__(self, fd: int) -> bool:
        return fd in self._asked

    def put(self, fd: int, mask: int) -> None:
        """Ask for `mask` of `fd`; OSError EBADF when it is not open."""
        pollable = _open(fd)
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
        if timeout_s is not None and timeout_s <= 0:
            yield_once()
            return self.ready(limit)
        found = self.ready(limit)
        if found:
            yield_once()
            return found
        hub = get_hub()
        timer = None
        waiter = Waiter(hub)
        if timeout_s is not None:
            timer = hub.loop.timer(timeout_s)
            timer.start(waiter.switch, False)
        try:
            while not found:
                self._waiter = waiter
                if not waiter.get():
                    return self.ready(limit)
                waiter.clear()
                found = self.ready(limit)
            return found
        finally:
            self._waiter = None
            if timer is not None:
                timer.close()

    def _changed(self, pollable: Pollable) -> None:
        for fd in self._numbers[pollable]:
            self._candidates[fd] = None
        if self._waiter is not None:
            waiter, self._waiter = self._waiter, None
            get_hub().loop.run_callback(waiter.switch, True)


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


class SimSelector(selectors.BaseSelector):
    """selectors.DefaultSelector, and with it what asyncio waits on."""

    def __init__(self) -> None:
        self._interest = Interest()
        self._keys: dict[int, selectors.SelectorKey] = {}
        self._map: Mapping[Any, selectors.SelectorKey] = _KeyMap(self)

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Ask for EVENT_READ or EVENT_WRITE or both; KeyError if registered, ValueError for other events."""
        fd = self.descriptor_of(fileobj)
        if fd in self._keys:
            raise KeyError(f"{fileobj!r} (FD {fd}) is already registered")
        return self._put(fileobj, fd, events, data)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Change what is asked; KeyError if it is not registered."""
        key = self.get_key(fileobj)
        if events == key.events:
            key = self._keys[key.fd] = key._replace(data=data)
            return key
        return self._put(key.fileobj, key.fd, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Ask no more; KeyError if it is not registered."""
        key = self.get_key(fileobj)
        del self._keys[key.fd]
        self._interest.drop(key.fd)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """[(key, events)] of what is ready; `timeout` in seconds, None for ever, <= 0 not at all (others run)."""
        found = []
        for fd, bits in self._interest.wait(timeout):
            key = self._keys.get(fd)
            if key is None:
                continue
            events = 0
            if bits & ~IN:
                events |= selectors.EVENT_WRITE
            if bits & ~OUT:
                events |= selectors.EVENT_READ
            if events & key.events:
                found.append((key, events & key.events))
        return found

    def close(self) -> None:
        """Ask nothing more of anything."""
        self._interest.clear()
        self._keys.clear()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """What is registered, by file object."""
        return self._map

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        """The key of a registered file object; KeyError if it is not."""
        try:
            return self._keys[self.descriptor_of(fileobj)]
        except KeyError:
            raise KeyError(f"{fileobj!r} is not registered") from None

    def descriptor_of(self, fileobj: Any) -> int:
        """Its descriptor, or the one it had when it was registered if it has been closed since."""
        try:
            return descriptor_of(fileobj)
        except (ValueError, AttributeError):
            for key in self._keys.values():
                if key.fileobj is fileobj:
                    return key.fd
            raise ValueError(f"Invalid file object: {fileobj!r}") from None

    def _put(self, fileobj: Any, fd: int, events: int, data: Any) -> selectors.SelectorKey:
        if not events or events & ~(selectors.EVENT_READ | selectors.EVENT_WRITE):
            raise ValueError(f"Invalid events: {events!r}")
        mask = (IN if events & selectors.EVENT_READ else 0) | (OUT if events & selectors.EVENT_WRITE else 0)
        self._interest.put(fd, mask)
        key = self._keys[fd] = selectors.SelectorKey(fileobj, fd, events, data)
        return key


class _KeyMap(Mapping[Any, selectors.SelectorKey]):
    """The keys of a selector by file object, as `get_map` shows them."""

    def __init__(self, selector: SimSelector) -> None:
        self._selector = selector

    def __len__(self) -> int:
        return len(self._selector._keys)

    def __getitem__(self, fileobj: Any) -> selectors.SelectorKey:
        return self._selector.get_key(fileobj)

    def __iter__(self) -> Any:
        return iter([key.fileobj for key in self._selector._keys.values()])


def _open(fd: int) -> Pollable:
    pollable = TABLE.find(fd)
    if pollable is None:
        raise bad_descriptor()
    return pollable
