"""The games of a day as the schedule has them, and what may be concluded from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from typing import Any

from pipeline.warehouse import Warehouse

KNOWN_DAYS = 10
"""A schedule with no game this many days either side of a date is taken to be missing, not empty (incident 36); the
longest pause within a season, All-Star week, is seven days.
"""

SCHEDULE = "nba_raw.nbac_schedule"


class GameStatus(IntEnum):
    """NBA.com's `gameStatus`."""

    SCHEDULED = 1
    LIVE = 2
    FINAL = 3


@dataclass(frozen=True, slots=True)
class ScheduledGame:
    """One game of the schedule; `game_key` is `YYYYMMDD_AWY_HOM`, which the box scores carry too."""

    game_key: str
    game_date: date
    status: GameStatus
    postponed: bool


@dataclass(frozen=True, slots=True)
class Slate:
    """The games of one day. `known` is False where the schedule says nothing about the days around it either."""

    day: date
    games: tuple[ScheduledGame, ...]
    known: bool

    @property
    def played(self) -> tuple[ScheduledGame, ...]:
        """The games that are to be played that day: those not postponed."""
        return tuple(game for game in self.games if not game.postponed)

    @property
    def final(self) -> tuple[ScheduledGame, ...]:
        """The games that are over."""
        return tuple(game for game in self.played if game.status is GameStatus.FINAL)

    @property
    def complete(self) -> bool:
        """Whether there were games and all are over."""
        return bool(self.played) and len(self.final) == len(self.played)


def slate_of(day: date, games: Iterable[ScheduledGame]) -> Slate:
    """The slate of `day` out of the games of the days around it."""
    around = list(games)
    todays = sorted((game for game in around if game.game_date == day), key=lambda game: game.game_key)
    return Slate(day, tuple(todays), known=bool(around))


class Schedule:
    """Reads slates from the schedule table, one query each. Errors of the query go through: they are not "no games"."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def slate(self, day: date) -> Slate:
        """The games of `day`."""
        margin = timedelta(days=KNOWN_DAYS)
        rows = self._warehouse.rows(
            f"SELECT game_key, game_date, game_status, postponed FROM {SCHEDULE} "
            "WHERE game_date BETWEEN @first_day AND @last_day",
            {"first_day": day - margin, "last_day": day + margin},
        )
        return slate_of(day, (_game(row) for row in rows))


def _game(row: dict[str, Any]) -> ScheduledGame:
    return ScheduledGame(row["game_key"], row["game_date"], GameStatus(row["game_status"]), bool(row["postponed"]))
