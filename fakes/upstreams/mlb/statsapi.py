"""statsapi.mlb.com: MLB's own API, without a key: schedule, games, clubs, rosters, people and standings.

Imitated: the endpoints and answers that MLB-StatsAPI (https://github.com/toddrob99/MLB-StatsAPI) and
python-mlb-statsapi read; the API has no public documentation. An unknown object is a 404 with `messageNumber` 10, a bad
value a 400 with 11.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fakes.seam import Refuse
from fakes.upstreams.exchange import Request, Response, json_response
from fakes.upstreams.feeds import Json
from fakes.upstreams.fixture import EASTERN
from fakes.upstreams.mlb import people
from fakes.upstreams.mlb.bodies import NOTICE, club_body, person_body, stamp, venue_reference
from fakes.upstreams.mlb.game_box import box_score, line_score
from fakes.upstreams.mlb.game_feed import all_plays, feed, plays_body
from fakes.upstreams.mlb.league import CLUBS, DIVISIONS, LEAGUES, Club
from fakes.upstreams.mlb.schedule import hydrations, rows, schedule
from fakes.upstreams.mlb.season import BallGame, MlbSeason
from fakes.upstreams.mlb.standings import standings
from fakes.upstreams.mlb.totals import Totals
from fakes.upstreams.records import Records

HOST = "statsapi.mlb.com"
MAPS = ("teams", "players")
"""What has sides or players for its keys."""

NOT_SERVED = re.compile(
    r"^/api/v1(\.1)?/(draft|awards|attendance|jobs|transactions|stats|homeRunDerby|highLow|gamePace|conferences|uniforms"
    r"|analytics|broadcast|milestones|teams/\w+/(coaches|personnel|alumni|leaders|stats|affiliates)"
    r"|game/\w+/(content|winProbability|contextMetrics|color.*|guids|withMetrics))"
)
"""Endpoints that exist and are not imitated."""


class BadParameterError(Exception):
    """A parameter that the API would refuse, and its message."""


class StatsApi:
    """Answers for a season, which is asked for when it is first needed."""

    def __init__(self, season: Callable[[], MlbSeason]) -> None:
        self._lazily = season
        self._parts: tuple[MlbSeason, Records[BallGame], Totals] | None = None

    @property
    def _season(self) -> MlbSeason:
        return self._built()[0]

    @property
    def _records(self) -> Records[BallGame]:
        return self._built()[1]

    @property
    def _totals(self) -> Totals:
        return self._built()[2]

    def _built(self) -> tuple[MlbSeason, Records[BallGame], Totals]:
        if self._parts is None:
            season = self._lazily()
            self._parts = season, Records(season), Totals(season)
        return self._parts

    def __call__(self, request: Request, now_s: float) -> Response:
        """One request."""
        if request.method not in ("GET", "HEAD"):
            return _error(405, 10, "Method not allowed", now_s)
        for pattern, answer in ROUTES:
            match = pattern.match(request.path)
            if match:
                try:
                    body = answer(self, request, now_s, *match.groups())
                except BadParameterError as error:
                    return _error(400, 11, str(error), now_s)
                if body is None:
                    return _error(404, 10, "Object not found", now_s)
                fields = {name for text in request.query.get("fields", []) for name in text.split(",") if name}
                return json_response(200, pruned(body, fields) if fields else body)
        if NOT_SERVED.match(request.path):
            text = f"unsupported by the emulator: {HOST}{request.path}"
            return replace(_error(501, 10, text, now_s), unsupported=text)
        return _error(404, 10, "Object not found", now_s)

    def schedule(self, request: Request, now_s: float) -> Json:
        """The schedule of a day, of a span of days, of games or of a season; of today without any of them."""
        wanted = [pk for name in ("gamePk", "gamePks") for pk in _listed(request, name)]
        if not wanted and not request.first("sportId") and not request.first("leagueId"):
            raise BadParameterError("Invalid Request with value: sportId")
        sports, kinds = _listed(request, "sportId"), {*_listed(request, "gameType"), *_listed(request, "gameTypes")}
        span = None if wanted or request.first("season") else _span(request, now_s)
        if request.first("season") and (request.first("date") or request.first("startDate")):
            span = _span(request, now_s)
        year, club, against = request.first("season"), _number(request, "teamId"), _number(request, "opponentId")
        shown = []
        for row in rows(self._season, now_s) if "1" in sports or wanted or not sports else []:
            clubs = {row.game.home.mlb_id, row.game.away.mlb_id}
            if (
                (not wanted or row.game.game_id in wanted)
                and (span is None or span[0] <= row.day <= span[1])
                and (not year or str(row.game.season_year) == year)
                and not {each for each in (club, against) if each} - clubs
                and (not kinds or "R" in kinds)
            ):
                shown.append(row)
        return schedule(shown, hydrations(request.first("hydrate")), self._records, now_s)

    def _game(self, game_pk: str, request: Request, now_s: float) -> tuple[BallGame, float] | None:
        """The game, and the moment a `timecode` asks for."""
        game = self._season.of_id(game_pk)
        code = request.first("timecode")
        if code:
            try:
                asked_s = datetime.strptime(code, "%Y%m%d_%H%M%S").replace(tzinfo=UTC).timestamp()
            except ValueError:
                raise BadParameterError(f"Invalid Request with value: {code}") from None
            now_s = min(now_s, asked_s)
        if game is not None and not game.known(now_s):  # before it was announced that it would be made up
            game = next(each for each in self._season.games if each.game_id == game_pk)
        return (game, now_s) if game else None

    def feed(self, request: Request, now_s: float, game_pk: str) -> Json | None:
        """The live feed."""
        found = self._game(game_pk, request, now_s)
        return feed(found[0], self._totals, found[1]) if found else None

    def timestamps(self, request: Request, now_s: float, game_pk: str) -> list[str] | None:
        """The moments at which the feed has changed."""
        found = self._game(game_pk, request, now_s)
        if found is None:
            return None
        ends = dict.fromkeys(play["playEndTime"] for play in all_plays(*found))
        return [datetime.fromisoformat(end).strftime("%Y%m%d_%H%M%S") for end in ends]

    def box(self, request: Request, now_s: float, game_pk: str) -> Json | None:
        """The box score."""
        found = self._game(game_pk, request, now_s)
        return {"copyright": NOTICE, **box_score(found[0], self._totals, found[1])} if found else None

    def line(self, request: Request, now_s: float, game_pk: str) -> Json | None:
        """The line score."""
        found = self._game(game_pk, request, now_s)
        return {"copyright": NOTICE, **line_score(*found)} if found else None

    def play_by_play(self, request: Request, now_s: float, game_pk: str) -> Json | None:
        """The plays."""
        found = self._game(game_pk, request, now_s)
        return {"copyright": NOTICE, **plays_body(found[0], all_plays(*found))} if found else None

    def teams(self, request: Request, now_s: float, team_id: str | None = None) -> Json | None:
        """The clubs, or one of them."""
        year = _number(request, "season") or _today(now_s).year
        leagues = {*_listed(request, "leagueIds"), *_listed(request, "leagueId")}
        shown = [
            club_body(club, year)
            for club in CLUBS
            if (team_id is None or str(club.mlb_id) == team_id)
            and (not leagues or str(LEAGUES[club.league][0]) in leagues)
            and request.first("sportId", "1") == "1"
        ]
        return {"copyright": NOTICE, "teams": shown} if shown or team_id is None else None

    def roster(self, request: Request, now_s: float, team_id: str) -> Json | None:
        """Who is on a club's roster of a day."""
        club = _club(team_id)
        day = _day(request, "date") or _today(now_s)
        kind = request.first("rosterType", "active")
        return people.roster(self._season, club, kind, day) if club else None

    def people(self, request: Request, now_s: float, person_id: str | None = None) -> Json | None:
        """One player, or those of `personIds`, with the statistics that are hydrated."""
        ids = [person_id] if person_id is not None else _listed(request, "personIds")
        found = [player for each in ids if (player := people.find(self._season, each))]
        if not found:
            return None
        asked = people.hydrated(request.first("hydrate"))
        return {
            "copyright": NOTICE,
            "people": [people.body(player, self._season, self._totals, asked, now_s) for player, _ in found],
        }

    def person_stats(self, request: Request, now_s: float, person_id: str) -> Json | None:
        """A player's statistics by group and kind."""
        found = people.find(self._season, person_id)
        kinds, groups = _listed(request, "stats"), _listed(request, "group")
        if not kinds:
            raise BadParameterError("Invalid Request with value: stats")
        asked = people.Asked(tuple(groups or ["hitting", "pitching"]), tuple(kinds))
        return {"copyright": NOTICE, "stats": people.stats(found[0], self._totals, asked, now_s)} if found else None

    def players(self, request: Request, now_s: float, year: str) -> Json:
        """Everybody of the season."""
        everybody = [player for roster in self._season.rosters.values() for player in roster]
        return {"copyright": NOTICE, "people": [person_body(player, _today(now_s)) for player in everybody]}

    def standings(self, request: Request, now_s: float) -> Json:
        """The tables of the leagues asked for."""
        wanted = _listed(request, "leagueId")
        if not wanted:
            raise BadParameterError("Invalid Request with value: leagueId")
        day = _day(request, "date")
        at_s = now_s if day is None else min(now_s, _midnight_s(day + timedelta(days=1)))
        leagues = [int(each) for each in wanted if each.isascii() and each.isdigit()]
        return standings(self._season, leagues, hydrations(request.first("hydrate")), at_s)

    def venues(self, request: Request, now_s: float, venue_id: str | None = None) -> Json | None:
        """The ballparks, or one of them."""
        wanted = [venue_id] if venue_id is not None else _listed(request, "venueIds")
        shown = [
            {**venue_reference(club), "active": True, "season": str(_today(now_s).year)}
            | (
                {"location": {"city": club.place, "state": club.state, "country": club.country}}
                if venue_id is not None or "location" in request.first("hydrate")
                else {}
            )
            for club in CLUBS
            if not wanted or str(club.venue_id) in wanted
        ]
        return {"copyright": NOTICE, "venues": shown} if shown else None

    def sports(self, request: Request, now_s: float) -> Json:
        """The one sport there is."""
        sport = {"id": 1, "code": "mlb", "link": "/api/v1/sports/1", "name": "Major League Baseball",
                 "abbreviation": "MLB", "sortOrder": 11, "activeStatus": True}  # fmt: skip
        return {"copyright": NOTICE, "sports": [sport]}

    def leagues(self, request: Request, now_s: float) -> Json:
        """The two leagues."""
        shown = [{"id": number, "name": name, "link": f"/api/v1/league/{number}", "abbreviation": short}
                 for short, (number, name) in LEAGUES.items()]  # fmt: skip
        return {"copyright": NOTICE, "leagues": shown}

    def divisions(self, request: Request, now_s: float) -> Json:
        """The six divisions."""
        shown = [
            {"id": number, "name": f"{LEAGUES[league][1]} {name}", "link": f"/api/v1/divisions/{number}"}
            for (league, name), number in DIVISIONS.items()
        ]
        return {"copyright": NOTICE, "divisions": shown}


Answer = Callable[..., Any]
ROUTES: tuple[tuple[re.Pattern[str], Answer], ...] = tuple(
    (re.compile(f"^/api/v1(?:\\.1)?/{pattern}/?$"), answer)
    for pattern, answer in (
        ("schedule(?:/games)?", StatsApi.schedule), (r"game/(\d+)/feed/live", StatsApi.feed),
        (r"game/(\d+)/feed/live/timestamps", StatsApi.timestamps), (r"game/(\d+)/boxscore", StatsApi.box),
        (r"game/(\d+)/linescore", StatsApi.line), (r"game/(\d+)/playByPlay", StatsApi.play_by_play),
        ("teams", StatsApi.teams), (r"teams/(\d+)", StatsApi.teams), (r"teams/(\d+)/roster", StatsApi.roster),
        ("people", StatsApi.people), (r"people/(\d+)", StatsApi.people),
        (r"people/(\d+)/stats", StatsApi.person_stats), (r"sports/(1)/players", StatsApi.players),
        ("standings", StatsApi.standings), ("venues", StatsApi.venues), (r"venues/(\d+)", StatsApi.venues),
        ("sports", StatsApi.sports), ("leagues?", StatsApi.leagues), ("divisions", StatsApi.divisions),
    )
)  # fmt: skip


def pruned(body: Any, fields: set[str]) -> Any:
    """`body` with the keys named in a `fields` parameter only. What is in maps (by side, by player) stays whole:
    clients read more of it than they ask for (MLB-StatsAPI's box score does).
    """
    if isinstance(body, dict):
        kept = {key: value for key, value in body.items() if key in fields}
        return {k: v if k in MAPS and isinstance(v, dict) else pruned(v, fields) for k, v in kept.items()}
    return [pruned(each, fields) for each in body] if isinstance(body, list) else body


def refuse(refusal: Refuse) -> Response:
    """An error as this upstream words it."""
    body = {"messageNumber": 1, "message": refusal.message or refusal.reason or "error", "traceId": None}
    return json_response(refusal.status, body, refusal.headers, refusal.reason)


def _error(status: int, number: int, message: str, now_s: float) -> Response:
    body = {"messageNumber": number, "message": message, "timestamp": stamp(now_s), "traceId": None}
    return Response(status, json.dumps(body).encode(), {"Content-Type": "application/json;charset=UTF-8"}, message)


def _listed(request: Request, name: str) -> list[str]:
    return [each for text in request.query.get(name, []) for each in text.split(",") if each]


def _number(request: Request, name: str) -> int | None:
    text = request.first(name)
    if text and not (text.isascii() and text.isdigit()):
        raise BadParameterError(f"Invalid Request with value: {text}")
    return int(text) if text else None


def _day(request: Request, name: str) -> date | None:
    text = request.first(name)
    if not text:
        return None
    for form in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise BadParameterError(f"Invalid Request with value: {text}")


def _span(request: Request, now_s: float) -> tuple[date, date]:
    day = _day(request, "date")
    first, last = _day(request, "startDate"), _day(request, "endDate")
    if day is not None or (first is None and last is None):
        day = day or _today(now_s)
        return day, day
    if first is None or last is None:
        raise BadParameterError("Invalid Request with value: startDate and endDate are needed both")
    return first, last


def _today(now_s: float) -> date:
    return datetime.fromtimestamp(now_s, EASTERN).date()


def _midnight_s(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=EASTERN).timestamp()


def _club(team_id: str) -> Club | None:
    return next((club for club in CLUBS if str(club.mlb_id) == team_id), None)
