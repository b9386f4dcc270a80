"""A request on its way through the platform, until somebody answers it, and an answer on its way back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from fakes.seam import WebReply

UPSTREAM_TIMEOUT = b"upstream request timeout"


class Waiting:
    """One request: `number` is the instance it was handed to, `ended` whether its slot was given back.

    The instance hears through the environment's `windtunnel.when_gone` that nobody waits any longer.
    """

    __slots__ = ("_event", "_if_gone", "_reply", "ended", "environ", "number")

    def __init__(self, environ: dict[str, Any]) -> None:
        self._if_gone: list[Callable[[], object]] = []
        self.environ = {**environ, "windtunnel.when_gone": self._if_gone.append}
        self.number: int | None = None
        self.ended = False
        self._event = threading.Event()
        self._reply: WebReply | None = None
        when_gone = environ.get("windtunnel.when_gone")
        if when_gone is not None:
            when_gone(self.leave)

    @property
    def path(self) -> str:
        """What it asks for."""
        return str(self.environ.get("PATH_INFO", "/"))

    def answer(self, reply: WebReply) -> bool:
        """Answer it, unless that has happened; whether it was."""
        if self._reply is not None:
            return False
        self._reply = reply
        self._event.set()
        return True

    def wait(self) -> WebReply:
        """Block until it is answered."""
        self._event.wait()
        assert self._reply is not None  # the event is set with it
        return self._reply

    def expire(self) -> None:
        """Its time is up: 504, or an answer under way breaks off."""
        begun = self._reply
        if not self.answer(plain(504, UPSTREAM_TIMEOUT)) and begun is not None and isinstance(begun.body, Streamed):
            begun.body.close()
        self.leave()

    def leave(self) -> None:
        """The instance that works on it need not any longer."""
        for action in self._if_gone:
            action()


class Streamed:
    """The pieces of an answer under way; `over` is called once, however it ends."""

    def __init__(self, pieces: Iterator[bytes], over: Callable[[], None]) -> None:
        self._pieces = pieces
        self._over: Callable[[], None] | None = over

    def __iter__(self) -> Streamed:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BaseException:
            self._end()
            raise

    def close(self) -> None:
        """Read no further; whoever waits in `next` gets ConnectionLost."""
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()
        self._end()

    def _end(self) -> None:
        over, self._over = self._over, None
        if over is not None:
            over()


def plain(status: int, body: bytes) -> WebReply:
    """Make a short text answer of the platform's own."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Status"
    return WebReply(f"{status} {phrase}", (("Content-Type", "text/plain"), ("Content-Length", str(len(body)))), body)
