"""What a report shows of a history, gathered in one pass and in memory that does not grow with the history.

Attempts, rows and calls are counted in equal buckets of virtual time; rare events (alerts, recoveries, breakers) are
kept one by one up to a limit, and counted beyond it. This module must not know how anything is drawn or worded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from harness.history import Event

NS_PER_S = 1_000_000_000
NICE_BUCKETS_S = (1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
MOST_BUCKETS = 60
MOST_MOMENTS = 200
"""How many single events of one kind are kept: more than anybody reads, and few enough for any page."""
TICKS = 720
"""Into how many slices the span is cut to show when a fault fired: more than a page has pixels to spare."""


def bucket_s_for(span_s: float) -> int:
    """Width of a bucket in seconds: an hour for spans of 6 to 60 h, else the finest nice one that gives at most 60."""
    if 6 * 3600 <= span_s <= MOST_BUCKETS * 3600:
        return 3600
    return next((width for width in NICE_BUCKETS_S if span_s <= width * MOST_BUCKETS), NICE_BUCKETS_S[-1])


@dataclass(frozen=True, slots=True)
class Moment:
    """A single event worth naming: `what` happened at `t_ns`, in the event `seq`."""

    t_ns: int
    what: str
    seq: int


@dataclass(slots=True)
class Moments:
    """The first `MOST_MOMENTS` events of one sort, and how many there were."""

    kept: list[Moment] = field(default_factory=list)
    count: int = 0

    def add(self, event: Event, what: str) -> None:
        """Note `event` under the words `what`."""
        self.count += 1
        if self.count <= MOST_MOMENTS:
            self.kept.append(Moment(event.t_ns, what, event.seq))


@dataclass(slots=True)
class FaultSpan:
    """When one fault was armed and when it struck.

    `windows` are (from, to) in virtual nanoseconds, `to` None while it is armed; `ticks` counts firings by slice, of
    which the span has `TICKS`.
    """

    windows: list[tuple[int, int | None]] = field(default_factory=list)
    ticks: Counter[int] = field(default_factory=Counter)
    fired: int = 0
    masked: int = 0


@dataclass(slots=True)
class Timeline:
    """One world's history in figures. Series are keyed by bucket number; bucket n covers [n, n + 1) × `bucket_s`.

    Attempts and rows are those in the scenario's `focus` (field of the mark -> shell pattern), as `run.start` has it;
    only `attempts_by_processor` counts all.
    """

    span_s: float
    bucket_s: int
    attempts: Counter[int] = field(default_factory=Counter)
    rows: Counter[int] = field(default_factory=Counter)
    calls: Counter[int] = field(default_factory=Counter)
    attempts_by_status: Counter[str] = field(default_factory=Counter)
    attempts_by_processor: Counter[str] = field(default_factory=Counter)
    rows_by_status: Counter[str] = field(default_factory=Counter)
    calls_by_service: dict[str, Counter[str]] = field(default_factory=dict)
    process_events: Counter[str] = field(default_factory=Counter)
    alerts: Moments = field(default_factory=Moments)
    recoveries: Moments = field(default_factory=Moments)
    breakers: Moments = field(default_factory=Moments)
    crashes: Moments = field(default_factory=Moments)
    faults: dict[str, FaultSpan] = field(default_factory=dict)
    events: int = 0
    focus: dict[str, str] = field(default_factory=dict)
    last_ns: int = 0
    ended: bool = False

    @property
    def buckets(self) -> range:
        """All buckets of the span, empty ones included."""
        return range(max(1, -(-round(self.span_s * NS_PER_S) // (self.bucket_s * NS_PER_S))))

    @property
    def reached(self) -> range:
        """The buckets that the run got to: all of them, unless it stopped before its end."""
        return self.buckets if self.ended else self.buckets[: self._bucket(self.last_ns) + 1]

    def counted(self, noun: str) -> Counter[int]:
        """The series of `attempts` or `calls`."""
        return {"attempts": self.attempts, "calls": self.calls}[noun]

    def peak(self, noun: str = "attempts") -> int:
        """Most attempts, or calls, in one bucket."""
        return max(self.counted(noun).values(), default=0)

    def read(self, events: Iterable[Event]) -> Timeline:
        """Count `events`, which come in the order of their time, and return self."""
        by_kind = {
            "run.start": self._start,
            "run.end": self._end,
            "mark": self._mark,
            "call": self._call,
            "fault": self._fault,
            "process": self._process,
            "breaker": self._breaker,
        }
        for event in events:
            self.events += 1
            self.last_ns = event.t_ns
            if note := by_kind.get(event.kind):
                note(event)
        return self

    def _bucket(self, t_ns: int) -> int:
        # What ends a run falls on the very end of its span, and belongs to the last bucket.
        return min(t_ns // (self.bucket_s * NS_PER_S), self.buckets[-1])

    def _start(self, event: Event) -> None:
        self.focus = dict(event.get("focus") or {})

    def _end(self, event: Event) -> None:
        self.ended = True

    def _mark(self, event: Event) -> None:
        fields = event.fields
        match event["name"]:
            case "attempt":
                self.attempts_by_processor[str(fields.get("processor", ""))] += 1
                if self._in_focus(fields):
                    self.attempts[self._bucket(event.t_ns)] += 1
                    self.attempts_by_status[str(fields.get("status", ""))] += 1
            case "run_row" if self._in_focus(fields):
                self.rows[self._bucket(event.t_ns)] += 1
                self.rows_by_status[str(fields.get("status", ""))] += 1
            case "alert":
                self.alerts.add(event, f"{fields.get('name', 'alert')} ({fields.get('severity', 'no severity')})")
            case "recovered":
                self.recoveries.add(event, " ".join(str(fields[k]) for k in ("name", "key") if k in fields))

    def _in_focus(self, fields: Mapping[str, Any]) -> bool:
        return all(fnmatchcase(str(fields.get(field, "")), pattern) for field, pattern in self.focus.items())

    def _call(self, event: Event) -> None:
        self.calls[self._bucket(event.t_ns)] += 1
        self.calls_by_service.setdefault(event["service"], Counter())[event["outcome"]] += 1

    def _fault(self, event: Event) -> None:
        span = self.faults.setdefault(event["id"], FaultSpan())
        match event["event"]:
            case "armed":
                span.windows.append((event.t_ns, None))
            case "expired" if span.windows and span.windows[-1][1] is None:
                span.windows[-1] = (span.windows[-1][0], event.t_ns)
            case "fired":
                span.fired += 1
                span.ticks[min(TICKS - 1, int(event.t_ns * TICKS / max(1, self.span_s * NS_PER_S)))] += 1
            case "masked":
                span.masked += 1

    def _process(self, event: Event) -> None:
        self.process_events[event["event"]] += 1
        if event["event"] in ("crash", "oom"):
            self.crashes.add(event, f"{event.process}#{event.instance} {event['event']}")

    def _breaker(self, event: Event) -> None:
        self.breakers.add(event, f"{event['name']}: {event['from']} → {event['to']}")
