"""What the scenario waits for is there in time, with no human."""

from __future__ import annotations

from typing import ClassVar

from harness.checks.check import Check, clock, evidence, t_ns, tells_until
from harness.glob import Glob
from harness.history import History
from harness.outcome import Finding, Verdict
from harness.timespec import Duration, Moment


class RecoveredWithin(Check):
    """A mark `recovered` whose key fits `key` comes within `limit` after `after`.

    Fails once the history reaches past the limit without one; unknown where it does not reach that far.
    """

    name: ClassVar[str] = "recovered-within"

    limit: Duration
    after: Moment = Moment("recovery_from", "recovery_from")
    key: str = "*"

    def __call__(self, history: History) -> Finding:
        """Judge by the first such mark from `after` on; `NoInstantError` where `after` did not come."""
        since_ns = t_ns(self.after, history)
        keys = Glob(self.key)
        first = next(
            (
                mark
                for mark in history.marks("recovered")
                if mark.t_ns >= since_ns and keys.matches(str(mark.fields.get("key", "")))
            ),
            None,
        )
        limit_s = self.limit.seconds
        if first is None:
            if tells_until(history, since_ns + self.limit.ns):
                return self.finding(
                    Verdict.FAIL, bound=limit_s, reason=f"there was no recovery after {clock(since_ns)} at all"
                )
            return self.unknown(f"the history ends before {clock(since_ns + self.limit.ns)}", bound=limit_s)
        took_s = (first.t_ns - since_ns) / 1e9
        return self.finding(
            Verdict.PASS if took_s <= limit_s else Verdict.FAIL,
            measured=took_s,
            bound=limit_s,
            margin=limit_s - took_s,
            reason=f"recovered at {clock(first.t_ns)}, {took_s:g} s after {self.after}",
            evidence=evidence([first]),
        )
