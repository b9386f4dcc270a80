"""Faults as data: what a scenario file says about one fault.

A fault strikes calls (refuse, delay, hang, serve_stale, distort before the effect; lose_reply, truncate after it) or
processes (crash, pause, restart; at a time or on a call). This module must not know how a fault is carried out or how
a scenario file is read. Vendor-worded refusals belong to the emulators: a bare status gets the vendor's usual words
there.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from fakes.seam import Delay, Distort, Hang, LoseReply, Refuse, ServeStale, Truncate, Verdict
from harness.faults.match import CallMatch
from harness.strict import Strict
from harness.timespec import Duration, Moment

Phase = Literal["before", "mid", "after"]


def _status_alone(value: Any) -> Any:
    return {"status": value} if isinstance(value, int) else value


class RefuseSpec(Strict):
    """An error instead of the effect. `status` is an HTTP status, or 0 for a connection reset before it is read."""

    status: Annotated[int, Field(ge=0, le=599)] = 503
    reason: str = ""
    message: str = ""
    code: str = ""
    headers: dict[str, str] = Field(default_factory=dict)

    def verdict(self) -> Verdict:
        """The seam's verdict."""
        return Refuse(self.status, self.reason, self.message, self.code, self.headers)


class LoseReplySpec(Strict):
    """The effect happens and its answer is lost: a reset connection (status 0), or this error in its place."""

    status: Annotated[int, Field(ge=0, le=599)] = 0
    reason: str = ""
    message: str = ""
    code: str = ""

    def verdict(self) -> Verdict:
        """The seam's verdict."""
        return LoseReply(self.status, self.reason, self.message, self.code)


class TruncateSpec(Strict):
    """The effect happens and its answer breaks off after so many bytes of the body."""

    after_bytes: Annotated[int, Field(ge=0)]

    def verdict(self) -> Verdict:
        """The seam's verdict."""
        return Truncate(self.after_bytes)


Share = Annotated[float, Field(gt=0, le=1)]


class DistortSpec(Strict):
    """Data that is wrong in the ways given, at least one; which calls know which way is in the back end's reference."""

    hide_partition: str | None = None
    hide_streamed: Duration | None = None
    drop_rows: Share | None = None
    duplicate_rows: Share | None = None
    drop_columns: tuple[str, ...] | None = Field(default=None, strict=False, min_length=1)
    rename_columns: dict[str, str] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _some_way(self) -> DistortSpec:
        if not any(getattr(self, name) is not None for name in type(self).model_fields):
            raise ValueError(f"distort says no way; give one or more of {', '.join(type(self).model_fields)}")
        return self

    def verdict(self) -> Verdict:
        """The seam's verdict."""
        return Distort(
            self.hide_partition or "",
            self.hide_streamed.seconds if self.hide_streamed else 0.0,
            self.drop_rows or 0.0,
            self.duplicate_rows or 0.0,
            self.drop_columns or (),
            self.rename_columns or {},
        )


class Victim(Strict):
    """Whom a process fault strikes: a process by name, or `caller`, the one that made the matching call.

    `instance` is a number, `any` (chosen by the fault's dice among the live ones) or `all`.
    """

    process: str
    instance: int | Literal["any", "all"] = "any"


class CrashSpec(Victim):
    """SIGKILL: no `finally`, no atexit, sockets reset. Whether somebody starts it again is the platform's business."""


class PauseSpec(Victim):
    """SIGSTOP for a while (a stalled machine, a long collection): nothing of it runs, its sockets stay open."""

    length: Duration = Field(alias="for")


class RestartSpec(Victim):
    """A crash, and a start from scratch `down` later."""

    down: Duration = Duration(0, "0s")


ProcessAction = CrashSpec | PauseSpec | RestartSpec

_BEFORE = ("refuse", "delay", "hang", "serve_stale", "distort")
_AFTER = ("lose_reply", "truncate")
_PROCESS = ("crash", "pause", "restart")
_ACTIONS = (*_BEFORE, *_AFTER, *_PROCESS)


class FaultSpec(Strict):
    """One planned fault: exactly one action, the calls or the time it is for, and how often.

    Of the calls that match within the window [`from`, `until`), the first `skip` are let go; the next `count` (all,
    when it is absent) can be struck; of those every `every`-th, each with `probability`, until `budget` have been.
    A process fault without a call strikes `at` a moment, or when an instance gives way to others for the `at_yield`-th
    time (counted from its start, from 1), the first of them to get there or, with instance `all`, each.
    `at_least` firings are needed for the run to count as having seen the fault. `worlds` limits it to those worlds.
    """

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    worlds: tuple[str, ...] | None = Field(default=None, strict=False)

    refuse: Annotated[RefuseSpec | None, BeforeValidator(_status_alone)] = None
    delay: Duration | None = None
    hang: Duration | Literal["forever"] | None = None
    serve_stale: Duration | None = None
    distort: DistortSpec | None = None
    lose_reply: Annotated[LoseReplySpec | None, BeforeValidator(_status_alone)] = None
    truncate: TruncateSpec | None = None
    crash: CrashSpec | None = None
    pause: PauseSpec | None = None
    restart: RestartSpec | None = None

    call: CallMatch | None = None
    phase: Phase | None = None
    edge: str | None = None
    at: Moment | None = None
    at_yield: Annotated[int, Field(ge=1)] | None = None

    start: Moment | None = Field(default=None, alias="from")
    until: Moment | None = None
    length: Duration | None = Field(default=None, alias="for")

    skip: Annotated[int, Field(ge=0)] = 0
    count: Annotated[int, Field(ge=1)] | None = None
    every: Annotated[int, Field(ge=1)] = 1
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0
    budget: Annotated[int, Field(ge=1)] | None = None
    at_least: Annotated[int, Field(ge=0)] = 1

    @property
    def action(self) -> str:
        """Which one of the actions it is: `refuse`, `crash`, …"""
        return next(name for name in _ACTIONS if getattr(self, name) is not None)

    @property
    def process_action(self) -> ProcessAction | None:
        """What it does to a process, None for a fault of calls."""
        return self.crash or self.pause or self.restart

    def verdict(self) -> Verdict:
        """What becomes of a call it strikes; LookupError for a process fault."""
        if spec := self.refuse or self.lose_reply or self.truncate or self.distort:
            return spec.verdict()
        if self.delay is not None:
            return Delay(self.delay.seconds)
        if self.serve_stale is not None:
            return ServeStale(self.serve_stale.seconds)
        if self.hang is not None:
            return Hang(None if isinstance(self.hang, str) else self.hang.seconds)
        raise LookupError(f"fault {self.id} strikes processes, not calls")

    @model_validator(mode="after")
    def _one_action(self) -> FaultSpec:
        given = [name for name in _ACTIONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"fault {self.id!r} has {' and '.join(given) or 'no action'}; give exactly one of {', '.join(_ACTIONS)}"
            )
        return self

    @model_validator(mode="after")
    def _phase_fits(self) -> FaultSpec:
        action = self.action
        if self.phase == "mid":
            if action in _AFTER:
                raise ValueError(
                    f"fault {self.id!r}: {action} happens after the effect; write 'phase: after' or drop it"
                )
            if not self.edge:
                raise ValueError(
                    f"fault {self.id!r}: 'phase: mid' needs 'edge', the name of a point inside the method as the "
                    "back end's documentation has it"
                )
        elif self.edge:
            raise ValueError(f"fault {self.id!r}: 'edge' goes with 'phase: mid' only")
        if action in _BEFORE and self.phase == "after":
            raise ValueError(
                f"fault {self.id!r}: {action} happens before the effect; for after it use lose_reply (with a status "
                "for an error answer) or truncate"
            )
        if action in _AFTER and self.phase == "before":
            raise ValueError(f"fault {self.id!r}: {action} happens after the effect; for before it use refuse")
        return self

    @model_validator(mode="after")
    def _place_fits(self) -> FaultSpec:
        victim = self.process_action
        if self.at_yield is not None:
            self._at_yield_fits(victim)
        elif self.at is not None:
            if victim is None:
                raise ValueError(
                    f"fault {self.id!r}: 'at' is for process faults; give calls a window with from and for"
                )
            if self.call or self.phase or self.start or self.until or self.length:
                raise ValueError(f"fault {self.id!r} has 'at' and a call or window; give the one or the other")
            if victim.process == "caller":
                raise ValueError(f"fault {self.id!r}: nobody calls at a time; name the process instead of 'caller'")
        elif self.call is None:
            raise ValueError(
                f"fault {self.id!r} strikes nothing; say which calls, as in 'call: {{service: bigquery}}'"
                + (", or when, as in 'at: 2h' or 'at_yield: 17'" if victim else "")
            )
        if self.until is not None and self.length is not None:
            raise ValueError(f"fault {self.id!r} has both 'until' and 'for'; give one of them")
        return self

    def _at_yield_fits(self, victim: ProcessAction | None) -> None:
        if victim is None:
            raise ValueError(f"fault {self.id!r}: 'at_yield' is for process faults; give calls a window or 'skip'")
        if self.call or self.phase or self.start or self.until or self.length or self.at is not None:
            raise ValueError(f"fault {self.id!r} has 'at_yield' and 'at', a call or a window; give one of them")
        if victim.process == "caller":
            raise ValueError(f"fault {self.id!r}: nobody calls at a yield; name the process instead of 'caller'")


def applied_phase(spec: FaultSpec) -> Phase:
    """When a fault acts on a call: as the spec says, else as its action demands."""
    return spec.phase or ("after" if spec.action in _AFTER else "before")
