"""A request as a site sees it and a response as it answers: values, with nothing of WSGI."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """What a site sees; `headers` have lower-case names, `query` keeps repeated keys."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def first(self, key: str, default: str = "") -> str:
        """The first value of a query key."""
        return self.query.get(key, [default])[0]


@dataclass(frozen=True, slots=True)
class Response:
    """What a site answers. `unsupported` says in the emulator's words what it cannot do, if that is why it refuses."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    unsupported: str = ""


def json_response(status: int, body: Any, headers: Mapping[str, str] | None = None, reason: str = "") -> Response:
    """`body` as JSON."""
    data = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    return Response(status, data, {"Content-Type": "application/json; charset=utf-8", **(headers or {})}, reason)
