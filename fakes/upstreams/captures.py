"""The feeds of a folder of recorded answers: real input, frozen at the moment it was taken.

File names are those the recordings came with; what a folder lacks is empty, as an upstream without data would be.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from fakes.upstreams.feeds import Json


class CapturedFeeds:
    """Serves `folder`; times are ignored, a recording does not move. Raises `ValueError` where it is no folder."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise ValueError(f"captures: {folder} is no folder; give one with recorded answers, or leave it out")
        self._folder = folder

    def box_scores(self, day: date, now_s: float) -> list[Json]:
        """`balldontlie_box_scores_<day>.json`."""
        return list(self._load(f"balldontlie_box_scores_{day}.json", {"data": []})["data"])

    def games(self, days: list[date], now_s: float) -> list[Json]:
        """`balldontlie_games.json`, filtered by date."""
        wanted = {day.isoformat() for day in days}
        games = self._load("balldontlie_games.json", {"data": []})["data"]
        return [game for game in games if not wanted or game["date"][:10] in wanted]

    def injuries(self, now_s: float) -> list[Json]:
        """`balldontlie_injuries.json`."""
        return list(self._load("balldontlie_injuries.json", {"data": []})["data"])

    def schedule(self, now_s: float) -> Json:
        """`nba_schedule_cdn.json`."""
        empty = {"meta": {}, "leagueSchedule": {"seasonYear": "", "leagueId": "00", "gameDates": []}}
        return dict(self._load("nba_schedule_cdn.json", empty))

    def events(self, now_s: float) -> list[Json]:
        """The `data` of `odds_api_events_historical.json`."""
        return list(self._load("odds_api_events_historical.json", {"data": []})["data"])

    def odds(self, event_id: str, markets: frozenset[str], now_s: float) -> Json | None:
        """The `data` of `odds_api_player_props_historical.json` where it is of that event, with the markets asked
        for.
        """
        event = self._load("odds_api_player_props_historical.json", {"data": {}})["data"]
        if event.get("id") != event_id:
            return None
        makers = [
            {**maker, "markets": [market for market in maker["markets"] if market["key"] in markets]}
            for maker in event["bookmakers"]
        ]
        return {**event, "bookmakers": makers}

    def _load(self, name: str, empty: Any) -> Any:
        path = self._folder / name
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else empty
