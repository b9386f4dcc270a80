"""api.balldontlie.io: bearer key, cursor paging, so many requests a minute.

Imitated: https://docs.balldontlie.io (paths, paging, 401, 429, 600 requests a minute on the tier that has box
scores); the shapes of items are those of recorded answers. The wording of error bodies is not recorded and is our own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from fakes.seam import Refuse
from fakes.upstreams.exchange import Request, Response, json_response
from fakes.upstreams.feeds import Feeds, Json
from fakes.upstreams.rate import FixedWindow

HOST = "api.balldontlie.io"
PER_PAGE = 25
PER_PAGE_MAX = 100
PER_MINUTE = 600


class BallDontLie:
    """Answers for `feeds`. `key` is the only one accepted, any where it is ""; `per_minute` bounds all callers
    together.
    """

    def __init__(self, feeds: Feeds, key: str, per_minute: int | None) -> None:
        self._feeds = feeds
        self._key = key
        self._window = FixedWindow(per_minute, 60.0)

    def __call__(self, request: Request, now_s: float) -> Response:
        """One request."""
        key = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not key or (self._key and key != self._key):
            return refuse(Refuse(401, "unauthorized", "Unauthorized"))
        if request.method != "GET":
            return refuse(Refuse(405, "methodNotAllowed", "Method Not Allowed"))
        if not self._window.admit(now_s):
            return refuse(Refuse(429, "rateLimit", "Too many requests, please try again later."))
        routes: dict[str, Callable[[Request, float], Response]] = {
            "/v1/box_scores": self._box_scores,
            "/v1/games": self._games,
            "/v1/player_injuries": self._injuries,
        }
        route = routes.get(request.path)
        return route(request, now_s) if route else refuse(Refuse(404, "notFound", "Not Found"))

    def _box_scores(self, request: Request, now_s: float) -> Response:
        day = _day(request.first("date"))
        if day is None:
            return refuse(Refuse(400, "badRequest", "date must be given as YYYY-MM-DD"))
        return json_response(200, {"data": self._feeds.box_scores(day, now_s)})

    def _games(self, request: Request, now_s: float) -> Response:
        days = [_day(text) for text in request.query.get("dates[]", [])]
        if None in days:
            return refuse(Refuse(400, "badRequest", "dates[] must be given as YYYY-MM-DD"))
        return _page(request, self._feeds.games([day for day in days if day], now_s), lambda item: int(item["id"]))

    def _injuries(self, request: Request, now_s: float) -> Response:
        return _page(request, self._feeds.injuries(now_s), lambda item: int(item["player"]["id"]))


def refuse(refusal: Refuse) -> Response:
    """An error as this upstream words it; a 429 says when to come again only where the refusal does."""
    return json_response(
        refusal.status,
        {"error": refusal.message or refusal.reason or "error"},
        refusal.headers,
        refusal.reason,
    )


def _page(request: Request, items: list[Json], item_id: Callable[[Json], int]) -> Response:
    """One page of `items` after the cursor, which is the id of the last item seen."""
    try:
        size = int(request.first("per_page", str(PER_PAGE)))
        cursor = int(request.first("cursor", "0"))
    except ValueError:
        return refuse(Refuse(400, "badRequest", "per_page and cursor must be integers"))
    if not 1 <= size <= PER_PAGE_MAX:
        return refuse(Refuse(400, "badRequest", f"per_page must be 1 to {PER_PAGE_MAX}"))
    ordered = sorted(items, key=item_id)
    rest = [item for item in ordered if item_id(item) > cursor]
    meta: Json = {"per_page": size}
    if len(rest) > size:
        meta["next_cursor"] = item_id(rest[size - 1])
    return json_response(200, {"data": rest[:size], "meta": meta})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
