"""A breaker stays closed when nothing is wrong – or, as it was, when everything is."""

from __future__ import annotations

from typing import ClassVar

from harness.checks.absence import judge_absence
from harness.checks.check import Check, window
from harness.glob import Glob
from harness.history import History
from harness.metrics import is_open
from harness.outcome import Finding


class BreakerNeverOpened(Check):
    """No breaker whose name fits `breaker` opens, in a run with marks `given`, which a breaker would have counted."""

    name: ClassVar[str] = "breaker-never-opened"

    breaker: str = "*"
    given: str = "attempt"

    def __call__(self, history: History) -> Finding:
        """Judge by the openings."""
        names = Glob(self.breaker)
        return judge_absence(
            self,
            [event for event in history.of("breaker") if names.matches(event["name"]) and is_open(event)],
            what="openings",
            looked=any(True for _ in history.marks(self.given)),
            given=f"mark {self.given!r}",
            complete=window(history).complete,
        )
