"""BallDontLie: box scores of a day and the list of injuries, the latter paged by cursor."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pipeline.clients import Lazy
from pipeline.http_pool import HttpPool, UpstreamError
from pipeline.scrapers.scraper import Capture, stamp

PER_PAGE = "100"
PAGES_MAX = 100
"""A cursor that never ends is the upstream's bug, and must not be ours."""


class BallDontLie:
    """The API at `base_url` with the bearer token `api_key`."""

    def __init__(self, http: Lazy[HttpPool], base_url: str, api_key: str) -> None:
        self._http = http
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {api_key}"}

    def all_pages(self, path: str, params: dict[str, str]) -> list[dict[str, Any]]:
        """Every item of a paged list. Raises `UpstreamError`, also for a cursor that comes twice."""
        items: list[dict[str, Any]] = []
        seen: set[str] = set()
        query = {**params, "per_page": PER_PAGE}
        url = self._base_url + path
        for _ in range(PAGES_MAX):
            page = self._http().get_json(url, query, self._headers)
            if not isinstance(page, dict) or not isinstance(page.get("data"), list):
                raise UpstreamError(url, 0, f"200 without a list under 'data': {str(page)[:100]}")
            items += page["data"]
            cursor = str((page.get("meta") or {}).get("next_cursor") or "")
            if not cursor:
                return items
            if cursor in seen:
                raise UpstreamError(url, 0, f"cursor {cursor} came twice: pages repeat")
            seen.add(cursor)
            query["cursor"] = cursor
        raise UpstreamError(url, 0, f"more than {PAGES_MAX} pages")


class BoxScores:
    """Box scores of all games of a day, whatever their state."""

    name = "bdl_box_scores"

    def __init__(self, api: BallDontLie) -> None:
        self._api = api

    def scrape(self, day: date, now: datetime) -> list[Capture]:
        """One capture; a day without games gives one with no record."""
        games = self._api.all_pages("/v1/box_scores", {"date": day.isoformat()})
        return [Capture(f"ball-dont-lie/boxscores/{day}/{stamp(now)}.json", games, len(games), day)]


class Injuries:
    """The injury list as it is now; `day` only says under which day it is filed."""

    name = "bdl_injuries"

    def __init__(self, api: BallDontLie) -> None:
        self._api = api

    def scrape(self, day: date, now: datetime) -> list[Capture]:
        """One capture of the whole list."""
        entries = self._api.all_pages("/v1/player_injuries", {})
        return [Capture(f"ball-dont-lie/injuries/{day}/{stamp(now)}.json", entries, len(entries), day)]
