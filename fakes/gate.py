"""The gate: the one place where a verdict is applied to a call and the call is recorded.

Every front end passes every call through `Gate.through`. No service logic mentions faults, and no fault mentions a
service: this module must know neither.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from fakes.journal import JournalError
from fakes.seam import (
    Call,
    ConnectionLost,
    Delay,
    Distort,
    Hang,
    LoseReply,
    Pass,
    Refuse,
    ServeStale,
    Surroundings,
    Truncate,
)

R = TypeVar("R")

FOREVER_S = 10.0 * 365 * 86400
"""A wait nobody outlives: ten years. A hang is a wait, so that a dying caller or a run's end can still cut it off."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the history shall say of an answer: `status` (an HTTP status or a gRPC code name), whether the state of the
    service was changed or read by it (`applied`), the vendor's `reason`, and the size of the answer in bytes.

    `unsupported` says in the emulator's words what it cannot do, where that is why it refused: such a run is unknown.
    """

    status: int | str
    ok: bool
    applied: bool | None
    reason: str = ""
    bytes_out: int = 0
    unsupported: str = ""


@dataclass(frozen=True, slots=True)
class Front(Generic[R]):
    """How one front end words things: build it once, pass it with each call.

    `refuse` renders a refusal as the vendor would; `see` reads an answer for the history; `truncate` gives what is
    left of an answer of which `n` body bytes got through (it may raise `ConnectionLost` itself).
    """

    refuse: Callable[[Refuse], R]
    see: Callable[[R], Seen]
    truncate: Callable[[R, int], R]


class Gate:
    """Applies verdicts to the calls of one back end and records each call once, when it ends."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._ids = itertools.count(1)

    def through(
        self,
        call: Call,
        effect: Callable[[], R],
        front: Front[R],
        *,
        aged: Callable[[float], R] | None = None,
        distorted: Callable[[Distort], R] | None = None,
    ) -> R:
        """Carry `call` through its verdict and return the answer to send.

        `effect()` does the work on the service's state and returns its answer. `aged(age_s)` answers from the state of
        so many seconds ago, `distorted(way)` with wrong data; without them such a fault is refused, as unsupported.
        Raises `ConnectionLost` where no answer shall reach the caller.
        """
        around = self._around
        started_ns = around.now_ns()
        call_id = next(self._ids)
        ruling = around.rule(call)
        verdict = ruling.verdict

        def note(outcome: str, seen: Seen) -> None:
            around.record(
                "call",
                id=call_id,
                caller=call.caller,
                service=call.service,
                method=call.method,
                resource=call.resource,
                started_epoch_ns=started_ns,
                outcome=outcome,
                status=seen.status,
                reason=seen.reason,
                applied="unknown" if seen.applied is None else seen.applied,
                fault=ruling.fault,
                bytes_in=call.bytes_in,
                bytes_out=seen.bytes_out,
            )
            if seen.unsupported:
                around.record("unsupported", service=call.service, method=call.method, what=seen.unsupported)

        def answered(reply: R, *, refused: bool = False) -> R:
            seen = front.see(reply)
            if refused:
                seen = replace(seen, applied=False, unsupported="")
            note("refused" if refused else "ok" if seen.ok else "error", seen)
            return reply

        def refuse(refusal: Refuse) -> R:
            if refusal.status == 0 and not refusal.code:
                note("refused", Seen("reset", ok=False, applied=False, reason=refusal.reason))
                raise ConnectionLost
            return answered(front.refuse(refusal), refused=True)

        def unsupported(what: str) -> R:
            what = f"unsupported by the emulator: {what}"
            reply = front.refuse(Refuse(501, "notImplemented", what, "UNIMPLEMENTED"))
            note("refused", replace(front.see(reply), applied=False, unsupported=what))
            return reply

        def unkept(error: JournalError) -> R:
            # A full disk, say. The effect is there until the process ends; nobody is told that it is kept.
            return front.refuse(Refuse(503, message=f"the emulator cannot keep its state: {error}"))

        def done() -> R:
            try:
                return answered(effect())
            except JournalError as error:
                reply = unkept(error)
                note("error", replace(front.see(reply), applied=None))
                return reply

        def unanswered() -> R:
            try:
                reply = effect()
            except JournalError as error:
                reply = unkept(error)
            note("lost", front.see(reply))
            return reply

        match verdict:
            case Pass():
                return done()
            case Delay(seconds):
                around.sleep(seconds)
                return done()
            case Refuse():
                return refuse(verdict)
            case ServeStale(age_s):
                if aged is not None:
                    return answered(aged(age_s))
                return unsupported(f"{call.method} keeps no past; aim the stale read at a call that does")
            case Distort():
                if distorted is not None:
                    return answered(distorted(verdict))
                return unsupported(f"{', '.join(verdict.ways())} of {call.method}")
            case LoseReply(status, reason, message, code):
                unanswered()
                if status == 0 and not code:
                    raise ConnectionLost
                return front.refuse(Refuse(status, reason, message, code))
            case Truncate(after_bytes):
                return front.truncate(unanswered(), after_bytes)
            case Hang(seconds):
                # Recorded before the wait: most hangs outlive the caller or the run, and must not leave no trace.
                note("timeout", Seen("hang", ok=False, applied=False))
                around.sleep(FOREVER_S if seconds is None else seconds)
                raise ConnectionLost
