"""Page tokens of list methods: an offset, opaque to clients."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from fakes.bigquery.errors import invalid

if TYPE_CHECKING:
    from fakes.bigquery.front import Request

T = TypeVar("T")


def token(offset: int) -> str:
    """The token of a page that begins at `offset`."""
    return base64.urlsafe_b64encode(f"offset:{offset}".encode()).decode().rstrip("=")


def offset_of(text: str) -> int:
    """Where the page of a token begins; raises 400 `invalid` for one that is not ours."""
    try:
        word, _, number = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
        if word == "offset" and number.isdigit():
            return int(number)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        pass
    raise invalid(f"Invalid page token: {text}")


def window(request: Request, most: int = 100_000) -> tuple[int, int]:
    """(first row, how many at most) that a request for rows asks for."""
    limit = request.number("maxResults")
    return first(request), most if limit is None else min(limit, most)


def first(request: Request) -> int:
    """The first row that a request for rows asks for."""
    token = request.query.get("pageToken")
    return offset_of(token) if token else request.number("startIndex", 0) or 0


def page(items: Sequence[T], request: Request, default: int = 1_000) -> tuple[Sequence[T], str]:
    """(the page of `items` a request asks for, token of the next one or "")."""
    start = offset_of(request.query["pageToken"]) if request.query.get("pageToken") else 0
    size = request.number("maxResults") or default
    shown = items[start : start + size]
    return shown, token(start + size) if start + size < len(items) else ""
