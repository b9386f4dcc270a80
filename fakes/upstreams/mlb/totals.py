"""What players have done in the season by a given moment, from the games themselves. It must not know any upstream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fakes.upstreams.mlb.lines import Batting, Pitching, added
from fakes.upstreams.mlb.roster import Ballplayer
from fakes.upstreams.mlb.season import BallGame, MlbSeason


@dataclass(frozen=True, slots=True)
class Outing:
    """One player's part in one finished game; `side` is 0 for the home club. A line is None where he had none."""

    game: BallGame
    side: int
    player: Ballplayer
    batting: Batting | None
    pitching: Pitching | None


class Totals:
    """Adds up the finished games of a season."""

    def __init__(self, season: MlbSeason) -> None:
        self._season = season
        self.injuries = season.injuries
        self._known: tuple[tuple[int, int], dict[int, list[Outing]]] = ((-1, -1), {})

    def outings(self, now_s: float) -> Mapping[int, list[Outing]]:
        """The outings of every player who has had one, by MLB's id, in order of the games."""
        finals = self._season.finals(now_s)
        state = len(finals), sum(game.corrected_s <= now_s for game in finals)
        if self._known[0] != state:  # games end, and are corrected, in an order: as many are the same ones
            found: dict[int, list[Outing]] = {}
            for game in finals:
                for outing in parts(game, now_s):
                    found.setdefault(outing.player.mlb_id, []).append(outing)
            self._known = state, found
        return self._known[1]

    def of(self, player: Ballplayer, now_s: float, *, up_to: BallGame | None = None) -> tuple[Batting, Pitching]:
        """A player's sums; those `up_to` a game, that one with it as it stands, where one is given."""
        outings = self.outings(now_s).get(player.mlb_id, [])
        if up_to is not None:
            before = [each for each in outings if each.game.tip_s < up_to.tip_s]
            outings = before + [each for each in parts(up_to, now_s) if each.player is player]
        return (
            added((each.batting for each in outings if each.batting), Batting()),
            added((each.pitching for each in outings if each.pitching), Pitching()),
        )


def parts(game: BallGame, now_s: float) -> Iterator[Outing]:
    """What everybody has done in a game so far, home first."""
    if not game.plays(now_s):
        return
    box = game.box(now_s)
    for side in (0, 1):
        players = game.rosters[side]
        for place in dict.fromkeys((*box.batting[side], *box.pitching[side])):
            batting, pitching = box.batting[side].get(place), box.pitching[side].get(place)
            yield Outing(game, side, players[place], batting, pitching)
