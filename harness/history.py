r"""The history of a run: the append-only record that every check, metric and report is a pure function of.

Writer and reader of the published `history.jsonl` format (docs/history.md, schemas/history-event.schema.json): UTF-8,
one JSON object a line, keys sorted, no spaces, `\n`. This module must not know faults, checks, worlds or any service;
what a kind of event must hold it reads from the schema file, so that the format is written down once.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import orjson

from harness.durable import write_whole
from harness.glob import Glob
from harness.kinds import KINDS

T = TypeVar("T")

_OPTIONS = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_APPEND_NEWLINE
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
)
WRITTEN_BYTES = 1 << 20
_GROWING = ".partial"
_ADDRESS = re.compile(rb" at 0x[0-9a-fA-F]{6,16}")
"""The default repr of an object. Address space layout differs in each process, so it may not reach the history."""
_SURROGATE = re.compile("[\ud800-\udfff]")


class HistoryError(ValueError):
    """An event that the format does not allow, or a file that is no history; the message names who wrote it."""


_OWN = frozenset({"seq", "t_ns", "kind", "process", "instance"})


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a history. `data` holds what the kind adds to the five fields all events have.

    `t_ns` is virtual nanoseconds since the start of the run. `event["status"]` reads from `data` (KeyError if absent).
    """

    seq: int
    t_ns: int
    kind: str
    process: str
    instance: int
    data: Mapping[str, Any]

    def __getitem__(self, field: str) -> Any:
        return self.data[field]

    def get(self, field: str, default: Any = None) -> Any:
        """What `data` holds under `field`, or `default`."""
        return self.data.get(field, default)

    @property
    def fields(self) -> Mapping[str, Any]:
        """The `fields` of a mark or a log, {} where there are none."""
        fields: Mapping[str, Any] = self.data.get("fields") or {}
        return fields

    @property
    def t_s(self) -> float:
        """Virtual seconds since the start of the run."""
        return self.t_ns / 1e9


def salvage(path: Path) -> None:
    """Make a history at `path` of what a writer had flushed when it was killed: whole lines only, none if it has none.

    Does nothing where the history is there. Raises OSError where it can't be written.
    """
    growing = path.with_name(path.name + _GROWING)
    if path.exists():
        return
    flushed = growing.read_bytes() if growing.exists() else b""
    write_whole(path, flushed[: flushed.rfind(b"\n") + 1])
    growing.unlink(missing_ok=True)


class HistoryWriter:
    """Appends events to a file, or to memory when `path` is None, hashing as it goes.

    The file grows as `<name>.partial` and takes its name at `close`, so that `history.jsonl` is never half a history.
    Not safe for several threads at once: on the wire the caller holds a lock. Costs 2–3 µs an event.
    """

    def __init__(self, path: Path | None, buffer_bytes: int = WRITTEN_BYTES) -> None:
        """Writes `buffer_bytes` at a time. Raises OSError where `path` can't be written."""
        self._buffer_bytes = buffer_bytes
        self._path = path or Path()
        self._growing = self._path.with_name(path.name + _GROWING) if path else Path()
        self._file = self._growing.open("wb") if path else BytesIO()
        self._buffer = bytearray()
        self._digest = hashlib.sha256()
        self._last_ns = 0
        self.events = 0
        """How many events have been appended."""

    def append(self, t_ns: int, kind: str, process: str, instance: int, fields: Mapping[str, Any]) -> int:
        """Append one event and return its `seq`.

        Fields that the format lets be null may be left out; others are demanded, and more are welcome. Raises
        `HistoryError`, leaving the history as it was, for an unknown kind, a missing field, a word outside a field's
        closed set, a value that JSON can't say (NaN included), or a `t_ns` before the last one.
        """
        known = KINDS.get(kind)
        if known is None:
            raise self._error(process, instance, f"an event of unknown kind {kind!r}", f"use one of {', '.join(KINDS)}")
        keys = fields.keys()
        if not known.required <= keys:
            missing = ", ".join(sorted(known.required - keys))
            raise self._error(process, instance, f"a {kind!r} event without {missing}", "add it")
        if not _OWN.isdisjoint(keys):
            taken = ", ".join(sorted(_OWN & keys))
            raise self._error(process, instance, f"a {kind!r} event with a field {taken}", "the writer sets it; rename")
        for field, words in known.words.items():
            if fields[field] not in words:
                allowed = ", ".join(map(repr, words))
                raise self._error(process, instance, f"{field}={fields[field]!r} in {kind!r}", f"use one of {allowed}")
        if t_ns < self._last_ns:
            raise self._error(
                process, instance, f"a {kind!r} event at {t_ns} ns after one at {self._last_ns} ns", "append in order"
            )
        event = {
            **known.nullable,
            **fields,
            "seq": self.events,
            "t_ns": t_ns,
            "kind": kind,
            "process": process,
            "instance": instance,
        }
        line = self._encode(event)
        self._buffer += line
        self._last_ns = t_ns
        self.events += 1
        if len(self._buffer) >= self._buffer_bytes:
            self._spill()
        return self.events - 1

    def sha256(self) -> str:
        """SHA-256 of everything appended so far, in hexadecimal: the `history_sha256` of an outcome."""
        digest = self._digest.copy()
        digest.update(self._buffer)
        return digest.hexdigest()

    def history(self) -> History:
        """What has been appended so far, to read."""
        self._spill()
        if isinstance(self._file, BytesIO):
            return History.parse(self._file.getvalue())
        if self._file.closed:
            return History.read(self._path)
        self._file.flush()
        return History.read(self._growing)

    def flush(self) -> None:
        """Write what is pending to the growing file, for who must read it should this process not live to close it."""
        self._spill()
        self._file.flush()

    def close(self) -> str:
        """Write what is pending, give the file its name, and return `sha256()`; a second call changes nothing."""
        if not isinstance(self._file, BytesIO) and not self._file.closed:
            self._spill()
            self._file.close()
            self._growing.replace(self._path)
        return self.sha256()

    def _spill(self) -> None:
        if self._buffer:
            self._digest.update(self._buffer)
            self._file.write(self._buffer)
            self._buffer.clear()

    def _encode(self, event: dict[str, Any]) -> bytes:
        try:
            line = orjson.dumps(event, option=_OPTIONS)
        except TypeError:
            line = self._encode_odd(event)
        # orjson writes NaN and the infinities as null, which would turn a broken measurement into a missing one.
        if b"null" in line and (where := _not_finite(event, "")):
            raise self._error(
                event["process"], event["instance"], f"no finite number at {where}", "write null or a text"
            )
        return _ADDRESS.sub(b" at 0x0", line) if b" at 0x" in line else line

    def _encode_odd(self, event: dict[str, Any]) -> bytes:
        """Retry with lone surrogates (undecodable bytes of a file name in a log line) written out as escapes."""
        try:
            return orjson.dumps(_without_surrogates(event), option=_OPTIONS)
        except TypeError as error:
            raise self._error(
                event["process"],
                event["instance"],
                f"a {event['kind']!r} event that JSON can't say ({error}): {event!r:.300}",
                "use text, 64-bit integers, floats, booleans, null, lists and dicts with text keys",
            ) from error

    @staticmethod
    def _error(process: str, instance: int, what: str, remedy: str) -> HistoryError:
        return HistoryError(f"{process}#{instance} recorded {what}; {remedy} (docs/history.md)")


def _not_finite(value: Any, where: str) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f"{where or 'the event'} ({value})"
    if isinstance(value, dict):
        return next((found for key, item in value.items() if (found := _not_finite(item, f"{where}.{key}"))), "")
    if isinstance(value, list | tuple):
        return next((found for i, item in enumerate(value) if (found := _not_finite(item, f"{where}[{i}]"))), "")
    return ""


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", value)
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value


class History:
    """A finished (or growing) history, to read as often as wanted.

    A history read from a file is streamed anew by each iteration in constant memory. The queries pick lines by their
    bytes before they parse them: finding the 100 marks among 300,000 calls costs the marks, not the calls.
    """

    def __init__(self, lines: Callable[[], Iterable[bytes]], name: str) -> None:
        """`lines()` starts over at the first line each time; `name` is for error messages."""
        self._lines = lines
        self._name = name
        self._derived: dict[Callable[[History], Any], Any] = {}

    @classmethod
    def read(cls, path: Path) -> History:
        """The history in the file `path`; OSError if it can't be opened."""
        with path.open("rb"):
            pass

        def lines() -> Iterator[bytes]:
            with path.open("rb", buffering=WRITTEN_BYTES) as file:
                yield from file

        return cls(lines, str(path))

    @classmethod
    def parse(cls, data: bytes) -> History:
        """The history whose bytes are `data`."""
        return cls(lambda: data.splitlines(keepends=True), "history in memory")

    def __iter__(self) -> Iterator[Event]:
        return self._events(b"")

    def of(self, kind: str) -> Iterator[Event]:
        """Events of `kind`, in order. ValueError for a kind that does not exist."""
        if kind not in KINDS:
            raise ValueError(f"there are no events of kind {kind!r}; there are {', '.join(KINDS)}")
        return (event for event in self._events(b'"kind":"%s"' % kind.encode()) if event.kind == kind)

    def marks(self, name: str = "*") -> Iterator[Event]:
        """Marks whose name fits the shell pattern `name`."""
        glob = Glob(name)
        return (event for event in self.of("mark") if glob.matches(event["name"]))

    def calls(self, service: str = "*", method: str = "*", resource: str = "*") -> Iterator[Event]:
        """Calls that fit these shell patterns, in the order in which they ended."""
        services, methods, resources = Glob(service), Glob(method), Glob(resource)
        return (
            event
            for event in self.of("call")
            if services.matches(event["service"])
            and methods.matches(event["method"])
            and resources.matches(event["resource"])
        )

    def messages(self, event: str | None = None, topic: str = "*") -> Iterator[Event]:
        """Steps in the life of messages: those of one `event` (`published`, `acked`, …) if given."""
        topics = Glob(topic)
        return (
            step
            for step in self.of("message")
            if (event is None or step["event"] == event) and topics.matches(step["topic"])
        )

    @property
    def start(self) -> Event | None:
        """The `run.start` event, None where the history has none."""
        return next(self.of("run.start"), None)

    @property
    def end(self) -> Event | None:
        """The `run.end` event, None where the run did not get there."""
        return next(self.of("run.end"), None)

    @property
    def reach_ns(self) -> int:
        """The `t_ns` of the last event: how far the history tells; 0 for an empty one."""
        last = b""
        for line in self.lines():
            last = line
        return int(orjson.loads(last)["t_ns"]) if last else 0

    def derive(self, function: Callable[[History], T]) -> T:
        """`function(self)`, worked out once: for pure functions that several checks need (`metrics.standard`)."""
        with suppress(KeyError):
            found: T = self._derived[function]
            return found
        made = self._derived[function] = function(self)
        return made

    def lines(self) -> Iterable[bytes]:
        """The bytes, line by line."""
        return self._lines()

    def sha256(self) -> str:
        """SHA-256 of the history's bytes, in hexadecimal."""
        digest = hashlib.sha256()
        for line in self.lines():
            digest.update(line)
        return digest.hexdigest()

    def _events(self, having: bytes) -> Iterator[Event]:
        for number, line in enumerate(self.lines(), start=1):
            if having not in line:
                continue
            try:
                data = orjson.loads(line)
                event = Event(
                    seq=data.pop("seq"),
                    t_ns=data.pop("t_ns"),
                    kind=data.pop("kind"),
                    process=data.pop("process"),
                    instance=data.pop("instance"),
                    data=data,
                )
            except (orjson.JSONDecodeError, KeyError, AttributeError, TypeError) as error:
                raise HistoryError(
                    f"{self._name}, line {number} is no event of a history ({error!r}): {line[:120]!r}"
                ) from error
            yield event
