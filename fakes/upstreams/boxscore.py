"""One basketball game, drawn once and then fixed: every count is an event at a time, so that any moment adds up.

Means per team and game are the NBA's of 2023-24 (Basketball Reference, league averages): 114 points, 89 shots of
which 35 threes, 22 free throws, 43.5 rebounds, 27 assists, 13 turnovers, 19 fouls. It must not know clocks or dates.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from fakes.upstreams.roster import Player

MINUTES = (34, 33, 32, 30, 28, 23, 19, 16, 13, 8, 4)
"""Of a rotation of eleven, in regulation; 240 in all."""

REGULATION_S = 48 * 60
OVERTIME_S = 5 * 60
QUARTER_S = 12 * 60
CLOSE_TO_TIE = (4, 0.14)
"""Games within so many points after 48 minutes are tied with that chance: 6 % go to overtime, as in the NBA."""

MOST_USAGE = 0.5
"""No player ends more than half of the possessions he is on the floor for; the NBA's highest seasons are near 0.4."""

POSSESSIONS_A_MINUTE = 2.2


@dataclass(frozen=True, slots=True)
class Line:
    """What one player did. Counts; rebounds and points follow from them. `seconds` on the floor."""

    player: Player
    seconds: int = 0
    minutes: int = 0
    twos: int = 0
    two_attempts: int = 0
    threes: int = 0
    three_attempts: int = 0
    free_throws: int = 0
    free_throw_attempts: int = 0
    offensive_rebounds: int = 0
    defensive_rebounds: int = 0
    assists: int = 0
    steals: int = 0
    blocks: int = 0
    turnovers: int = 0
    fouls: int = 0
    plus_minus: int = 0
    started: bool = False

    @property
    def points(self) -> int:
        """Two for a two, three for a three, one for a free throw."""
        return 2 * self.twos + 3 * self.threes + self.free_throws

    @property
    def made(self) -> int:
        """Field goals made."""
        return self.twos + self.threes

    @property
    def tried(self) -> int:
        """Field goals attempted."""
        return self.two_attempts + self.three_attempts

    @property
    def rebounds(self) -> int:
        """Both kinds."""
        return self.offensive_rebounds + self.defensive_rebounds

    @property
    def possessions(self) -> float:
        """Those he ended: shots, trips to the line, turnovers."""
        return self.tried + 0.44 * self.free_throw_attempts + self.turnovers


@dataclass(frozen=True, slots=True)
class Play:
    """One event: `at_s` seconds of play from the start, `side` 0 home or 1 away, the player's place in the line-up,
    and what it was: the names of the counts it adds to, the main one first.
    """

    at_s: float
    side: int
    who: int
    counts: tuple[str, ...]

    @property
    def points(self) -> int:
        """What it adds to the score."""
        return {"twos": 2, "threes": 3, "free_throws": 1}.get(self.counts[0], 0)


@dataclass(frozen=True)
class BoxScore:
    """A finished game: both line-ups with their seconds, and the plays in order; `overtimes` counts extra periods."""

    players: tuple[tuple[Player, ...], tuple[Player, ...]]
    seconds: tuple[tuple[int, ...], tuple[int, ...]]
    plays: tuple[Play, ...]
    overtimes: int = 0

    @property
    def length_s(self) -> int:
        """Seconds of play."""
        return REGULATION_S + OVERTIME_S * self.overtimes

    @property
    def home(self) -> tuple[Line, ...]:
        """The home team's lines at the end."""
        return self._end[0]

    @property
    def away(self) -> tuple[Line, ...]:
        """The visitors' lines at the end."""
        return self._end[1]

    @property
    def score(self) -> tuple[int, int]:
        """Points of the home and the visiting team."""
        return total(self.home), total(self.away)

    @cached_property
    def _end(self) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
        return self.at(float(self.length_s))

    @cached_property
    def _times(self) -> list[float]:
        return [play.at_s for play in self.plays]

    def until(self, at_s: float) -> tuple[Play, ...]:
        """The plays up to `at_s` seconds of play."""
        return self.plays[: bisect_right(self._times, at_s)]

    def at(self, at_s: float) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
        """Both teams' lines after `at_s` seconds of play."""
        tallies = tuple([dict.fromkeys(COUNTS, 0) for _ in side] for side in self.players)
        score = [0, 0]
        for play in self.until(at_s):
            for count in play.counts:
                tallies[play.side][play.who][count] += 1
            score[play.side] += play.points
        share = min(1.0, at_s / self.length_s)
        whole = share >= 1.0
        lines = []
        for side in (0, 1):
            seconds = self.seconds[side] if whole else tuple(int(each * share) for each in self.seconds[side])
            minutes = _rounded(seconds, round(self.length_s * 5 / 60) if whole else sum(seconds) // 60)
            plus = _plus_minus(seconds, score[side] - score[1 - side])
            lines.append(
                tuple(
                    Line(player, s, m, **tally, plus_minus=p, started=place < 5 and self.seconds[side][place] > 0)
                    for place, (player, s, m, tally, p) in enumerate(
                        zip(self.players[side], seconds, minutes, tallies[side], plus, strict=True)
                    )
                )
            )
        return lines[0], lines[1]

    def periods(self, at_s: float) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Points of each period that has begun after `at_s` seconds of play, home and away."""
        count = 4 + self.overtimes
        sums = ([0] * count, [0] * count)
        for play in self.until(at_s):
            sums[play.side][min(count, period_at(play.at_s)[0]) - 1] += play.points
        begun = min(count, period_at(at_s)[0])
        return tuple(sums[0][:begun]), tuple(sums[1][:begun])

    def corrected(self) -> BoxScore:
        """The game as the league's review leaves it: one defensive rebound is somebody else's of the same team."""
        for index, play in enumerate(self.plays):
            if play.counts[0] == "defensive_rebounds":
                others = [n for n, seconds in enumerate(self.seconds[play.side]) if seconds and n != play.who]
                changed = replace(play, who=others[0])
                return replace(self, plays=(*self.plays[:index], changed, *self.plays[index + 1 :]))
        return self


COUNTS = (
    "twos", "two_attempts", "threes", "three_attempts", "free_throws", "free_throw_attempts", "offensive_rebounds",
    "defensive_rebounds", "assists", "steals", "blocks", "turnovers", "fouls",
)  # fmt: skip


def total(lines: Sequence[Line]) -> int:
    """Points of a team."""
    return sum(line.points for line in lines)


def period_at(at_s: float) -> tuple[int, float]:
    """The period (from 1) and the seconds left in it, after `at_s` seconds of play."""
    if at_s < REGULATION_S:
        period = int(at_s // QUARTER_S)
        return period + 1, QUARTER_S - (at_s - period * QUARTER_S)
    overtime = int((at_s - REGULATION_S) // OVERTIME_S)
    return overtime + 5, OVERTIME_S - (at_s - REGULATION_S - overtime * OVERTIME_S)


def play(
    home: Sequence[Player], away: Sequence[Player], rng: random.Random, out: frozenset[int] = frozenset()
) -> BoxScore:
    """A finished game; never a tie. `out` are the ids of players who don't play. The home team shoots a little better
    (54 % of games are won at home).
    """
    players = (_by_role(home, out), _by_role(away, out))
    rotations = [_rotation(side, out, rng) for side in players]
    shares = [_shares(len(rotation), rng) for rotation in rotations]
    draw = _Draw(players, rotations, shares, rng)
    draw.period(0.0, REGULATION_S)
    margin = draw.margin()
    near, chance = CLOSE_TO_TIE
    if margin and abs(margin) <= near and rng.random() < chance:
        draw.level(abs(margin), 0 if margin < 0 else 1, REGULATION_S)
    overtimes = 0
    while not draw.margin():
        if overtimes == 3:  # four in a row have been seen twice in the league's history
            draw.level(1, 0, draw.length_s(overtimes))
            break
        draw.period(draw.length_s(overtimes), OVERTIME_S)
        overtimes += 1
    length_s = draw.length_s(overtimes)
    seconds = tuple(
        _seconds(len(side), rotation, share, length_s)
        for side, rotation, share in zip(players, rotations, shares, strict=True)
    )
    ordered = tuple(sorted(draw.plays, key=lambda each: each.at_s))
    return BoxScore(players, (seconds[0], seconds[1]), ordered, overtimes)


class _Draw:
    """The plays drawn so far."""

    def __init__(
        self,
        players: Sequence[Sequence[Player]],
        rotations: Sequence[Sequence[int]],
        shares: Sequence[Sequence[float]],
        rng: random.Random,
    ) -> None:
        self.plays: list[Play] = []
        self._players, self._rotations, self._shares, self._rng = players, rotations, shares, rng
        self._score = [0, 0]
        self._ended = [[0.0] * len(side) for side in players]
        self._fouls = [[0] * len(side) for side in players]

    @staticmethod
    def length_s(overtimes: int) -> int:
        """Seconds of play with so many extra periods."""
        return REGULATION_S + OVERTIME_S * overtimes

    def margin(self) -> int:
        """Points by which the home team leads."""
        return self._score[0] - self._score[1]

    def level(self, points: int, side: int, at_s: float) -> None:
        """Free throws in the last minute, all made."""
        for number in range(points):
            self._add(at_s - 45 + number, side, self._rotations[side][0], "free_throws", "free_throw_attempts")

    def period(self, from_s: float, length_s: float) -> None:
        """Draw all that happens within `length_s` seconds."""
        rng, scale = self._rng, length_s / REGULATION_S
        for side in (0, 1):
            edge = 0.006 if side == 0 else -0.006

            def some(mean: float, spread: float) -> int:
                return max(0, round(rng.gauss(mean, spread * (1.0 if scale == 1 else 2.0)) * scale))

            def when() -> float:
                return from_s + rng.uniform(2.0, length_s - 46.0)

            for _ in range(some(54, 4)):
                self._shot(when(), side, "two", 0.545 + edge)
            for _ in range(some(35, 4)):
                self._shot(when(), side, "three", 0.366 + edge)
            for _ in range(some(22, 5)):
                self._free_throw(when(), side)
            for _ in range(some(13, 3)):
                who = self._pick(side, lambda p: p.shots, cost=1.0)
                self._add(at := when(), side, who, "turnovers")
                if rng.random() < 0.56:
                    self._add(at, 1 - side, self._pick(1 - side, lambda _: 1.0), "steals")
            for _ in range(some(19, 4)):
                who = self._pick(side, lambda _: 1.0)
                if self._fouls[side][who] < 6:
                    self._fouls[side][who] += 1
                    self._add(when(), side, who, "fouls")

    def _shot(self, at_s: float, side: int, kind: str, chance: float) -> None:
        rng = self._rng
        inside = kind == "two"
        who = self._pick(side, lambda p: p.shots * (1 - p.threes if inside else p.threes), cost=1.0)
        if rng.random() < chance:
            self._add(at_s, side, who, f"{kind}s", f"{kind}_attempts")
            if rng.random() < 0.63:
                self._add(at_s, side, self._pick(side, lambda p: p.assists, without=who), "assists")
            return
        self._add(at_s, side, who, f"{kind}_attempts")
        if kind == "two" and rng.random() < 0.2:
            self._add(at_s, 1 - side, self._pick(1 - side, lambda p: p.rebounds), "blocks")
        self._rebound(at_s + 1.0, side, 0.25)

    def _free_throw(self, at_s: float, side: int) -> None:
        who = self._pick(side, lambda p: p.shots, cost=0.44)
        if self._rng.random() < 0.784:
            self._add(at_s, side, who, "free_throws", "free_throw_attempts")
            return
        self._add(at_s, side, who, "free_throw_attempts")
        if self._rng.random() < 0.5:  # only the last of a trip can be rebounded
            self._rebound(at_s + 1.0, side, 0.15)

    def _rebound(self, at_s: float, side: int, offensive: float) -> None:
        rng = self._rng
        if rng.random() > 0.885:
            return  # the team's, or out of bounds
        own = rng.random() < offensive
        taker = side if own else 1 - side
        who = self._pick(taker, lambda p: p.rebounds)
        self._add(at_s, taker, who, "offensive_rebounds" if own else "defensive_rebounds")

    def _pick(self, side: int, weight: Callable[[Player], float], *, cost: float = 0.0, without: int = -1) -> int:
        rotation, shares, players = self._rotations[side], self._shares[side], self._players[side]
        weights = []
        for place, share in zip(rotation, shares, strict=True):
            room = share * 48 * POSSESSIONS_A_MINUTE * MOST_USAGE * 0.8 - self._ended[side][place]
            barred = place == without or (cost > 0 and room < cost)
            weights.append(0.0 if barred else weight(players[place]) * share)
        if not any(weights):
            weights = [share if place != without else 0.0 for place, share in zip(rotation, shares, strict=True)]
        who = self._rng.choices(rotation, weights)[0]
        self._ended[side][who] += cost
        return who

    def _add(self, at_s: float, side: int, who: int, *counts: str) -> None:
        made = Play(at_s, side, who, counts)
        self.plays.append(made)
        self._score[side] += made.points


def _by_role(players: Sequence[Player], out: frozenset[int]) -> tuple[Player, ...]:
    """Those who start first; those who cannot play last."""
    return tuple(sorted(players, key=lambda player: (player.bdl_id in out, player.rank)))


def _rotation(players: Sequence[Player], out: frozenset[int], rng: random.Random) -> list[int]:
    """The places of those who play: some of the bench rest, at least eight play."""
    able = [place for place, player in enumerate(players) if player.bdl_id not in out]
    rested = set(rng.sample(able[8:], k=min(len(able[8:]), rng.randint(0, 2)))) if len(able) > 8 else set()
    return [place for place in able if place not in rested][: len(MINUTES)]


def _shares(count: int, rng: random.Random) -> list[float]:
    """The share of the game that each of a rotation is on the floor; five in all, nobody more than 0.95."""
    raw = [max(1.0, minutes * rng.uniform(0.85, 1.15)) for minutes in MINUTES[:count]]
    shares = [minutes * 5 / sum(raw) for minutes in raw]
    for _ in range(20):
        over = sum(max(0.0, share - 0.95) for share in shares)
        if over < 1e-9:
            break
        room = sum(0.95 - share for share in shares if share < 0.95)
        shares = [0.95 if share >= 0.95 else share + over * (0.95 - share) / room for share in shares]
    return shares


def _seconds(count: int, rotation: Sequence[int], shares: Sequence[float], length_s: int) -> tuple[int, ...]:
    """Whole seconds on the floor that sum to five times the game."""
    seconds = [0] * count
    for place, share in zip(rotation, shares, strict=True):
        seconds[place] = int(share * length_s)
    seconds[rotation[0]] += 5 * length_s - sum(seconds)
    return tuple(seconds)


def _rounded(seconds: Sequence[int], whole: int) -> list[int]:
    """Whole minutes that sum to `whole`: the largest remainders are rounded up."""
    minutes = [each // 60 for each in seconds]
    order = sorted(range(len(seconds)), key=lambda place: (-(seconds[place] % 60), place))
    for place in order[: max(0, whole - sum(minutes))]:
        minutes[place] += 1
    return minutes


def _plus_minus(seconds: Sequence[int], margin: int) -> list[int]:
    """What the team's margin was with each on the floor: five times the margin in all, by time on the floor."""
    floor_s = sum(seconds)
    if not floor_s:
        return [0] * len(seconds)
    exact = [5 * margin * each / floor_s for each in seconds]
    shown = [round(each) for each in exact]
    busiest = max(range(len(seconds)), key=lambda place: seconds[place])
    shown[busiest] += 5 * margin - sum(shown)
    return shown
