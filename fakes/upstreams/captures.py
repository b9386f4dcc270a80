"""The feeds of a folder of recorded answers: real input, frozen at the moment it was taken.

A recording lies where its request went: `HOST/PATH/QUERY.json` (parameters in alphabetical order, no keys), or
`HOST/PATH.json` for any query; a few have short names, those the first recordings came with. What a folder lacks is
refused with the names of the files that would have been served: an emulator does not make up what real input holds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fakes.upstreams.balldontlie import HOST as BDL
from fakes.upstreams.betting import MLB_PROPS, NBA_PROPS
from fakes.upstreams.exchange import Request, Response
from fakes.upstreams.feeds import Json
from fakes.upstreams.listing import Listing, Query
from fakes.upstreams.odds_api import HOST as ODDS

SECRETS = frozenset({"apiKey", "api_key", "key"})
SHORT_NAMES = {
    ("site.api.espn.com", "/apis/site/v2/sports/basketball/nba/scoreboard"): "espn_scoreboard.json",
    ("stats.nba.com", "/stats/scoreboardv2"): "nba_stats_scoreboard_v2.json",
    ("stats.nba.com", "/stats/leaguegamelog"): "nba_stats_player_boxscore.json",
    ("api.bettingpros.com", "/v3/events"): "bettingpros_events.json",
}


class NoRecordingError(Exception):
    """A folder lacks what a request asks for: the files that would be served, and the request."""

    def __init__(self, folder: Path, names: Sequence[str], asked: str) -> None:
        super().__init__(f"captures: {folder} has none of {', '.join(names)}, which would answer {asked}")


class Folder:
    """Recorded answers by name. Raises `ValueError` where it is no folder."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise ValueError(f"captures: {folder} is no folder; give one with recorded answers, or leave it out")
        self._folder = folder

    def first(self, names: Sequence[str], asked: str) -> Any:
        """The first of the files `names` there is; raises `NoRecordingError`."""
        for name in names:
            path = self._folder / name
            if ".." not in Path(name).parts and path.is_file():
                return json.loads(path.read_text(encoding="utf-8"))
        raise NoRecordingError(self._folder, names, asked)

    def answer(self, host: str, request: Request, short: str = "") -> Any:
        """What was recorded of a request to `host`."""
        names = names_of(host, request)
        known = short or SHORT_NAMES.get((host, request.path.lower() if host == "stats.nba.com" else request.path))
        return self.first([*names, known] if known else names, f"{request.method} {host}{request.path}")


def names_of(host: str, request: Request) -> list[str]:
    """The files that hold the answer to a request, the most particular first."""
    path = (
        host + "/" + "/".join(quote(part, safe="") for part in request.path.split("/") if part not in ("", ".", ".."))
    )
    query = "&".join(
        f"{quote(key, safe='[]')}={quote(value, safe=',:+')}"
        for key in sorted(request.query)
        if key not in SECRETS
        for value in request.query[key]
    )
    whole = path if path.endswith(".json") else f"{path}.json"
    return [f"{path}/{query}.json", whole] if query and len(query) < 200 else [whole]


class Recorded:
    """A whole site of recordings: each is served as it is, whatever the time."""

    def __init__(self, host: str, folder: Folder) -> None:
        self._host = host
        self._folder = folder

    def __call__(self, request: Request, now_s: float) -> Response:
        """One request; raises `NoRecordingError`."""
        body = json.dumps(self._folder.answer(self._host, request), ensure_ascii=False).encode()
        return Response(200, body, {"Content-Type": "application/json; charset=utf-8"})


class CapturedFeeds:
    """The recordings of those upstreams that page and count what they serve; a recording does not move with time."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def bdl(self, league: str, path: str, query: Query, now_s: float) -> Listing | None:
        """`balldontlie_box_scores_DAY.json`, `balldontlie_games.json` (narrowed by date), `balldontlie_injuries.json`,
        and any other path by its request.
        """
        day = query.day("date")
        short = {
            "box_scores": f"balldontlie_box_scores_{day}.json", "games": "balldontlie_games.json",
            "player_injuries": "balldontlie_injuries.json",
        }.get(path, "") if league == "nba" else ""  # fmt: skip
        wanted = {key: value for key, value in query.request.query.items() if key not in ("cursor", "per_page")}
        plain = Request("GET", query.request.path, wanted, {}, b"")
        data = self._folder.answer(BDL, plain, short)["data"]
        if isinstance(data, dict):
            return Listing([data], None, one=True)
        if path == "games":
            data = [game for game in data if query.in_days(_date(game))]
        whole = path.startswith(("box_scores", "standings", "season_averages", "leaders", "teams"))
        return Listing(list(data), None if whole else _cursor)

    def schedule(self, now_s: float) -> Json:
        """`nba_schedule_cdn.json`."""
        return dict(self._folder.first(["nba_schedule_cdn.json"], "GET cdn.nba.com's scheduleLeagueV2.json"))

    def live(self, kind: str, game_id: str, now_s: float) -> Json | None:
        """By its request."""
        path = f"/static/json/liveData/{kind}/{kind}_{game_id}.json"
        return dict(self._folder.answer("cdn.nba.com", Request("GET", path, {}, {}, b"")))

    def markets(self, sport: str) -> tuple[str, ...]:
        """All there are: what was recorded says which are offered."""
        return ("h2h", "spreads", "totals", *(NBA_PROPS if sport == "basketball_nba" else MLB_PROPS))

    def events(self, sport: str, now_s: float) -> list[Json]:
        """The `data` of `odds_api_events_historical.json`, those of the sport."""
        return [event for event in self._history("events")["data"] if event["sport_key"] == sport]

    def odds(
        self, sport: str, event_id: str, markets: tuple[str, ...], bookmakers: tuple[tuple[str, str], ...], now_s: float
    ) -> Json | None:
        """The `data` of `odds_api_player_props_historical.json` or `odds_api_game_lines_historical.json` where it is
        of that event, with the markets asked for.
        """
        kind = "game_lines" if set(markets) <= {"h2h", "spreads", "totals"} else "player_props"
        event = self._history(kind)["data"]
        if event.get("id") != event_id or event.get("sport_key") != sport:
            return None
        makers = [
            {**maker, "markets": [market for market in maker["markets"] if market["key"] in markets]}
            for maker in event["bookmakers"]
        ]
        return {**event, "bookmakers": makers}

    def scores(self, sport: str, days: int, now_s: float) -> list[Json]:
        """Not among the short names: by its request."""
        request = Request("GET", f"/v4/sports/{sport}/scores", {}, {}, b"")
        return list(self._folder.answer(ODDS, request))

    def snapshot(self, at_s: float, data: Any) -> Json:
        """`data` with the moments that were recorded of it."""
        recorded = self._history("events" if isinstance(data, list) else "player_props")
        return {**{key: value for key, value in recorded.items() if key != "data"}, "data": data}

    def _history(self, kind: str) -> Json:
        name = f"odds_api_{kind}_historical.json"
        return dict(self._folder.first([name], f"what {ODDS} offers ({kind})"))


def _date(game: Json) -> date:
    return date.fromisoformat(game["date"][:10])


def _cursor(item: Json) -> int:
    return int(item["id"] if "id" in item else item["player"]["id"])
