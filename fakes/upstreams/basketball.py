"""A season of the NBA: who plays whom when, and what is known of a game at a given moment.

It must not know any upstream's format.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from fakes.upstreams.boxscore import BoxScore, Line, period_at, play, total
from fakes.upstreams.fixture import Fixture, State
from fakes.upstreams.injuries import Injuries
from fakes.upstreams.league import TEAMS, Team
from fakes.upstreams.options import MOST_GAMES
from fakes.upstreams.roster import Player, build_rosters
from fakes.upstreams.season import Course, Planned, Season, extra_game, lay_out

TIP_OFFS = ((19, 0, 30), (19, 30, 25), (20, 0, 20), (20, 30, 6), (21, 0, 7), (22, 0, 7), (22, 30, 5))
"""Hour, minute (Eastern) and weight of a start on a weekday evening."""

LENGTH_S = (8_100, 540)
"""Mean and deviation of tip-off to final horn: 2 h 15 min (NBA, 2023-24) and 9 min; an overtime adds 20 min."""

OVERTIME_S = 1_200

OFF_SEASON = ((4, 13), (10, 20))
"""Month and day from and to which the league's regular season rests (2025-26: 21 October to 12 April)."""

ALL_STAR_DAYS = ((2, 13), (2, 18))
"""The break of 2026, both ends included."""

NO_GAMES = frozenset({(11, 27), (12, 24)})
"""Thanksgiving of 2025 and Christmas Eve: nobody plays."""


@dataclass(frozen=True)
class Game(Fixture):
    """One game of basketball. Played once, when first asked."""

    home: Team
    away: Team
    home_players: tuple[Player, ...] = ()
    away_players: tuple[Player, ...] = ()
    out: frozenset[int] = frozenset()

    @cached_property
    def box(self) -> BoxScore:
        """How it ends."""
        rng = random.Random(f"{self.seed}/{self.game_id}")
        return play(self.home_players, self.away_players, rng, self.out)

    @property
    def final_score(self) -> tuple[int, int]:
        """Points of the home and the visiting team in the end."""
        return self.box.score

    @cached_property
    def _corrected_box(self) -> BoxScore:
        return self.box.corrected()

    def box_at(self, now_s: float) -> BoxScore:
        """The game as it is known at `now_s`: a correction changes it after its end."""
        return self._corrected_box if now_s >= self.corrected_s else self.box

    @cached_property
    def final_s(self) -> int:
        """When it is over; regulation never takes less than 1 h 50 min."""
        rng = random.Random(f"{self.seed}/{self.game_id}/length")
        return self.begins_s + max(6_600, round(rng.gauss(*LENGTH_S))) + OVERTIME_S * self.box.overtimes

    def elapsed_s(self, now_s: float) -> float:
        """Seconds of play so far."""
        return self.played(now_s) * self.box.length_s

    def lines(self, now_s: float) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
        """Home and visitors' lines so far; none before the tip-off."""
        if self.state(now_s) is State.SCHEDULED:
            return (), ()
        return self.box_at(now_s).at(self.elapsed_s(now_s))

    def score(self, now_s: float) -> tuple[int, int]:
        """Points so far of the home and the visiting team."""
        home, away = self.lines(now_s)
        return total(home), total(away)

    def periods(self, now_s: float) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Points of each period that has begun, home and away."""
        if self.state(now_s) is State.SCHEDULED:
            return (), ()
        return self.box.periods(self.elapsed_s(now_s))

    def period(self, now_s: float) -> tuple[int, str]:
        """The period (0 before the tip-off) and its clock, "5:32"."""
        match self.state(now_s):
            case State.SCHEDULED:
                return 0, ""
            case State.FINAL:
                return 4 + self.box.overtimes, "0:00"
        period, left_s = period_at(self.elapsed_s(now_s))
        return period, f"{int(left_s) // 60}:{int(left_s) % 60:02d}"


NbaSeason = Season[Game, Player]


def plays_on(day: date) -> bool:
    """Whether the league's regular season has games on such a day of the year."""
    at = (day.month, day.day)
    (from_day, to_day), (break_from, break_to) = OFF_SEASON, ALL_STAR_DAYS
    return not from_day <= at <= to_day and not break_from <= at <= break_to and at not in NO_GAMES


def build_season(
    seed: str,
    first_day: date,
    slates: Sequence[int],
    *,
    first_number: int = 1,
    course: Course | None = None,
) -> NbaSeason:
    """A season of `len(slates)` days from `first_day` with that many games each (0..15), numbered from `first_number`.

    Raises `ValueError` for a slate too large, an unknown game or an unknown team.
    """
    course = course or Course()
    rng = random.Random(f"{seed}/season")
    rosters = build_rosters(rng)
    injuries = Injuries(seed, first_day)
    teams = _Teams()
    numbers = itertools.count(first_number)

    def game_id(day: date) -> str:
        return f"002{(day.year if day.month >= 7 else day.year - 1) % 100:02d}{next(numbers):05d}"

    planned: list[Planned] = []
    for offset, count in enumerate(slates):
        if not 0 <= count <= MOST_GAMES:
            raise ValueError(f"day {offset}: {count} games; thirty teams can play 0 to {MOST_GAMES} a day")
        pairs = teams.pairs(offset, count, rng)
        day = first_day + timedelta(days=offset)
        tips = zip(_tip_offs(count, rng), pairs, strict=True)
        planned += [Planned(game_id(day), day, tip, home, away) for tip, (home, away) in tips]
    planned += [extra_game(one, {team.tricode: team for team in TEAMS}, game_id) for one in course.extra]

    def make(row: dict[str, Any]) -> Game:
        players = rosters[row["home"].tricode], rosters[row["away"].tricode]
        out = frozenset(each.bdl_id for side in players for each in side if injuries.out(each.bdl_id, row["day"]))
        return Game(**row, home_players=players[0], away_players=players[1], out=out, seed=seed)

    return Season(lay_out(planned, course, make, lambda one, day: (19, 0)), rosters, seed, injuries)


class _Teams:
    """Who has played how much, when and where: schedules rest teams, and share out home games."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._before_last: dict[str, int] = {}
        self._games = dict.fromkeys((team.tricode for team in TEAMS), 0)
        self._home = dict(self._games)

    def pairs(self, offset: int, count: int, rng: random.Random) -> list[tuple[Team, Team]]:
        """Home and visiting teams of a day. Rest counts, chance too: about one game in six is the second in two days,
        and nobody plays on three days in a row unless all must.
        """

        def eager(team: Team) -> float:
            rest = min(3, offset - self._last.get(team.tricode, -9))
            tired = rest == 1 and offset - self._before_last.get(team.tricode, -9) == 2
            return rest - 0.45 * self._games[team.tricode] + rng.uniform(0, 2.2) - (100 if tired else 0)

        ranked = sorted(((eager(team), team) for team in TEAMS), key=lambda pair: -pair[0])
        teams = [team for _, team in ranked[: 2 * count]]
        rng.shuffle(teams)
        made = []
        for one, other in zip(teams[::2], teams[1::2], strict=True):
            lead = self._lead(one) - self._lead(other)
            home, away = (other, one) if lead > 0 or (lead == 0 and rng.random() < 0.5) else (one, other)
            for team in (home, away):
                self._before_last[team.tricode] = self._last.get(team.tricode, -9)
                self._last[team.tricode] = offset
                self._games[team.tricode] += 1
            self._home[home.tricode] += 1
            made.append((home, away))
        return made

    def _lead(self, team: Team) -> int:
        """Home games beyond half of all."""
        return 2 * self._home[team.tricode] - self._games[team.tricode]


def _tip_offs(count: int, rng: random.Random) -> list[tuple[int, int]]:
    """Starts of an evening in order; with four games or more the first is at 19:00 and the last at 22:30."""
    drawn = rng.choices([(hour, minute) for hour, minute, _ in TIP_OFFS], [weight for *_, weight in TIP_OFFS], k=count)
    drawn.sort()
    if count >= 4:
        drawn[0], drawn[-1] = (19, 0), (22, 30)
    return drawn
