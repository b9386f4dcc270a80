"""What happened on the wire: the newest events, in the history's own form.

It must not know who records. It keeps a bounded number of events, so that emulators can stay up for days, and keeps
them small: as the lines they are asked for as, compressed block by block (a thirtieth of what the events take as
objects).
"""

from __future__ import annotations

import json
import threading
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

KEPT = 100_000
"""Events kept; older ones are forgotten, and `since` says so by its first `seq`."""

BLOCK = 500
"""Events compressed together: enough for what they have in common to be said once, few enough to take milliseconds."""

_FASTEST = 1


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines of events, the last of which has the number `last`."""

    last: int
    count: int
    packed: bytes


class Record:
    """Appends events and gives them back. Safe for several threads. `start_epoch_ns` is t_ns 0."""

    def __init__(self, start_epoch_ns: int, kept: int = KEPT) -> None:
        self._start_epoch_ns = start_epoch_ns
        self._kept = kept
        self._blocks: deque[_Block] = deque()
        self._packed = 0
        self._lines: list[bytes] = []
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
            self._lines.append(_line(event))
            if len(self._lines) == BLOCK:
                self._pack()

    def _pack(self) -> None:
        self._blocks.append(_Block(self._next - 1, BLOCK, zlib.compress(b"".join(self._lines), _FASTEST)))
        self._packed += BLOCK
        self._lines = []
        while self._packed - self._blocks[0].count >= self._kept:
            self._packed -= self._blocks.popleft().count

    def since(self, seq: int = 0, kind: str = "") -> Iterator[bytes]:
        """The events after `seq`, of one `kind` or all, a line of JSON each."""
        with self._lock:
            blocks, lines, newest = list(self._blocks), list(self._lines), self._next - 1
        after = max(seq, newest - self._kept)
        for block in blocks:
            if block.last > after:
                yield from _asked(zlib.decompress(block.packed).splitlines(keepends=True), block.last, after, kind)
        yield from _asked(lines, newest, after, kind)

    def clear(self) -> None:
        """Forget all events; numbering goes on."""
        with self._lock:
            self._blocks.clear()
            self._packed = 0
            self._lines = []


def _line(event: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # half a surrogate pair in a name, a number above 64 bits: whatever a client may send
        text = json.dumps(event, default=str, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return f"{text}\n".encode("utf-8", "replace")


def _asked(lines: list[bytes], last: int, after: int, kind: str) -> Iterator[bytes]:
    """Those of `lines`, the last of which has the number `last`, that come after `after` and are of that kind."""
    for line in lines[max(0, len(lines) - (last - after)) :]:
        if kind in ("", orjson.loads(line)["kind"]):
            yield line
