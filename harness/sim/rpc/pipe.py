"""One direction of an RPC: a head, messages and an end that arrive in order, some time after they were sent.

It keeps HTTP/2's promise that a sender cannot run ahead of a slow reader without bound, because an endless response
stream would otherwise be produced in no virtual time at all. It must not know clients, servers or statuses.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import gevent

Head = TypeVar("Head")
End = TypeVar("End")

WINDOW_BYTES = 65_535
"""HTTP/2's initial flow-control window (RFC 9113, 6.9.2). The last message may overshoot it, as frames do."""

PREFIX_BYTES = 5
"""gRPC's length prefix, so that empty messages fill the window too (doc/PROTOCOL-HTTP2.md of the gRPC repository)."""

_HEAD, _MESSAGE, _END = range(3)


def _nobody(what: object) -> None:
    """Nobody is left to be told."""


class Pipe(Generic[Head, End]):
    """Carries `send_head`, then any number of `send`, then `send_end`, each `delay_s` (>= 0) seconds later.

    `on_head` and `on_end` must not block; `on_end` is called once every message before it was received. Credit for the
    window comes back to the sender in the instant a message is received.
    """

    def __init__(self, delay_s: float, on_head: Callable[[Head], None], on_end: Callable[[End], None]) -> None:
        self._loop = gevent.get_hub().loop
        self._delay_s = delay_s
        self._on_head = on_head
        self._on_end = on_end
        self._credit_bytes = WINDOW_BYTES
        self._waiting: deque[tuple[int, Any, Callable[[], None] | None]] = deque()
        self._flight: deque[tuple[float, Any, list[tuple[int, Any]]]] = deque()
        self._arrived: deque[bytes] = deque()
        self._reader: Callable[[bytes | None], None] | None = None
        self._end: list[End] = []
        self._cut = False
        self._released = False

    def send_head(self, head: Head) -> None:
        """Send what precedes the messages."""
        self._push(_HEAD, head, None)

    def send(self, message: bytes, accepted: Callable[[], None] | None = None) -> None:
        """Send a message; `accepted()` is called (perhaps at once) when the window let it through."""
        self._push(_MESSAGE, message, accepted)

    def send_end(self, end: End) -> None:
        """Send the end; nothing may follow."""
        self._push(_END, end, None)

    def receive(self, deliver: Callable[[bytes | None], None]) -> None:
        """Call `deliver(message)` with the next message, or `deliver(None)` at the end; one reader at a time."""
        if self._reader is not None:
            raise RuntimeError("a message of this RPC is already being waited for; receive them one at a time")
        if self._arrived:
            deliver(self._take())
            self._maybe_end()
        elif self._cut or self._end:
            deliver(None)
        else:
            self._reader = deliver

    def cut(self) -> None:
        """The reading end goes: drop what it has not received; who waits is told of an end, `on_end` never comes.

        The writing end notices nothing but that its credit does not come back.
        """
        if self._cut:
            return
        self._cut = True
        for _, timer, _ in self._flight:
            timer.stop()
            timer.close()
        self._flight.clear()
        self._arrived.clear()
        reader, self._reader = self._reader, None
        if reader is not None:
            reader(None)

    def forsake(self) -> None:
        """Like `cut`, but nobody is told: the greenlets at the reading end are dead."""
        self._reader = None
        self.cut()

    def release(self) -> None:
        """The writing end goes: what waits for credit is dropped and counts as accepted, as does all that follows."""
        self._released = True
        waiting, self._waiting = self._waiting, deque()
        for _, _, accepted in waiting:
            if accepted is not None:
                accepted()

    def retire(self) -> None:
        """Both ends have gone: forget who was to be told, so that no cycle of references waits for the collector."""
        self._on_head = self._on_end = _nobody

    def _push(self, kind: int, value: Any, accepted: Callable[[], None] | None) -> None:
        if self._released:
            if accepted is not None:
                accepted()
            return
        if self._waiting or (kind == _MESSAGE and self._credit_bytes <= 0):
            self._waiting.append((kind, value, accepted))
            return
        self._launch(kind, value)
        if accepted is not None:
            accepted()

    def _launch(self, kind: int, value: Any) -> None:
        if kind == _MESSAGE:
            self._credit_bytes -= len(value) + PREFIX_BYTES
        if self._cut:
            return
        now = self._loop.now()
        if self._flight and self._flight[-1][0] == now:
            # One timer carries all that leaves in one instant: a unary request is a head, a message and an end.
            self._flight[-1][2].append((kind, value))
            return
        timer = self._loop.timer(self._delay_s)
        self._flight.append((now, timer, [(kind, value)]))
        timer.start(self._arrive)

    def _arrive(self) -> None:
        _, timer, items = self._flight.popleft()
        timer.close()
        for kind, value in items:
            if self._cut:
                return
            if kind == _HEAD:
                self._on_head(value)
            elif kind == _MESSAGE:
                self._arrived.append(value)
                if self._reader is not None:
                    reader, self._reader = self._reader, None
                    reader(self._take())
            else:
                self._end.append(value)
                self._maybe_end()

    def _take(self) -> bytes:
        message = self._arrived.popleft()
        self._credit_bytes += len(message) + PREFIX_BYTES
        while self._waiting and (self._waiting[0][0] != _MESSAGE or self._credit_bytes > 0):
            kind, value, accepted = self._waiting.popleft()
            self._launch(kind, value)
            if accepted is not None:
                accepted()
        return message

    def _maybe_end(self) -> None:
        if self._cut or self._arrived or not self._end:
            return
        self._cut = True
        reader, self._reader = self._reader, None
        self._on_end(self._end[0])
        if reader is not None:
            reader(None)
