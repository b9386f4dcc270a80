"""HTTP/1.1 on loopback: serves one WSGI app, a thread per connection, and breaks connections when the app says so.

It must not know any single back end. It exists because no WSGI server at hand can reset a connection (`ConnectionLost`)
in the middle of an answer, and because an emulator's answer should cost its own work and not its server's.
"""

from __future__ import annotations

import io
import socket
import sys
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

import httptools

from fakes.seam import ConnectionLost, WsgiApp
from fakes.wire.listener import Listener
from fakes.wire.reset import reset_on_close

_RECEIVE_BYTES = 256 * 1024
_MAX_HEAD_BYTES = 64 * 1024
"""Above any client's headers, below a mistake's."""

CALLER_HEADER = "HTTP_X_WINDTUNNEL_CALLER"
"""Where a client on the wire may say which process it is."""

_NO_BODY = ("1", "204", "304")
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_OUR_FAULT = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _Incoming:
    """What the parser has of one request."""

    def __init__(self) -> None:
        self.target = b""
        self.headers: list[tuple[str, str]] = []
        self.with_underscores: list[str] = []
        self.body: list[bytes] = []
        self.expects_continue = False
        self.complete = False

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        spelt = name.decode("latin-1")
        key = spelt.upper().replace("-", "_")
        text = value.decode("latin-1")
        if "_" in spelt:
            self.with_underscores.append(spelt.lower())
        self.headers.append((key, text))
        if key == "EXPECT" and text.lower() == "100-continue":
            self.expects_continue = True

    def on_body(self, body: bytes) -> None:
        self.body.append(body)

    def on_message_complete(self) -> None:
        self.complete = True


class HttpServer:
    """A running server; `address` is `host:port`, with the port the system chose where 0 was asked for."""

    def __init__(self, app: WsgiApp, host: str = "127.0.0.1", port: int = 0) -> None:
        """Start serving at once. Raises `OSError` if the port is taken."""
        self._app = app
        self._listener = Listener("wire-http", host, port, self._converse)
        self.address = f"{host}:{self._listener.port}"
        self._listener.start()

    def close(self) -> None:
        """Stop listening and end open connections."""
        self._listener.close()

    def _converse(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        while self._exchange(connection, peer):
            pass

    def _exchange(self, connection: socket.socket, peer: tuple[str, int]) -> bool:
        """Serve one request; whether the connection goes on."""
        incoming = _Incoming()
        parser = httptools.HttpRequestParser(incoming)
        received = 0
        while not incoming.complete:
            data = connection.recv(_RECEIVE_BYTES)
            if not data:
                return False
            try:
                parser.feed_data(data)
            except httptools.HttpParserUpgrade:
                pass  # the offer to upgrade is declined by answering
            except httptools.HttpParserError:
                connection.sendall(_BAD_REQUEST)
                return False
            received += len(data)
            if not incoming.headers and received > _MAX_HEAD_BYTES:
                connection.sendall(_BAD_REQUEST)
                return False
            if incoming.expects_continue and not incoming.complete:
                incoming.expects_continue = False
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        environ = self._environ(incoming, parser, peer)
        keep_alive: bool = parser.should_keep_alive()
        answer = _Answer(connection, environ, keep_alive=keep_alive)
        try:
            answer.send(self._app(environ, answer.start))
        except ConnectionLost as lost:
            if lost.sent:
                connection.sendall(lost.sent)
            reset_on_close(connection)
            return False
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - one request's bug must not take the server down; it is shown, and answered
            sys.excepthook(*sys.exc_info())
            if not answer.begun:
                connection.sendall(_OUR_FAULT)
            return False
        return keep_alive and answer.delimited

    def _environ(self, incoming: _Incoming, parser: Any, peer: tuple[str, int]) -> dict[str, Any]:
        target = incoming.target.decode("latin-1")
        path, _, query = target.partition("?")
        if not path.startswith("/"):  # absolute form, as a proxy gets it
            path = "/" + path.partition("://")[2].partition("/")[2]
        body = incoming.body[0] if len(incoming.body) == 1 else b"".join(incoming.body)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": parser.get_method().decode("latin-1"),
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1") if "%" in path else path,
            "QUERY_STRING": query,
            "REQUEST_URI": target,
            "SERVER_NAME": self._listener.host,
            "SERVER_PORT": str(self._listener.port),
            "SERVER_PROTOCOL": f"HTTP/{parser.get_http_version()}",
            "REMOTE_ADDR": peer[0],
            "REMOTE_PORT": str(peer[1]),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in incoming.headers:
            key = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        environ.pop("HTTP_TRANSFER_ENCODING", None)  # the chunks have been joined
        environ["CONTENT_LENGTH"] = str(len(body))
        environ["windtunnel.caller"] = environ.get(CALLER_HEADER, "")
        environ["windtunnel.underscores"] = incoming.with_underscores
        return environ


class _Answer:
    """One answer on its way: head and a whole body leave in one write."""

    def __init__(self, connection: socket.socket, environ: dict[str, Any], *, keep_alive: bool) -> None:
        self._connection = connection
        self._bodiless = environ["REQUEST_METHOD"] == "HEAD"
        self._keep_alive = keep_alive
        self._pending = b""
        self.begun = False
        self.delimited = False

    def start(self, status: str, headers: Iterable[tuple[str, str]], exc_info: Any = None) -> Any:
        """WSGI's `start_response`."""
        lines = [f"HTTP/1.1 {status}"]
        self.delimited = self._bodiless or status.startswith(_NO_BODY)
        for name, value in headers:
            lines.append(f"{name}: {value}")
            self.delimited = self.delimited or name.lower() == "content-length"
        if not (self._keep_alive and self.delimited):
            lines.append("Connection: close")
        self._pending = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        return self._write

    def send(self, body: Iterable[bytes]) -> None:
        """Send the head and `body`, piece by piece as they come."""
        try:
            if isinstance(body, list | tuple):
                self._write(b"".join(body))
            else:
                # The head goes first: a body that stalls before its first byte must not hold it back.
                self._write(b"")
                for piece in body:
                    self._write(piece)
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()

    def _write(self, piece: bytes) -> None:
        if self._pending:
            self.begun = True
            piece, self._pending = self._pending + piece, b""
        if piece:
            self._connection.sendall(piece)
