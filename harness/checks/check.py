"""What a check is: parameters from a scenario file, and a pure, three-valued judgement of a history.

This module must not know any particular check.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

from harness.history import Event, History
from harness.metrics import instants
from harness.outcome import Evidence, Finding, Verdict
from harness.strict import Strict
from harness.timespec import Moment, duration_text

EVIDENCE_MAX = 5
"""Events named in a finding; the rest are in the history."""


class Check(Strict, ABC):
    """A judgement with its parameters. Subclasses are named in `harness/checks/catalogue.py`.

    A check that finds nothing to look at, or a history that ends too early to tell, gives `unknown`, never `pass`.
    """

    name: ClassVar[str]
    """What scenario files call it."""

    @abstractmethod
    def __call__(self, history: History) -> Finding:
        """Judge `history`, without changing anything and always the same."""

    @property
    def title(self) -> str:
        """The name with the parameters that were given, for findings: `alert-within limit=15m after=storm_onset`."""
        given = (f"{self._key(field)}={getattr(self, field)}" for field in sorted(self.model_fields_set))
        return " ".join((self.name, *given))

    def finding(
        self,
        verdict: Verdict,
        *,
        reason: str,
        measured: Any = None,
        bound: Any = None,
        margin: float | None = None,
        evidence: Iterable[Evidence] = (),
    ) -> Finding:
        """A finding of this check."""
        return Finding(
            check=self.title,
            verdict=verdict,
            measured=measured,
            bound=bound,
            margin=margin,
            reason=reason,
            evidence=tuple(evidence),
        )

    def unknown(self, reason: str, **more: Any) -> Finding:
        """The finding of a check that can't tell, and why it can't."""
        return self.finding(Verdict.UNKNOWN, reason=reason, **more)

    @classmethod
    def _key(cls, field: str) -> str:
        return cls.model_fields[field].alias or field


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a run, [`from_ns`, `until_ns`); `complete` where the history tells all of it, so that what is absent
    from it did not happen.
    """

    from_ns: int
    until_ns: int
    complete: bool

    def __contains__(self, event: Event) -> bool:
        return self.from_ns <= event.t_ns < self.until_ns


def t_ns(moment: Moment, history: History) -> int:
    """`moment` on the scale of the history; `NoInstantError` for an instant that there is none of."""
    start = history.start
    return moment.t_ns(start["start_epoch_ns"] if start else 0, instants(history))


def window(history: History, start: Moment | None = None, until: Moment | None = None) -> Window:
    """The window between two moments; without them it is the whole run, complete if the run came to its end."""
    reach_ns, ended = history.derive(_reach_ns), history.derive(has_ended)
    until_ns = t_ns(until, history) if until else reach_ns + 1
    return Window(
        from_ns=t_ns(start, history) if start else 0,
        until_ns=until_ns,
        complete=ended if until is None else until_ns <= reach_ns + ended,
    )


def tells_until(history: History, t_ns: int) -> bool:
    """Whether the history reaches `t_ns`, so that what had to happen by then and is absent did not happen."""
    return t_ns <= history.derive(_reach_ns)


def has_ended(history: History) -> bool:
    """Whether the run came to its planned end."""
    return history.end is not None


def _reach_ns(history: History) -> int:
    return history.reach_ns


def evidence(events: Iterable[Event], describe: Callable[[Event], str] | None = None) -> list[Evidence]:
    """The first few of `events` as evidence, worded by `describe` or else by their data."""
    return [
        Evidence(text=describe(event) if describe else _words(event), seq=event.seq, t_ns=event.t_ns)
        for event in islice(events, EVIDENCE_MAX)
    ]


def clock(t_ns: int) -> str:
    """A time in the run for people, to the second: `9h15m`."""
    return duration_text(max(0, t_ns) // 1_000_000_000 * 1_000_000_000)


def _words(event: Event) -> str:
    return f"{clock(event.t_ns)} {event.process}#{event.instance} {event.kind} {dict(event.data)}"[:240]
