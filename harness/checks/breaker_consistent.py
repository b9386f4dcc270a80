"""A breaker is one breaker for the whole fleet: its instances tell one story."""

from __future__ import annotations

from typing import ClassVar

from harness.checks.check import Check, clock
from harness.checks.violations import judge_violations
from harness.glob import Glob
from harness.history import Event, History
from harness.outcome import Evidence, Finding


class BreakerConsistent(Check):
    """Every transition of a breaker whose name fits `breaker` starts from the state that the one before it led to.

    Instances that each keep a breaker of their own break this as soon as a second one opens, and a herd that passes a
    half-open breaker breaks it with a second probe (pybreaker #24 and #26, powertools-python #8320).
    """

    name: ClassVar[str] = "breaker-consistent"

    breaker: str = "*"

    def __call__(self, history: History) -> Finding:
        """Judge by each breaker's transitions in order, whichever instance told of them."""
        names = Glob(self.breaker)
        state: dict[str, Event] = {}
        broken: list[Evidence] = []
        transitions = 0
        for event in history.of("breaker"):
            name = event["name"]
            if not names.matches(name):
                continue
            transitions += 1
            before = state.get(name)
            if before is not None and _word(before["to"]) != _word(event["from"]):
                broken.append(Evidence(text=_tell(event, before), seq=event.seq, t_ns=event.t_ns))
            state[name] = event
        what = "transitions contradict the one before"
        return judge_violations(self, history, count=len(broken), of=transitions, what=what, shown=broken)


def _tell(event: Event, before: Event) -> str:
    return (
        f"{clock(event.t_ns)} {event.process}#{event.instance}: {event['name']} went {event['from']} -> {event['to']}, "
        f"but {before.process}#{before.instance} had it {before['to']} since {clock(before.t_ns)}"
    )


def _word(state: str) -> str:
    """Breakers differ in how they write a state."""
    return str(state).casefold().replace("-", "_")
