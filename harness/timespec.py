"""Durations with units and instants with zones, as people write them in scenario files.

A duration is `90s`, `15m`, `36h`, `7d`, `250ms` or a sum of these, largest first (`1h30m`); an instant is an ISO 8601
date and time with a zone (`2026-01-16T09:00:00Z`). A bare number and a bare `16:30` are errors, since each has been
read as something else by somebody (YAML 1.1 reads 16:30 as 990). This module must not know what the times are for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

_UNITS_NS = {
    "d": 86_400_000_000_000,
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:d|h|ms|m|us|s|ns))+")
_PART = re.compile(r"(\d+)(?:\.(\d+))?(d|h|ms|m|us|s|ns)")
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def duration_ns(text: Any) -> int:
    """`text` in nanoseconds, 0 or more; ValueError where it is no duration with units."""
    if not isinstance(text, str):
        raise ValueError(f"a duration needs a unit, as in '90s', '15m' or '36h'; {text!r} has none")
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is no duration; write '90s', '15m', '1h30m' or '7d'")
    total_ns, last_ns = 0, max(_UNITS_NS.values()) + 1
    for whole, fraction, unit in _PART.findall(text):
        unit_ns = _UNITS_NS[unit]
        if unit_ns >= last_ns:
            raise ValueError(f"{text!r} is no duration; put the largest unit first and each once, as in '1h30m'")
        last_ns = unit_ns
        part_ns, rest = divmod(int(whole + fraction) * unit_ns, 10 ** len(fraction))
        if rest:
            raise ValueError(f"{text!r} is finer than a nanosecond")
        total_ns += part_ns
    return total_ns


def duration_text(nanoseconds: int) -> str:
    """The shortest text that `duration_ns` reads back as `nanoseconds` (>= 0): 5400 s are `1h30m`."""
    if nanoseconds == 0:
        return "0s"
    parts, rest_ns = [], nanoseconds
    for unit, unit_ns in _UNITS_NS.items():
        count, rest_ns = divmod(rest_ns, unit_ns)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def instant(text: Any) -> datetime:
    """`text` as a time of day with its zone; ValueError where it is none or has no zone."""
    if isinstance(text, datetime):
        moment = text
    elif isinstance(text, str):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(
                f"{text!r} is no date and time with a zone; write '2026-01-16T09:00:00Z' or '2026-01-16T04:00:00-05:00'"
            ) from None
    else:
        raise ValueError(f"{text!r} is no date and time with a zone; write '2026-01-16T09:00:00Z'")
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone; write '{moment.isoformat()}Z' for UTC or add an offset such as -05:00")
    return moment


def epoch_ns(moment: datetime) -> int:
    """Nanoseconds from the Unix epoch to `moment`, exactly (a float near the epoch loses 100 ns)."""
    delta: timedelta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000_000 + delta.microseconds * 1_000


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of virtual time that remembers how it was written. In a pydantic model it is validated from its text."""

    ns: int
    text: str = field(compare=False)

    @classmethod
    def parse(cls, text: Any) -> Duration:
        """The duration that `text` says; ValueError where it is none or has no unit."""
        return text if isinstance(text, Duration) else cls(duration_ns(text), text)

    @property
    def seconds(self) -> float:
        """The same in seconds."""
        return self.ns / 1e9

    def __str__(self) -> str:
        return self.text

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _from_text(cls.parse)


class NoInstantError(LookupError):
    """A moment named by an instant that the scenario does not have, or that did not come in this run."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in a run: a duration since its start (`2h`), a time of day with a zone, or the name of an instant."""

    at: int | datetime | str
    """Nanoseconds since the start of the run, or the time of day, or the name."""
    text: str = field(compare=False)

    @classmethod
    def parse(cls, text: Any) -> Moment:
        """The moment that `text` says; ValueError where it says none."""
        if isinstance(text, Moment):
            return text
        if isinstance(text, str) and _DURATION.fullmatch(text):
            return cls(duration_ns(text), text)
        if isinstance(text, str) and _NAME.fullmatch(text):
            return cls(text, text)
        return cls(instant(text), str(text))

    @property
    def name(self) -> str | None:
        """The instant it names, None for a moment that is given by itself."""
        return self.at if isinstance(self.at, str) else None

    def t_ns(self, start_epoch_ns: int, instants: Mapping[str, int]) -> int:
        """Nanoseconds since the start of a run that began at `start_epoch_ns`; negative if the moment was before it.

        Raises `NoInstantError`, naming those there are, for a name that is not in `instants` (name -> t_ns).
        """
        match self.at:
            case int():
                return self.at
            case datetime():
                return epoch_ns(self.at) - start_epoch_ns
            case name:
                if name not in instants:
                    raise NoInstantError(
                        f"no instant is called {name!r}; there are {', '.join(sorted(instants)) or 'none'}"
                    )
                return instants[name]

    def __str__(self) -> str:
        return self.text

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _from_text(cls.parse)


def _from_text(parse: Callable[[Any], Any]) -> CoreSchema:
    return core_schema.no_info_plain_validator_function(
        parse, serialization=core_schema.to_string_ser_schema(when_used="always")
    )
