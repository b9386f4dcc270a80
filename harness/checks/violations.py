"""How checks judge a rule that every event of a kind must keep."""

from __future__ import annotations

from collections.abc import Sequence

from harness.checks.check import EVIDENCE_MAX, Check, has_ended
from harness.history import History
from harness.outcome import Evidence, Finding, Verdict


def judge_violations(
    check: Check, history: History, *, count: int, of: int, what: str, shown: Sequence[Evidence]
) -> Finding:
    """Fail where `count` of `of` events break the rule; `what` says what these do, `shown` are (some of) them.

    Unknown where there were no events that could have broken it, and where more may come.
    """
    if of == 0:
        return check.unknown("there was nothing to look at: 0 events", bound=0)
    verdict = Verdict.FAIL if count else Verdict.PASS if has_ended(history) else Verdict.UNKNOWN
    return check.finding(
        verdict,
        measured=count,
        bound=0,
        margin=-count,
        reason=f"{count} of {of} {what}" + ("; the run did not come to its end" if verdict is Verdict.UNKNOWN else ""),
        evidence=shown[:EVIDENCE_MAX],
    )
