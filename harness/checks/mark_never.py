"""Something that the pipeline would tell of never happens."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from harness.checks.absence import judge_absence
from harness.checks.check import Check, window
from harness.checks.where import Where
from harness.history import History
from harness.outcome import Finding
from harness.timespec import Moment


class MarkNever(Check):
    """No mark `mark` whose fields fit `where` comes in the window [`from`, `until`).

    `given` is the mark (a shell pattern) that shows that there was something to see in the window.
    """

    name: ClassVar[str] = "mark-never"

    mark: str
    where: dict[str, str] = Field(default_factory=dict)
    given: str = "*"
    start: Moment | None = Field(default=None, alias="from")
    until: Moment | None = None

    def __call__(self, history: History) -> Finding:
        """Judge by the marks in the window."""
        fits, span = Where(self.where), window(history, self.start, self.until)
        return judge_absence(
            self,
            [mark for mark in history.marks(self.mark) if mark in span and fits(mark)],
            what=f"marks {self.mark!r}",
            looked=any(mark in span for mark in history.marks(self.given)),
            given=f"mark {self.given!r}",
            complete=span.complete,
        )
