"""A path that the run must have taken for its other findings to mean something."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from harness.checks.check import Check, evidence
from harness.history import History
from harness.outcome import Finding, Verdict


class Sometimes(Check):
    """The point in the code called `point` was reached at least `at_least` times; unknown otherwise, as it proves no
    wrong.
    """

    name: ClassVar[str] = "sometimes"

    point: str
    at_least: Annotated[int, Field(ge=1)] = 1

    def __call__(self, history: History) -> Finding:
        """Judge by the events `sometimes` of that name."""
        reached = [event for event in history.of("sometimes") if event["name"] == self.point]
        enough = len(reached) >= self.at_least
        return self.finding(
            Verdict.PASS if enough else Verdict.UNKNOWN,
            measured=len(reached),
            bound=self.at_least,
            margin=len(reached) - self.at_least,
            reason=f"{self.point!r} was reached {len(reached)} times",
            evidence=evidence(reached[:1]),
        )
