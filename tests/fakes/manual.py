"""Surroundings moved by hand: an emulator's unit tests own the clock and see what was recorded."""

import heapq
import itertools
import random
from collections.abc import Callable, Mapping
from typing import Any

from fakes.seam import Answer, Call, Ruling

START_NS = 1_768_521_600_000_000_000
"""2026-01-16T00:00:00Z."""


class ManualTimer:
    def __init__(self, action: Callable[[], None]) -> None:
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        self.action = None


class ManualSurroundings:
    """`advance` runs what falls due, in order; `rulings` are handed out first to last; `events` is the record.

    `sleep` inside an emulator advances the same clock, so a test of one thread needs no kernel.
    """

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self.epoch_ns = START_NS
        self.events: list[dict[str, Any]] = []
        self.rulings: list[Ruling] = []
        self.calls: list[Call] = []
        self.posts: list[tuple[str, bytes, Mapping[str, str]]] = []
        self.answer: Callable[[str, bytes, Mapping[str, str]], Answer] = lambda url, body, headers: Answer(204)
        self.peers: dict[str, Any] = {}
        self._streams: dict[str, random.Random] = {}
        self._heap: list[tuple[int, int, ManualTimer]] = []
        self._numbers = itertools.count()

    def now_ns(self) -> int:
        return self.epoch_ns

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def call_later(self, seconds: float, action: Callable[[], None]) -> ManualTimer:
        timer = ManualTimer(action)
        heapq.heappush(self._heap, (self.epoch_ns + round(seconds * 1e9), next(self._numbers), timer))
        return timer

    def rng(self, stream: str) -> random.Random:
        return self._streams.setdefault(stream, random.Random(f"{self.seed}/{stream}"))

    def rule(self, call: Call) -> Ruling:
        self.calls.append(call)
        return self.rulings.pop(0) if self.rulings else Ruling()

    def record(self, kind: str, /, **fields: Any) -> None:
        self.events.append({"t_ns": self.epoch_ns - START_NS, "kind": kind, **fields})

    def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
        self.posts.append((url, body, headers))
        return self.answer(url, body, headers)

    def peer(self, backend: str) -> Any:
        return self.peers[backend]

    def advance(self, seconds: float) -> None:
        """Let time pass, running timers on the way at their own times."""
        until_ns = self.epoch_ns + round(seconds * 1e9)
        while self._heap and self._heap[0][0] <= until_ns:
            when_ns, _, timer = heapq.heappop(self._heap)
            self.epoch_ns = max(self.epoch_ns, when_ns)
            action, timer.action = timer.action, None
            if action is not None:
                action()
        self.epoch_ns = max(self.epoch_ns, until_ns)
