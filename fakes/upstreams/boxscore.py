"""Box scores of one game, drawn once and then fixed: sums agree, distributions are those of the league.

Means per team and game are the NBA's of 2023-24 (Basketball Reference, league averages): 114 points, 89 shots of
which 35 threes, 22 free throws, 43.5 rebounds, 27 assists, 13 turnovers, 19 fouls.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from fakes.upstreams.roster import Player

MINUTES = (34, 33, 32, 30, 28, 23, 19, 16, 13, 8, 4)
"""Of a rotation of eleven, in regulation; 240 in all."""

OVERTIME_SHARE = 0.06


@dataclass(frozen=True, slots=True)
class Line:
    """What one player did. Counts; rebounds and points follow from them."""

    player: Player
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

    @property
    def points(self) -> int:
        """Two for a two, three for a three, one for a free throw."""
        return 2 * self.twos + 3 * self.threes + self.free_throws

    def after(self, share: float) -> Line:
        """The line when `share` (0..1) of the game has been played: every count rounded down."""
        return Line(self.player, **{name: int(getattr(self, name) * share) for name in COUNTS})


COUNTS = tuple(name for name in Line.__dataclass_fields__ if name != "player")


@dataclass(frozen=True, slots=True)
class BoxScore:
    """Both teams' lines at the end; `overtimes` counts the extra periods."""

    home: tuple[Line, ...]
    away: tuple[Line, ...]
    overtimes: int = 0

    @property
    def score(self) -> tuple[int, int]:
        """Points of the home and the visiting team."""
        return total(self.home), total(self.away)


def total(lines: Sequence[Line]) -> int:
    """Points of a team."""
    return sum(line.points for line in lines)


def play(home: Sequence[Player], away: Sequence[Player], rng: random.Random) -> BoxScore:
    """A finished game; never a tie. The home team shoots a little better (54 % of games are won at home)."""
    overtimes = 1 if rng.random() < OVERTIME_SHARE else 0
    box = BoxScore(_side(home, overtimes, 0.006, rng), _side(away, overtimes, -0.006, rng), overtimes)
    if box.score[0] != box.score[1]:
        return box
    star = replace(
        box.home[0], free_throws=box.home[0].free_throws + 1, free_throw_attempts=box.home[0].free_throw_attempts + 1
    )
    return replace(box, home=(star, *box.home[1:]))


@dataclass
class _Tally:
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))


def _side(players: Sequence[Player], overtimes: int, edge: float, rng: random.Random) -> tuple[Line, ...]:
    rested = set(rng.sample(range(3, len(players)), k=rng.randint(0, 2)))
    rotation = [player for player in players if player.rank not in rested][: len(MINUTES)]
    tallies = {player.bdl_id: _Tally() for player in players}
    for player, minutes in zip(rotation, _minutes(240 + 25 * overtimes, rng), strict=True):
        tallies[player.bdl_id].counts["minutes"] = minutes

    def share_out(name: str, count: int, weight: Callable[[Player], float]) -> None:
        weights = [weight(p) * tallies[p.bdl_id].counts["minutes"] for p in rotation]
        for player in rng.choices(rotation, weights, k=count):
            tallies[player.bdl_id].counts[name] += 1

    def some(mean: float, spread: float) -> int:
        return max(0, round(rng.gauss(mean, spread) * (240 + 25 * overtimes) / 240))

    def hits(name: str, of: str, chance: float) -> None:
        for player in rotation:
            counts = tallies[player.bdl_id].counts
            counts[name] = sum(rng.random() < chance for _ in range(counts[of]))

    share_out("two_attempts", some(54, 4), lambda p: p.shots * (1 - p.threes))
    share_out("three_attempts", some(35, 4), lambda p: p.shots * p.threes)
    share_out("free_throw_attempts", some(22, 5), lambda p: p.shots)
    hits("twos", "two_attempts", 0.545 + edge)
    hits("threes", "three_attempts", 0.366 + edge)
    hits("free_throws", "free_throw_attempts", 0.784)
    share_out("offensive_rebounds", some(10.5, 3), lambda p: p.rebounds)
    share_out("defensive_rebounds", some(33, 4), lambda p: p.rebounds)
    made = sum(t.counts["twos"] + t.counts["threes"] for t in tallies.values())
    share_out("assists", min(made, round(made * rng.uniform(0.54, 0.72))), lambda p: p.assists)
    share_out("steals", some(7.5, 2.5), lambda _: 1.0)
    share_out("blocks", some(5, 2), lambda p: p.rebounds)
    share_out("turnovers", some(13, 3), lambda p: p.shots)
    share_out("fouls", some(19, 4), lambda _: 1.0)
    for tally in tallies.values():
        tally.counts["fouls"] = min(6, tally.counts["fouls"])
    return tuple(Line(player, **tallies[player.bdl_id].counts) for player in players)


def _minutes(whole: int, rng: random.Random) -> list[int]:
    """Whole minutes of a rotation that sum to `whole`; nobody plays longer than the game."""
    raw = [max(1.0, minutes * rng.uniform(0.85, 1.15)) for minutes in MINUTES]
    scaled = [int(minutes * whole / sum(raw)) for minutes in raw]
    limit = whole // 5
    scaled = [min(minutes, limit) for minutes in scaled]
    index = 0
    while sum(scaled) < whole:
        if scaled[index % len(scaled)] < limit:
            scaled[index % len(scaled)] += 1
        index += 1
    return scaled
