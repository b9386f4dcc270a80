"""What a state machine has to do later, under one timer.

A timer per message would cost the kernel a thread per message; one heap and one timer do for thousands. It must not
know what the entries mean.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from fakes.seam import Surroundings, Timer

T = TypeVar("T")

_MANY = 1024
"""Entries below which nothing is looked for."""


class Agenda(Generic[T]):
    """Entries with due times in nanoseconds since the epoch; `wake` is called, in a thread of its own, when one is due.

    The owner finds out from `due` whether an entry still means anything. Those that mean nothing any more, by the
    owner's `meant`, are let go when there are many: a lease may last ten minutes, and be over after a millisecond.
    """

    def __init__(self, around: Surroundings, wake: Callable[[], None], meant: Callable[[T], bool]) -> None:
        self._around = around
        self._wake = wake
        self._meant = meant
        self._sifted_at = _MANY
        self._heap: list[tuple[int, int, T]] = []
        self._numbers = itertools.count()
        self._timer: Timer | None = None
        self._timer_ns = 0

    def add(self, due_ns: int, entry: T) -> None:
        """Have `entry` popped at `due_ns` or as soon as possible after it."""
        heapq.heappush(self._heap, (due_ns, next(self._numbers), entry))
        if len(self._heap) >= self._sifted_at:
            self._heap[:] = [one for one in self._heap if self._meant(one[2])]
            heapq.heapify(self._heap)
            self._sifted_at = max(_MANY, 2 * len(self._heap))
        self._arm()

    def due(self, now_ns: int) -> Iterator[T]:
        """The entries due at `now_ns`, earliest first, those added meanwhile included; call it from `wake` only."""
        while self._heap and self._heap[0][0] <= now_ns:
            yield heapq.heappop(self._heap)[2]
        self._timer = None
        self._arm()

    def close(self) -> None:
        """Forget everything."""
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if not self._heap:
            return
        due_ns = self._heap[0][0]
        if self._timer is not None:
            if self._timer_ns <= due_ns:
                return
            self._timer.cancel()
        self._timer_ns = due_ns
        self._timer = self._around.call_later(max(0, due_ns - self._around.now_ns()) / 1e9, self._wake)
