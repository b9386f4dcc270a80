"""A season of either sport: its games in order, found by day and start, and how a calendar goes otherwise than planned.

Everything follows from one seed; what an upstream shows is a pure function of the season and the time, so that
asking twice, in another order, or for the state of an hour ago always agrees. It must not know how a game is played,
nor any upstream's format.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

from fakes.upstreams.fixture import ANNOUNCED_BEFORE_S, EASTERN, Fixture, State
from fakes.upstreams.injuries import Injuries

G = TypeVar("G", bound=Fixture)
P = TypeVar("P")

TipOff = tuple[int, int]
"""Hour and minute, Eastern."""


@dataclass(frozen=True)
class Season(Generic[G, P]):
    """The games in order of their ids, the rosters by abbreviation, and the seed of everything drawn later."""

    games: tuple[G, ...]
    rosters: Mapping[str, tuple[P, ...]]
    seed: str
    injuries: Injuries

    @property
    def label(self) -> str:
        """The season a game of autumn or spring belongs to: "2025-26"."""
        year = self.games[0].season_year
        return f"{year}-{(year + 1) % 100:02d}"

    def of_day(self, day: date) -> tuple[G, ...]:
        """The games of the league's `day`."""
        return self._by_day.get(day, ())

    def of_id(self, game_id: str) -> G | None:
        """The game of an id: the make-up game, where there is one; None for an unknown id."""
        return self._by_id.get(game_id)

    def upcoming(self, now_s: float, within_s: float) -> tuple[G, ...]:
        """The games that start after `now_s` but within `within_s`; those called off by now are not among them."""
        first = bisect_right(self._by_tip, now_s, key=lambda game: game.tip_s)
        ahead = (game for game in self._by_tip[first:] if game.tip_s <= now_s + within_s)
        return tuple(game for game in ahead if game.known(now_s) and not game.called_off(now_s))

    def shown(self, now_s: float) -> Iterator[G]:
        """What is in a schedule by now: neither the games not announced yet nor those that are cancelled."""
        return (g for g in self.games if g.known(now_s) and not (g.cancelled and g.called_off(now_s)))

    def finals(self, now_s: float) -> list[G]:
        """The games that are over, in order of their starts."""
        return [game for game in self._by_tip if game.state(now_s) is State.FINAL]

    @cached_property
    def _by_day(self) -> dict[date, tuple[G, ...]]:
        days: dict[date, list[G]] = {}
        for game in self.games:
            days.setdefault(game.day, []).append(game)
        return {day: tuple(games) for day, games in days.items()}

    @cached_property
    def _by_id(self) -> dict[str, G]:
        return {game.game_id: game for game in self.games}

    @cached_property
    def _by_tip(self) -> list[G]:
        return sorted(self.games, key=lambda game: (game.tip_s, game.game_id))


@dataclass(frozen=True, slots=True)
class Course:
    """What goes otherwise than planned, by game id (NBA: `00225` and five digits; MLB: the `gamePk`).

    `postponed` games are called off; one with a day is made up on it, under the same id. `cancelled` ones never are.
    `late` begins so many seconds late. `corrected` have their statistics changed the day after. `suspended` (MLB) are
    broken off and resumed the day after. `extra` are games beside the slates, numbered after them: {day, home, away,
    at} with abbreviations and an Eastern "13:00".
    """

    postponed: Mapping[str, date | None] = field(default_factory=dict)
    cancelled: frozenset[str] = frozenset()
    late: Mapping[str, int] = field(default_factory=dict)
    corrected: frozenset[str] = frozenset()
    suspended: frozenset[str] = frozenset()
    extra: Sequence[Mapping[str, str]] = ()

    def named(self) -> set[str]:
        """All ids it speaks of."""
        return {*self.postponed, *self.cancelled, *self.late, *self.corrected, *self.suspended}


@dataclass(frozen=True, slots=True)
class Planned:
    """A game as the calendar has it before anything goes otherwise."""

    game_id: str
    day: date
    tip: TipOff
    home: Any
    away: Any


def moment_s(day: date, tip: TipOff) -> int:
    """Seconds since the epoch of an Eastern time of the day."""
    return int(datetime(day.year, day.month, day.day, *tip, tzinfo=EASTERN).timestamp())


def lay_out(
    planned: Sequence[Planned],
    course: Course,
    make: Callable[[dict[str, Any]], G],
    made_up_at: Callable[[Planned, date], TipOff],
) -> tuple[G, ...]:
    """The games of a calendar as they are played: `make` is given the fields of a `Fixture`.

    `made_up_at` says at what time a postponed game is made up on a day. Raises `ValueError` for a course that speaks
    of games that there are none of.
    """
    rows: list[dict[str, Any]] = []
    for one in planned:
        off, made_up = one.game_id in course.postponed, course.postponed.get(one.game_id)
        row = {
            "game_id": one.game_id, "day": one.day, "tip_s": moment_s(one.day, one.tip), "home": one.home,
            "away": one.away, "late_s": course.late.get(one.game_id, 0), "corrected": one.game_id in course.corrected,
        }  # fmt: skip
        cancelled = one.game_id in course.cancelled
        rows.append({**row, "postponed": off, "made_up": made_up, "cancelled": cancelled})
        if made_up is not None:
            announced_s = row["tip_s"] - ANNOUNCED_BEFORE_S
            tip_s = moment_s(made_up, made_up_at(one, made_up))
            rows.append({**row, "day": made_up, "tip_s": tip_s, "known_from_s": announced_s, "made_up_from": one.day})
    unknown = sorted(course.named() - {one.game_id for one in planned})
    if unknown:
        span = f"{planned[0].game_id} to {planned[-1].game_id}" if planned else "no games"
        raise ValueError(f"games {unknown} are not of this season, which has {span}")
    _number_double_headers(rows)
    return tuple(make(row) for row in rows)


def _number_double_headers(rows: list[dict[str, Any]]) -> None:
    """Which of how many games of the same two teams each is on its day; one called off is not counted."""
    played: Counter[tuple[Any, ...]] = Counter()
    for row in sorted(rows, key=lambda row: (row["tip_s"], row["game_id"])):
        meeting = (row["day"], row["home"], row["away"])
        if not (row.get("postponed") or row.get("cancelled")):
            played[meeting] += 1
            row["number_of_day"] = played[meeting]
    for row in rows:
        row["games_of_day"] = max(1, played[row["day"], row["home"], row["away"]])


def extra_game(one: Mapping[str, str], teams: Mapping[str, Any], game_id: Callable[[date], str]) -> Planned:
    """A game asked for beside the slates; `teams` by abbreviation. Raises `ValueError` with what is wrong."""
    try:
        hour, minute = one.get("at", "13:00").split(":")
        day = date.fromisoformat(one["day"])
        return Planned(game_id(day), day, (int(hour), int(minute)), teams[one["home"]], teams[one["away"]])
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"extra game {dict(one)}: {error!r}; give day, home, away (tricodes) and at (13:00, Eastern)"
        ) from None
