"""A season of MLB: who plays whom when, who pitches, where it rains, and what is known of a game at a given moment.

It must not know any upstream's format.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from fakes.upstreams.fixture import Fixture, State
from fakes.upstreams.injuries import BASEBALL, Injuries
from fakes.upstreams.mlb.calendar import Calendar, tip_off
from fakes.upstreams.mlb.innings import PlayedGame, Squad, play_game
from fakes.upstreams.mlb.league import CLUBS, Club
from fakes.upstreams.mlb.lines import Box, Decisions, box, decide
from fakes.upstreams.mlb.plays import Play
from fakes.upstreams.mlb.roster import ACTIVE_HITTERS, ACTIVE_PITCHERS, FIELDERS, Ballplayer, build_rosters
from fakes.upstreams.options import MOST_GAMES
from fakes.upstreams.season import Course, Planned, Season, TipOff, extra_game, lay_out, moment_s

LENGTH_S = (9_600, 1_320)
"""Mean and deviation of first pitch to last out: 2 h 40 min (MLB, 2023, with the pitch clock) and 22 min."""

EXTRA_INNING_S = 1_200
RAIN = 0.015
"""Share of games in the open that rain calls off: MLB postponed 39 of 2,430 in 2023."""

SUSPENDED = 0.001
"""Share of games in the open that are broken off and resumed the day after: a handful a season."""

OFF_SEASON = ((9, 29), (3, 24))
ALL_STAR_DAYS = ((7, 13), (7, 16))
"""Regular season of 2026: 25 March to 27 September, with a break of four days."""

ANNOUNCED_STARTER_S = 2 * 86_400
"""A probable pitcher is announced so long before the game, as a rule."""

ROTATION, REST_DAYS = 5, 4
"""Starters who take turns, and the days they rest between two games."""

LINEUP_S = 3 * 3_600
"""Lineups come out so long before the game (ours: clubs post them two to four hours ahead)."""


@dataclass(frozen=True)
class BallGame(Fixture):
    """One game of baseball, played once, when first asked. `halts` says that it is broken off and resumed at
    `resumes_s`.
    """

    home: Club
    away: Club
    rosters: tuple[tuple[Ballplayer, ...], tuple[Ballplayer, ...]] = ((), ())
    starters: tuple[int, int] | None = None
    injuries: Injuries | None = None
    halts: bool = False
    series_game: int = 1
    series_games: int = 3

    @property
    def season_year(self) -> int:
        """A season of baseball is within a year."""
        return self.day.year

    @cached_property
    def squads(self) -> tuple[Squad, Squad]:
        """Who is there, home and away; not for a game that is not played."""
        assert self.starters is not None
        assert self.injuries is not None
        home, away = (
            _squad(roster, starter, self.injuries, self.day)
            for roster, starter in zip(self.rosters, self.starters, strict=True)
        )
        return home, away

    @cached_property
    def game(self) -> PlayedGame:
        """How it ends."""
        return play_game(self.squads[0], self.squads[1], random.Random(f"{self.seed}/{self.game_id}"))

    @cached_property
    def _corrected(self) -> PlayedGame:
        return self.game.corrected()

    def game_at(self, now_s: float) -> PlayedGame:
        """The game as it is known at `now_s`: the official scorer may change it after its end."""
        return self._corrected if now_s >= self.corrected_s else self.game

    @property
    def final_score(self) -> tuple[int, int]:
        """Runs of the home and the visiting club in the end."""
        return self.game.score

    @cached_property
    def _length_s(self) -> int:
        rng = random.Random(f"{self.seed}/{self.game_id}/length")
        return max(7_200, round(rng.gauss(*LENGTH_S))) + EXTRA_INNING_S * (self.game.innings - 9)

    @cached_property
    def halt(self) -> float:
        """The share of the game after which it is broken off: between two plays of the middle innings."""
        return next(play.at for play in self.game.plays if play.at >= 0.45)

    @property
    def halted_s(self) -> float:
        """When it is broken off; never for most."""
        return self.begins_s + self.halt * self._length_s if self.halts else float("inf")

    @property
    def resumes_s(self) -> int:
        """When it goes on: at two in the afternoon of the next day."""
        return moment_s(self.day + timedelta(days=1), (14 + self.home.west_h, 5))

    def suspended(self, now_s: float) -> bool:
        """Whether it is broken off and not resumed yet."""
        return self.played_at_all and self.halted_s <= now_s < self.resumes_s

    @cached_property
    def final_s(self) -> int:
        """When the last out is made."""
        if self.halts:
            return round(self.resumes_s + (1 - self.halt) * self._length_s)
        return self.begins_s + self._length_s

    def played(self, now_s: float) -> float:
        """The share of it that is over at `now_s`, 0..1."""
        if not self.halts or now_s < self.halted_s or now_s >= self.final_s:
            return super().played(now_s) if not self.halts else self._before(now_s)
        return self.halt + max(0.0, now_s - self.resumes_s) / self._length_s

    def _before(self, now_s: float) -> float:
        share = max(0.0, (now_s - self.begins_s) / self._length_s)
        return 1.0 if now_s >= self.final_s else share

    def plays(self, now_s: float) -> tuple[Play, ...]:
        """What has happened by now."""
        return () if now_s < self.begins_s or not self.played_at_all else self.game_at(now_s).until(self.played(now_s))

    def score(self, now_s: float) -> tuple[int, int]:
        """Runs so far of the home and the visiting club."""
        plays = self.plays(now_s)
        return plays[-1].score if plays else (0, 0)

    @cached_property
    def decisions(self) -> Decisions:
        """Who has won, lost and saved it in the end."""
        return decide(self.game.squads, self.game.plays)

    def box(self, now_s: float) -> Box:
        """The lines so far; decisions are in them when it is over."""
        if self.state(now_s) is not State.FINAL:
            return box(self.squads, self.plays(now_s), None)
        return self._corrected_box if now_s >= self.corrected_s else self._final_box

    @cached_property
    def _final_box(self) -> Box:
        return box(self.squads, self.game.plays, self.decisions)

    @cached_property
    def _corrected_box(self) -> Box:
        return box(self.squads, self._corrected.plays, self.decisions)

    def starter(self, side: int, now_s: float) -> Ballplayer | None:
        """The probable pitcher of a side; None before he is announced."""
        if self.starters is None or now_s < self.tip_s - ANNOUNCED_STARTER_S:
            return None
        return self.rosters[side][self.starters[side]]

    def lineup_known(self, now_s: float) -> bool:
        """Whether the batting orders are out."""
        return self.starters is not None and now_s >= self.tip_s - LINEUP_S


MlbSeason = Season[BallGame, Ballplayer]


def plays_on(day: date) -> bool:
    """Whether the league's regular season has games on such a day of the year."""
    at = (day.month, day.day)
    (from_day, to_day), (break_from, break_to) = OFF_SEASON, ALL_STAR_DAYS
    return not (at >= from_day or at <= to_day) and not break_from <= at <= break_to


def build_season(
    seed: str, first_day: date, slates: Sequence[int], *, first_number: int = 822_001, course: Course | None = None,
    rain: bool = True,
) -> MlbSeason:  # fmt: skip
    """A season of `len(slates)` days from `first_day` with that many games each (0..15); `gamePk`s count from
    `first_number`. With `rain`, games in the open are called off and made up as double headers, a few are suspended.

    Raises `ValueError` for a slate too large, an unknown game or an unknown club.
    """
    rng = random.Random(f"{seed}/mlb")
    rosters = build_rosters(rng)
    injuries = Injuries(f"{seed}/mlb", first_day, BASEBALL)
    calendar = Calendar()
    numbers = itertools.count(first_number)
    planned: list[Planned] = []
    series: dict[str, tuple[int, int]] = {}
    for offset, count in enumerate(slates):
        if not 0 <= count <= MOST_GAMES:
            raise ValueError(f"day {offset}: {count} games; thirty clubs can play 0 to {MOST_GAMES} a day")
        day = first_day + timedelta(days=offset)
        for home, away, number, games in calendar.pairs(count, rng):
            planned.append(Planned(str(next(numbers)), day, tip_off(home, day, rng), home, away))
            series[planned[-1].game_id] = (number, games)
    course = course or Course()
    if rain:
        course = _weather(planned, course, seed)
    clubs = {club.tricode: club for club in CLUBS}
    planned += [extra_game(one, clubs, lambda _: str(next(numbers))) for one in course.extra]

    def make(row: dict[str, Any]) -> BallGame:
        number, games = series.get(row["game_id"], (1, 1))
        halts = row["game_id"] in course.suspended
        return BallGame(**row, seed=f"{seed}/mlb", series_game=number, series_games=games, halts=halts)

    def made_up_at(one: Planned, day: date) -> TipOff:
        """Before an evening game of the same day, after an afternoon one."""
        regular = next((p.tip for p in planned if (p.day, p.home, p.away) == (day, one.home, one.away)), None)
        if regular is None or regular[0] >= 17 + one.home.west_h:
            return (13 + one.home.west_h, 5)
        return (regular[0] + 4, regular[1])

    named = _named_starters(lay_out(planned, course, make, made_up_at), rosters, injuries)
    return Season(named, rosters, f"{seed}/mlb", injuries)


def _weather(planned: Sequence[Planned], course: Course, seed: str) -> Course:
    """`course` with what rain does besides: a game called off is made up at the next meeting in the same park."""
    postponed, suspended = dict(course.postponed), set(course.suspended)
    named = course.named()
    for number, one in enumerate(planned):
        drawn = random.Random(f"{seed}/rain/{one.game_id}").random()
        if one.home.roof or one.game_id in named or drawn >= RAIN + SUSPENDED:
            continue
        if drawn >= RAIN:
            suspended.add(one.game_id)
            continue
        later = (p.day for p in planned[number:] if (p.home, p.away) == (one.home, one.away) and p.day > one.day)
        postponed[one.game_id] = next(later, None)
    return replace(course, postponed=postponed, suspended=frozenset(suspended))


def _named_starters(
    games: Sequence[BallGame], rosters: dict[str, tuple[Ballplayer, ...]], injuries: Injuries
) -> tuple[BallGame, ...]:
    """The games with the starters whose turn it is."""
    last = {club: {p.rank: date.min for p in roster if p.position == "SP"} for club, roster in rosters.items()}
    starters: dict[int, tuple[int, int]] = {}
    for place, game in sorted(enumerate(games), key=lambda pair: (pair[1].tip_s, pair[1].game_id)):
        turns = last[game.home.tricode], last[game.away.tricode]
        clubs = rosters[game.home.tricode], rosters[game.away.tricode]
        home, away = (
            _next_starter(roster, turn, injuries, game.day) for roster, turn in zip(clubs, turns, strict=True)
        )
        starters[place] = home, away
        if game.played_at_all:
            turns[0][home] = turns[1][away] = game.day
    return tuple(
        replace(
            game, starters=starters.get(place), injuries=injuries,
            rosters=(rosters[game.home.tricode], rosters[game.away.tricode]),
        )
        for place, game in enumerate(games)
    )  # fmt: skip


def _next_starter(roster: tuple[Ballplayer, ...], last: dict[int, date], injuries: Injuries, day: date) -> int:
    """Of five starters the one whose turn it is; the sixth and seventh are for when the others are hurt or tired."""
    fit = [rank for rank in last if not injuries.out(roster[rank].mlb_id, day)] or list(last)
    rested = [rank for rank in fit if (day - last[rank]).days > REST_DAYS]
    spare = list(last)[ROTATION:]
    return min(rested or fit, key=lambda rank: (rank in spare, last[rank], rank))


def active(roster: tuple[Ballplayer, ...], injuries: Injuries, day: date) -> list[Ballplayer]:
    """The active roster of a day: of the fit, thirteen hitters and thirteen pitchers."""
    fit = [player for player in roster if not injuries.out(player.mlb_id, day)]
    hitters = [player for player in fit if not player.pitches]
    return hitters[:ACTIVE_HITTERS] + [player for player in fit if player.pitches][:ACTIVE_PITCHERS]


def _squad(roster: tuple[Ballplayer, ...], starter: int, injuries: Injuries, day: date) -> Squad:
    able = active(roster, injuries, day)
    hitters = [player for player in able if not player.pitches]
    fielders: list[tuple[Ballplayer, str]] = []
    free = list(hitters)
    for position in FIELDERS:  # whoever plays there, or the best who does not play yet
        best = min(free or list(roster[:9]), key=lambda player: (player.position != position, player.rank))
        free = [player for player in free if player.rank != best.rank]
        fielders.append((best, position))
    fielders.sort(key=lambda pair: -(pair[0].gifts.hits + 0.3 * pair[0].gifts.homers + 0.1 * pair[0].gifts.walks))
    return Squad(
        players=roster, order=tuple((player.rank, position) for player, position in fielders), starter=starter,
        bench=tuple(player.rank for player in free),
        bullpen=tuple(player.rank for player in able if player.position == "RP"),
    )  # fmt: skip
