"""The plumbing between WSGI and a site: a request in, a response out, every one of them through the gate."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import parse_qs

from fakes.gate import Front, Gate, Seen
from fakes.seam import Call, ConnectionLost, Refuse, StartResponse, Surroundings, WsgiApp

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
    """What a site answers."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


def json_response(status: int, body: Any, headers: Mapping[str, str] | None = None, reason: str = "") -> Response:
    """`body` as JSON."""
    data = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    return Response(status, data, {"Content-Type": "application/json; charset=utf-8", **(headers or {})}, reason)


Handler = Callable[[Request, float], Response]
"""Answers a request as of a moment (seconds since the epoch), which a fault may put into the past."""


class Site:
    """One upstream's host as a WSGI app. `refuse` words an error as that upstream does."""

    def __init__(
        self, host: str, around: Surroundings, gate: Gate, handle: Handler, refuse: Callable[[Refuse], Response]
    ) -> None:
        self.host = host
        self._around = around
        self._gate = gate
        self._handle = handle
        self._front: Front[Response] = Front(refuse, _see, _truncate)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        request = _read(environ)
        call = Call(
            service="upstreams",
            method=request.method,
            resource=self.host + request.path,
            caller=environ.get("windtunnel.caller", ""),
            headers=request.headers,
            bytes_in=len(request.body),
        )

        def effect(age_s: float) -> Response:
            return self._handle(request, self._around.now_ns() / NS - age_s)

        response = self._gate.through(call, effect, self._front)
        start_response(_status_line(response.status), _headers(response))
        return [] if request.method == "HEAD" else [response.body]


def app(site: Site) -> WsgiApp:
    """The site as the seam's type."""
    return site


def _read(environ: Mapping[str, Any]) -> Request:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "/"),
        query=parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True),
        headers={
            key.removeprefix("HTTP_").replace("_", "-").lower(): value
            for key, value in environ.items()
            if key.startswith("HTTP_") or key == "CONTENT_TYPE"
        },
        body=environ["wsgi.input"].read(length) if length else b"",
    )


def _see(response: Response) -> Seen:
    ok = response.status < 400
    return Seen(response.status, ok=ok, applied=ok, reason=response.reason, bytes_out=len(response.body))


def _truncate(response: Response, after_bytes: int) -> NoReturn:
    """The answer announces its whole length and breaks off: that is how a client can tell."""
    head = [f"HTTP/1.1 {_status_line(response.status)}", *(f"{name}: {value}" for name, value in _headers(response))]
    raise ConnectionLost("\r\n".join(head).encode() + b"\r\n\r\n" + response.body[:after_bytes])


def _headers(response: Response) -> list[tuple[str, str]]:
    return [*response.headers.items(), ("Content-Length", str(len(response.body)))]


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Status"
