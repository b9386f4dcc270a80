"""cdn.nba.com: static files that change, with the validators of a cache.

Imitated: the schedule at `/static/json/staticData/scheduleLeagueV2.json`, the live box score and play-by-play of a
game, their ETag and 304, and the CDN's 403 in XML for any other path (Akamai's answer for what an S3 origin does not
have).
"""

from __future__ import annotations

import hashlib
import re

from fakes.seam import Refuse
from fakes.upstreams.exchange import Request, Response, json_response
from fakes.upstreams.feeds import Feeds

HOST = "cdn.nba.com"
PATH = "/static/json/staticData/scheduleLeagueV2.json"
LIVE = re.compile(r"^/static/json/liveData/(?P<kind>boxscore|playbyplay)/(?P=kind)_(?P<game>\d{10})\.json$")
_DENIED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
)


class NbaCdn:
    """Answers for `feeds`; the schedule is rendered once per minute of the clock, as often as the CDN refreshes it."""

    def __init__(self, feeds: Feeds) -> None:
        self._feeds = feeds
        self._minute = -1
        self._rendered: Response | None = None

    def __call__(self, request: Request, now_s: float) -> Response:
        """One request."""
        if request.method not in ("GET", "HEAD"):
            return Response(405, b"", {"Allow": "GET, HEAD"}, "methodNotAllowed")
        live = LIVE.match(request.path)
        if live is not None:
            body = self._feeds.live(live["kind"], live["game"], now_s)
            if body is not None:
                return _validated(request, _tagged(json_response(200, body), 10))
        if request.path != PATH:
            return denied()
        minute = int(now_s // 60)
        if self._rendered is None or minute != self._minute:
            plain = json_response(200, self._feeds.schedule(minute * 60.0))
            self._minute, self._rendered = minute, _tagged(plain, 60)
        return _validated(request, self._rendered)


def _tagged(plain: Response, max_age_s: int) -> Response:
    tag = hashlib.md5(plain.body, usedforsecurity=False).hexdigest()
    headers = {**plain.headers, "ETag": f'"{tag}"', "Cache-Control": f"public, max-age={max_age_s}"}
    return Response(plain.status, plain.body, headers)


def _validated(request: Request, answer: Response) -> Response:
    """304 for a caller who has it already."""
    if request.headers.get("if-none-match") == answer.headers["ETag"]:
        return Response(304, b"", {"ETag": answer.headers["ETag"]})
    return answer


def denied() -> Response:
    """What there is none of."""
    return Response(403, _DENIED, {"Content-Type": "application/xml"}, "accessDenied")


def refuse(refusal: Refuse) -> Response:
    """An error as a CDN words it: a short page, no JSON."""
    body = f"<html><body><h1>{refusal.status}</h1>{refusal.message}</body></html>".encode()
    return Response(refusal.status, body, {"Content-Type": "text/html", **refusal.headers}, refusal.reason)
