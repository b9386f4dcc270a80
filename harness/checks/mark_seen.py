"""Something that the pipeline tells of happens in the end, or in time."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from harness.checks.check import Check, evidence, t_ns, tells_until, window
from harness.checks.where import Where
from harness.history import History
from harness.outcome import Finding, Verdict
from harness.timespec import Duration, Moment


class MarkSeen(Check):
    """At least `at_least` marks `mark` whose fields fit `where` come after `after`, within `within` of it if given."""

    name: ClassVar[str] = "mark-seen"

    mark: str
    where: dict[str, str] = Field(default_factory=dict)
    at_least: Annotated[int, Field(ge=1)] = 1
    after: Moment | None = None
    within: Duration | None = None

    def __call__(self, history: History) -> Finding:
        """Judge by the marks in the window; fails only where the history tells all of it."""
        fits = Where(self.where)
        since_ns = t_ns(self.after, history) if self.after else 0
        until_ns = None if self.within is None else since_ns + self.within.ns
        seen = [
            mark
            for mark in history.marks(self.mark)
            if since_ns <= mark.t_ns and (until_ns is None or mark.t_ns <= until_ns) and fits(mark)
        ]
        told = window(history).complete if until_ns is None else tells_until(history, until_ns)
        enough = len(seen) >= self.at_least
        return self.finding(
            Verdict.PASS if enough else Verdict.FAIL if told else Verdict.UNKNOWN,
            measured=len(seen),
            bound=self.at_least,
            margin=len(seen) - self.at_least,
            reason=f"mark {self.mark!r} was seen {len(seen)} times" + ("" if told else ", as far as the history tells"),
            evidence=evidence(seen),
        )
