"""Batting and pitching lines, line scores and decisions: pure functions of the plays of a game so far.

The official rules of scoring (MLB rules 9.16 to 9.19: earned runs, winning and losing pitcher, saves, holds) are
applied as far as plays tell. It must not know clocks or dates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from fakes.upstreams.mlb.innings import Squad
from fakes.upstreams.mlb.plays import AWAY, HITS, HOME, Play

L = TypeVar("L", "Batting", "Pitching")


@dataclass(slots=True)
class Batting:
    """Counts of one hitter; those of several games add up."""

    games: int = 0
    appearances: int = 0
    at_bats: int = 0
    runs: int = 0
    hits: int = 0
    doubles: int = 0
    triples: int = 0
    home_runs: int = 0
    rbi: int = 0
    walks: int = 0
    strikeouts: int = 0
    hit_by_pitch: int = 0
    sac_flies: int = 0
    double_plays: int = 0
    stolen: int = 0
    caught: int = 0
    left_on_base: int = 0
    errors: int = 0
    putouts: int = 0

    @property
    def bases(self) -> int:
        """Total bases."""
        return self.hits + self.doubles + 2 * self.triples + 3 * self.home_runs

    @property
    def average(self) -> float:
        """Hits an at-bat; 0 without any."""
        return self.hits / self.at_bats if self.at_bats else 0.0

    @property
    def on_base(self) -> float:
        """How often he gets on base."""
        chances = self.at_bats + self.walks + self.hit_by_pitch + self.sac_flies
        return (self.hits + self.walks + self.hit_by_pitch) / chances if chances else 0.0

    @property
    def slugging(self) -> float:
        """Total bases an at-bat."""
        return self.bases / self.at_bats if self.at_bats else 0.0


@dataclass(slots=True)
class Pitching:
    """Counts of one pitcher; those of several games add up."""

    games: int = 0
    started: int = 0
    outs: int = 0
    faced: int = 0
    at_bats: int = 0
    hits: int = 0
    doubles: int = 0
    triples: int = 0
    home_runs: int = 0
    runs: int = 0
    earned: int = 0
    walks: int = 0
    strikeouts: int = 0
    hit_batters: int = 0
    pitches: int = 0
    strikes: int = 0
    wins: int = 0
    losses: int = 0
    saves: int = 0
    holds: int = 0
    blown: int = 0

    @property
    def innings(self) -> str:
        """Innings pitched as baseball writes them: 5.2 is five and two outs."""
        return f"{self.outs // 3}.{self.outs % 3}"

    @property
    def era(self) -> float | None:
        """Earned runs in nine innings; None where nobody was out."""
        return 27 * self.earned / self.outs if self.outs else None

    @property
    def whip(self) -> float | None:
        """Walks and hits an inning."""
        return 3 * (self.walks + self.hits) / self.outs if self.outs else None


def added(lines: Iterable[L], whole: L) -> L:
    """`whole` with all `lines` added to it."""
    for line in lines:
        for one in fields(line):
            setattr(whole, one.name, getattr(whole, one.name) + getattr(line, one.name))
    return whole


@dataclass(frozen=True)
class Decisions:
    """Who won, lost and saved a finished game, by places in the squads; the save may be nobody's."""

    winner: int
    loser: int
    save: int | None
    holds: tuple[int, ...]
    blown: tuple[tuple[int, int], ...]


def batting(side: int, plays: Sequence[Play]) -> dict[int, Batting]:
    """The lines of a side's hitters by their places in the squad, in the order in which they first appear."""
    lines: dict[int, Batting] = {}

    def of(who: int) -> Batting:
        return lines.setdefault(who, Batting(games=1))

    for play in plays:
        if play.side != side:
            if play.fielder is not None:
                of(play.fielder).errors += play.event == "field_error"
                of(play.fielder).putouts += play.made_outs
            continue
        for move in play.runs:
            of(move.runner).runs += 1
        if not play.appearance:
            runner = of(play.moves[0].runner)
            runner.stolen += play.event == "stolen_base_2b"
            runner.caught += play.event == "caught_stealing_2b"
            continue
        line = of(play.batter)
        line.appearances += 1
        line.at_bats += play.at_bat
        line.hits += play.event in HITS
        line.doubles += play.event == "double"
        line.triples += play.event == "triple"
        line.home_runs += play.event == "home_run"
        line.rbi += play.rbi
        line.walks += play.event == "walk"
        line.strikeouts += play.event == "strikeout"
        line.hit_by_pitch += play.event == "hit_by_pitch"
        line.sac_flies += play.event == "sac_fly"
        line.double_plays += play.event == "grounded_into_double_play"
        if play.made_outs and play.event not in HITS:
            line.left_on_base += sum(base is not None for base in play.bases)
    return lines


def pitching(side: int, squad: Squad, plays: Sequence[Play], decisions: Decisions | None = None) -> dict[int, Pitching]:
    """The lines of a side's pitchers by their places in the squad, the starter first."""
    lines: dict[int, Pitching] = {}

    def of(who: int) -> Pitching:
        return lines.setdefault(who, Pitching(games=1, started=int(who == squad.starter)))

    for play in plays:
        if play.side == side:
            continue
        line = of(play.pitcher)
        line.outs += play.made_outs
        for move in play.runs:
            charged = of(move.pitcher)
            charged.runs += 1
            charged.earned += move.earned
        if not play.appearance:
            continue
        line.faced += 1
        line.at_bats += play.at_bat
        line.hits += play.event in HITS
        line.doubles += play.event == "double"
        line.triples += play.event == "triple"
        line.home_runs += play.event == "home_run"
        line.walks += play.event == "walk"
        line.strikeouts += play.event == "strikeout"
        line.hit_batters += play.event == "hit_by_pitch"
        line.pitches += len(play.pitches)
        line.strikes += sum(pitch not in "BH" for pitch in play.pitches)
    if decisions is not None:
        won = plays[-1].score[side] > plays[-1].score[1 - side]
        of(decisions.winner if won else decisions.loser).wins += won
        of(decisions.winner if won else decisions.loser).losses += not won
        if won and decisions.save is not None:
            of(decisions.save).saves += 1
        for who in decisions.holds if won else ():
            of(who).holds += 1
        for its, who in decisions.blown:
            if its == side:
                of(who).blown += 1
    return lines


@dataclass(frozen=True)
class Box:
    """Both sides' lines by places in the squads, home first."""

    batting: tuple[dict[int, Batting], dict[int, Batting]]
    pitching: tuple[dict[int, Pitching], dict[int, Pitching]]


def box(squads: tuple[Squad, Squad], plays: Sequence[Play], decisions: Decisions | None) -> Box:
    """The lines after `plays`; with the `decisions` of a finished game."""
    return Box(
        (batting(HOME, plays), batting(AWAY, plays)),
        (pitching(HOME, squads[HOME], plays, decisions), pitching(AWAY, squads[AWAY], plays, decisions)),
    )


@dataclass(frozen=True, slots=True)
class InningLine:
    """Runs, hits, errors (of the other side's fielding) and runners left by one side in one inning."""

    runs: int
    hits: int
    errors: int
    left: int


def by_inning(side: int, plays: Sequence[Play]) -> list[InningLine]:
    """What a side did in each inning it has batted in; errors are those it made in the field of that inning."""
    shown = []
    for inning in range(1, max((play.inning for play in plays if play.side == side), default=0) + 1):
        ours = [play for play in plays if play.inning == inning and play.side == side]
        theirs = [play for play in plays if play.inning == inning and play.side != side]
        left = sum(base is not None for base in ours[-1].bases) if ours else 0
        shown.append(
            InningLine(
                sum(len(play.runs) for play in ours), sum(play.event in HITS for play in ours),
                sum(play.event == "field_error" for play in theirs), left,
            )
        )  # fmt: skip
    return shown


def decide(squads: tuple[Squad, Squad], plays: Sequence[Play]) -> Decisions:
    """Winning and losing pitcher, save and holds of a finished game."""
    final = plays[-1].score
    won = HOME if final[HOME] > final[AWAY] else AWAY
    on_record = {HOME: squads[HOME].starter, AWAY: squads[AWAY].starter}
    winner = loser = -1
    before = (0, 0)
    entered: dict[tuple[int, int], int] = {}
    least: dict[tuple[int, int], int] = {}
    blown: list[tuple[int, int]] = []
    for play in plays:
        fielding = 1 - play.side
        on_record[fielding] = play.pitcher
        who = (fielding, play.pitcher)
        entered.setdefault(who, before[fielding] - before[play.side])
        lead_was, lead = before[won] - before[1 - won], play.score[won] - play.score[1 - won]
        if lead > 0 >= lead_was:
            winner = on_record[won]
            loser = play.runs[-1].pitcher if play.side == won else on_record[1 - won]
        elif lead <= 0 < lead_was:
            winner = loser = -1
        margin = play.score[fielding] - play.score[play.side]
        least[who] = min(least.get(who, margin), margin)
        if 0 < entered[who] <= 3 and margin <= 0 and who not in blown and play.pitcher != squads[fielding].starter:
            blown.append(who)
        before = play.score
    outs = {who: line.outs for who, line in pitching(won, squads[won], plays).items()}
    starter = squads[won].starter
    if winner == starter and outs[starter] < 15 and len(outs) > 1:
        winner = max((who for who in outs if who != starter), key=lambda who: (outs[who], -list(outs).index(who)))
    last = next(play.pitcher for play in reversed(plays) if play.side != won)
    at_entry = entered[won, last]
    saved = last not in (winner, starter) and ((0 < at_entry <= 3 and outs[last] >= 3) or outs[last] >= 9)
    holds = tuple(
        who for who in outs
        if who not in (starter, winner, last) and 0 < entered[won, who] <= 3 and least[won, who] > 0 and outs[who]
    )  # fmt: skip
    return Decisions(winner, loser, last if saved else None, holds, tuple(blown))
