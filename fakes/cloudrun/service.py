"""One service and its instances: who gets the next request, when to start and when to stop an instance.

A pure state machine: every method returns what is to be done, nothing waits and nothing is started here. It must not
know HTTP, time-outs of requests, or faults.

Imitated: https://cloud.google.com/run/docs/about-instance-autoscaling – a request goes to an instance with a free
slot; without one a new instance is started up to the maximum, and the request waits "up to 3.5 times average startup
time of container instances of this service, or 10 seconds, whichever is greater"; idle instances are kept up to
15 minutes.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

PENDING_MINIMUM_S = 10.0
PENDING_PER_START = 3.5
IDLE_S = 900.0

Request = TypeVar("Request")


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """How a service is deployed: instance bounds, requests an instance serves at once, and times in seconds."""

    name: str
    min_instances: int = 0
    max_instances: int = 100
    concurrency: int = 80
    request_timeout_s: float = 300.0
    cold_start_s: float = 4.0

    def __post_init__(self) -> None:
        if not 0 <= self.min_instances <= self.max_instances or self.max_instances < 1:
            raise ValueError(
                f"service {self.name}: min_instances={self.min_instances}, max_instances={self.max_instances}; "
                "need 0 <= min <= max and max >= 1"
            )
        if self.concurrency < 1:
            raise ValueError(f"service {self.name}: concurrency={self.concurrency}; need at least 1")

    @property
    def pending_limit_s(self) -> float:
        """How long a request may wait for an instance."""
        return max(PENDING_MINIMUM_S, PENDING_PER_START * self.cold_start_s)


@dataclass(slots=True)
class Slot:
    """What the state machine knows of one instance."""

    number: int
    ready: bool = False
    active: int = 0
    idle_since_ns: int = 0


@dataclass(frozen=True, slots=True)
class Plan(Generic[Request]):
    """What is to be done now: hand `requests` to the instances named, start the instances `starts`."""

    requests: tuple[tuple[Request, int], ...] = ()
    starts: tuple[int, ...] = ()


@dataclass
class Service(Generic[Request]):
    """The instances of one service. Numbers count up and are never used again."""

    spec: ServiceSpec
    slots: dict[int, Slot] = field(default_factory=dict)
    pending: deque[Request] = field(default_factory=deque)
    started: int = 0

    def warm_up(self) -> Plan[Request]:
        """Start what `min_instances` asks for."""
        return Plan(starts=tuple(self._start() for _ in range(self.spec.min_instances - len(self.slots))))

    def arrive(self, request: Request) -> Plan[Request]:
        """A request has come."""
        self.pending.append(request)
        return self._place()

    def ready(self, number: int, now_ns: int) -> Plan[Request]:
        """Instance `number` accepts requests."""
        slot = self.slots.get(number)
        if slot is not None:
            slot.ready = True
            slot.idle_since_ns = now_ns
        return self._place()

    def finished(self, number: int, now_ns: int) -> Plan[Request]:
        """Instance `number` has answered one request."""
        slot = self.slots.get(number)
        if slot is not None:
            slot.active -= 1
            slot.idle_since_ns = now_ns
        return self._place()

    def gone(self, number: int) -> Plan[Request]:
        """Instance `number` has died or exited; it is replaced up to the minimum, and as far as requests wait."""
        self.slots.pop(number, None)
        missing = self.spec.min_instances - len(self.slots)
        starts = tuple(self._start() for _ in range(missing))
        plan = self._place()
        return Plan(plan.requests, starts + plan.starts)

    def give_up(self, request: Request) -> bool:
        """Take a request that waited too long out of the queue; False if it has been handed out."""
        try:
            self.pending.remove(request)
        except ValueError:
            return False
        return True

    def idle(self, now_ns: int) -> list[int]:
        """Retire the instances that were idle for `IDLE_S`, down to the minimum, newest first; return their numbers."""
        spare = len(self.slots) - self.spec.min_instances
        retired: list[int] = []
        for slot in sorted(self.slots.values(), key=lambda s: -s.number):
            if len(retired) >= spare:
                break
            if slot.ready and not slot.active and now_ns - slot.idle_since_ns >= round(IDLE_S * 1e9):
                retired.append(slot.number)
        for number in retired:
            del self.slots[number]
        return retired

    def _start(self) -> int:
        number = self.started
        self.started += 1
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
