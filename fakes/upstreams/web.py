"""The plumbing between WSGI and a site: a request in, a response out, every one of them through the gate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import parse_qs

from fakes.gate import Front, Gate, Seen
from fakes.seam import Call, ConnectionLost, Refuse, StartResponse, Surroundings, WsgiApp
from fakes.upstreams import habits
from fakes.upstreams.captures import NoRecordingError
from fakes.upstreams.exchange import NS, Request, Response

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
        self._refuse = refuse

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        request = _read(environ)
        call = Call(
            service="upstreams",
            method=request.method,
            resource=self.host + request.path,
            caller=environ.get("windtunnel.caller", ""),
            headers={**request.headers, ":query": environ.get("QUERY_STRING", "")},
            bytes_in=len(request.body),
        )

        now_s = self._around.now_ns() / NS
        answered: list[Response] = []

        def effect(age_s: float = 0.0) -> Response:
            now_s = self._around.now_ns() / NS - age_s
            try:
                answered[:] = [self._handle(request, now_s)]
            except NoRecordingError as error:
                answered[:] = [replace(self._refuse(Refuse(501, "noRecording", str(error))), unsupported=str(error))]
            return answered[0]

        def refuse(refusal: Refuse) -> Response:
            if answered and refusal.status == HTTPStatus.OK:
                # Applied, and something else comes back: a habit. What it asks for besides is asked of a copy.
                return habits.spoilt(refusal.reason, answered[0], request, lambda other: self._handle(other, now_s))
            return habits.reworded(refusal, self._refuse(refusal), now_s)

        aged = effect if request.method in ("GET", "HEAD") else None
        response = self._gate.through(call, effect, Front(refuse, _see, _truncate), aged=aged)
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
    return Seen(
        response.status,
        ok=ok,
        applied=ok,
        reason=response.reason,
        bytes_out=len(response.body),
        unsupported=response.unsupported,
    )


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
