"""The processor breaker: stops work on one (processor, date) that keeps failing, for the whole fleet at once.

Closed: attempts run; `THRESHOLD` failures in a row open it. A failure is an attempt that *returned* failed or
raised; the seed's counted only what was raised, its base class raised nothing, and 50 failures opened it 0 times.
Open: nothing runs for `OPEN_S`. Then exactly one attempt of the fleet is let through as the probe (half-open): the
one whose compare-and-set wins. Its success closes the breaker, its failure opens it again. A probe that never
reports (its instance died) is given up after `PROBE_LEASE_S`.

The state lives in `SharedState`, so ten instances need five failures between them and not five each, and a new instance
knows what the old ones learnt. An attempt admitted in one period may not decide about a later one: reports carry the
epoch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Literal

from pipeline import telemetry
from pipeline.clock import Clock
from pipeline.shared_state import Document, SharedState
from pipeline.work import Outcome, Status, Work

THRESHOLD = 5
OPEN_S = 1_800.0
PROBE_LEASE_S = 660.0
"""The 600 s a push may take, and a minute."""

State = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class Circuit:
    """The state of one breaker. Times are seconds since the epoch; `epoch` counts the transitions so far."""

    state: State = "closed"
    failures: int = 0
    epoch: int = 0
    opened_at: float = 0.0
    probe: str = ""
    probe_since: float = 0.0
    reason: str = ""

    @classmethod
    def load(cls, document: Document | None) -> Circuit:
        """From its stored form; a breaker never written is closed."""
        return cls() if document is None else cls(**document)

    def dump(self) -> Document:
        """Its stored form."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether an attempt may run, as part of which epoch. `clean`: a success would change nothing."""

    allowed: bool
    epoch: int
    reason: str = ""
    clean: bool = False


def admit(circuit: Circuit, run_id: str, now: float) -> tuple[Circuit, Admission]:
    """Decide on the attempt `run_id` at `now`. Pure; asking twice for the same attempt gives the same answer."""
    if circuit.state == "closed":
        return circuit, Admission(True, circuit.epoch, clean=circuit.failures == 0)
    if circuit.state == "half_open":
        if circuit.probe == run_id:
            return circuit, Admission(True, circuit.epoch)
        if now < circuit.probe_since + PROBE_LEASE_S:
            return circuit, Admission(False, circuit.epoch, f"half-open, {circuit.probe} is probing")
    elif now < circuit.opened_at + OPEN_S:
        return circuit, Admission(False, circuit.epoch, f"open after {circuit.failures} failures: {circuit.reason}")
    probing = replace(circuit, state="half_open", epoch=circuit.epoch + 1, probe=run_id, probe_since=now)
    return probing, Admission(True, probing.epoch)


def report(circuit: Circuit, run_id: str, epoch: int, now: float, *, ok: bool, reason: str) -> Circuit:
    """Take in how an admitted attempt ended. Pure."""
    if epoch != circuit.epoch:
        return circuit  # It belongs to a period that has been decided already.
    if circuit.state == "half_open":
        if circuit.probe != run_id:
            return circuit
        if ok:
            return Circuit(epoch=circuit.epoch + 1)
        return replace(
            circuit,
            state="open",
            epoch=circuit.epoch + 1,
            failures=circuit.failures + 1,
            opened_at=now,
            probe="",
            reason=reason,
        )
    if circuit.state == "open":
        return circuit
    if ok:
        return circuit if circuit.failures == 0 else replace(circuit, failures=0, reason="")
    failing = replace(circuit, failures=circuit.failures + 1, reason=reason)
    if failing.failures < THRESHOLD:
        return failing
    return replace(failing, state="open", epoch=circuit.epoch + 1, opened_at=now)


@dataclass(frozen=True, slots=True)
class Transition:
    """A circuit went from `before` to `after`, because of the attempt `work`; `epoch` numbers its transitions."""

    work: Work
    before: State
    after: State
    epoch: int
    failures: int
    reason: str


class SharedBreaker:
    """The breaker of a fleet, one circuit per (processor, date). `ledger` hears of every transition, and never
    raises.
    """

    def __init__(self, state: SharedState, clock: Clock, ledger: Callable[[Transition], None]) -> None:
        self._state = state
        self._clock = clock
        self._ledger = ledger

    def call(self, work: Work, run: Callable[[], Outcome]) -> Outcome:
        """Run `run` where the circuit allows it, and learn from what it returns or raises.

        An open circuit gives `skipped` with the reason: not a failure, and nothing to deliver again for.
        """
        admission = self._admit(work)
        if not admission.allowed:
            return Outcome(work.processor, Status.SKIPPED, f"breaker {admission.reason}")
        try:
            outcome = run()
        except BaseException as error:
            self._report(work, admission.epoch, ok=False, reason=f"{type(error).__name__}: {error}"[:200])
            raise
        ok = outcome.status is not Status.FAILED
        if not (ok and admission.clean):  # Most attempts succeed on a clean circuit: they cost one read and no write.
            self._report(work, admission.epoch, ok=ok, reason=outcome.reason)
        return outcome

    def _admit(self, work: Work) -> Admission:
        now = self._clock().timestamp()

        def change(document: Document | None) -> tuple[Document | None, tuple[Circuit, Circuit, Admission]]:
            circuit = Circuit.load(document)
            after, admission = admit(circuit, work.run_id, now)
            return (after.dump() if after != circuit else None), (circuit, after, admission)

        before, after, admission = self._state.update(_key(work), change)
        self._tell(work, before, after, f"probe {work.run_id}")
        return admission

    def _report(self, work: Work, epoch: int, *, ok: bool, reason: str) -> None:
        now = self._clock().timestamp()

        def change(document: Document | None) -> tuple[Document | None, tuple[Circuit, Circuit]]:
            circuit = Circuit.load(document)
            after = report(circuit, work.run_id, epoch, now, ok=ok, reason=reason)
            return (after.dump() if after != circuit else None), (circuit, after)

        before, after = self._state.update(_key(work), change)
        self._tell(work, before, after, "the probe succeeded" if ok else reason)

    def _tell(self, work: Work, before: Circuit, after: Circuit, reason: str) -> None:
        if before.state != after.state:
            telemetry.breaker_moved(work.key, before.state, after.state, reason)
            self._ledger(Transition(work, before.state, after.state, after.epoch, after.failures, reason))


def _key(work: Work) -> str:
    return f"breaker/{work.processor}/{work.game_date.isoformat()}"
