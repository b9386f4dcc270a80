"""The Odds API: events of a day, and the player props of each, which vanish when the game starts."""

from __future__ import annotations

import logging
from datetime import date, datetime
from typing import Any

from pipeline.clients import Lazy
from pipeline.clock import eastern_date
from pipeline.http_pool import HttpPool, UpstreamError
from pipeline.scrapers.scraper import Capture, stamp
from pipeline.teams import TRICODE_OF_NAME

LOG = logging.getLogger(__name__)

SPORT = "basketball_nba"
GONE = (404, 422)
"""An event that has started is no longer offered: nothing to bring, and no error."""


class PlayerProps:
    """Points props of every event of a day, one capture per event."""

    name = "oddsa_player_props"

    def __init__(self, http: Lazy[HttpPool], base_url: str, api_key: str) -> None:
        self._http = http
        self._url = f"{base_url}/v4/sports/{SPORT}/events"
        self._key = {"apiKey": api_key}

    def scrape(self, day: date, now: datetime) -> list[Capture]:
        """The captures of events not started yet; raises `UpstreamError`."""
        events = self._http().get_json(self._url, self._key)
        captures = []
        for event in events:
            starts = datetime.fromisoformat(event["commence_time"])
            if eastern_date(starts) != day:
                continue
            odds = self._odds(event["id"])
            if odds is None:
                continue
            teams = f"{_short(event['away_team'])}{_short(event['home_team'])}"
            path = f"odds-api/player-props/{day}/{event['id']}-{teams}/{stamp(now)}-snap-{now:%H%M}.json"
            captures.append(Capture(path, odds, _outcomes(odds), day))
        return captures

    def _odds(self, event_id: str) -> dict[str, Any] | None:
        params = {**self._key, "regions": "us", "markets": "player_points", "oddsFormat": "american"}
        try:
            odds: dict[str, Any] = self._http().get_json(f"{self._url}/{event_id}/odds", params)
        except UpstreamError as error:
            if error.status in GONE:
                LOG.info("event %s is no longer offered", event_id)
                return None
            raise
        return odds


def _short(name: str) -> str:
    return TRICODE_OF_NAME.get(name, "".join(name.split())[:12])


def _outcomes(odds: dict[str, Any]) -> int:
    return sum(len(market["outcomes"]) for maker in odds["bookmakers"] for market in maker["markets"])
