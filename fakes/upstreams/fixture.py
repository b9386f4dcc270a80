"""A fixture of either sport: when it is played, what may happen to it, and what it is at a given moment.

Everything an upstream shows of a game is a function of the game and the time; this is the part that both sports share.
It must not know how a game is played, nor any upstream.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import IntEnum
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")

ANNOUNCED_BEFORE_S = 3 * 3_600
"""A postponement or cancellation is announced so long before the start (ours; rain is announced later, blizzards
earlier)."""

CORRECTED_AFTER_S = 14 * 3_600
"""From the final horn to a correction of the statistics: leagues review a night's games the next day (ours)."""


class State(IntEnum):
    """NBA.com's `gameStatus`."""

    SCHEDULED = 1
    LIVE = 2
    FINAL = 3


@dataclass(frozen=True)
class Fixture:
    """One game. `day` is the league's (Eastern) day, times are seconds since the epoch.

    `late_s` is how much later than `tip_s` it begins. A `postponed` game is not played; `made_up` is the day on which a
    game of the same id is, and that one, `made_up_from` the first day, is not known before `known_from_s`. Of
    `games_of_day` games that the two teams play on a day it is the `number_of_day`-th. A `corrected` one has its
    statistics changed `CORRECTED_AFTER_S` after its end.
    """

    game_id: str
    day: date
    tip_s: int
    home: Any
    away: Any
    seed: str
    postponed: bool = False
    cancelled: bool = False
    late_s: int = 0
    corrected: bool = False
    made_up: date | None = None
    made_up_from: date | None = None
    known_from_s: float = float("-inf")
    number_of_day: int = 1
    games_of_day: int = 1

    @property
    def played_at_all(self) -> bool:
        """Whether there is a game to be seen."""
        return not (self.postponed or self.cancelled)

    @property
    def begins_s(self) -> int:
        """When it really begins."""
        return self.tip_s + self.late_s

    @cached_property
    def final_s(self) -> int:
        """When it is over."""
        raise NotImplementedError

    @property
    def final_score(self) -> tuple[int, int]:
        """Points of the home and the visiting team in the end."""
        raise NotImplementedError

    @property
    def corrected_s(self) -> float:
        """When its statistics are corrected; never for most."""
        return self.final_s + CORRECTED_AFTER_S if self.corrected else float("inf")

    def called_off(self, now_s: float) -> bool:
        """Whether it is known by now that it is not played."""
        return not self.played_at_all and now_s >= self.tip_s - ANNOUNCED_BEFORE_S

    def known(self, now_s: float) -> bool:
        """Whether it is in any schedule by now: a make-up game is not before it is announced."""
        return now_s >= self.known_from_s

    def delayed(self, now_s: float) -> bool:
        """Whether it should have begun and has not."""
        return self.played_at_all and self.tip_s <= now_s < self.begins_s

    def state(self, now_s: float) -> State:
        """What it is at `now_s`; a game that is not played stays scheduled."""
        if not self.played_at_all or now_s < self.begins_s:
            return State.SCHEDULED
        return State.LIVE if now_s < self.final_s else State.FINAL

    def played(self, now_s: float) -> float:
        """The share of it that is over at `now_s`, 0..1."""
        match self.state(now_s):
            case State.SCHEDULED:
                return 0.0
            case State.FINAL:
                return 1.0
        return (now_s - self.begins_s) / (self.final_s - self.begins_s)

    @property
    def starts_at(self) -> datetime:
        """The scheduled start, in UTC."""
        return datetime.fromtimestamp(self.tip_s, UTC)

    @property
    def season_year(self) -> int:
        """The year in which the season of an autumn-to-spring sport began."""
        return self.day.year if self.day.month >= 7 else self.day.year - 1
