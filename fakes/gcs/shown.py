"""How handlers give resources back: projection, partial responses and pages."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from fakes.gcs.errors import invalid
from fakes.gcs.http import Reply, Request, json_reply
from fakes.gcs.partial import mask_of, selected


def full(request: Request) -> bool:
    """Whether `projection=full` asks for access control lists too."""
    return request.query.get("projection") == "full"


def shown(request: Request, value: dict[str, Any], *, headers: Sequence[tuple[str, str]] = ()) -> Reply:
    """`value` as the answer, cut down to the `fields` asked for."""
    fields = request.query.get("fields")
    reply = json_reply(selected(value, mask_of(fields)) if fields else value, headers=headers)
    etag = value.get("etag")
    if etag:
        reply.headers.append(("ETag", etag))
    return reply


def limit_of(request: Request, most: int = 1000) -> int:
    """`maxResults`, at most `most`; 400 for a negative one."""
    asked = request.integer("maxResults")
    if asked is not None and asked < 0:
        raise invalid(f"Invalid value for maxResults: {asked}", location="maxResults")
    return min(asked, most) if asked else most


def page_of(request: Request, names: Sequence[str]) -> tuple[Sequence[str], str]:
    """The page of sorted `names` a request asks for, and the token of the next one ("" for none)."""
    at = 0
    token = request.query.get("pageToken")
    if token:
        try:
            at = bisect_right(names, base64.b64decode(token, altchars=b"-_", validate=True).decode())
        except (ValueError, binascii.Error):
            raise invalid(f"Invalid page token: {token[:64]!r}", location="pageToken") from None
    limit = limit_of(request)
    some = names[at : at + limit]
    more = at + limit < len(names)
    return some, base64.urlsafe_b64encode(some[-1].encode()).decode() if more else ""
