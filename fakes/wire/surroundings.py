"""`Surroundings` on the real clock: what an emulator gets when it is served on loopback.

It must not know any single emulator, nor how calls reach it.
"""

from __future__ import annotations

import heapq
import http.client
import itertools
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from fakes.seam import Answer, Backend, Call, Ruling

Ruler = Callable[[Call], Ruling]
Recorder = Callable[[str, Mapping[str, Any]], None]


_FEW = 64
"""Cancelled timers that may lie about."""


class RealTimer:
    """A pending `call_later` on the real clock."""

    def __init__(self, action: Callable[[], None], cancelled: Callable[[RealTimer], None]) -> None:
        self.action: Callable[[], None] | None = action
        self._cancelled = cancelled

    def cancel(self) -> None:
        """Forget it; does nothing when it has run already."""
        self._cancelled(self)


class Alarms:
    """Runs actions at their times, each in a daemon thread of its own, from one waiting thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, RealTimer]] = []
        self._idle = 0
        self._numbers = itertools.count()
        self._waiting: threading.Thread | None = None
        self._closed = False

    def add(self, seconds: float, action: Callable[[], None]) -> RealTimer:
        """Run `action` in `seconds` (>= 0)."""
        timer = RealTimer(action, self._cancel)
        with self._changed:
            heapq.heappush(self._heap, (time.monotonic() + seconds, next(self._numbers), timer))
            if self._waiting is None:
                self._waiting = threading.Thread(target=self._wait, name="wire-alarms", daemon=True)
                self._waiting.start()
            if self._heap[0][2] is timer:
                self._changed.notify()
        return timer

    def close(self) -> None:
        """Run nothing more."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _cancel(self, timer: RealTimer) -> None:
        with self._changed:
            if timer.action is None:
                return
            timer.action = None
            self._idle += 1
            if self._idle > max(_FEW, len(self._heap) // 2):
                # Most are cancelled long before their time, of a lease or of a transaction say.
                self._heap = [entry for entry in self._heap if entry[2].action is not None]
                heapq.heapify(self._heap)
                self._idle = 0

    def _wait(self) -> None:
        with self._changed:
            while not self._closed:
                if not self._heap:
                    self._changed.wait()
                elif (left_s := self._heap[0][0] - time.monotonic()) > 0:
                    self._changed.wait(left_s)
                else:
                    timer = heapq.heappop(self._heap)[2]
                    action, timer.action = timer.action, None
                    if action is None:
                        self._idle -= 1
                    else:
                        threading.Thread(target=action, name="wire-alarm", daemon=True).start()


class RealSurroundings:
    """What one emulator gets from outside when it runs for real.

    `rule` and `record` are asked with each call and event (default: all is well, nothing is kept); `peers` are the
    other back ends by name, filled as they are made. Chance is seeded by `seed` and the back end's name.
    """

    def __init__(
        self,
        backend: str,
        *,
        seed: int = 0,
        rule: Ruler | None = None,
        record: Recorder | None = None,
        peers: Mapping[str, Backend] | None = None,
    ) -> None:
        self._backend = backend
        self._seed = seed
        self._rule = rule
        self._record = record
        self._peers = peers if peers is not None else {}
        self._streams: dict[str, random.Random] = {}
        self._alarms = Alarms()
        # One reading of the calendar, then the monotonic clock: a step of the host's clock must not expire leases.
        self._epoch_ns = time.time_ns() - time.monotonic_ns()

    def now_ns(self) -> int:
        """The time of day, in nanoseconds since the Unix epoch."""
        return self._epoch_ns + time.monotonic_ns()

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass for the calling thread only."""
        time.sleep(seconds)

    def call_later(self, seconds: float, action: Callable[[], None]) -> RealTimer:
        """Run `action` in a thread of its own after `seconds`."""
        return self._alarms.add(seconds, action)

    def rng(self, stream: str) -> random.Random:
        """The seeded stream of that name."""
        return self._streams.setdefault(stream, random.Random(f"{self._seed}/{self._backend}/{stream}"))

    def rule(self, call: Call) -> Ruling:
        """What becomes of `call`."""
        return self._rule(call) if self._rule is not None else Ruling()

    def record(self, kind: str, /, **fields: Any) -> None:
        """Hand the event on."""
        if self._record is not None:
            self._record(kind, fields)

    def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
        """POST over a fresh connection."""
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        connection: http.client.HTTPConnection = (
            http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=timeout_s)
            if secure
            else http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
        )
        target = parts.path or "/"
        if parts.query:
            target += f"?{parts.query}"
        try:
            connection.request("POST", target, body, dict(headers))
            response = connection.getresponse()
            return Answer(response.status, response.read(), dict(response.getheaders()))
        except TimeoutError:
            return Answer(0, problem="timeout")
        except ConnectionRefusedError:
            return Answer(0, problem="refused")
        except OSError as error:
            # Name look-up fails with gaierror, an OSError without a peer; everything else had one.
            unknown = type(error).__name__ == "gaierror"
            return Answer(0, problem="unknown host" if unknown else "reset")
        except http.client.HTTPException:
            return Answer(0, problem="reset")
        finally:
            connection.close()

    def peer(self, backend: str) -> Any:
        """Another back end by name; KeyError if absent."""
        return self._peers[backend]

    def close(self) -> None:
        """Run no more timers."""
        self._alarms.close()
