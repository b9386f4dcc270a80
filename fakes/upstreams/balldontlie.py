"""api.balldontlie.io: bearer key, cursor paging, so many requests a minute.

Imitated: https://docs.balldontlie.io and https://mlb.balldontlie.io (paths, paging, 401, 429, 600 requests a minute on
the tier that has box scores), as its Python client reads them; the shapes of items are those of recorded answers. The
wording of error bodies is not recorded and is our own.
"""

from __future__ import annotations

import re
from dataclasses import replace

from fakes.seam import Refuse
from fakes.upstreams.exchange import Request, Response, json_response
from fakes.upstreams.feeds import Feeds, Json
from fakes.upstreams.listing import BadQueryError, Listing, Query
from fakes.upstreams.rate import FixedWindow

HOST = "api.balldontlie.io"
PER_PAGE = 25
PER_PAGE_MAX = 100
PER_MINUTE = 600

_PATH = re.compile(r"^/(?:(?P<league>nba|mlb)/)?(?P<version>v[12])/(?P<path>[a-z_/0-9]+)$")
_NOT_SERVED = re.compile(
    r"^/(?:nba/)?v2/(?:odds|odds/player_props)$"
    r"|^/(?:nba/)?v[12]/(?:stats/advanced|lineups|plays|contracts/.+|season_averages/.+|team_season_averages/.+)$"
    r"|^/mlb/v1/(?:odds|odds/player_props|lineups|plays|plate_appearances|players/(?:splits|versus))$"
)
"""What the service has and this does not. Anything else that is not served is a 404 there too."""

TEXTS = {401: b"Unauthorized", 429: b"Too many requests, please try again later."}
"""Errors that come as plain text, from before the API's own code."""


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
            return refuse(Refuse(429, "rateLimit"))
        match = _PATH.match(request.path)
        if match is None:
            return refuse(Refuse(404, "notFound", "Not Found"))
        try:
            path = match["path"] if match["version"] == "v1" else f"{match['version']}/{match['path']}"
            listing = self._feeds.bdl(match["league"] or "nba", path, Query(request), now_s)
            if listing is None and _NOT_SERVED.match(request.path):
                what = f"unsupported by the emulator: {request.path} of {HOST}; serve it from a recording (captures)"
                return replace(refuse(Refuse(501, "notImplemented", what)), unsupported=what)
            if listing is None or (listing.one and not listing.items):
                return refuse(Refuse(404, "notFound", "Not Found"))
            return json_response(200, _shown(request, listing))
        except BadQueryError as error:
            return refuse(Refuse(400, "badRequest", str(error)))


def refuse(refusal: Refuse) -> Response:
    """An error as this upstream words it; a 429 says when to come again only where the refusal does."""
    if refusal.status in TEXTS:
        text = refusal.message.encode() or TEXTS[refusal.status]
        return Response(refusal.status, text, {"Content-Type": "text/plain", **refusal.headers}, refusal.reason)
    return json_response(
        refusal.status,
        {"error": refusal.message or refusal.reason or "error"},
        refusal.headers,
        refusal.reason,
    )


def _shown(request: Request, listing: Listing) -> Json:
    """One page of the items after the cursor, which is the place of the last item seen; or all of them."""
    if listing.cursor is None:
        return {"data": listing.items[0] if listing.one else listing.items}
    try:
        size = int(request.first("per_page", str(PER_PAGE)))
        cursor = int(request.first("cursor", "0"))
    except ValueError:
        raise BadQueryError("per_page and cursor must be integers") from None
    if not 1 <= size <= PER_PAGE_MAX:
        raise BadQueryError(f"per_page must be 1 to {PER_PAGE_MAX}")
    place = listing.cursor
    rest = [item for item in sorted(listing.items, key=place) if place(item) > cursor]
    meta: Json = {"per_page": size}
    if len(rest) > size:
        meta["next_cursor"] = place(rest[size - 1])
    return {"data": rest[:size], "meta": meta}
