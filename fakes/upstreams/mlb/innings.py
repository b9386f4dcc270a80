"""One game of baseball, drawn once and then fixed: nine innings of plate appearances, and more if it is tied.

The automatic runner of extra innings, walk-offs and the rules of earned runs are MLB's; managers are ours: starters
leave after about ninety pitches, relievers pitch an inning, closers keep leads of up to three. It must not know clocks
or dates.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from fakes.upstreams.mlb.plays import AWAY, HITS, HOME, OUTS_IN_PLAY, RATES, Move, Play, draw_pitches
from fakes.upstreams.mlb.roster import FIELDERS, Ballplayer

PITCH_LIMIT = 90
STEAL_CHANCE, STEAL_SUCCESS = 0.11, 0.80
"""Of a runner on first with second free, before a plate appearance: 0.9 attempts a team and game in 2023."""

HOME_EDGE = 1.012
"""The home club hits so much more: it wins about 53 % of the games."""

BREAK_PITCHES, CHANGE_PITCHES = 7, 6
"""A change of sides and of pitchers take the time of so many pitches."""


@dataclass(frozen=True, slots=True)
class Squad:
    """Who is there on a day, by places in `players`: the batting order with the positions, the bench, the starter and
    the bullpen.
    """

    players: tuple[Ballplayer, ...]
    order: tuple[tuple[int, str], ...]
    bench: tuple[int, ...]
    starter: int
    bullpen: tuple[int, ...]


@dataclass
class _Runner:
    who: int
    pitcher: int
    earned: bool


class _Side:
    """One club during the game: who bats where, and who pitches."""

    def __init__(self, squad: Squad, rng: random.Random) -> None:
        self.squad = squad
        self.order = [place for place, _ in squad.order]
        self.positions = [position for _, position in squad.order]
        self.bench = list(squad.bench)
        self.bullpen = list(squad.bullpen)
        self.pitcher = squad.starter
        self.thrown = 0
        self.limit = PITCH_LIMIT * squad.players[squad.starter].stamina + rng.gauss(0, 8)
        self.next_slot = 0
        self.allowed = 0
        self.changes = 0

    def fielder(self, position: str) -> int:
        """Who fields a ball there."""
        return self.pitcher if position == "P" else self.order[self.positions.index(position)]

    def relieve(self, rng: random.Random, *, closing: bool) -> None:
        """Somebody else pitches, if there is anybody; the best is kept for leads at the end."""
        if not self.bullpen:
            return
        pick = 0 if closing or len(self.bullpen) == 1 else rng.randrange(1, len(self.bullpen))
        self.pitcher = self.bullpen.pop(pick)
        self.limit = PITCH_LIMIT * self.squad.players[self.pitcher].stamina + rng.gauss(0, 4)
        self.thrown = self.allowed = 0
        self.changes += 1


@dataclass(frozen=True)
class PlayedGame:
    """A finished game: both squads and the plays in order."""

    squads: tuple[Squad, Squad]
    plays: tuple[Play, ...]

    @property
    def score(self) -> tuple[int, int]:
        """Runs of the home and the visiting club."""
        return self.plays[-1].score

    @property
    def innings(self) -> int:
        """How many it took."""
        return self.plays[-1].inning

    @cached_property
    def _times(self) -> list[float]:
        return [play.at for play in self.plays]

    def until(self, share: float) -> tuple[Play, ...]:
        """The plays that are over after that share of the game's time."""
        if share >= 1:
            return self.plays
        return tuple(play for play in self.plays if play.at <= share)

    def corrected(self) -> PlayedGame:
        """The game as the official scorer's review leaves it: the first error is a hit after all, or the first single
        an error; runs and outs stay.
        """
        for index, play in enumerate(self.plays):
            if play.event in ("field_error", "single") and not play.runs:
                other = "single" if play.event == "field_error" else "field_error"
                fielder = play.fielder if play.fielder is not None else self.squads[1 - play.side].order[4][0]
                changed = replace(play, event=other, fielder=fielder)
                return replace(self, plays=(*self.plays[:index], changed, *self.plays[index + 1 :]))
        return self


def play_game(home: Squad, away: Squad, rng: random.Random) -> PlayedGame:
    """A finished game; never a tie."""
    return PlayedGame((home, away), tuple(_Draw(home, away, rng).whole()))


class _Draw:
    """The game so far."""

    def __init__(self, home: Squad, away: Squad, rng: random.Random) -> None:
        self._rng = rng
        self._sides = (_Side(home, rng), _Side(away, rng))
        self._plays: list[Play] = []
        self._clock: list[int] = []  # in pitches
        self._time = 0
        self._score = [0, 0]
        self._bases: list[_Runner | None] = [None, None, None]
        self._outs = self._chances = self._inning = 0

    def whole(self) -> list[Play]:
        """Nine innings, or as many as it takes."""
        while self._inning < 9 or self._score[HOME] == self._score[AWAY]:
            self._inning += 1
            self._half(AWAY)
            if self._inning >= 9 and self._score[HOME] > self._score[AWAY]:
                break
            self._half(HOME)
        return [replace(play, at=at / self._time) for play, at in zip(self._plays, self._clock, strict=True)]

    def _half(self, bats: int) -> None:
        batting, fielding = self._sides[bats], self._sides[1 - bats]
        self._outs = self._chances = 0
        self._bases = [None, None, None]
        self._time += BREAK_PITCHES
        self._manage(fielding, bats, between=True)
        if self._inning > 9:  # the automatic runner, since 2020
            self._bases[1] = _Runner(batting.order[batting.next_slot - 1], fielding.pitcher, earned=False)
        while self._outs < 3 and not self._walked_off(bats):
            self._manage(fielding, bats, between=False)
            if self._bases[0] and not self._bases[1] and not self._bases[2]:
                self._steal(bats)
            if self._outs < 3:
                self._appearance(bats)

    def _walked_off(self, bats: int) -> bool:
        return bats == HOME and self._inning >= 9 and self._score[HOME] > self._score[AWAY]

    def _manage(self, side: _Side, bats: int, *, between: bool) -> None:
        lead = self._score[1 - bats] - self._score[bats]
        closing = self._inning >= 9 and 0 < lead <= 3
        relieved = side.pitcher != side.squad.starter
        tired = side.thrown >= side.limit or side.allowed >= (6 if not relieved else 4)
        done = between and relieved and side.thrown > 0
        if tired or done or (between and closing and side.thrown > 0 and side.pitcher in side.squad.bullpen):
            side.relieve(self._rng, closing=closing)
            self._time += CHANGE_PITCHES

    def _pinch(self, bats: int, slot: int) -> int | None:
        """Late in a game somebody from the bench may bat; whom he comes in for, or None."""
        side = self._sides[bats]
        if self._inning < 7 or not side.bench or self._rng.random() >= 0.05:
            return None
        replaced, side.order[slot] = side.order[slot], side.bench.pop(0)
        return replaced

    def _steal(self, bats: int) -> None:
        runner = self._bases[0]
        assert runner is not None
        side = self._sides[bats]
        if self._rng.random() >= STEAL_CHANCE * side.squad.players[runner.who].gifts.speed:
            return
        safe = self._rng.random() < STEAL_SUCCESS
        self._bases[0] = None
        if safe:
            self._bases[1] = runner
        move = Move(runner.who, 1, 2 if safe else 0, runner.pitcher, runner.earned)
        catcher = self._sides[1 - bats].fielder("C")
        event = "stolen_base_2b" if safe else "caught_stealing_2b"
        self._note(bats, side.next_slot, side.order[side.next_slot], event, [move], 0, fielder=catcher)

    def _appearance(self, bats: int) -> None:
        side, against = self._sides[bats], self._sides[1 - bats]
        slot = side.next_slot
        replaced = self._pinch(bats, slot)
        batter = side.order[slot]
        event = self._outcome(bats, side.squad.players[batter], against.squad.players[against.pitcher])
        where = {"groundout": ("SS", "2B", "3B", "1B", "P"), "flyout": ("CF", "LF", "RF"), "lineout": FIELDERS[1:8],
                 "pop_out": ("2B", "SS", "1B", "3B", "C"), "field_error": ("SS", "3B", "2B", "1B", "LF", "RF"),
                 "strikeout": ("C",)}.get(event, ("LF", "CF", "RF"))  # fmt: skip
        fielder = against.fielder(self._rng.choice(where))
        moves, event, rbi = self._run(event, batter, against.pitcher)
        side.next_slot = (slot + 1) % 9
        shown = None if event in (*HITS, "walk", "hit_by_pitch") else fielder
        self._note(bats, slot, batter, event, moves, rbi, fielder=shown, replaced=replaced)

    def _outcome(self, bats: int, batter: Ballplayer, pitcher: Ballplayer) -> str:
        ours, theirs = batter.gifts, pitcher.gifts
        edge = HOME_EDGE if bats == HOME else 1 / HOME_EDGE
        hits = ours.hits * theirs.hits * edge
        factors = {
            "strikeout": ours.strikeouts * theirs.strikeouts / edge, "walk": ours.walks * theirs.walks * edge,
            "home_run": ours.homers * theirs.homers * edge, "single": hits, "double": hits,
            "triple": hits * ours.speed,
        }  # fmt: skip
        rates = {event: rate * factors.get(event, 1.0) for event, rate in RATES.items()}
        rest = max(0.2, 1 - sum(rates.values()))
        rates |= {event: rest * share for event, share in OUTS_IN_PLAY}
        return self._rng.choices(list(rates), list(rates.values()))[0]

    def _run(self, event: str, batter: int, pitcher: int) -> tuple[list[Move], str, int]:
        """Who goes where, what it is called then, and the runs batted in."""
        rng, bases = self._rng, self._bases
        clean = self._chances < 3  # by now the side would be out, but for errors: later runs are unearned
        on = [(base, runner) for base in (3, 2, 1) if (runner := bases[base - 1])]  # the foremost first
        ends: dict[int, int] = {base: base for base, _ in on}
        first_end = 0  # the batter's
        if event in HITS:
            first_end = HITS[event]
            for base, _ in on:
                more = {"single": (0.28, 0.60, 1.0), "double": (0.42, 1.0, 1.0)}.get(event, (1.0, 1.0, 1.0))[base - 1]
                ends[base] = min(4, base + first_end + (first_end < 3 and base < 3 and rng.random() < more))
                if event == "single" and base == 1 and ends.get(2) == 3:
                    ends[base] = 2
        elif event in ("walk", "hit_by_pitch"):
            first_end = 1
            taken = 1
            for base, _ in reversed(on):
                if base == taken:
                    ends[base], taken = base + 1, base + 1
        elif event == "field_error":
            first_end = 1
            ends = {base: base + 1 for base, _ in on}
        elif self._outs < 2 and on:
            event, first_end = self._advance(event, ends)
        made = (first_end == 0) + sum(end == 0 for end in ends.values())
        if self._outs + made >= 3 and event != "sac_fly":
            # Nobody advances on a third out: it is the batter's before first base, or a force.
            ends = {base: 0 if end == 0 else base for base, end in ends.items()}
        moves, scored = [], 0
        for base, runner in on:
            if ends[base] != base:
                earned = runner.earned and clean
                moves.append(Move(runner.who, base, ends[base], runner.pitcher, earned))
                scored += ends[base] == 4
        own = _Runner(batter, pitcher, earned=event != "field_error" and clean)
        moves.append(Move(batter, 0, first_end, pitcher, own.earned))
        self._bases = [None, None, None]
        for base, runner in on:
            if 1 <= (end := ends[base]) <= 3:
                self._bases[end - 1] = runner
        if 1 <= first_end <= 3:
            self._bases[first_end - 1] = own
        scored += first_end == 4
        self._chances += event == "field_error"
        return moves, event, 0 if event in ("field_error", "grounded_into_double_play") else scored

    def _advance(self, event: str, ends: dict[int, int]) -> tuple[str, int]:
        """What runners do on an out with fewer than two outs: the event's name then, and where the batter ends."""
        rng = self._rng
        if event == "groundout":
            double = 1 in ends and rng.random() < 0.40
            if double or (1 in ends and rng.random() < 0.25):
                ends[1] = 0
            if 3 in ends and rng.random() < (0.5 if not double else 0.6):
                ends[3] = 4
            if 2 in ends and (ends.get(3) != 3) and (1 in ends or rng.random() < 0.6):
                ends[2] = 3
            if double:
                return "grounded_into_double_play", 0
            if ends.get(1) == 0:
                return "force_out", 1
            if 1 in ends and ends.get(2) != 2:
                ends[1] = 2
        elif event == "flyout" and 3 in ends and rng.random() < 0.45:
            ends[3] = 4
            return "sac_fly", 0
        return event, 0

    def _note(
        self, bats: int, slot: int, batter: int, event: str, moves: Sequence[Move], rbi: int, *,
        fielder: int | None = None, replaced: int | None = None,
    ) -> None:  # fmt: skip
        against = self._sides[1 - bats]
        pitches = draw_pitches(self._rng, event)
        made = sum(move.end == 0 for move in moves)
        scored = sum(move.end == 4 for move in moves)
        self._outs += made
        self._chances += made
        self._score[bats] += scored
        against.thrown += len(pitches)
        against.allowed += scored
        self._time += len(pitches) + 1
        bases = tuple(runner.who if runner else None for runner in self._bases)
        play = Play(
            0.0, self._inning, bats, slot, batter, against.pitcher, event, pitches, tuple(moves), rbi, self._outs,
            (self._score[HOME], self._score[AWAY]), (bases[0], bases[1], bases[2]), fielder,
            self._sides[bats].positions[slot], replaced,
        )  # fmt: skip
        self._plays.append(play)
        self._clock.append(self._time)
