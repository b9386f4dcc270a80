"""How checks judge that something did not happen: only where there was something to see, up to the end."""

from __future__ import annotations

from collections.abc import Sequence

from harness.checks.check import Check, evidence
from harness.history import Event
from harness.outcome import Finding, Verdict


def judge_absence(
    check: Check, found: Sequence[Event], *, what: str, looked: bool, given: str, complete: bool
) -> Finding:
    """Fail with the events `found`; else pass, if the history `looked` at anything (`given`) and is `complete`."""
    if found:
        return check.finding(
            Verdict.FAIL,
            measured=len(found),
            bound=0,
            margin=-len(found),
            reason=f"there are {len(found)} {what}",
            evidence=evidence(found),
        )
    if not looked:
        return check.unknown(f"there was nothing to look at: no {given}", measured=0, bound=0)
    if not complete:
        return check.unknown("the history ends before the window does", measured=0, bound=0)
    return check.finding(Verdict.PASS, measured=0, bound=0, margin=0, reason=f"there are no {what}")
