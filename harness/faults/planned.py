"""One fault during a run: its window, its counters and its dice. It must not know other faults or the history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import Enum, auto

from fakes.seam import Call
from harness.faults.dice import share
from harness.faults.match import CallMatch, Matcher
from harness.faults.spec import FaultSpec
from harness.outcome import FaultAccount

FOREVER_NS = 1 << 63


class Stage(Enum):
    """Where a fault is in its life: it goes through these in this order."""

    PLANNED = auto()
    ARMED = auto()
    EXPIRED = auto()


class PlannedFault:
    """A `FaultSpec` with its state. Times are nanoseconds since the start of the run."""

    def __init__(self, spec: FaultSpec, seed: int, start_epoch_ns: int, instants: Mapping[str, int]) -> None:
        """`NoInstantError` where the spec names an instant that is not in `instants`."""
        self.spec = spec
        self._seed = seed
        self.matcher = Matcher(spec.call or CallMatch(), spec.edge)

        def resolved_ns(moment_ns: int) -> int:
            return max(0, moment_ns)

        start = spec.at or spec.start
        self.from_ns = resolved_ns(start.t_ns(start_epoch_ns, instants)) if start else 0
        self.until_ns = FOREVER_NS
        if spec.until:
            self.until_ns = resolved_ns(spec.until.t_ns(start_epoch_ns, instants))
        elif spec.length:
            self.until_ns = self.from_ns + spec.length.ns
        self.stage = Stage.PLANNED
        self._seen = 0
        self._addresses: Counter[tuple[str, str, str, str]] = Counter()
        self.fired = 0
        self.masked = 0

    def would_strike(self, call: Call, t_ns: int) -> bool:
        """Count `call`, if it matches, and say whether this fault wants it. Ask once per call, in order."""
        if not self.from_ns <= t_ns < self.until_ns or not self.matcher.matches(call):
            return False
        spec = self.spec
        self._seen += 1
        # The caller's instance is no part of the address: which instance serves a request is the balancer's business,
        # and another placement must not re-roll the dice.
        address = (call.service, call.method, call.resource, call.caller.partition("#")[0])
        self._addresses[address] += 1
        number = self._seen - spec.skip
        if number < 1 or self.exhausted(number - 1) or (number - 1) % spec.every:
            return False
        if spec.probability >= 1:
            return True
        return share(self._seed, spec.id, *address, self._addresses[address]) < spec.probability

    def exhausted(self, candidates: int | None = None) -> bool:
        """Whether it can strike no more; `candidates` is how many calls it has considered, those now seen if absent."""
        considered = max(0, self._seen - self.spec.skip) if candidates is None else candidates
        spent = self.spec.budget is not None and self.fired >= self.spec.budget
        return spent or (self.spec.count is not None and considered >= self.spec.count)

    def pick(self, live: list[int]) -> list[int]:
        """Which of the `live` instances (ascending) a process fault strikes this time; none where its one is gone."""
        action = self.spec.process_action
        if action is None or not live:
            return []
        match action.instance:
            case "all":
                return live
            case "any":
                return [live[int(share(self._seed, self.spec.id, "instance", self.fired) * len(live))]]
            case number:
                return [number] if number in live else []

    def account(self) -> FaultAccount:
        """What became of it so far."""
        return FaultAccount(id=self.spec.id, planned=self.spec.at_least, fired=self.fired, masked=self.masked)
