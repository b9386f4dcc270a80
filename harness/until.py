"""Where to stop: names one moment of a run – a time, or an event of its history – in a word.

    45m  1h30m  2026-01-16T06:30:00Z     a time since the start, or of day
    mark:NAME  or  NAME                  the first mark of that name
    breaker:NAME  breaker:NAME:STATE     its first transition, to that state
    call:SERVICE.METHOD  …:N             the first (or N-th) call of that method to end
    process:NAME:EVENT                   the first such event of a process (`front`, or `front#1`)
    fault:ID                             the first firing of a fault
    event:SEQ                            the event of that number

Names are shell patterns. This module must not know who stops, or how.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.glob import Glob
from harness.kinds import KINDS
from harness.strict import nearest
from harness.timespec import Moment

WORDS = ("mark", "breaker", "call", "process", "fault", "event")
EXAMPLES = (
    "45m, 2026-01-16T06:30:00Z, mark:NAME, breaker:NAME:open, call:bigquery.jobs.insert:3, process:front:crash, "
    "fault:ID or event:1234"
)


class UntilError(ValueError):
    """A text that names no moment; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Until:
    """A moment of a run: `moment` if it is a time, else the `count`-th event of `kind` whose fields fit `patterns`."""

    text: str
    moment: Moment | None = None
    kind: str = ""
    patterns: tuple[tuple[str, str], ...] = ()
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Until:
        """The moment that `text` names; `UntilError` where it names none."""
        text = text.strip()
        word, colon, rest = text.partition(":")
        if not text:
            raise UntilError(f"an empty text names no moment; write {EXAMPLES}")
        if text[0].isdigit():
            try:
                return cls(text, moment=Moment.parse(text))
            except ValueError as error:
                raise UntilError(f"{text!r} names no moment: {error}") from error
        if not colon:
            return cls(text, kind="mark", patterns=(("name", text),))
        if word not in WORDS:
            raise UntilError(f"{text!r} names no moment: there is no {word!r}{nearest(word, list(WORDS))}")
        if not rest:
            raise UntilError(f"{text!r} names no moment: {word} of what? Write {EXAMPLES}")
        return cls._of_word(text, word, rest)

    @classmethod
    def _of_word(cls, text: str, word: str, rest: str) -> Until:
        if word in ("mark", "fault"):
            field = {"mark": "name", "fault": "id"}[word]
            fired = (("event", "fired"),) if word == "fault" else ()
            return cls(text, kind=word, patterns=((field, rest), *fired))
        if word == "event":
            return cls(text, kind="*", count=_number(text, rest, "the number of an event, from 0", least=0))
        name, _, last = rest.partition(":")
        if word == "breaker":
            return cls(text, kind=word, patterns=(("name", name), *((("to", last),) if last else ())))
        if word == "call":
            service, dot, method = name.partition(".")
            if not (service and dot and method):
                raise UntilError(
                    f"{text!r} names no call; write call:SERVICE.METHOD, as in call:gcs.storage.objects.get"
                )
            count = _number(text, last, "which of the calls, from 1", least=1) if last else 1
            return cls(text, kind=word, patterns=(("service", service), ("method", method)), count=count)
        events = sorted(KINDS["process"].words["event"])
        if last not in events:
            raise UntilError(
                f"{text!r} names no event of a process; write process:NAME:EVENT, with EVENT one of {', '.join(events)}"
            )
        return cls(text, kind=word, patterns=(("process", name), ("event", last)))

    def t_ns(self, start_epoch_ns: int, instants: Mapping[str, int]) -> int | None:
        """The time it names, in nanoseconds since the start of the run; None if it names an event."""
        return None if self.moment is None else self.moment.t_ns(start_epoch_ns, instants)


class Watch:
    """Waits for the event that an `Until` names: shown each event of a history in order, it says when that one came."""

    def __init__(self, until: Until) -> None:
        self._until = until
        self._globs = tuple((field, Glob(pattern)) for field, pattern in until.patterns)
        self._seen = 0

    def sees(self, seq: int, kind: str, process: str, instance: int, fields: Mapping[str, Any]) -> bool:
        """Whether this event is the one."""
        until = self._until
        if until.kind == "*":
            return seq == until.count
        if kind != until.kind or not self._fits(process, instance, fields):
            return False
        self._seen += 1
        return self._seen == until.count

    def _fits(self, process: str, instance: int, fields: Mapping[str, Any]) -> bool:
        for field, glob in self._globs:
            if field == "process":
                if not (glob.matches(process) or glob.matches(f"{process}#{instance}")):
                    return False
            elif not glob.matches(str(fields.get(field, ""))):
                return False
        return True


def _number(text: str, digits: str, what: str, *, least: int) -> int:
    if not digits.isdecimal() or int(digits) < least:
        raise UntilError(f"{text!r}: {digits!r} is not {what}")
    return int(digits)
