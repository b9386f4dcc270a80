"""Nobody is told of what is no trouble."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from harness.checks.absence import judge_absence
from harness.checks.check import Check, window
from harness.glob import Glob
from harness.history import History
from harness.outcome import Finding
from harness.timespec import Moment


class NoAlert(Check):
    """No mark `alert` whose name fits `alert` comes in the window [`from`, `until`).

    `given` is the mark that shows that there was something to watch in it (`attempt`): silence over nothing is unknown.
    """

    name: ClassVar[str] = "no-alert"

    alert: str = "*"
    start: Moment | None = Field(default=None, alias="from")
    until: Moment | None = None
    given: str = "attempt"

    def __call__(self, history: History) -> Finding:
        """Judge by the alerts in the window."""
        names, span = Glob(self.alert), window(history, self.start, self.until)
        return judge_absence(
            self,
            [
                mark
                for mark in history.marks("alert")
                if mark in span and names.matches(str(mark.fields.get("name", "")))
            ],
            what="alerts",
            looked=any(mark in span for mark in history.marks(self.given)),
            given=f"mark {self.given!r}",
            complete=span.complete,
        )
