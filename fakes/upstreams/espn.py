"""site.api.espn.com: scoreboard, teams, rosters and summaries, with ESPN's own ids, abbreviations and spellings.

Imitated: `/apis/site/v2/sports/basketball/nba/scoreboard?dates=YYYYMMDD`, `…/teams`, `…/teams/ID?enable=roster`,
`…/teams/ID/roster` and `…/summary?event=ID` as recorded answers have them
(scores are texts, accents are dropped). Links, logos, odds and headlines are left out: docs/emulated/upstreams.md. No
key; a bad date is a 400 with ESPN's code.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from fakes.seam import Refuse
from fakes.upstreams.basketball import Game, NbaSeason
from fakes.upstreams.espn_players import athletes, box_players
from fakes.upstreams.exchange import Request, Response, json_response
from fakes.upstreams.feeds import Json
from fakes.upstreams.fixture import EASTERN, State
from fakes.upstreams.league import TEAMS, Team
from fakes.upstreams.nba_records import NbaRecords

HOST = "site.api.espn.com"
BASE = "/apis/site/v2/sports/basketball/nba"

IDS = [
    "ATL",
    "1",
    "BOS",
    "2",
    "NOP",
    "3",
    "CHI",
    "4",
    "CLE",
    "5",
    "DAL",
    "6",
    "DEN",
    "7",
    "DET",
    "8",
    "GSW",
    "9",
    "HOU",
    "10",
    "IND",
    "11",
    "LAC",
    "12",
    "LAL",
    "13",
    "MIA",
    "14",
    "MIL",
    "15",
    "MIN",
    "16",
    "BKN",
    "17",
    "NYK",
    "18",
    "ORL",
    "19",
    "PHI",
    "20",
    "PHX",
    "21",
    "POR",
    "22",
    "SAC",
    "23",
    "SAS",
    "24",
    "OKC",
    "25",
    "UTA",
    "26",
    "WAS",
    "27",
    "TOR",
    "28",
    "MEM",
    "29",
    "CHA",
    "30",
]
ESPN_IDS = dict(zip(IDS[::2], IDS[1::2], strict=True))
ABBREVIATIONS = {"GSW": "GS", "NOP": "NO", "SAS": "SA", "NYK": "NY", "UTA": "UTAH", "WAS": "WSH"}
"""Where ESPN's differ from the league's."""

_TEAM = re.compile(rf"^{BASE}/teams/(?P<id>\d+)(?P<roster>/roster)?$")
_DATE = re.compile(r"^\d{8}$")

TYPES = {
    "scheduled": ("1", "STATUS_SCHEDULED", "pre", False, "Scheduled"),
    "live": ("2", "STATUS_IN_PROGRESS", "in", False, "In Progress"),
    "final": ("3", "STATUS_FINAL", "post", True, "Final"),
    "postponed": ("6", "STATUS_POSTPONED", "post", False, "Postponed"),
    "cancelled": ("5", "STATUS_CANCELED", "post", False, "Canceled"),
    "delayed": ("7", "STATUS_DELAYED", "pre", False, "Delayed"),
}


def abbreviation(team: Team) -> str:
    """ESPN's abbreviation."""
    return ABBREVIATIONS.get(team.tricode, team.tricode)


class Espn:
    """Answers for a season."""

    def __init__(self, season: NbaSeason) -> None:
        self._season = season
        self._records = NbaRecords(season)

    def __call__(self, request: Request, now_s: float) -> Response:
        """One request."""
        if request.method != "GET":
            return refuse(Refuse(405, "methodNotAllowed", "Method Not Allowed"))
        if request.path == f"{BASE}/scoreboard":
            return self._scoreboard(request, now_s)
        if request.path == f"{BASE}/teams":
            teams = [{"team": _team(team)} for team in TEAMS]
            league = {"id": "46", "name": "National Basketball Association", "abbreviation": "NBA", "teams": teams}
            return json_response(200, {"sports": [{"id": "40", "name": "Basketball", "leagues": [league]}]})
        if request.path == f"{BASE}/summary":
            return self._summary(request, now_s)
        match = _TEAM.match(request.path)
        team = next((team for team in TEAMS if match and ESPN_IDS[team.tricode] == match["id"]), None)
        if match is None or team is None:
            return refuse(Refuse(404, "notFound", "Failed to get the resource"))
        there = athletes(self._season, team, now_s)
        if match["roster"]:
            season = {"year": self._season.games[0].season_year + 1} if self._season.games else {}
            return json_response(200, {"status": "success", "season": season, "athletes": there, "team": _team(team)})
        listed = {"athletes": there} if "roster" in request.first("enable") else {}
        won, lost = self._records.of(team, now_s)
        record = {"items": [{"description": "Overall Record", "type": "total", "summary": f"{won}-{lost}"}]}
        return json_response(200, {"team": {**_team(team), "record": record, **listed}})

    def _summary(self, request: Request, now_s: float) -> Response:
        event = request.first("event")
        game = next((g for g in self._season.shown(now_s) if event_number(g) == event), None)
        if game is None:
            return refuse(Refuse(404, "notFound", f"no event {event}"))
        year = self._season.games[0].season_year + 1
        shown = self._event(game, year, now_s)
        teams = [_team(game.home), _team(game.away)]
        header = {"id": event, "season": shown["season"], "competitions": shown["competitions"]}
        box = {"teams": [{"team": team} for team in reversed(teams)], "players": box_players(game, teams, now_s)}
        return json_response(200, {"boxscore": box, "header": header})

    def _scoreboard(self, request: Request, now_s: float) -> Response:
        text = request.first("dates")
        if text and not _DATE.match(text):
            return refuse(Refuse(400, "badRequest", f"invalid dates {text}"))
        try:
            day = date.fromisoformat(text) if text else datetime.fromtimestamp(now_s, EASTERN).date()
        except ValueError:
            return refuse(Refuse(400, "badRequest", f"invalid dates {text}"))
        year = self._season.games[0].season_year + 1 if self._season.games else day.year
        games = [game for game in self._season.of_day(day) if game.known(now_s)]
        body: Json = {
            "leagues": [_league(year, self._season)],
            "season": {"type": 2, "year": year},
            "day": {"date": day.isoformat()},
            "events": [self._event(game, year, now_s) for game in games],
        }
        return json_response(200, body)

    def _event(self, game: Game, year: int, now_s: float) -> Json:
        event_id = event_number(game)
        status = _status(game, now_s)
        moment = game.starts_at.strftime("%Y-%m-%dT%H:%MZ")
        competition = {
            "id": event_id,
            "uid": f"s:40~l:46~e:{event_id}~c:{event_id}",
            "date": moment,
            "attendance": 0,
            "type": {"id": "1", "abbreviation": "STD"},
            "timeValid": True,
            "neutralSite": False,
            "conferenceCompetition": False,
            "playByPlayAvailable": game.state(now_s) is not State.SCHEDULED,
            "recent": False,
            "venue": {
                "id": str(1_800 + game.home.bdl_id),
                "fullName": f"{game.home.city} Arena",
                "address": {"city": game.home.city, "state": ""},
                "indoor": True,
            },
            "competitors": [self._competitor(game, side, now_s) for side in (0, 1)],
            "notes": [],
            "status": status,
            "format": {"regulation": {"periods": 4}},
            "startDate": moment,
        }
        return {
            "id": event_id,
            "uid": f"s:40~l:46~e:{event_id}",
            "date": moment,
            "name": f"{game.away.full_name} at {game.home.full_name}",
            "shortName": f"{abbreviation(game.away)} @ {abbreviation(game.home)}",
            "season": {"year": year, "type": 2, "slug": "regular-season"},
            "competitions": [competition],
            "status": status,
        }

    def _competitor(self, game: Game, side: int, now_s: float) -> Json:
        team = (game.home, game.away)[side]
        score = game.score(now_s)
        won, lost = self._records.of(team, now_s)
        shown: Json = {
            "id": ESPN_IDS[team.tricode],
            "uid": f"s:40~l:46~t:{ESPN_IDS[team.tricode]}",
            "type": "team",
            "order": side,
            "homeAway": ("home", "away")[side],
            "team": _team(team),
            "score": str(score[side]),
            "statistics": [],
            "records": [
                {"name": "overall", "abbreviation": "Game", "type": "total", "summary": f"{won}-{lost}"},
            ],
        }
        if game.state(now_s) is not State.SCHEDULED:
            shown["linescores"] = [
                {"value": float(points), "displayValue": str(points), "period": number}
                for number, points in enumerate(game.periods(now_s)[side], 1)
            ]
        if game.state(now_s) is State.FINAL:
            shown["winner"] = score[side] > score[1 - side]
        return shown


def event_number(game: Game) -> str:
    """ESPN's id of a game."""
    return str(401_000_000 + int(game.game_id) % 1_000_000)


def _status(game: Game, now_s: float) -> Json:
    state = game.state(now_s)
    which = {State.LIVE: "live", State.FINAL: "final"}.get(state, "scheduled")
    if game.called_off(now_s):
        which = "postponed" if game.postponed else "cancelled"
    elif game.delayed(now_s):
        which = "delayed"
    number, name, phase, completed, text = TYPES[which]
    period, clock = game.period(now_s)
    minutes, _, seconds = clock.partition(":")
    left_s = 60.0 * int(minutes) + int(seconds) if state is State.LIVE else 0.0
    detail = text
    if state is State.FINAL and game.box.overtimes:
        detail = "Final/OT" if game.box.overtimes == 1 else f"Final/{game.box.overtimes}OT"
    elif state is State.LIVE:
        detail = f"{clock} - {period}{('st', 'nd', 'rd', 'th')[min(period, 4) - 1]}" if period <= 4 else f"{clock} - OT"
    kind: dict[str, Any] = {
        "id": number, "name": name, "state": phase, "completed": completed, "description": text, "detail": detail,
        "shortDetail": detail,
    }  # fmt: skip
    return {"clock": left_s, "displayClock": clock if state is State.LIVE else "0.0", "period": period, "type": kind}


def _team(team: Team) -> Json:
    number = ESPN_IDS[team.tricode]
    return {
        "id": number,
        "uid": f"s:40~l:46~t:{number}",
        "location": team.city,
        "name": team.name,
        "abbreviation": abbreviation(team),
        "displayName": team.full_name,
        "shortDisplayName": team.name,
        "isActive": True,
    }


def _league(year: int, season: NbaSeason) -> Json:
    days = sorted({game.day for game in season.games})
    first, last = (days[0], days[-1]) if days else (date(year, 1, 1), date(year, 1, 1))
    return {
        "id": "46",
        "uid": "s:40~l:46",
        "name": "National Basketball Association",
        "abbreviation": "NBA",
        "slug": "nba",
        "season": {
            "year": year,
            "startDate": _stamp(first),
            "endDate": _stamp(last),
            "displayName": season.label if days else "",
            "type": {"id": "2", "type": 2, "name": "Regular Season", "abbreviation": "reg"},
        },
        "calendarType": "day",
        "calendarIsWhitelist": True,
        "calendarStartDate": _stamp(first),
        "calendarEndDate": _stamp(last),
        "calendar": [_stamp(day) for day in days],
    }


def _stamp(day: date) -> str:
    return datetime(day.year, day.month, day.day, 8, tzinfo=UTC).strftime("%Y-%m-%dT%H:%MZ")


def refuse(refusal: Refuse) -> Response:
    """An error as ESPN words it."""
    body = {"code": refusal.status, "message": refusal.message or refusal.reason or "error"}
    return json_response(refusal.status, body, refusal.headers, refusal.reason)
