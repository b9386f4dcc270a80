"""A synthetic season: who plays whom when, and what is known of it at a given moment.

Everything follows from one seed; what an upstream shows is a pure function of the season and the time, so that
asking twice, in another order, or for the state of an hour ago always agrees. It must not know any upstream's format.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from fakes.upstreams.boxscore import BoxScore, Line, period_at, play, total
from fakes.upstreams.fixture import ANNOUNCED_BEFORE_S, EASTERN, Fixture, State
from fakes.upstreams.injuries import Injuries
from fakes.upstreams.league import TEAMS, Team
from fakes.upstreams.roster import Player, build_rosters

TIP_OFFS = ((19, 0, 30), (19, 30, 25), (20, 0, 20), (20, 30, 6), (21, 0, 7), (22, 0, 7), (22, 30, 5))
"""Hour, minute (Eastern) and weight of a start on a weekday evening."""

MOST_GAMES = len(TEAMS) // 2
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


@dataclass(frozen=True)
class Season:
    """The games in order of their ids, the rosters by tricode, and the seed of everything drawn later."""

    games: tuple[Game, ...]
    rosters: Mapping[str, tuple[Player, ...]]
    seed: str
    injuries: Injuries

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
        """The games that start after `now_s` but within `within_s`; those called off by now are not among them."""
        first = bisect_right(self._by_tip, now_s, key=lambda game: game.tip_s)
        ahead = (game for game in self._by_tip[first:] if game.tip_s <= now_s + within_s)
        return tuple(game for game in ahead if game.known(now_s) and not game.called_off(now_s))

    @cached_property
    def _by_day(self) -> dict[date, tuple[Game, ...]]:
        days: dict[date, list[Game]] = {}
        for game in self.games:
            days.setdefault(game.day, []).append(game)
        return {day: tuple(games) for day, games in days.items()}

    @cached_property
    def _by_tip(self) -> list[Game]:
        return sorted(self.games, key=lambda game: (game.tip_s, game.game_id))


@dataclass(frozen=True, slots=True)
class Course:
    """What goes otherwise than planned, by game id (`00225` and five digits).

    `postponed` games are called off; one with a day is made up on it, under the same id. `cancelled` ones never are.
    `late` begins so many seconds late. `corrected` have their statistics changed the day after. `extra` are games
    beside the slates, numbered after them: {day, home, away, at} with tricodes and an Eastern "13:00".
    """

    postponed: Mapping[str, date | None] = field(default_factory=dict)
    cancelled: frozenset[str] = frozenset()
    late: Mapping[str, int] = field(default_factory=dict)
    corrected: frozenset[str] = frozenset()
    extra: Sequence[Mapping[str, str]] = ()

    def named(self) -> set[str]:
        """All ids it speaks of."""
        return {*self.postponed, *self.cancelled, *self.late, *self.corrected}


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
) -> Season:
    """A season of `len(slates)` days from `first_day` with that many games each (0..15), numbered from `first_number`.

    Raises `ValueError` for a slate too large, an unknown game or an unknown team.
    """
    course = course or Course()
    rng = random.Random(f"{seed}/season")
    rosters = build_rosters(rng)
    injuries = Injuries(seed, first_day)
    teams = _Teams()
    planned: list[tuple[date, tuple[int, int], Team, Team]] = []
    for offset, count in enumerate(slates):
        if not 0 <= count <= MOST_GAMES:
            raise ValueError(f"day {offset}: {count} games; thirty teams can play 0 to {MOST_GAMES} a day")
        pairs = teams.pairs(offset, count, rng)
        day = first_day + timedelta(days=offset)
        planned += [(day, tip, *pair) for tip, pair in zip(_tip_offs(count, rng), pairs, strict=True)]
    planned += [_extra(one) for one in course.extra]
    games: list[Game] = []

    def add(game_id: str, day: date, tip: tuple[int, int], home: Team, away: Team, **more: Any) -> Game:
        players = rosters[home.tricode], rosters[away.tricode]
        game = Game(
            game_id=game_id, day=day, home=home, away=away, home_players=players[0], away_players=players[1],
            tip_s=int(datetime(day.year, day.month, day.day, *tip, tzinfo=EASTERN).timestamp()),
            out=frozenset(each.bdl_id for side in players for each in side if injuries.out(each.bdl_id, day)),
            seed=seed, late_s=course.late.get(game_id, 0), corrected=game_id in course.corrected, **more,
        )  # fmt: skip
        games.append(game)
        return game

    for number, (day, tip, home, away) in enumerate(planned, first_number):
        year = day.year if day.month >= 7 else day.year - 1
        game_id = f"002{year % 100:02d}{number:05d}"
        off = game_id in course.postponed
        made_up = course.postponed.get(game_id)
        game = add(game_id, day, tip, home, away, postponed=off, made_up=made_up, cancelled=game_id in course.cancelled)
        if made_up is not None:
            add(game_id, made_up, (19, 0), home, away, known_from_s=game.tip_s - ANNOUNCED_BEFORE_S)
    unknown = sorted(course.named() - {game.game_id for game in games})
    if unknown:
        raise ValueError(f"games {unknown} are not of this season, which has {_span(games)}")
    return Season(tuple(games), rosters, seed, injuries)


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


def _extra(one: Mapping[str, str]) -> tuple[date, tuple[int, int], Team, Team]:
    by_tricode = {team.tricode: team for team in TEAMS}
    try:
        hour, minute = one.get("at", "13:00").split(":")
        return (
            date.fromisoformat(one["day"]),
            (int(hour), int(minute)),
            by_tricode[one["home"]],
            by_tricode[one["away"]],
        )
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"extra game {dict(one)}: {error!r}; give day, home, away (tricodes) and at (13:00, Eastern)"
        ) from None


def _span(games: Sequence[Game]) -> str:
    return f"{games[0].game_id} to {games[-1].game_id}" if games else "no games"


def _tip_offs(count: int, rng: random.Random) -> list[tuple[int, int]]:
    """Starts of an evening in order; with four games or more the first is at 19:00 and the last at 22:30."""
    drawn = rng.choices([(hour, minute) for hour, minute, _ in TIP_OFFS], [weight for *_, weight in TIP_OFFS], k=count)
    drawn.sort()
    if count >= 4:
        drawn[0], drawn[-1] = (19, 0), (22, 30)
    return drawn
