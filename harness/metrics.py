"""The standard metrics of an outcome: a pure function of the history, so that anybody can work them out again.

What they count is the pipeline's own telemetry (docs/architecture.md): marks `attempt`, `run_row`, `alert`,
`recovered`, and breaker, message and call events. docs/metrics.md defines each. This module must not know a scenario:
the instants that a metric is measured from are in `run.start`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from pydantic import JsonValue

from harness.history import Event, History

HOUR_NS = 3_600_000_000_000
STORM_ATTEMPTS_PER_HOUR = 50
"""More attempts than this in an hour of the run are a storm: the warning level of the pipeline's own detector."""


STANDARD = (
    "rows",
    "rows_failed",
    "rows_running",
    "attempts",
    "attempts_failed",
    "attempts_per_hour_max",
    "attempts_per_key_hour_max",
    "attempts_by_hour",
    "attempts_failed_by_hour",
    "rows_by_hour",
    "breaker_opens",
    "alerts",
    "storm_onset_s",
    "alert_after_s",
    "recovered_after_s",
    "messages_published",
    "deliveries",
    "messages_acked",
    "messages_dead_lettered",
    "calls",
    "calls_failed",
)
"""The names of the standard metrics, as scenario files use them."""


def standard(history: History) -> dict[str, JsonValue]:
    """All standard metrics by name; None where what a metric measures never happened."""
    attempts = list(focused(history, "attempt"))
    rows = list(focused(history, "run_row"))
    alerts = list(history.marks("alert"))
    calls, calls_failed = _calls(history)
    messages = Counter(step["event"] for step in history.messages())
    by_hour = per_hour(attempts)
    by_key_and_hour = Counter(
        (str(attempt.fields.get("processor")), str(attempt.fields.get("key")), attempt.t_ns // HOUR_NS)
        for attempt in attempts
    )
    onset_ns = storm_onset_ns(history)
    return {
        "rows": len(rows),
        "rows_failed": _having(rows, "failed"),
        "rows_running": _having(rows, "running"),
        "attempts": len(attempts),
        "attempts_failed": _having(attempts, "failed"),
        "attempts_per_hour_max": max(by_hour, default=0),
        "attempts_per_key_hour_max": max(by_key_and_hour.values(), default=0),
        "attempts_by_hour": [*by_hour],
        "attempts_failed_by_hour": [*per_hour(attempt for attempt in attempts if _status(attempt) == "failed")],
        "rows_by_hour": [*per_hour(rows)],
        "breaker_opens": sum(1 for event in history.of("breaker") if is_open(event)),
        "alerts": len(alerts),
        "storm_onset_s": None if onset_ns is None else onset_ns / 1e9,
        "alert_after_s": None if onset_ns is None else _first_after_s(alerts, onset_ns),
        "recovered_after_s": recovered_after_s(history),
        "messages_published": messages["published"],
        "deliveries": messages["delivered"],
        "messages_acked": messages["acked"],
        "messages_dead_lettered": messages["dead_lettered"],
        "calls": calls,
        "calls_failed": calls_failed,
    }


def focused(history: History, name: str) -> Iterator[Event]:
    """Marks `attempt` or `run_row` that the scenario is about: those whose `processor` and `key` fit the shell patterns
    of `focus` in `run.start`; all where it has none.
    """
    start = history.start
    focus = (start.get("focus") if start else None) or {}
    processor, key = focus.get("processor", "*"), focus.get("key", "*")
    return (
        mark
        for mark in history.marks(name)
        if fnmatchcase(str(mark.fields.get("processor", "")), processor)
        and fnmatchcase(str(mark.fields.get("key", "")), key)
    )


def per_hour(events: Iterable[Event]) -> Sequence[int]:
    """How many of `events` fall into each hour since the start of the run, up to the last hour that has any."""
    hours = Counter(event.t_ns // HOUR_NS for event in events)
    return [hours[hour] for hour in range(max(hours, default=-1) + 1)]


def storm_onset_ns(history: History) -> int | None:
    """When the storm began: the scenario's instant `storm_onset`, else the attempt that made it more than
    `STORM_ATTEMPTS_PER_HOUR` within an hour, else None.
    """
    configured = instants(history).get("storm_onset")
    if configured is not None:
        return configured
    recent: deque[int] = deque()
    for attempt in focused(history, "attempt"):
        recent.append(attempt.t_ns)
        while recent[0] <= attempt.t_ns - HOUR_NS:
            recent.popleft()
        if len(recent) > STORM_ATTEMPTS_PER_HOUR:
            return attempt.t_ns
    return None


def recovered_after_s(history: History) -> float | None:
    """Seconds from the scenario's instant `recovery_from` to the first `recovered` mark from then on whose key fits
    the scenario's `recovery_key`; None without either.
    """
    since_ns = instants(history).get("recovery_from")
    if since_ns is None:
        return None
    start = history.start
    pattern = (start.get("recovery_key") if start else None) or "*"
    marks = (mark for mark in history.marks("recovered") if fnmatchcase(str(mark.fields.get("key", "")), pattern))
    return _first_after_s(marks, since_ns)


def instants(history: History) -> dict[str, int]:
    """The scenario's named instants (name -> t_ns); empty without one.

    `run.start` has those that were known beforehand in `instants`. Those in `instant_marks` are when the first mark of
    a name (and with a key that fits a shell pattern) came: a slate's last final horn, say. They are absent until then.
    """
    return dict(history.derive(_instants))


def _instants(history: History) -> Mapping[str, int]:
    start = history.start
    known: dict[str, int] = dict((start.get("instants") if start else None) or {})
    for name, wanted in ((start.get("instant_marks") if start else None) or {}).items():
        marks = (
            mark.t_ns
            for mark in history.marks(wanted["mark"])
            if fnmatchcase(str(mark.fields.get("key", "")), wanted.get("key", "*"))
        )
        first = next(marks, None)
        if first is not None:
            known[name] = first
    return known


def is_open(transition: Event) -> bool:
    """Whether a breaker event is an opening; breakers differ in how they write it."""
    return str(transition["to"]).casefold() == "open"


def _first_after_s(events: Iterable[Event], since_ns: int) -> float | None:
    return next(((event.t_ns - since_ns) / 1e9 for event in events if event.t_ns >= since_ns), None)


def _having(marks: Iterable[Event], status: str) -> int:
    return sum(1 for mark in marks if _status(mark) == status)


def _status(mark: Event) -> str:
    return str(mark.fields.get("status"))


def _calls(history: History) -> tuple[int, int]:
    total = failed = 0
    for call in history.of("call"):
        total += 1
        failed += call["outcome"] != "ok"
    return total, failed
