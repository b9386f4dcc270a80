"""api.the-odds-api.com v4: key in the query, credits counted in headers, events that vanish when they start.

Imitated: https://the-odds-api.com/liveapi/guides/v4 (paths, parameters, `x-requests-*` headers, one credit per
market and region with odds, none for the list of events, 401 for a bad key or no credits left, 404 for an expired
event, 422 for bad parameters).
"""

from __future__ import annotations

import re

from fakes.seam import Refuse
from fakes.upstreams.exchange import Request, Response, json_response
from fakes.upstreams.feeds import Feeds

HOST = "api.the-odds-api.com"
SPORT = "basketball_nba"
CREDITS = 100_000
"""A month of the plan the pipeline is on."""

_EVENTS = re.compile(r"^/v4/sports/(?P<sport>[a-z_]+)/events(?:/(?P<event>[^/]+)/odds)?$")


class OddsApi:
    """Answers for `feeds`. `key` is the only one accepted, any where it is ""; `credits` None never runs out."""

    def __init__(self, feeds: Feeds, key: str, credits: int | None) -> None:
        self._feeds = feeds
        self._key = key
        self._credits = credits
        self._used = 0

    def __call__(self, request: Request, now_s: float) -> Response:
        """One request."""
        key = request.first("apiKey")
        if not key or (self._key and key != self._key):
            message = "Invalid API key" if key else "API key is missing"
            return refuse(Refuse(401, "invalidKey", message))
        match = _EVENTS.match(request.path)
        if request.method != "GET" or match is None:
            return refuse(Refuse(404, "notFound", "Not found"))
        if match["sport"] != SPORT:
            return refuse(Refuse(404, "unknownSport", "Unknown sport"))
        if match["event"] is None:
            return json_response(200, self._feeds.events(now_s), self._usage(0))
        return self._odds(request, match["event"], now_s)

    def _odds(self, request: Request, event_id: str, now_s: float) -> Response:
        regions = [region for region in request.first("regions").split(",") if region]
        markets = frozenset(market for market in request.first("markets", "h2h").split(",") if market)
        if not regions:
            return refuse(Refuse(422, "missingRegion", "Missing regions or bookmakers"))
        if request.first("oddsFormat", "decimal") != "american":
            # Refused and not guessed: decimal prices were never recorded for props.
            return refuse(Refuse(422, "unsupported", "this emulator speaks oddsFormat=american only"))
        cost = len(markets) * len(regions)
        if self._credits is not None and self._used + cost > self._credits:
            return refuse(Refuse(401, "outOfUsageCredits", "Usage quota has been reached"))
        odds = self._feeds.odds(event_id, markets, now_s)
        if odds is None:
            return refuse(Refuse(404, "eventNotFound", "Event not found. The event may have expired"))
        return json_response(200, odds, self._usage(cost if odds["bookmakers"] else 0))

    def _usage(self, cost: int) -> dict[str, str]:
        self._used += cost
        left = "0" if self._credits is None else str(self._credits - self._used)
        return {"x-requests-used": str(self._used), "x-requests-remaining": left, "x-requests-last": str(cost)}


def refuse(refusal: Refuse) -> Response:
    """An error as this upstream words it."""
    return json_response(
        refusal.status, {"message": refusal.message or refusal.reason}, refusal.headers, refusal.reason
    )
