"""A `requests` adapter that calls an emulator's WSGI app in the same thread: contract tests without a socket.

The answer is serialised and parsed again by `http.client`, so that broken streams and resets reach the client library
through the very code that meets them on a real connection.
"""

import http.client
import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession
from requests.adapters import BaseAdapter, HTTPAdapter

from fakes.seam import Backend, ConnectionLost, WsgiApp


class _Received(io.RawIOBase):
    """What came over the imagined connection: bytes, then its end or (`reset`) a connection reset."""

    def __init__(self, data: bytes, *, reset: bool) -> None:
        self._data = io.BytesIO(data)
        self._reset = reset

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._data.readinto(buffer)
        if count == 0 and self._reset:
            raise ConnectionResetError(104, "Connection reset by peer")
        return count


def environ_of(request: requests.PreparedRequest, caller: str = "") -> dict[str, Any]:
    """The WSGI environment of a prepared request, `REQUEST_URI` (the raw target) and `windtunnel.caller` included."""
    url = urlsplit(request.url or "")
    body = request.body or b""
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, bytes | bytearray):
        body = body.read() if hasattr(body, "read") else b"".join(body)  # type: ignore[union-attr] # both are legal
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path, "latin-1"),
        "QUERY_STRING": url.query,
        "REQUEST_URI": url.path + (f"?{url.query}" if url.query else ""),
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": url.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(bytes(body)),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "windtunnel.caller": caller,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    environ["CONTENT_LENGTH"] = str(len(body))
    environ["windtunnel.underscores"] = [name.lower() for name in request.headers if "_" in name]
    return environ


def exchange(app: WsgiApp, environ: dict[str, Any]) -> tuple[bytes, bool]:
    """Call `app` and give the raw HTTP answer, and whether the connection was reset after it."""
    head = b""
    parts: list[bytes] = []

    def start_response(status: str, headers: Iterable[tuple[str, str]], exc_info: Any = None) -> Callable[..., Any]:
        nonlocal head
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        if not any(name.lower() == "content-length" for name, _ in headers):
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        return parts.append

    try:
        body = app(environ, start_response)
        try:
            parts.extend(body)
        finally:
            if hasattr(body, "close"):
                body.close()
    except ConnectionLost as lost:
        return head + b"".join(parts) + lost.sent, True
    return head + b"".join(parts), False


class InProcessAdapter(BaseAdapter):
    """Sends a session's requests to `app`; `caller` is what the emulator sees as the calling process."""

    def __init__(self, app: WsgiApp, caller: str = "") -> None:
        super().__init__()
        self._app = app
        self._caller = caller

    def send(  # type: ignore[override] # the base class leaves the rest to **kwargs too
        self, request: requests.PreparedRequest, **_: Any
    ) -> requests.Response:
        raw, reset = exchange(self._app, environ_of(request, self._caller))
        received = _Received(raw, reset=reset)
        parsed = http.client.HTTPResponse(received, method=request.method)  # type: ignore[arg-type] # needs makefile
        try:
            parsed.begin()
        except (OSError, http.client.HTTPException) as problem:
            raise requests.ConnectionError(
                urllib3.exceptions.ProtocolError("Connection aborted.", problem), request=request
            ) from problem
        answer = urllib3.HTTPResponse(
            body=parsed,
            headers=urllib3.HTTPHeaderDict(parsed.getheaders()),
            status=parsed.status,
            reason=parsed.reason,
            version=parsed.version,
            original_response=parsed,
            preload_content=False,
            decode_content=False,
            request_method=request.method,
        )
        return HTTPAdapter().build_response(request, answer)

    def close(self) -> None:
        """Nothing is held."""


def mount(session: requests.Session, apps: Mapping[str, WsgiApp], caller: str = "") -> requests.Session:
    """Let `session` reach each host of `apps` in process, by http and https; every other host is refused."""
    session.adapters.clear()
    for host, app in apps.items():
        for scheme in ("http", "https"):
            session.mount(f"{scheme}://{host}", InProcessAdapter(app, caller))
    return session


def google_session(backend: Backend, caller: str = "") -> AuthorizedSession:
    """What a Google client takes as `_http`: an anonymous session that knows the hosts of `backend` only."""
    session = AuthorizedSession(AnonymousCredentials())
    mount(session, backend.http(), caller)
    return session
