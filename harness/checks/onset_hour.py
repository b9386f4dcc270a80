"""The storm begins when the record says it did."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from harness.checks.check import Check, clock, t_ns
from harness.history import History
from harness.metrics import HOUR_NS, STORM_ATTEMPTS_PER_HOUR, focused, per_hour
from harness.outcome import Finding, Verdict
from harness.timespec import Moment


class OnsetHour(Check):
    """The first hour of the run with more than `above` attempts is the one that holds the moment `hour`."""

    name: ClassVar[str] = "onset-hour"

    hour: Moment
    above: Annotated[int, Field(ge=0)] = STORM_ATTEMPTS_PER_HOUR

    def __call__(self, history: History) -> Finding:
        """Judge by the attempts per hour; unknown where no hour has that many."""
        wanted = t_ns(self.hour, history) // HOUR_NS
        by_hour = per_hour(focused(history, "attempt"))
        onset = next((hour for hour, attempts in enumerate(by_hour) if attempts > self.above), None)
        if onset is None:
            most = max(by_hour, default=0)
            return self.unknown(f"no hour has more than {self.above} attempts, the most is {most}", bound=wanted)
        return self.finding(
            Verdict.PASS if onset == wanted else Verdict.FAIL,
            measured=onset,
            bound=wanted,
            margin=-abs(onset - wanted),
            reason=f"the storm begins at {clock(onset * HOUR_NS)} with {by_hour[onset]} attempts in the hour",
        )
