"""api.the-odds-api.com v4: key in the query, credits counted in headers, events that vanish when they start.

Imitated: https://the-odds-api.com/liveapi/guides/v4 (paths, parameters, `x-requests-*` headers; one credit per market
and region with odds, ten for historical ones, none for lists of sports and events, one for a historical list; ten
bookmakers count as a region) and …/api-error-codes.html (401, 404, 422 with `error_code`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fakes.seam import Refuse
from fakes.upstreams.betting import BOOKMAKERS, GAME_MARKETS, decimal
from fakes.upstreams.exchange import Request, Response, json_response
from fakes.upstreams.feeds import Feeds, Json

HOST = "api.the-odds-api.com"
SPORTS = {
    "basketball_nba": ("Basketball", "NBA", "US Basketball"),
    "baseball_mlb": ("Baseball", "MLB", "Major League Baseball"),
}
CREDITS = 100_000
"""A month of the plan the pipeline is on."""

SNAPSHOT_S = 300
"""Historical snapshots are five minutes apart (since September 2022)."""

_PATH = re.compile(
    r"^/v4/(?P<history>historical/)?sports(?:/(?P<sport>[a-z_0-9]+)"
    r"(?:/(?P<what>odds|scores|events)(?:/(?P<event>[^/]+)/(?P<of>odds|markets))?)?)?/?$"
)


class OddsError(Exception):
    """A request that is refused: status, error code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.refusal = Refuse(status, code, message)


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the odds a request wants."""

    markets: tuple[str, ...]
    bookmakers: tuple[tuple[str, str], ...]
    regions: int
    american: bool

    @property
    def cost(self) -> int:
        """Credits of one answer."""
        return len(self.markets) * self.regions


class OddsApi:
    """Answers for `feeds`. `key` is the only one accepted, any where it is ""; `credits` None never runs out."""

    def __init__(self, feeds: Feeds, key: str, credits: int | None) -> None:
        self._feeds = feeds
        self._key = key
        self._credits = credits
        self._used = 0

    def __call__(self, request: Request, now_s: float) -> Response:
        """One request."""
        try:
            return self._answer(request, now_s)
        except OddsError as error:
            return refuse(error.refusal)

    def _answer(self, request: Request, now_s: float) -> Response:
        key = request.first("apiKey")
        if not key or (self._key and key != self._key):
            code, text = ("INVALID_KEY", "API key is not valid") if key else ("MISSING_KEY", "API key is missing")
            raise OddsError(401, code, text)
        match = _PATH.match(request.path)
        if request.method != "GET" or match is None:
            raise OddsError(404, "NOT_FOUND", "Not found")
        if match["sport"] is None:
            return json_response(200, [_sport(key) for key in SPORTS], self._usage(0))
        if match["sport"] not in SPORTS:
            raise OddsError(404, "UNKNOWN_SPORT", "Unknown sport")
        if match["of"] == "markets" or match["what"] is None:
            raise OddsError(404, "NOT_FOUND", "Not found")
        if not match["history"]:
            return self._body(request, match, now_s, 1)
        return self._body(request, match, _snapshot_s(request.first("date"), now_s), 10)

    def _body(self, request: Request, match: re.Match[str], at_s: float, factor: int) -> Response:
        sport, cost = match["sport"], 0
        if match["what"] == "events" and match["event"] is None:
            body: Json | list[Json] = self._feeds.events(sport, at_s)
            cost = 1 if factor > 1 and body else 0
        elif match["what"] == "scores":
            body = self._feeds.scores(sport, _days(request), at_s)
            cost = 2 if request.first("daysFrom") else 1
        else:
            asked = _asked(request, self._feeds.markets(sport), one=match["event"] is not None)
            self._afford(asked.cost * factor)
            if match["event"] is None:
                events = self._feeds.events(sport, at_s)
                found = [
                    self._feeds.odds(sport, event["id"], asked.markets, asked.bookmakers, at_s) for event in events
                ]
                body = [_priced(one, asked.american) for one in found if one is not None]
                cost = asked.cost * factor if body else 0
            else:
                one = self._feeds.odds(sport, match["event"], asked.markets, asked.bookmakers, at_s)
                if one is None:
                    raise OddsError(404, "EVENT_NOT_FOUND", "Event not found. The event may have expired")
                body = _priced(one, asked.american)
                offered = {market["key"] for maker in one["bookmakers"] for market in maker["markets"]}
                cost = len(offered) * asked.regions * factor
        if factor > 1:
            body = self._feeds.snapshot(at_s, body)
        if request.first("dateFormat") == "unix":
            body = _unix(body)
        return json_response(200, body, self._usage(cost))

    def _afford(self, cost: int) -> None:
        if self._credits is not None and self._used + cost > self._credits:
            raise OddsError(401, "OUT_OF_USAGE_CREDITS", "Usage quota has been reached")

    def _usage(self, cost: int) -> dict[str, str]:
        self._afford(cost)
        self._used += cost
        left = "0" if self._credits is None else str(self._credits - self._used)
        return {"x-requests-used": str(self._used), "x-requests-remaining": left, "x-requests-last": str(cost)}


def _asked(request: Request, known: tuple[str, ...], *, one: bool) -> Asked:
    markets = tuple(dict.fromkeys(text for text in request.first("markets", "h2h").split(",") if text))
    wrong = [market for market in markets if market not in known]
    if wrong or not markets:
        raise OddsError(422, "INVALID_MARKET", f"Markets not supported: {','.join(wrong)}")
    if not one and (props := [market for market in markets if market not in GAME_MARKETS]):
        raise OddsError(422, "INVALID_MARKET", f"Markets not supported by this endpoint: {','.join(props)}")
    form = request.first("oddsFormat", "decimal")
    if form not in ("american", "decimal"):
        raise OddsError(422, "INVALID_ODDS_FORMAT", f"Invalid oddsFormat parameter: {form}")
    if request.first("dateFormat", "iso") not in ("iso", "unix"):
        raise OddsError(422, "INVALID_DATE_FORMAT", "Invalid dateFormat parameter")
    wanted = [text for text in request.first("bookmakers").split(",") if text]
    regions = list(dict.fromkeys(text for text in request.first("regions").split(",") if text))
    if wanted:
        everyone = [maker for group in BOOKMAKERS.values() for maker in group]
        makers = [maker for maker in everyone if maker[0] in wanted]
        return Asked(markets, tuple(makers), -(-len(wanted) // 10), form == "american")
    if not regions:
        raise OddsError(422, "MISSING_REGION", "Missing regions or bookmakers")
    if unknown := [region for region in regions if region not in BOOKMAKERS]:
        raise OddsError(422, "INVALID_REGION", f"Invalid regions parameter: {','.join(unknown)}")
    makers = [maker for region in regions for maker in BOOKMAKERS[region]]
    return Asked(markets, tuple(makers), len(regions), form == "american")


def _snapshot_s(text: str, now_s: float) -> float:
    """The moment of the snapshot at or before a date."""
    try:
        moment = datetime.fromisoformat(text)
        asked_s = moment.timestamp() if moment.tzinfo else float("nan")
    except (ValueError, OverflowError):
        asked_s = float("nan")
    if not text:
        raise OddsError(422, "MISSING_HISTORICAL_TIMESTAMP", "Missing date parameter")
    if not 0 <= asked_s <= now_s:
        raise OddsError(422, "INVALID_HISTORICAL_TIMESTAMP", "Invalid date parameter")
    return float(asked_s // SNAPSHOT_S * SNAPSHOT_S)


def _days(request: Request) -> int:
    text = request.first("daysFrom", "0")
    if text not in ("0", "1", "2", "3") or request.query.get("daysFrom") == ["0"]:
        raise OddsError(422, "INVALID_SCORES_DAYS_FROM", "Invalid daysFrom parameter")
    return int(text)


def _priced(event: Json, in_american: bool) -> Json:
    """An event's odds, whose prices are American, in the format asked for."""
    if in_american:
        return event
    makers = [
        {**maker, "markets": [
            {**market, "outcomes": [{**each, "price": decimal(each["price"])} for each in market["outcomes"]]}
            for market in maker["markets"]
        ]}
        for maker in event["bookmakers"]
    ]  # fmt: skip
    return {**event, "bookmakers": makers}


def _unix(body: Any) -> Any:
    """Times as seconds since the epoch."""
    if isinstance(body, dict):
        return {
            key: int(datetime.fromisoformat(value).timestamp())
            if key in ("commence_time", "last_update") and isinstance(value, str)
            else _unix(value)
            for key, value in body.items()
        }
    return [_unix(each) for each in body] if isinstance(body, list) else body


def _sport(key: str) -> Json:
    group, title, text = SPORTS[key]
    return {"key": key, "group": group, "title": title, "description": text, "active": True, "has_outrights": False}


def refuse(refusal: Refuse) -> Response:
    """An error as this upstream words it."""
    body = {
        "message": refusal.message or refusal.reason,
        "error_code": refusal.reason or "ERROR",
        "details_url": "https://the-odds-api.com/liveapi/guides/v4/api-error-codes.html",
    }
    return json_response(refusal.status, body, refusal.headers, refusal.reason)
