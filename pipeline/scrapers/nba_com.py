"""NBA.com's schedule of the whole season, from its CDN."""

from __future__ import annotations

from datetime import date, datetime

from pipeline.clients import Lazy
from pipeline.http_pool import HttpPool, UpstreamError
from pipeline.scrapers.scraper import Capture, stamp

PATH = "/static/json/staticData/scheduleLeagueV2.json"


class NbaSchedule:
    """The season's schedule with the state of every game."""

    name = "nbac_schedule"

    def __init__(self, http: Lazy[HttpPool], base_url: str) -> None:
        self._http = http
        self._url = base_url + PATH

    def scrape(self, day: date, now: datetime) -> list[Capture]:
        """One capture of the season, filed under `day`. A schedule without games is an error: never "no games"."""
        payload = self._http().get_json(self._url)
        try:
            season = payload["leagueSchedule"]["seasonYear"]
            games = sum(len(entry["games"]) for entry in payload["leagueSchedule"]["gameDates"])
        except (KeyError, TypeError) as error:
            raise UpstreamError(self._url, 0, f"200 without {error}: not a schedule") from error
        if not games:
            raise UpstreamError(self._url, 0, "a schedule without a single game")
        return [Capture(f"nba-com/schedule/{season}/{stamp(now)}.json", payload, games, day)]
