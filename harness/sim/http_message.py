"""An HTTP request and its response, as values.

This module exists so that whoever answers a request need not be where the connection is: the platform carries these
from the front end to the process that serves. It must not know sockets, WSGI or any process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

Headers = list[tuple[str, str]]


@dataclass(slots=True)
class HttpRequest:
    """A request, read to its end.

    `target` is as sent (`/path?query`, percent-encoded); `headers` are in order, names in lower case; `body` is whole,
    chunks joined. `caller` is the process that asked (`name#instance`, "" if unknown), `client` and `server` are
    (address, port) and (host name, port); `scheme` is `https` on port 443. `when_gone(action)` has `action` called, in
    the hub, if the client goes before it has its answer.
    """

    method: str
    target: str
    headers: Headers
    body: bytes = b""
    version: str = "1.1"
    scheme: str = "http"
    server: tuple[str, int] = ("localhost", 80)
    client: tuple[str, int] = ("127.0.0.1", 0)
    caller: str = ""
    when_gone: Callable[[Callable[[], object]], None] = lambda action: None

    def header(self, name: str, default: str = "") -> str:
        """The first header of that lower-case name."""
        return next((value for key, value in self.headers if key == name), default)


@dataclass(slots=True)
class HttpResponse:
    """An answer: `body` is whole, or an iterator whose every item is sent when it is made.

    Without a Content-Length a whole body gets one and an iterator is sent in chunks. An iterator with `close` is
    closed whatever happens.
    """

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes | Iterator[bytes] = b""
    reason: str = ""

    def whole(self) -> bytes:
        """The body in one piece; from then on it is."""
        if not isinstance(self.body, bytes):
            try:
                data = b"".join(self.body)
            finally:
                self.close()
            self.body = data
        return self.body

    def close(self) -> None:
        """Tell an iterator that nobody reads on."""
        close: Callable[[], None] | None = getattr(self.body, "close", None)
        if close is not None:
            close()


def plain(status: int, text: str = "") -> HttpResponse:
    """An answer that only says its status."""
    reason = HTTPStatus(status).phrase
    return HttpResponse(status, [("Content-Type", "text/plain; charset=utf-8")], (text or reason).encode(), reason)
