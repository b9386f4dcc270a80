"""The tables of both leagues by a given moment, in statsapi.mlb.com's shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fakes.upstreams.feeds import Json
from fakes.upstreams.mlb.bodies import NOTICE, club_body, reference, stamp
from fakes.upstreams.mlb.league import CLUBS, DIVISIONS, LEAGUES, Club
from fakes.upstreams.mlb.schedule import share
from fakes.upstreams.mlb.season import MlbSeason

ELIMINATION = (
    "eliminationNumber", "eliminationNumberSport", "eliminationNumberLeague", "eliminationNumberDivision",
    "eliminationNumberConference", "wildCardEliminationNumber",
)  # fmt: skip
"""Nobody is eliminated in a synthetic season."""


@dataclass
class Standing:
    """One club's season: results in order (True for a win), at home and on the road, and runs for and against."""

    club: Club
    results: list[bool] = field(default_factory=list)
    home: list[bool] = field(default_factory=list)
    road: list[bool] = field(default_factory=list)
    division: list[bool] = field(default_factory=list)
    league: list[bool] = field(default_factory=list)
    scored: int = 0
    allowed: int = 0

    @property
    def wins(self) -> int:
        """Games won."""
        return sum(self.results)

    @property
    def losses(self) -> int:
        """Games lost."""
        return len(self.results) - self.wins

    @property
    def share(self) -> float:
        """Games won of those played."""
        return self.wins / len(self.results) if self.results else 0.0

    @property
    def streak(self) -> int:
        """Wins in a row (positive) or losses (negative)."""
        count = 0
        for won in reversed(self.results):
            if won != self.results[-1]:
                break
            count += 1
        return count if self.results and self.results[-1] else -count

    def behind(self, leader: Standing) -> float:
        """Games behind a leader."""
        return ((leader.wins - self.wins) + (self.losses - leader.losses)) / 2


def table(season: MlbSeason, now_s: float) -> list[Standing]:
    """All clubs, best first."""
    rows = {club: Standing(club) for club in CLUBS}
    for game in season.finals(now_s):
        home, away = game.final_score
        for club, other, won, own, theirs in (
            (game.home, game.away, home > away, home, away),
            (game.away, game.home, away > home, away, home),
        ):
            row = rows[club]
            row.results.append(won)
            (row.home if club is game.home else row.road).append(won)
            if club.league == other.league:
                row.league.append(won)
                if club.division == other.division:
                    row.division.append(won)
            row.scored += own
            row.allowed += theirs
    return sorted(rows.values(), key=lambda row: (-row.share, -row.wins, row.club.full_name))


def standings(season: MlbSeason, leagues: Sequence[int], hydrate: set[str], now_s: float) -> Json:
    """The divisions of the leagues asked for; clubs in full where `team` is hydrated."""
    rows = table(season, now_s)
    year, updated, records = stamp(now_s, "%Y"), stamp(now_s, "%Y-%m-%dT%H:%M:%S.000Z"), []
    for (league, division), number in DIVISIONS.items():
        league_id = LEAGUES[league][0]
        if league_id not in leagues:
            continue
        ours = [row for row in rows if (row.club.league, row.club.division) == (league, division)]
        records.append(
            {
                "standingsType": "regularSeason",
                "league": {"id": league_id, "link": f"/api/v1/league/{league_id}"},
                "division": {"id": number, "link": f"/api/v1/divisions/{number}"},
                "sport": {"id": 1, "link": "/api/v1/sports/1"},
                "lastUpdated": updated,
                "teamRecords": [
                    {
                        "team": club_body(row.club, int(year)) if "team" in hydrate else reference(row.club),
                        "season": year,
                        "lastUpdated": updated,
                        **_record(row, ours, rows, place),
                    }
                    for place, row in enumerate(ours, 1)
                ],
            }
        )
    return {"copyright": NOTICE, "records": records}


def _record(row: Standing, division: Sequence[Standing], everybody: Sequence[Standing], place: int) -> Json:
    league = [each for each in everybody if each.club.league == row.club.league]
    behind, streak = row.behind(division[0]), row.streak
    return {
        "streak": {
            "streakType": "wins" if streak > 0 else "losses", "streakNumber": abs(streak),
            "streakCode": f"{'W' if streak > 0 else 'L'}{abs(streak)}",
        },
        "divisionRank": str(place),
        "leagueRank": str(league.index(row) + 1),
        "sportRank": str(list(everybody).index(row) + 1),
        "gamesPlayed": len(row.results),
        "gamesBack": "-" if not behind else f"{behind:.1f}",
        "wildCardGamesBack": "-",
        "divisionGamesBack": "-" if not behind else f"{behind:.1f}",
        "sportGamesBack": "-" if row is everybody[0] else f"{row.behind(everybody[0]):.1f}",
        "leagueGamesBack": "-" if row is league[0] else f"{row.behind(league[0]):.1f}",
        "leagueRecord": {"wins": row.wins, "losses": row.losses, "ties": 0, "pct": share(row.wins, row.losses)},
        "records": {
            "splitRecords": [
                {"wins": sum(part), "losses": len(part) - sum(part), "type": name,
                 "pct": share(sum(part), len(part) - sum(part))}
                for name, part in (("home", row.home), ("away", row.road), ("lastTen", row.results[-10:]))
            ]
        },
        "runsAllowed": row.allowed,
        "runsScored": row.scored,
        "divisionChamp": False,
        "divisionLeader": place == 1,
        "hasWildcard": False,
        "clinched": False,
        **dict.fromkeys(ELIMINATION, "-"),
        "wins": row.wins,
        "losses": row.losses,
        "runDifferential": row.scored - row.allowed,
        "winningPercentage": share(row.wins, row.losses),
    }  # fmt: skip
