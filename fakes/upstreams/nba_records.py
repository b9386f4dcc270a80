"""Series and standings of the NBA by a given moment, in the column order of stats.nba.com.

It must not know any upstream's paths.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from fakes.upstreams.basketball import Game, NbaSeason
from fakes.upstreams.league import TEAMS
from fakes.upstreams.records import Records


class NbaRecords(Records[Game]):
    """The finished games of an NBA season, in rows."""

    def series(self, game: Game, stamp: str, now_s: float) -> list[Any]:
        """How often the home team has beaten the visitors, and the other way round."""
        home = away = 0
        for met in self.meetings(game, now_s):
            winner = met.home if met.box.score[0] > met.box.score[1] else met.away
            home, away = home + (winner == game.home), away + (winner == game.away)
        leader = game.home.city if home > away else game.away.city if away > home else "Tied"
        return [game.game_id, game.home.nba_id, game.away.nba_id, stamp, home, away, leader]

    def last_meeting(self, game: Game, now_s: float) -> list[Any] | None:
        """The game these teams played last before this one; None where there is none."""
        before = [met for met in self.meetings(game, now_s) if met.tip_s < game.tip_s]
        if not before:
            return None
        last = before[-1]
        home, away = last.box.score
        return [game.game_id, last.game_id, f"{last.day}T00:00:00", last.home.nba_id, last.home.city, last.home.name,
                last.home.tricode, home, last.away.nba_id, last.away.city, last.away.name, last.away.tricode,
                away]  # fmt: skip

    def standings(self, conference: str, day: date, season: NbaSeason, now_s: float) -> list[list[Any]]:
        """A conference's table, best first."""
        rows = []
        for team in TEAMS:
            if team.conference != conference:
                continue
            home, road = self.split(team, now_s)
            won, lost = home[0] + road[0], home[1] + road[1]
            share = round(won / (won + lost), 3) if won + lost else 0.0
            rows.append([team.nba_id, "00", f"2{season.label[:4]}", day.isoformat(), conference, team.city, won + lost,
                         won, lost, share, f"{home[0]}-{home[1]}", f"{road[0]}-{road[1]}"])  # fmt: skip
        return sorted(rows, key=lambda row: (-row[9], -row[7], row[5]))
