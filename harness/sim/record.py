"""Turns what happens in a simulation into events of its history.

One place gives every event its time and its process. It must not know back ends or checks.
"""

from __future__ import annotations

import logging
import math
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from harness.history import HistoryWriter
from harness.sim.clock import Clock
from harness.sim.process import Process

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_OURS = frozenset({"mark", "breaker", "sometimes", "fields"})
_JSON_SCALARS = (str, int, float, bool, type(None))


class Record:
    """Appends to a history at the virtual time of the moment.

    `observe` hears of every event after it was appended, and then `watch`, with its number and process too.
    """

    def __init__(self, writer: HistoryWriter, clock: Clock) -> None:
        self.writer = writer
        self._clock = clock
        self.observe: Callable[[str, Mapping[str, Any]], None] = lambda kind, fields: None
        self.watch: Callable[[int, str, str, int, Mapping[str, Any]], None] = lambda seq, kind, who, number, fields: (
            None
        )

    def event(self, kind: str, process: str, instance: int, fields: dict[str, Any]) -> None:
        """Append one event."""
        epoch_ns = self._clock.epoch_ns
        started = fields.pop("started_epoch_ns", None)
        if started is not None:
            fields["started_ns"] = started - epoch_ns
        seq = self.writer.append(self._clock.loop.now_ns, kind, process, instance, fields)
        self.observe(kind, fields)
        self.watch(seq, kind, process, instance, fields)

    def log(self, process: Process, record: logging.LogRecord) -> None:
        """Append a log record of a process as `log`, `mark`, `breaker` or `sometimes` (docs/architecture.md)."""
        extras = record.__dict__
        fields = extras.get("fields")
        given = jsonable(fields) if isinstance(fields, Mapping) else {}
        mark = extras.get("mark")
        if mark is not None:
            self.event("mark", process.name, process.instance, {"name": str(mark), "fields": given})
            return
        breaker = extras.get("breaker")
        if isinstance(breaker, Mapping):
            change = {"name": "", "from": "", "to": "", "reason": "", **{k: str(v) for k, v in breaker.items()}}
            self.event("breaker", process.name, process.instance, change)
            return
        sometimes = extras.get("sometimes")
        if sometimes is not None:
            self.event("sometimes", process.name, process.instance, {"name": str(sometimes)})
            return
        if record.levelno < logging.INFO:
            return
        more = {key: value for key, value in extras.items() if key not in _STANDARD and key not in _OURS}
        given = {**jsonable(more), **given}
        if record.exc_info and record.exc_info[0] is not None:
            given["traceback"] = "".join(traceback.format_exception(*record.exc_info))
        self.event(
            "log",
            process.name,
            process.instance,
            {"level": record.levelname, "logger": record.name, "message": _message(record), "fields": given},
        )


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError) as error:
        return f"{record.msg!r} % {record.args!r} ({error})"  # a broken log call must not end the run


def jsonable(value: Any) -> Any:
    """Say `value` in JSON: what JSON does not know becomes its text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) >= 1 << 63:
        return str(value)
    if type(value) in _JSON_SCALARS:
        return value
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((jsonable(item) for item in value), key=str)
    return str(value)
