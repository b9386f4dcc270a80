"""The fault engine: asked once per call what becomes of it, it answers from the scenario's plan and keeps the books.

It implements `Surroundings.rule` for the harness. The first fault in file order that wants a call gets it; later ones
that wanted it too are `masked`. Every arming, firing, masking and expiry is an event of the history. This module must
not know any service: emulators word refusals and apply verdicts, whoever runs the processes kills them.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from fakes.seam import PASS, Call, LoseReply, Refuse, Ruling, Timer
from harness.faults.match import EDGE
from harness.faults.planned import FOREVER_NS, PlannedFault, Stage
from harness.faults.process_control import ProcessControl
from harness.faults.spec import CrashSpec, FaultSpec, PauseSpec, RestartSpec, applied_phase
from harness.outcome import FaultAccount
from harness.timespec import NoInstantError

NO_RULING = Ruling()
"""What a call gets that no fault wants."""


class FaultError(ValueError):
    """A plan that this world can't carry out; the message names the fault and the remedy."""


def edges_of(back_ends: Mapping[str, object]) -> dict[str, Collection[str]]:
    """The named points inside the methods of each back end that has any, by its name; what `FaultEngine` takes."""
    return {name: found for name, one in back_ends.items() if (found := getattr(one, "edges", None))}


class FaultClock(Protocol):
    """The part of `fakes.seam.Surroundings` that the engine needs."""

    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch, in virtual time."""

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Run `action` after `seconds`."""

    def record(self, kind: str, /, **fields: Any) -> None:
        """Append an event to the history."""


class FaultEngine:
    """Carries out a plan of faults: `start` at t_ns 0, `rule` for each call, `observe` once it is recorded, `finish`.

    Nothing in it waits or draws from a common stream: the same calls at the same times get the same rulings.
    """

    def __init__(
        self,
        plan: Sequence[FaultSpec],
        *,
        seed: int,
        clock: FaultClock,
        start_epoch_ns: int,
        control: ProcessControl | None = None,
        instants: Mapping[str, int] | None = None,
        edges: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """`edges` maps a back end to the named points inside its methods at which it asks for a ruling.

        Raises `FaultError` for two faults of one id, a `mid` fault at an edge nobody has, a process fault without
        `control`, or an instant that is not in `instants` (name -> t_ns).
        """
        self._clock = clock
        self._start_epoch_ns = start_epoch_ns
        self._control = control
        self._faults: list[PlannedFault] = []
        for spec in plan:
            if any(fault.spec.id == spec.id for fault in self._faults):
                raise FaultError(f"two faults are called {spec.id!r}; give each an id of its own")
            if spec.phase == "mid":
                _check_edge(spec, edges or {})
            if spec.process_action is not None and control is None:
                raise FaultError(f"fault {spec.id!r} strikes processes, and this engine runs none; use the sim engine")
            try:
                self._faults.append(PlannedFault(spec, seed, start_epoch_ns, instants or {}))
            except NoInstantError as error:
                raise FaultError(f"fault {spec.id!r}: {error}") from error
        self._of_calls = [fault for fault in self._faults if fault.spec.at is None and fault.spec.at_yield is None]
        self._concerned: dict[tuple[str, str], tuple[PlannedFault, ...]] = {}
        self._awaiting: defaultdict[tuple[str, str, str, str, str], deque[list[tuple[str, int]]]] = defaultdict(deque)

    def start(self) -> None:
        """Arm what is due at once and set timers for the rest."""
        for fault in self._faults:
            if fault.spec.at is not None:
                self._later(fault.from_ns, self._strike_at_time, fault)
            elif fault.spec.at_yield is not None:
                self._watch_yields(fault, fault.spec.at_yield)
            elif fault.from_ns <= self._t_ns():
                self._arm(fault)
            else:
                self._later(fault.from_ns, self._arm, fault)
            if fault.until_ns < FOREVER_NS:
                self._later(fault.until_ns, self._expire, fault)

    def finish(self) -> None:
        """Expire what is still armed, so that every armed fault has its end in the history."""
        for fault in self._faults:
            if fault.stage is Stage.ARMED:
                self._expire(fault)

    def accounts(self) -> tuple[FaultAccount, ...]:
        """What became of each fault so far, in file order."""
        return tuple(fault.account() for fault in self._faults)

    def rule(self, call: Call) -> Ruling:
        """What becomes of `call`. A process fault may kill the caller in here, and then this does not return."""
        key = (call.service, call.method)
        concerned = self._concerned.get(key)
        if concerned is None:
            concerned = tuple(fault for fault in self._of_calls if fault.matcher.concerns(*key))
            self._concerned[key] = concerned
        if not concerned:
            return NO_RULING
        t_ns = self._t_ns()
        winner: PlannedFault | None = None
        victims: list[tuple[str, int]] = []
        for fault in concerned:
            if not fault.would_strike(call, t_ns):
                continue
            # A timer of the same instant may not have run yet: a fault is armed before it fires all the same.
            self._arm(fault)
            struck = self._victims(fault, call)
            if struck is None:
                continue
            if winner is None:
                winner, victims = fault, struck
                fault.fired += 1
                self._note(fault, "fired", call)
            else:
                fault.masked += 1
                self._note(fault, "masked", call, by=winner.spec.id)
        for fault in concerned:
            if fault.stage is Stage.ARMED and fault.exhausted():
                self._expire(fault)
        if winner is None:
            return NO_RULING
        # A kill may not return when it strikes who is running: the caller comes last, or the others would live on.
        victims.sort(key=lambda victim: f"{victim[0]}#{victim[1]}" == call.caller)
        if winner.spec.process_action is None:
            return Ruling(winner.spec.verdict(), winner.spec.id)
        return self._strike_on_call(winner, call, victims)

    def observe(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Tell the engine of a recorded event: faults that kill after the effect wait for the end of their call."""
        if kind != "call" or not self._awaiting or not fields["fault"]:
            return
        key = (fields["fault"], fields["service"], fields["method"], fields["resource"], fields["caller"])
        if waiting := self._awaiting.get(key):
            victims = waiting.popleft()
            if not waiting:
                del self._awaiting[key]
            fault = next(fault for fault in self._faults if fault.spec.id == key[0])
            self._act(fault, victims)

    def _victims(self, fault: PlannedFault, call: Call) -> list[tuple[str, int]] | None:
        """Whom it strikes: [] for a fault of calls, None for a process fault that finds nobody to strike."""
        action = fault.spec.process_action
        if action is None or self._control is None:
            return []
        if action.process == "caller":
            name, _, instance = call.caller.partition("#")
            return [(name, int(instance))] if instance.isdigit() else None
        live = fault.pick(list(self._control.instances(action.process)))
        return [(action.process, instance) for instance in live] or None

    def _strike_on_call(self, fault: PlannedFault, call: Call, victims: list[tuple[str, int]]) -> Ruling:
        after = applied_phase(fault.spec) == "after"
        # Who dies on either end of a call takes its connection along.
        ends = {call.caller.partition("#")[0], call.service}
        cut = not isinstance(fault.spec.process_action, PauseSpec) and any(name in ends for name, _ in victims)
        if after:
            key = (fault.spec.id, call.service, call.method, call.resource, call.caller)
            self._awaiting[key].append(victims)
            return Ruling(LoseReply() if cut else PASS, fault.spec.id)
        self._act(fault, victims)
        return Ruling(Refuse(status=0) if cut else PASS, fault.spec.id)

    def _strike_at_time(self, fault: PlannedFault) -> None:
        self._arm(fault)
        victims = self._victims(fault, Call(service="", method=""))
        if victims:
            fault.fired += 1
            self._note(fault, "fired", None, victims=[f"{name}#{instance}" for name, instance in victims])
            self._expire(fault)
            self._act(fault, victims)

    def _watch_yields(self, fault: PlannedFault, number: int) -> None:
        action = fault.spec.process_action
        if self._control is None or action is None:
            return
        self._arm(fault)

        def reached(instance: int) -> None:
            if fault.stage is not Stage.ARMED or action.instance not in ("any", "all", instance):
                return
            fault.fired += 1
            self._note(fault, "fired", None, victims=[f"{action.process}#{instance}"])
            if action.instance != "all":
                self._expire(fault)
            self._act(fault, [(action.process, instance)])

        self._control.at_yield(action.process, number, reached)

    def _act(self, fault: PlannedFault, victims: list[tuple[str, int]]) -> None:
        control, action = self._control, fault.spec.process_action
        if control is None:
            return
        reason = f"fault {fault.spec.id}"
        for name, instance in victims:
            match action:
                case PauseSpec():
                    self._clock.call_later(action.length.seconds, _Later(control.resume, name, instance, reason))
                    control.pause(name, instance, reason)
                case RestartSpec():
                    self._clock.call_later(action.down.seconds, _Later(control.restart, name, instance, reason))
                    control.crash(name, instance, reason)
                case CrashSpec():
                    control.crash(name, instance, reason)

    def _arm(self, fault: PlannedFault) -> None:
        if fault.stage is Stage.PLANNED:
            fault.stage = Stage.ARMED
            self._note(fault, "armed", None)

    def _expire(self, fault: PlannedFault) -> None:
        if fault.stage is Stage.ARMED:
            fault.stage = Stage.EXPIRED
            self._note(fault, "expired", None)

    def _note(self, fault: PlannedFault, event: str, call: Call | None, **more: Any) -> None:
        struck = {
            "call": f"{call.service} {call.method} {call.resource}".rstrip() if call else None,
            "caller": call.caller if call else "",
        }
        self._clock.record("fault", id=fault.spec.id, event=event, action=fault.spec.action, **struck, **more)

    def _later(self, t_ns: int, action: Callable[[PlannedFault], None], fault: PlannedFault) -> None:
        self._clock.call_later(max(0, t_ns - self._t_ns()) / 1e9, lambda: action(fault))

    def _t_ns(self) -> int:
        return self._clock.now_ns() - self._start_epoch_ns


class _Later:
    """The second half of a pause or a restart."""

    def __init__(self, act: Callable[[str, int, str], None], process: str, instance: int, reason: str) -> None:
        self._act, self._process, self._instance, self._reason = act, process, instance, reason

    def __call__(self) -> None:
        self._act(self._process, self._instance, self._reason)


def _check_edge(spec: FaultSpec, edges: Mapping[str, Collection[str]]) -> None:
    service = spec.call.service if spec.call else "*"
    if spec.edge not in edges.get(service, ()):
        known = ", ".join(f"{name}: {' '.join(sorted(edges[name]))}" for name in sorted(edges)) or "none has any"
        raise FaultError(
            f"fault {spec.id!r}: no back end called {service!r} names an edge {spec.edge!r} inside its methods "
            f"({known}); use 'phase: before' or 'phase: after', or one of these edges with the back end's exact name "
            f"(it then asks about the method 'name{EDGE}edge')"
        )
