"""Nothing is attempted for ever: so many attempts at one thing in any stretch of time, and no more."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Annotated, ClassVar

from pydantic import Field

from harness.checks.check import Check, clock, evidence, window
from harness.glob import Glob
from harness.history import Event, History
from harness.outcome import Finding, Verdict
from harness.timespec import Duration


class AttemptsBounded(Check):
    """At most `at_most` attempts at the same (processor, key) within any stretch of `within`.

    `processor` and `key` narrow it down by shell patterns. The stretch slides, so that twice the bound round the turn
    of an hour does not slip through.
    """

    name: ClassVar[str] = "attempts-bounded"

    at_most: Annotated[int, Field(ge=0)]
    within: Duration = Duration(3_600_000_000_000, "1h")
    processor: str = "*"
    key: str = "*"

    def __call__(self, history: History) -> Finding:
        """Judge by the worst stretch of the worst key."""
        processors, keys = Glob(self.processor), Glob(self.key)
        recent: defaultdict[tuple[str, str], deque[Event]] = defaultdict(deque)
        worst: list[Event] = []
        for attempt in history.marks("attempt"):
            thing = str(attempt.fields.get("processor")), str(attempt.fields.get("key"))
            if not (processors.matches(thing[0]) and keys.matches(thing[1])):
                continue
            stretch = recent[thing]
            stretch.append(attempt)
            while stretch[0].t_ns <= attempt.t_ns - self.within.ns:
                stretch.popleft()
            if len(stretch) > len(worst):
                worst = list(stretch)
        if not worst:
            return self.unknown("the history has no such attempts", bound=self.at_most)
        most = len(worst)
        held = most <= self.at_most
        first = worst[0]
        what = f"{first.fields.get('processor')} for {first.fields.get('key')}"
        complete = window(history).complete
        return self.finding(
            Verdict.FAIL if not held else Verdict.PASS if complete else Verdict.UNKNOWN,
            measured=most,
            bound=self.at_most,
            margin=self.at_most - most,
            reason=f"{what}: {most} attempts within {self.within}, from {clock(first.t_ns)} on"
            + ("" if complete or not held else "; the run did not come to its end"),
            evidence=() if held else evidence(worst),
        )
