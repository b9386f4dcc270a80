"""One revision and its instances: who gets the next request, when to start and when to stop an instance.

A pure state machine: every method returns what is to be done, nothing waits and nothing is started here. It must not
know HTTP, time-outs of requests, or faults.

Imitated: https://cloud.google.com/run/docs/about-instance-autoscaling – a request goes to an instance with a free
slot; without one a new instance is started up to the maximum, and the request waits; idle instances are kept up to
15 minutes. Cloud Run also scales on CPU (60 %), which needs a load that this emulator does not measure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from fakes.cloudrun.deployment import IDLE_S, Deployment

BACK_OFF_S = (10.0, 300.0)
"""Between starts of an instance that does not come up: doubling from the first to the second, as a kubelet's
CrashLoopBackOff (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/). Google gives no figure for Cloud
Run."""

Request = TypeVar("Request")


@dataclass(slots=True)
class Slot:
    """What the state machine knows of one instance; `mib` is what its requests hold."""

    number: int
    ready: bool = False
    active: int = 0
    idle_since_ns: int = 0
    mib: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan(Generic[Request]):
    """What is to be done now: hand `requests` to the instances named, start the instances `starts`, answer `failed`
    that no instance could be started, and look again (`Revision.warm_up`) after `retry_s`.
    """

    requests: tuple[tuple[Request, int], ...] = ()
    starts: tuple[int, ...] = ()
    failed: tuple[Request, ...] = ()
    retry_s: float | None = None


@dataclass
class Revision(Generic[Request]):
    """The instances of one revision. `number()` gives an instance's number, which is never used again.

    A revision that is not `serving` keeps no minimum: what it has is let go when idle.
    """

    spec: Deployment
    number: Callable[[], int]
    slots: dict[int, Slot] = field(default_factory=dict)
    pending: deque[Request] = field(default_factory=deque)
    serving: bool = True
    failures: int = 0

    @property
    def minimum(self) -> int:
        """How many instances are kept whatever comes."""
        return self.spec.min_instances if self.serving else 0

    @property
    def full(self) -> bool:
        """Whether no instance may be added."""
        return len(self.slots) >= self.spec.max_instances

    def warm_up(self, at_least: int = 0) -> Plan[Request]:
        """Start what `min_instances` asks for, or `at_least` so many."""
        missing = max(self.minimum, at_least) - len(self.slots)
        return Plan(starts=tuple(self._start() for _ in range(missing)))

    def arrive(self, request: Request) -> Plan[Request]:
        """A request has come."""
        self.pending.append(request)
        return self._place()

    def ready(self, number: int, now_ns: int) -> Plan[Request]:
        """Instance `number` accepts requests."""
        slot = self.slots.get(number)
        if slot is not None:
            self.failures = 0
            slot.ready = True
            slot.idle_since_ns = now_ns
        return self._place()

    def finished(self, number: int, now_ns: int) -> Plan[Request]:
        """Instance `number` has one request less."""
        slot = self.slots.get(number)
        if slot is not None:
            slot.active -= 1
            slot.idle_since_ns = now_ns
        return self._place()

    def gone(self, number: int) -> Plan[Request]:
        """Instance `number` has died or exited.

        One that had been ready is replaced up to the minimum, and as far as requests wait. One that never came up fails
        the requests that waited for it, and the minimum is made up for only after a back-off.
        """
        slot = self.slots.pop(number, None)
        if slot is None or slot.ready:
            plan = self.warm_up()
            more = self._place()
            return Plan(more.requests, plan.starts + more.starts)
        self.failures += 1
        coming = sum(1 for other in self.slots.values() if not other.ready) * self.spec.concurrency
        failed = []
        while len(self.pending) > coming:
            failed.append(self.pending.popleft())
        first_s, most_s = BACK_OFF_S
        retry_s = min(most_s, first_s * 2 ** min(self.failures - 1, 10)) if self.minimum else None
        return Plan(failed=tuple(failed), retry_s=retry_s)

    def give_up(self, request: Request) -> bool:
        """Take a request that waited too long out of the queue; False if it has been handed out."""
        try:
            self.pending.remove(request)
        except ValueError:
            return False
        return True

    def idle(self, now_ns: int) -> list[int]:
        """Retire the instances that were idle for `IDLE_S`, down to the minimum, newest first; return their numbers."""
        spare = len(self.slots) - self.minimum
        retired: list[int] = []
        for slot in sorted(self.slots.values(), key=lambda s: -s.number):
            if len(retired) >= spare:
                break
            if slot.ready and not slot.active and now_ns - slot.idle_since_ns >= round(IDLE_S * 1e9):
                retired.append(slot.number)
        for number in retired:
            del self.slots[number]
        return retired

    def retire(self, number: int) -> Plan[Request]:
        """Give instance `number` nothing more, and start another in its place where one is needed."""
        if self.slots.pop(number, None) is None:
            return Plan()
        plan = self.warm_up()
        more = self._place()
        return Plan(more.requests, plan.starts + more.starts)

    def withdraw(self) -> list[int]:
        """Serve no longer: return the instances that may go at once; the busy ones go when they are idle."""
        self.serving = False
        going = [slot.number for slot in self.slots.values() if slot.ready and not slot.active]
        for number in going:
            del self.slots[number]
        return going

    def _start(self) -> int:
        number = self.number()
        self.slots[number] = Slot(number)
        return number

    def _place(self) -> Plan[Request]:
        placed: list[tuple[Request, int]] = []
        limit = self.spec.concurrency
        while self.pending:
            free = [slot for slot in self.slots.values() if slot.ready and slot.active < limit]
            if not free:
                break
            slot = min(free, key=lambda s: (s.active, s.number))
            slot.active += 1
            placed.append((self.pending.popleft(), slot.number))
        coming = sum(limit for slot in self.slots.values() if not slot.ready)
        starts: list[int] = []
        while len(self.pending) > coming and len(self.slots) < self.spec.max_instances:
            starts.append(self._start())
            coming += limit
        return Plan(tuple(placed), tuple(starts))
