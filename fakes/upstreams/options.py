"""A user's options of a season, checked once for both sports: its days, its slates and what goes otherwise."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

from fakes.upstreams.season import Course

MOST_GAMES = 15
"""Thirty teams can play so many games a day, in both leagues."""

DEFAULT_FIRST_DAY = "2026-01-10"


@dataclass(frozen=True, slots=True)
class SeasonOptions:
    """What `fakes.upstreams.create` says of a season. Raises `ValueError` naming the option."""

    first_day: str | date = DEFAULT_FIRST_DAY
    slates: Sequence[int] | None = None
    days: int = 14
    games_per_day: Sequence[int] | None = None
    first_number: int | None = None
    postponed: Sequence[str] | Mapping[str, str] = ()
    cancelled: Sequence[str] = ()
    late: Mapping[str, int] | None = None
    corrected: Sequence[str] = ()
    suspended: Sequence[str] = ()
    extra: Sequence[Mapping[str, str]] = ()
    rain: bool = True

    def __post_init__(self) -> None:
        if self.games_per_day is not None:
            low, high = self.games_per_day
            if not 0 <= low <= high <= MOST_GAMES:
                raise ValueError(f"games_per_day: {self.games_per_day}; give two numbers in order, 0 to {MOST_GAMES}")
        if self.days < 1:
            raise ValueError(f"days: {self.days}; a season has at least one")
        self.first()

    @classmethod
    def of(cls, name: str, given: Mapping[str, Any], **defaults: Any) -> SeasonOptions:
        """The options `given` under `name`; the `defaults` hold where they say nothing."""
        if not isinstance(given, Mapping):
            raise ValueError(f"{name}: {given!r}; give a mapping of options")
        unknown = sorted(set(given) - {one.name for one in fields(cls)})
        if unknown:
            raise ValueError(f"{name}: {unknown} unknown; there are {', '.join(one.name for one in fields(cls))}")
        try:
            return cls(**{**defaults, **given})
        except (ValueError, TypeError) as error:
            raise ValueError(f"{name}: {error}") from None

    def first(self) -> date:
        """The first day."""
        if isinstance(self.first_day, date):
            return self.first_day
        try:
            return date.fromisoformat(self.first_day)
        except (ValueError, TypeError):
            raise ValueError(f"first_day: {self.first_day!r} is no date; give YYYY-MM-DD") from None

    def counts(self, rng: random.Random, plays_on: Callable[[date], bool], drawn: Callable[[date], int]) -> list[int]:
        """The number of games of each day: those given, or drawn for the days on which the league plays."""
        if self.slates is not None:
            return list(self.slates)
        ahead = (self.first() + timedelta(days=day) for day in range(self.days))
        if self.games_per_day is None:
            return [drawn(day) if plays_on(day) else 0 for day in ahead]
        low, high = self.games_per_day
        return [rng.randint(low, high) if plays_on(day) else 0 for day in ahead]

    def course(self) -> Course:
        """What goes otherwise than planned."""
        moved = self.postponed if isinstance(self.postponed, Mapping) else dict.fromkeys(self.postponed, "")
        return Course(
            postponed={game: date.fromisoformat(day) if day else None for game, day in moved.items()},
            cancelled=frozenset(self.cancelled),
            late={game: 60 * minutes for game, minutes in (self.late or {}).items()},
            corrected=frozenset(self.corrected),
            suspended=frozenset(self.suspended),
            extra=tuple(self.extra),
        )
