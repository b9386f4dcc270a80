"""HTTP/1.1 on the simulated network: connections in, `HttpRequest` out to whoever answers.

This module exists because it is on the path of every call: it parses in C (httptools) and writes straight to the
connection. It must not know WSGI beyond handing requests on, nor any emulator, fault or process.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from typing import Any

import gevent
import httptools
from gevent import get_hub

from fakes.seam import ConnectionLost
from harness.sim.connection import Connection
from harness.sim.end import End
from harness.sim.host import Listening
from harness.sim.http_message import HttpRequest, HttpResponse, plain
from harness.sim.network import Network
from harness.sim.wsgi import WsgiApp, respond

KEEP_ALIVE_S = 610.0
"""An idle connection is closed after so long: the client keep-alive time-out of Google's external load balancers
(cloud.google.com/load-balancing/docs/https, "Timeouts and retries")."""

READ_BYTES = 1 << 18
ONE_WRITE_BYTES = 1 << 16
"""Up to this size head and body leave in one packet."""

Dispatch = Callable[[HttpRequest], HttpResponse]
"""Answers a request, in the connection's own greenlet; it may block and may raise `ConnectionLost`."""

Spawn = Callable[..., Any]
"""Runs a function with arguments in a greenlet of its own, as `gevent.spawn` does."""

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_NAMES: dict[bytes, str] = {}


def serve(
    network: Network,
    host: str,
    ports: Iterable[int],
    app: WsgiApp,
    spawn: Spawn = gevent.spawn,
    **options: Any,
) -> list[Listening]:
    """Let the WSGI application answer on `host`; options as for `serve_requests`."""
    return serve_requests(network, host, ports, partial(respond, app), spawn, **options)


def serve_requests(
    network: Network,
    host: str,
    ports: Iterable[int],
    dispatch: Dispatch,
    spawn: Spawn = gevent.spawn,
    *,
    owner: str = "",
    keep_alive_s: float | None = KEEP_ALIVE_S,
) -> list[Listening]:
    """Let `dispatch` answer the requests to `host`; `https` is what arrives on port 443.

    Each connection is served in a greenlet made by `spawn`, one request after the other. `owner` is the process that
    dies with its connections ("" for the platform); `keep_alive_s` is how long an idle connection stays open (None:
    for ever). What `dispatch` raises, other than `ConnectionLost`, becomes a 500 and goes to gevent's error handler.
    """

    def accept(connection: Connection) -> None:
        spawn(HttpConnection(connection, dispatch, keep_alive_s).run)

    return [network.listen(host, port, accept, owner=owner) for port in ports]


class _PeerGoneError(Exception):
    """The connection is broken: nobody is left to tell."""


class HttpConnection:
    """One connection of the front end: reads requests, has them answered, writes the answers, in order."""

    def __init__(self, connection: Connection, dispatch: Dispatch, keep_alive_s: float | None) -> None:
        self._end: End = connection.server
        self._dispatch = dispatch
        self._keep_alive_s = keep_alive_s
        self._scheme = "https" if connection.port == 443 else "http"
        self._server = (connection.host, connection.port)
        self._client = connection.server.remote or ("", 0)
        self._caller = connection.caller
        self._complete: deque[tuple[HttpRequest, bool]] = deque()
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._if_gone: list[Callable[[], object]] = []

    # ---- what httptools calls, in the order of a message

    def on_message_begin(self) -> None:
        """A request starts."""
        self._url = b""
        self._headers = []
        self._body = []

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer."""
        text = _NAMES.get(name)
        if text is None:
            text = name.decode("latin-1").lower()
            if len(_NAMES) < 1000:
                _NAMES[name] = text
        self._headers.append((text, value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """The body may follow, for clients that ask first once they are told to go on."""
        for name, value in self._headers:
            if name == "expect" and value.lower() == "100-continue":
                self._send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A piece of the body, chunk framing removed."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        parser = self._parser
        request = HttpRequest(
            parser.get_method().decode("ascii"),
            self._url.decode("latin-1"),
            self._headers,
            b"".join(self._body),
            parser.get_http_version(),
            self._scheme,
            self._server,
            self._client,
            self._caller,
            self._when_gone,
        )
        self._complete.append((request, parser.should_keep_alive()))

    # ---- the life of the connection

    def run(self) -> None:
        """Serve until either side has had enough."""
        try:
            while self._serve_some():
                pass
        except ConnectionLost as lost:
            self._abort(lost.sent)
        except _PeerGoneError:
            self._end.abort()
        except Exception:  # noqa: BLE001 - the application failed in the middle of its answer
            get_hub().handle_error(self, *sys.exc_info())
            self._end.abort()
        else:
            self._end.released()

    def _serve_some(self) -> bool:
        """Read once and answer what is complete; whether to go on."""
        try:
            data = self._end.read(READ_BYTES, self._keep_alive_s)
        except TimeoutError:
            return False
        except OSError as problem:
            raise _PeerGoneError from problem
        if not data:
            return False
        upgrade = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            upgrade = True  # not taken up: the request is answered as if it had not asked (RFC 9110, 7.8)
        except httptools.HttpParserError as problem:
            self._write(plain(400, f"Bad Request: {problem}"), "GET", "1.1", keep_alive=False)
            return False
        while self._complete:
            request, keep_alive = self._complete.popleft()
            if not self._answer(request, keep_alive=keep_alive and not upgrade):
                return False
        return True

    def _answer(self, request: HttpRequest, *, keep_alive: bool) -> bool:
        if request.method == "CONNECT":
            response = plain(501, "this host is no proxy")
        else:
            try:
                response = self._dispatch(request)
            except ConnectionLost:
                raise
            except Exception:  # noqa: BLE001 - whatever an application raises is a 500 to its caller
                get_hub().handle_error(self, *sys.exc_info())
                response = plain(500)
        try:
            return self._write(response, request.method, request.version, keep_alive=keep_alive)
        finally:
            response.close()
            if self._if_gone:
                self._forget_gone()

    def _when_gone(self, action: Callable[[], object]) -> None:
        if not self._if_gone:
            self._end.watch(self._look)
        self._if_gone.append(action)
        self._look(self._end)

    def _look(self, end: Any) -> None:
        if end.eof or end.broken:
            actions = list(self._if_gone)
            self._forget_gone()
            for action in actions:
                action()

    def _forget_gone(self) -> None:
        self._if_gone.clear()
        self._end.unwatch(self._look)

    def _send(self, data: bytes) -> None:
        try:
            self._end.write_all(data, None)
        except OSError as problem:
            raise _PeerGoneError from problem

    def _abort(self, sent: bytes) -> None:
        try:
            if sent:
                self._send(sent)
        except _PeerGoneError:  # a reset is what was wanted
            pass
        self._end.abort()

    def _write(self, response: HttpResponse, method: str, version: str, *, keep_alive: bool) -> bool:
        status, body = response.status, response.body
        length: int | None = None
        lines = [f"HTTP/1.1 {status} {response.reason or _REASONS.get(status, 'Unknown')}"]
        for name, value in response.headers:
            lower = name.lower()
            if lower == "content-length":
                length = int(value)
            elif lower == "connection":
                keep_alive = keep_alive and value.lower() != "close"
                continue
            elif lower == "transfer-encoding":
                continue
            lines.append(f"{name}: {value}")
        bare = method == "HEAD" or status in {204, 304} or status < 200
        chunked = False
        if length is None and not bare:
            if isinstance(body, bytes):
                length = len(body)
                lines.append(f"Content-Length: {length}")
            elif version == "1.1":
                chunked = True
                lines.append("Transfer-Encoding: chunked")
            else:
                keep_alive = False
        if not keep_alive:
            lines.append("Connection: close")
        elif version == "1.0":
            lines.append("Connection: keep-alive")
        lines.append("\r\n")
        head = "\r\n".join(lines).encode("latin-1")
        if bare:
            self._send(head)
            return keep_alive
        if isinstance(body, bytes):
            sent = self._write_whole(head, body, length)
        else:
            sent = self._write_pieces(head, body, length, chunked=chunked)
        # Fewer bytes than announced: only the end of the connection can tell the client.
        return keep_alive and (length is None or sent >= length)

    def _write_whole(self, head: bytes, body: bytes, length: int | None) -> int:
        body = body if length is None or len(body) <= length else body[:length]
        if len(body) <= ONE_WRITE_BYTES:
            self._send(head + body)
        else:
            self._send(head)
            self._send(body)
        return len(body)

    def _write_pieces(self, head: bytes, pieces: Iterable[bytes], length: int | None, *, chunked: bool) -> int:
        sent = 0
        self._send(head)
        for piece in pieces:
            if chunked:
                self._send(b"%x\r\n%b\r\n" % (len(piece), piece))
            else:
                self._send(piece if length is None else piece[: length - sent])
            sent += len(piece)
        if chunked:
            self._send(b"0\r\n\r\n")
        return sent
