"""A breaker opens when it should."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from harness.checks.check import Check, evidence, window
from harness.glob import Glob
from harness.history import History
from harness.metrics import is_open
from harness.outcome import Finding, Verdict
from harness.timespec import Moment


class BreakerOpened(Check):
    """Breakers whose name fits `breaker` open at least `at_least` times in the window [`from`, `until`)."""

    name: ClassVar[str] = "breaker-opened"

    breaker: str = "*"
    at_least: Annotated[int, Field(ge=1)] = 1
    start: Moment | None = Field(default=None, alias="from")
    until: Moment | None = None

    def __call__(self, history: History) -> Finding:
        """Judge by the openings in the window."""
        names, span = Glob(self.breaker), window(history, self.start, self.until)
        opened = [
            event
            for event in history.of("breaker")
            if event in span and names.matches(event["name"]) and is_open(event)
        ]
        enough = len(opened) >= self.at_least
        return self.finding(
            Verdict.PASS if enough else Verdict.FAIL if span.complete else Verdict.UNKNOWN,
            measured=len(opened),
            bound=self.at_least,
            margin=len(opened) - self.at_least,
            reason=f"breakers opened {len(opened)} times",
            evidence=evidence(opened),
        )
