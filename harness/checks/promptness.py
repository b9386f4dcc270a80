"""How checks judge that something came in time: late and never fail, a history that ends too early tells neither."""

from __future__ import annotations

from collections.abc import Iterable

from harness.checks.check import Check, clock, evidence, tells_until
from harness.history import Event, History
from harness.outcome import Finding, Verdict
from harness.timespec import Duration


def judge_promptness(
    check: Check, history: History, events: Iterable[Event], *, what: str, since_ns: int, limit: Duration
) -> Finding:
    """Judge by the first of `events` at or after `since_ns`, which must come within `limit`; `what` names it."""
    first = next((event for event in events if event.t_ns >= since_ns), None)
    limit_s = limit.seconds
    if first is not None:
        took_s = (first.t_ns - since_ns) / 1e9
        return check.finding(
            Verdict.PASS if took_s <= limit_s else Verdict.FAIL,
            measured=took_s,
            bound=limit_s,
            margin=limit_s - took_s,
            reason=f"first {what} at {clock(first.t_ns)}, {took_s:g} s after {clock(since_ns)}",
            evidence=evidence([first]),
        )
    if tells_until(history, since_ns + limit.ns):
        return check.finding(Verdict.FAIL, bound=limit_s, reason=f"there was no {what} after {clock(since_ns)}")
    return check.unknown(f"the history ends before {clock(since_ns + limit.ns)}", bound=limit_s)
