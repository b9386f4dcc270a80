"""What happens in a game of baseball, as values: plate appearances and steals, pitch by pitch and runner by runner.

Rates are MLB's of 2023 (Baseball Reference, league averages per plate appearance). It must not know who plays.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

HOME, AWAY = 0, 1

RATES = {
    "strikeout": 0.2272, "walk": 0.0858, "hit_by_pitch": 0.0113, "home_run": 0.0319, "triple": 0.0037,
    "double": 0.0436, "single": 0.1372, "field_error": 0.0128,
}  # fmt: skip
"""Of a plate appearance; the rest are balls in play that make outs. Hits are a little fewer than the league's, as the
best come to bat most."""

OUTS_IN_PLAY = (("groundout", 0.46), ("flyout", 0.30), ("lineout", 0.12), ("pop_out", 0.12))
HITS = {"single": 1, "double": 2, "triple": 3, "home_run": 4}
WALKED = ("walk", "hit_by_pitch")
STEALS = ("stolen_base_2b", "caught_stealing_2b")
NO_AT_BAT = (*WALKED, "sac_fly")


@dataclass(frozen=True, slots=True)
class Move:
    """A runner from a base (0 is the plate) to another (4 is a run, 0 an out). `pitcher` is who put him on base, by his
    place in the squad; `earned` whether the run is charged to him as earned.
    """

    runner: int
    start: int
    end: int
    pitcher: int
    earned: bool = True


@dataclass(frozen=True, slots=True)
class Play:
    """One plate appearance or steal. `at` is the share of the game's time at which it is over; `side` is who bats.

    `batter`, `pitcher` and `fielder` are places in the squads, `slot` 0..8 is the place in the batting order,
    `position` the batter's. `pitches` are B ball, C called strike, S swinging strike, F foul, X in play, H at the
    batter. `outs` and `score` (home, away) and `bases` are those after it. `replaced` is whom the batter has come in
    for, if this is the first he does.
    """

    at: float
    inning: int
    side: int
    slot: int
    batter: int
    pitcher: int
    event: str
    pitches: str
    moves: tuple[Move, ...]
    rbi: int
    outs: int
    score: tuple[int, int]
    bases: tuple[int | None, int | None, int | None]
    fielder: int | None = None
    position: str = ""
    replaced: int | None = None

    @property
    def made_outs(self) -> int:
        """Outs made on it."""
        return sum(move.end == 0 for move in self.moves)

    @property
    def runs(self) -> tuple[Move, ...]:
        """The runners who score."""
        return tuple(move for move in self.moves if move.end == 4)

    @property
    def appearance(self) -> bool:
        """Whether it is a plate appearance."""
        return self.event not in STEALS

    @property
    def at_bat(self) -> bool:
        """Whether it counts as an at-bat."""
        return self.appearance and self.event not in NO_AT_BAT


def draw_pitches(rng: random.Random, event: str) -> str:
    """The pitches of a plate appearance with that end; 3.9 on average, as in 2023."""
    if event in STEALS:
        return ""
    balls = 3 if event == "walk" else rng.choices((0, 1, 2, 3), (34, 32, 22, 12))[0]
    strikes = 2 if event == "strikeout" else rng.choices((0, 1, 2), (32, 32, 36))[0]
    last = {"walk": "B", "hit_by_pitch": "H", "strikeout": "C" if rng.random() < 0.24 else "S"}.get(event, "X")
    before = ["B"] * balls + [rng.choices("CSF", (45, 25, 30))[0] for _ in range(strikes)]
    rng.shuffle(before)
    if strikes == 2:  # only with two strikes does a foul cost nothing
        before += ["F"] * rng.choices((0, 1, 2, 3), (60, 25, 10, 5))[0]
    return "".join(before) + last
