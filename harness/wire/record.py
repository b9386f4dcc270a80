"""What happened on the wire: the newest events, in the history's own form.

It must not know who records. It keeps a bounded number of events, so that emulators can stay up for days.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

KEPT = 100_000
"""Events kept; older ones are forgotten, and `since` says so by its first `seq`."""


class Record:
    """Appends events and gives them back. Safe for several threads. `start_epoch_ns` is t_ns 0."""

    def __init__(self, start_epoch_ns: int, kept: int = KEPT) -> None:
        self._start_epoch_ns = start_epoch_ns
        self._events: deque[dict[str, Any]] = deque(maxlen=kept)
        self._lock = threading.Lock()
        self._next = 1

    def append(self, now_ns: int, backend: str, kind: str, fields: Mapping[str, Any]) -> None:
        """Append one event of `backend`."""
        event = {"kind": kind, "process": backend, "instance": 0, **fields}
        started_ns = event.pop("started_epoch_ns", None)
        if started_ns is not None:
            event["started_ns"] = started_ns - self._start_epoch_ns
        event["t_ns"] = now_ns - self._start_epoch_ns
        with self._lock:
            event["seq"] = self._next
            self._next += 1
            self._events.append(event)

    def since(self, seq: int = 0, kind: str = "") -> Iterator[bytes]:
        """The events after `seq`, of one `kind` or all, a line of JSON each."""
        with self._lock:
            events = [event for event in self._events if event["seq"] > seq and kind in ("", event["kind"])]
        for event in events:
            yield orjson.dumps(event, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)

    def clear(self) -> None:
        """Forget all events; numbering goes on."""
        with self._lock:
            self._events.clear()
