"""statsapi.mlb.com's players: rosters, biographies, and their statistics of the season and game by game."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from fakes.upstreams.feeds import Json
from fakes.upstreams.fixture import EASTERN
from fakes.upstreams.mlb.bodies import NOTICE, batting_body, person, person_body, pitching_body, position, reference
from fakes.upstreams.mlb.league import CLUBS, Club
from fakes.upstreams.mlb.roster import Ballplayer
from fakes.upstreams.mlb.season import MlbSeason, active
from fakes.upstreams.mlb.totals import Outing, Totals

GROUPS = ("hitting", "pitching", "fielding")
INJURED = {"10-Day-IL": ("D10", "Injured 10-Day"), "15-Day-IL": ("D15", "Injured 15-Day"),
           "60-Day-IL": ("D60", "Injured 60-Day")}  # fmt: skip

_STATS = re.compile(r"stats\((?P<inside>[^)]*)\)")
_LISTED = re.compile(r"(group|type)s?=(?:\[(?P<several>[^\]]*)\]|(?P<one>[^,\[\]]+))")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which groups (`hitting`, `pitching`) and kinds (`season`, `gameLog`) of statistics are wanted."""

    groups: tuple[str, ...]
    kinds: tuple[str, ...]


def hydrated(hydrate: str) -> Asked | None:
    """What `hydrate=stats(group=[hitting],type=[season])` asks for; None for nothing."""
    match = _STATS.search(hydrate)
    if match is None:
        return None
    found: dict[str, tuple[str, ...]] = {}
    for each in _LISTED.finditer(match["inside"]):
        text = each["several"] if each["several"] is not None else each["one"]
        found[each[1]] = tuple(word.strip() for word in text.split(",") if word.strip())
    return Asked(found.get("group", ("hitting", "pitching")), found.get("type", ("season",)))


def find(season: MlbSeason, person_id: str) -> tuple[Ballplayer, Club] | None:
    """The player of an id, and his club."""
    for club in CLUBS:
        for player in season.rosters[club.tricode]:
            if str(player.mlb_id) == person_id:
                return player, club
    return None


def roster(season: MlbSeason, club: Club, kind: str, day: date) -> Json:
    """A club's roster of a day: the `active`, or everybody (`40Man`, `fullRoster`, …)."""
    everybody = season.rosters[club.tricode]
    able = active(everybody, season.injuries, day)
    shown = able if kind.lower() == "active" else list(everybody)
    entries = []
    for player in shown:
        injury = season.injuries.of(player.mlb_id, day)
        code, text = INJURED.get(injury.status, ("A", "Active")) if injury else ("A", "Active")
        if player not in able and code == "A":
            code, text = "RM", "Reassigned to Minors"
        entries.append(
            {
                "person": person(player), "jerseyNumber": player.jersey, "position": position(player.position),
                "status": {"code": code, "description": text}, "parentTeamId": club.mlb_id,
            }
        )  # fmt: skip
    return {
        "copyright": NOTICE,
        "roster": entries,
        "link": f"/api/v1/teams/{club.mlb_id}/roster",
        "teamId": club.mlb_id,
        "rosterType": kind,
    }


def body(player: Ballplayer, season: MlbSeason, totals: Totals, asked: Asked | None, now_s: float) -> Json:
    """A player in full, with his statistics where they are asked for."""
    shown = person_body(player, datetime.fromtimestamp(now_s, EASTERN).date())
    return shown if asked is None else {**shown, "stats": stats(player, totals, asked, now_s)}


def stats(player: Ballplayer, totals: Totals, asked: Asked, now_s: float) -> list[Json]:
    """A player's statistics, a block for each kind and group he has any of."""
    outings = totals.outings(now_s).get(player.mlb_id, [])
    batting, pitching = totals.of(player, now_s)
    blocks = []
    for kind in asked.kinds:
        for group in asked.groups:
            if group == "hitting" and batting.appearances:
                splits = [_split(o, batting_body(o.batting, season=True)) for o in outings if o.batting]
                whole = batting_body(batting, season=True)
            elif group == "pitching" and pitching.games:
                splits = [_split(o, pitching_body(o.pitching, season=True)) for o in outings if o.pitching]
                whole = pitching_body(pitching, season=True)
            else:
                continue
            if kind == "season":
                last = outings[-1]
                splits = [{"season": str(last.game.season_year), "stat": whole, "team": reference(_club(last)),
                           "player": person(player), "gameType": "R", "numTeams": 1}]  # fmt: skip
            elif kind != "gameLog":
                continue
            blocks.append(
                {"type": {"displayName": kind}, "group": {"displayName": group}, "exemptions": [], "splits": splits}
            )
    return blocks


def _split(outing: Outing, stat: Json) -> Json:
    game = outing.game
    won = game.final_score[outing.side] > game.final_score[1 - outing.side]
    return {
        "season": str(game.season_year),
        "stat": stat,
        "team": reference(_club(outing)),
        "player": person(outing.player),
        "opponent": reference((game.home, game.away)[1 - outing.side]),
        "date": game.day.isoformat(),
        "gameType": "R",
        "isHome": outing.side == 0,
        "isWin": won,
        "game": {
            "gamePk": int(game.game_id),
            "link": f"/api/v1.1/game/{game.game_id}/feed/live",
            "content": {"link": f"/api/v1/game/{game.game_id}/content"},
            "gameNumber": game.number_of_day,
        },
    }


def _club(outing: Outing) -> Club:
    club = (outing.game.home, outing.game.away)[outing.side]
    assert isinstance(club, Club)
    return club
