"""What the scenario waits for is there in time, with no human."""

from __future__ import annotations

from typing import ClassVar

from harness.checks.check import Check, t_ns
from harness.checks.promptness import judge_promptness
from harness.glob import Glob
from harness.history import History
from harness.outcome import Finding
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
        keys = Glob(self.key)
        marks = (mark for mark in history.marks("recovered") if keys.matches(str(mark.fields.get("key", ""))))
        since_ns = t_ns(self.after, history)
        return judge_promptness(self, history, marks, what="recovery", since_ns=since_ns, limit=self.limit)
