"""A fault struck as often as the scenario means it to."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from harness.checks.check import Check, evidence
from harness.history import History
from harness.outcome import Finding, Verdict


class FaultFired(Check):
    """The fault `id` fired at least `at_least` times; else unknown, as a run without its fault shows nothing."""

    name: ClassVar[str] = "fault-fired"

    id: str
    at_least: Annotated[int, Field(ge=1)] = 1

    def __call__(self, history: History) -> Finding:
        """Judge by the firings."""
        fired = [event for event in history.of("fault") if event["id"] == self.id and event["event"] == "fired"]
        return self.finding(
            Verdict.PASS if len(fired) >= self.at_least else Verdict.UNKNOWN,
            measured=len(fired),
            bound=self.at_least,
            margin=len(fired) - self.at_least,
            reason=f"fault {self.id} fired {len(fired)} times",
            evidence=evidence(fired),
        )
