"""What an emulator gets from outside where a test runs it in a simulation without a world."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from fakes.seam import Answer, Call, Ruling


class Timer:
    def __init__(self, watcher: Any) -> None:
        self.watcher = watcher

    def cancel(self) -> None:
        self.watcher.stop()


def ruled_by(by_method: dict[str, Ruling]) -> Callable[[Call], Ruling]:
    """A rule that gives each ruling once, to the next call of that method (an RPC's last word)."""
    return lambda call: by_method.pop(call.method.rpartition("/")[2], Ruling())


class Around:
    """Surroundings on the kernel's clock; each of `rulings` goes to the next call whose method ends as it says."""

    def __init__(self, rule: Callable[[Call], Ruling] | None = None) -> None:
        """`rule` takes the place of the `rulings`."""
        import gevent

        if rule is not None:
            self.rule = rule  # type: ignore[method-assign]  # the caller's own

        self.spawn = gevent.spawn
        self.loop = gevent.get_hub().loop
        self.sleep = gevent.sleep
        self.rulings: list[tuple[str, Ruling]] = []
        self.events: list[dict[str, Any]] = []
        self._streams: dict[str, Any] = {}

    def now_ns(self) -> int:
        return time.time_ns()

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        watcher = self.loop.timer(seconds)
        watcher.start(self.spawn, action)
        return Timer(watcher)

    def rng(self, stream: str) -> Any:
        import random

        return self._streams.setdefault(stream, random.Random(stream))

    def rule(self, call: Call) -> Ruling:
        for place, (method, ruling) in enumerate(self.rulings):
            if call.method.endswith(method):
                del self.rulings[place]
                return ruling
        return Ruling()

    def record(self, kind: str, /, **fields: Any) -> None:
        self.events.append({"t_ns": self.loop.now_ns, "kind": kind, **fields})

    def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
        raise NotImplementedError("no push in these tests")

    def peer(self, backend: str) -> Any:
        raise KeyError(backend)

    def outcomes(self, method: str) -> list[str]:
        return [e["outcome"] for e in self.events if e["kind"] == "call" and e["method"].endswith(method)]

    def messages(self, event: str) -> list[dict[str, Any]]:
        return [e for e in self.events if e["kind"] == "message" and e["event"] == event]
