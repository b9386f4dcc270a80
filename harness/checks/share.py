"""How checks judge a share: so many of so many, within bounds."""

from __future__ import annotations

from collections.abc import Sequence

from harness.checks.check import Check, evidence
from harness.history import Event
from harness.outcome import Finding, Verdict


def judge_share(
    check: Check,
    having: Sequence[Event],
    *,
    of: int,
    what: str,
    at_least: float | None,
    at_most: float | None,
    complete: bool,
) -> Finding:
    """Judge `len(having) / of` by `at_least` and `at_most`; unknown where `of` is 0 or not `complete`."""
    low, high = at_least or 0.0, 1.0 if at_most is None else at_most
    bound = at_least if at_most is None else at_most if at_least is None else [low, high]
    if of == 0:
        return check.unknown("there was nothing to look at: 0 events", bound=bound)
    share = len(having) / of
    room = [share - low] if at_most is None else [high - share] if at_least is None else [share - low, high - share]
    verdict = Verdict.UNKNOWN if not complete else Verdict.PASS if low <= share <= high else Verdict.FAIL
    return check.finding(
        verdict,
        measured=share,
        bound=bound,
        margin=min(room),
        reason=f"{len(having)} of {of} {what} ({share:.2%})"
        + ("" if complete else "; the run did not come to its end"),
        evidence=evidence(having) if verdict is Verdict.FAIL and share > high else (),
    )
