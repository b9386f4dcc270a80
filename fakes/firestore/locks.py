"""Locks on documents: first come, first served, and no deadlock lasts.

It must not know what the locks are for, nor time; whoever waits is told when to give up. Every method is called with
the database's lock held, except `Waiter.wait`.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field

from fakes.seam import GrpcError


def contention() -> GrpcError:
    """What the service says of a lock that was not to be had."""
    return GrpcError("ABORTED", "Too much contention on these documents. Please try again.")


@dataclass(eq=False)
class Waiter:
    """An owner that waits for all of `names` at once."""

    owner: Owner
    names: tuple[str, ...]
    error: GrpcError | None = None
    _done: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> None:
        """Until the locks are held; raises what it was ended with."""
        self._done.wait()
        if self.error is not None:
            raise self.error

    def end(self, error: GrpcError | None) -> None:
        """Wait no longer."""
        self.error = error
        self._done.set()


@dataclass(eq=False)
class Owner:
    """Who holds locks; the smaller `age`, the older it is, and the older survives a deadlock."""

    age: int


class Locks:
    """Exclusive locks by document name."""

    def __init__(self) -> None:
        self._holders: dict[str, Owner] = {}
        self._held: dict[Hashable, dict[str, None]] = {}
        self._waiters: list[Waiter] = []

    def request(self, owner: Owner, names: Iterable[str]) -> Waiter | None:
        """Take the locks if they are free (None), or stand in line for all of them.

        A wait that would close a circle ends the youngest in it with ABORTED; that may be the one returned.
        """
        wanted = tuple(sorted({name for name in names if self._holders.get(name) is not owner}))
        if not wanted:
            return None
        waiter = Waiter(owner, wanted)
        if not any(True for _ in self._blockers(waiter, self._waiters)):
            self._take(waiter)
            return None
        self._waiters.append(waiter)
        self._break_circle(waiter)
        return waiter

    def give_up(self, waiter: Waiter, error: GrpcError) -> None:
        """Take a waiter out of the line, if it still stands there."""
        if waiter in self._waiters:
            self._waiters.remove(waiter)
            waiter.end(error)
            self._grant()

    def release(self, owner: Owner) -> None:
        """Everything `owner` holds is free, and it waits for nothing."""
        for name in self._held.pop(owner, ()):
            del self._holders[name]
        for waiter in [waiter for waiter in self._waiters if waiter.owner is owner]:
            self._waiters.remove(waiter)
            waiter.end(contention())
        self._grant()

    def is_idle(self) -> bool:
        """Whether nothing is held and nobody waits."""
        return not self._holders and not self._waiters

    def _take(self, waiter: Waiter) -> None:
        held = self._held.setdefault(waiter.owner, {})
        for name in waiter.names:
            self._holders[name] = waiter.owner
            held[name] = None

    def _grant(self) -> None:
        index = 0
        while index < len(self._waiters):
            waiter = self._waiters[index]
            if any(True for _ in self._blockers(waiter, self._waiters[:index])):
                index += 1
            else:
                del self._waiters[index]
                self._take(waiter)
                waiter.end(None)

    def _blockers(self, waiter: Waiter, before: list[Waiter]) -> Iterator[Owner]:
        for name in waiter.names:
            holder = self._holders.get(name)
            if holder is not None and holder is not waiter.owner:
                yield holder
            for earlier in before:
                if earlier.owner is not waiter.owner and name in earlier.names:
                    yield earlier.owner

    def _break_circle(self, start: Waiter) -> None:
        while start in self._waiters and (circle := self._circle(start)):
            youngest = max(circle, key=lambda waiter: waiter.owner.age)
            self.give_up(youngest, contention())

    def _circle(self, start: Waiter) -> list[Waiter]:
        """The waiters on a path of waits from `start` back to its owner, [] if there is none."""
        path: list[Waiter] = []
        seen: set[int] = set()

        def visit(waiter: Waiter) -> bool:
            if id(waiter) in seen:
                return False
            seen.add(id(waiter))
            path.append(waiter)
            before = self._waiters[: self._waiters.index(waiter)]
            for owner in self._blockers(waiter, before):
                if owner is start.owner:
                    return True
                if any(visit(other) for other in self._waiters if other.owner is owner):
                    return True
            path.pop()
            return False

        return path if visit(start) else []
