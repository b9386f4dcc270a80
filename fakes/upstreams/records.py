"""Who has won what by a given moment, in either sport: wins and losses, from the games themselves.

It must not know any upstream's paths or columns.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from fakes.upstreams.fixture import Fixture
from fakes.upstreams.season import Season

G = TypeVar("G", bound=Fixture)


class Records(Generic[G]):
    """Counts the finished games of a season."""

    def __init__(self, season: Season[G, Any]) -> None:
        self._season = season
        self._counted: tuple[int, dict[Any, list[list[int]]]] = (-1, {})

    def of(self, team: Any, now_s: float) -> tuple[int, int]:
        """Games won and lost."""
        home, road = self.split(team, now_s)
        return home[0] + road[0], home[1] + road[1]

    def split(self, team: Any, now_s: float) -> tuple[tuple[int, int], tuple[int, int]]:
        """Won and lost at home, and on the road."""
        finals = self._season.finals(now_s)
        if self._counted[0] != len(finals):  # games end in an order: as many of them are the same ones
            counts: dict[Any, list[list[int]]] = {}
            for game in finals:
                for side, played in enumerate((game.home, game.away)):
                    ours = counts.setdefault(played, [[0, 0], [0, 0]])
                    ours[side][0 if game.final_score[side] > game.final_score[1 - side] else 1] += 1
            self._counted = len(finals), counts
        home, road = self._counted[1].get(team, [[0, 0], [0, 0]])
        return (home[0], home[1]), (road[0], road[1])

    def meetings(self, game: G, now_s: float) -> list[G]:
        """The finished games of the two teams of `game`, in order."""
        teams = {game.home, game.away}
        return [met for met in self._season.finals(now_s) if {met.home, met.away} == teams]
