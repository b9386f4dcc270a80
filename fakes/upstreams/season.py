"""A synthetic season: who plays whom when, and what is known of it at a given moment.

Everything follows from one seed; what an upstream shows is a pure function of the season and the time, so that
asking twice, in another order, or for the state of an hour ago always agrees. It must not know any upstream's format.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from fakes.upstreams.boxscore import BoxScore, Line, play
from fakes.upstreams.league import TEAMS, Team
from fakes.upstreams.roster import Player, build_rosters

EASTERN = ZoneInfo("America/New_York")

TIP_OFFS = ((19, 0, 30), (19, 30, 25), (20, 0, 20), (20, 30, 6), (21, 0, 7), (22, 0, 7), (22, 30, 5))
"""Hour, minute (Eastern) and weight of a start on a weekday evening."""

MOST_GAMES = len(TEAMS) // 2
LENGTH_S = (8_100, 540)
"""Mean and deviation of tip-off to final horn: 2 h 15 min (NBA, 2023-24) and 9 min; an overtime adds 20 min."""

OVERTIME_S = 1_200


class State(IntEnum):
    """NBA.com's `gameStatus`."""

    SCHEDULED = 1
    LIVE = 2
    FINAL = 3


@dataclass(frozen=True)
class Game:
    """One game. `day` is the league's (Eastern) day, times are seconds since the epoch. Played once, when first
    asked.
    """

    game_id: str
    day: date
    tip_s: int
    home: Team
    away: Team
    home_players: tuple[Player, ...]
    away_players: tuple[Player, ...]
    seed: str
    postponed: bool = False

    @cached_property
    def box(self) -> BoxScore:
        """How it ends."""
        return play(self.home_players, self.away_players, random.Random(f"{self.seed}/{self.game_id}"))

    @cached_property
    def final_s(self) -> int:
        """When it is over; regulation never takes less than 1 h 50 min."""
        rng = random.Random(f"{self.seed}/{self.game_id}/length")
        return self.tip_s + max(6_600, round(rng.gauss(*LENGTH_S))) + OVERTIME_S * self.box.overtimes

    def state(self, now_s: float) -> State:
        """What it is at `now_s`; a postponed game stays scheduled."""
        if self.postponed or now_s < self.tip_s:
            return State.SCHEDULED
        return State.LIVE if now_s < self.final_s else State.FINAL

    def played(self, now_s: float) -> float:
        """The share of it that is over at `now_s`, 0..1."""
        match self.state(now_s):
            case State.SCHEDULED:
                return 0.0
            case State.FINAL:
                return 1.0
        return (now_s - self.tip_s) / (self.final_s - self.tip_s)

    def lines(self, now_s: float) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
        """Home and visitors' lines so far; none before the tip-off."""
        share = self.played(now_s)
        match self.state(now_s):
            case State.SCHEDULED:
                return (), ()
            case State.FINAL:
                return self.box.home, self.box.away
        return tuple(line.after(share) for line in self.box.home), tuple(line.after(share) for line in self.box.away)

    def period(self, now_s: float) -> tuple[int, str]:
        """The period (0 before the tip-off) and its clock, "5:32"."""
        share = self.played(now_s)
        if share == 0.0 and self.state(now_s) is State.SCHEDULED:
            return 0, ""
        periods = 4 + self.box.overtimes
        if share >= 1.0:
            return periods, "0:00"
        period = int(share * periods)
        left_s = int((1.0 - (share * periods - period)) * (720 if period < 4 else 300))
        return period + 1, f"{left_s // 60}:{left_s % 60:02d}"

    @property
    def starts_at(self) -> datetime:
        """The tip-off, in UTC."""
        return datetime.fromtimestamp(self.tip_s, UTC)


@dataclass(frozen=True)
class Season:
    """The games in order of their ids, the rosters by tricode, and the seed of everything drawn later."""

    games: tuple[Game, ...]
    rosters: Mapping[str, tuple[Player, ...]]
    seed: str

    @property
    def label(self) -> str:
        """The season a game of autumn or spring belongs to: "2025-26"."""
        first = self.games[0].day
        year = first.year if first.month >= 7 else first.year - 1
        return f"{year}-{(year + 1) % 100:02d}"

    def of_day(self, day: date) -> tuple[Game, ...]:
        """The games of the league's `day`."""
        return self._by_day.get(day, ())

    def upcoming(self, now_s: float, within_s: float) -> tuple[Game, ...]:
        """The games that start after `now_s` but within `within_s`, the postponed ones not among them."""
        first = bisect_right(self._by_tip, now_s, key=lambda game: game.tip_s)
        ahead = (game for game in self._by_tip[first:] if game.tip_s <= now_s + within_s)
        return tuple(game for game in ahead if not game.postponed)

    @cached_property
    def _by_day(self) -> dict[date, tuple[Game, ...]]:
        days: dict[date, list[Game]] = {}
        for game in self.games:
            days.setdefault(game.day, []).append(game)
        return {day: tuple(games) for day, games in days.items()}

    @cached_property
    def _by_tip(self) -> list[Game]:
        return sorted(self.games, key=lambda game: (game.tip_s, game.game_id))


def build_season(
    seed: str,
    first_day: date,
    slates: Sequence[int],
    *,
    first_number: int = 1,
    postponed: frozenset[str] = frozenset(),
) -> Season:
    """A season of `len(slates)` days from `first_day` with that many games each (0..15), numbered from `first_number`.

    `postponed` names game ids (`00225` and five digits) that are called off. Raises `ValueError` for a slate too large.
    """
    rng = random.Random(f"{seed}/season")
    rosters = build_rosters(rng)
    games: list[Game] = []
    rest: dict[str, int] = {}
    for offset, count in enumerate(slates):
        if not 0 <= count <= MOST_GAMES:
            raise ValueError(f"day {offset}: {count} games; thirty teams can play 0 to {MOST_GAMES} a day")
        day = first_day + timedelta(days=offset)
        # The longest rested play first, at random among equals, as schedules try to.
        teams = sorted(TEAMS, key=lambda team: (rest.get(team.tricode, -9), rng.random()))[: 2 * count]
        rng.shuffle(teams)
        for index, tip in enumerate(_tip_offs(count, rng)):
            home, away = teams[2 * index], teams[2 * index + 1]
            rest[home.tricode] = rest[away.tricode] = offset
            year = day.year if day.month >= 7 else day.year - 1
            game_id = f"002{year % 100:02d}{first_number + len(games):05d}"
            games.append(
                Game(
                    game_id=game_id,
                    day=day,
                    tip_s=int(datetime(day.year, day.month, day.day, *tip, tzinfo=EASTERN).timestamp()),
                    home=home,
                    away=away,
                    home_players=rosters[home.tricode],
                    away_players=rosters[away.tricode],
                    seed=seed,
                    postponed=game_id in postponed,
                )
            )
    unknown = sorted(postponed - {game.game_id for game in games})
    if unknown:
        raise ValueError(f"postponed games {unknown} are not of this season, which has {_span(games)}")
    return Season(tuple(games), rosters, seed)


def _span(games: Sequence[Game]) -> str:
    return f"{games[0].game_id} to {games[-1].game_id}" if games else "no games"


def _tip_offs(count: int, rng: random.Random) -> list[tuple[int, int]]:
    """Starts of an evening in order; with four games or more the first is at 19:00 and the last at 22:30."""
    drawn = rng.choices([(hour, minute) for hour, minute, _ in TIP_OFFS], [weight for *_, weight in TIP_OFFS], k=count)
    drawn.sort()
    if count >= 4:
        drawn[0], drawn[-1] = (19, 0), (22, 30)
    return drawn
