"""A WSGI application asked by value: `HttpRequest` in, `HttpResponse` out (PEP 3333).

This module exists so that an application runs in whichever process it belongs to, away from the connection. It must
not know sockets.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from harness.sim.http_message import Headers, HttpRequest, HttpResponse

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_KEYS: dict[str, str] = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


def environ_of(request: HttpRequest) -> dict[str, Any]:
    """The WSGI environment of a request.

    `windtunnel.caller` is the process that asked; `windtunnel.underscores` are the names of headers that have `_` in
    them, which the environment cannot tell from `-`.
    """
    path, _, query = request.target.partition("?")
    if not path.startswith("/"):  # absolute form, as a proxy gets it
        path = "/" + path.partition("://")[2].partition("/")[2]
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        # Bytes as latin-1 characters: PEP 3333, "Unicode issues".
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1") if "%" in path else path,
        "QUERY_STRING": query,
        "RAW_URI": request.target,
        "REQUEST_URI": request.target,
        "SERVER_NAME": request.server[0],
        "SERVER_PORT": str(request.server[1]),
        "SERVER_PROTOCOL": "HTTP/" + request.version,
        "REMOTE_ADDR": request.client[0],
        "REMOTE_PORT": str(request.client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "windtunnel.caller": request.caller,
        "windtunnel.when_gone": request.when_gone,
        "windtunnel.underscores": [name for name, _ in request.headers if "_" in name],
    }
    for name, value in request.headers:
        key = _KEYS.get(name)
        if key is None:
            key = _KEYS[name] = "HTTP_" + name.upper().replace("-", "_")
        if key in environ:
            environ[key] += ("; " if key == "HTTP_COOKIE" else ",") + value
        else:
            environ[key] = value
    if "CONTENT_LENGTH" not in environ and request.body:
        environ["CONTENT_LENGTH"] = str(len(request.body))  # the chunks have been joined
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    return environ


class _Start:
    """The `start_response` of one request."""

    __slots__ = ("headers", "sent", "status", "written")

    def __init__(self) -> None:
        self.status = ""
        self.headers: Headers = []
        self.written: list[bytes] = []
        self.sent = False

    def __call__(self, status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], Any]:
        if exc_info is not None:
            try:
                if self.sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.status:
            raise AssertionError(f"start_response was called twice without exc_info: {self.status!r}, then {status!r}")
        self.status, self.headers = status, list(headers)
        return self.written.append


def respond(app: WsgiApp, request: HttpRequest, extra: Mapping[str, Any] | None = None) -> HttpResponse:
    """Ask `app`, as `ask` does; `extra` is added to the environment."""
    environ = environ_of(request)
    if extra:
        environ.update(extra)
    return ask(app, environ)


def ask(app: WsgiApp, environ: dict[str, Any]) -> HttpResponse:
    """Ask `app`; what it raises comes out unchanged.

    A list, or a single piece as long as its Content-Length, comes back as a whole body; anything else stays an
    iterator, so that a slow stream is sent as it is made.
    """
    start = _Start()
    pieces = app(environ, start)
    close = getattr(pieces, "close", None)
    if isinstance(pieces, list | tuple):
        body: bytes | Iterator[bytes] = b"".join([*start.written, *pieces])
    else:
        try:
            body = _read(start, iter(pieces))
        except BaseException:
            if close is not None:
                close()
            raise
    if not start.status:
        raise AssertionError(f"{app!r} returned without calling start_response")
    if isinstance(body, bytes):
        if close is not None:
            close()
    elif close is not None:
        body = _Closing(body, close)
    code, _, reason = start.status.partition(" ")
    return HttpResponse(int(code), start.headers, body, reason)


def _read(start: _Start, pieces: Iterator[bytes]) -> bytes | Iterator[bytes]:
    first = b"".join(start.written) + next(pieces, b"")
    length = next((value for name, value in start.headers if name.lower() == "content-length"), None)
    if length is not None and len(first) >= int(length):
        for _ in pieces:  # lets the application finish what comes after its last byte
            pass
        return first
    return _chain(start, first, pieces)


def _chain(start: _Start, first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    start.sent = True
    if first:
        yield first
    for piece in pieces:
        if piece:
            yield piece


class _Closing:
    """An iterator with the application's own `close`."""

    __slots__ = ("_pieces", "close")

    def __init__(self, pieces: Iterator[bytes], close: Callable[[], None]) -> None:
        self._pieces = pieces
        self.close = close

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)
