"""An ASGI application served inside its process as an ASGI server would: lifespan, then a task for each request.

Imitated: uvicorn, and https://asgi.readthedocs.io/en/latest/specs/ (`lifespan`, `www`). The application's loop runs in
the main thread of its process; requests come from other greenlets, by value. This module must not know platforms,
connections or processes.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from gevent.event import AsyncResult

from fakes.seam import WebReply
from harness.sim.pieces import Pieces

_log = logging.getLogger("windtunnel.program")

_VERSIONS = {"version": "3.0", "spec_version": "2.3"}

FAILED = WebReply(
    "500 Internal Server Error", (("Content-Type", "text/plain; charset=utf-8"),), b"Internal Server Error"
)
"""What a server answers for an application that raised, or returned, before it had begun to answer."""


class StartupError(Exception):
    """The application says that it cannot start (`lifespan.startup.failed`)."""


def is_asgi(app: Any) -> bool:
    """Whether `app` is an ASGI application: called with scope, receive and send it gives a coroutine."""
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None))  # noqa: B004 - it is the method that is asked about


class AsgiServer:
    """Serves one application; `run` in the main thread of its process, `answer` in any other."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = app
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._state: dict[str, Any] = {}

    def run(self, ready: Callable[[], None]) -> None:
        """Start up, call `ready`, serve until `stop`, let requests end, shut down; StartupError where it will not."""
        asyncio.run(self._main(ready))

    def stop(self) -> None:
        """Take no more requests and let `run` return when those under way have ended."""
        if self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)

    def answer(self, environ: dict[str, Any]) -> WebReply:
        """Let the application answer a request (a WSGI environment), however long that takes.

        The body of a streamed answer is a `Pieces`.
        """
        assert self._loop is not None  # requests are sent after `ready`
        answered: AsyncResult = AsyncResult()
        exchange = _Exchange(self._app, _scope_of(environ, self._state), environ["wsgi.input"].read(), answered)
        self._loop.call_soon_threadsafe(self._begin, exchange, environ.get("windtunnel.when_gone"))
        reply: WebReply = answered.get()
        return reply

    def _begin(self, exchange: _Exchange, when_gone: Callable[[Callable[[], object]], object] | None) -> None:
        loop = self._loop
        assert loop is not None
        task = loop.create_task(exchange.run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        exchange.when_gone = lambda: loop.call_soon_threadsafe(exchange.leave)
        if when_gone is not None:
            when_gone(exchange.when_gone)

    async def _main(self, ready: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        lifespan = _Lifespan(self._app, self._state)
        await lifespan.start_up()
        ready()
        await self._stopping.wait()
        while self._tasks:
            await asyncio.wait(self._tasks)
        await lifespan.shut_down()


class _Lifespan:
    """The conversation about start and end, with an application that may not know of it."""

    def __init__(self, app: Callable[..., Any], state: dict[str, Any]) -> None:
        self._app = app
        self._scope = {"type": "lifespan", "asgi": dict(_VERSIONS), "state": state}
        self._requests: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start_up(self) -> None:
        """Let it start; one that raises before it said anything does without (the specification's own words)."""
        self._task = asyncio.get_running_loop().create_task(self._converse())
        answer = await self._ask("lifespan.startup")
        if answer["type"] == "lifespan.startup.failed":
            raise StartupError(f"lifespan.startup.failed: {answer.get('message', '')}")

    async def shut_down(self) -> None:
        """Let it end."""
        if self._task is not None and not self._task.done():
            answer = await self._ask("lifespan.shutdown")
            if answer["type"] == "lifespan.shutdown.failed":
                _log.error("the app could not shut down: %s", answer.get("message", ""))

    async def _ask(self, kind: str) -> dict[str, Any]:
        await self._requests.put({"type": kind})
        return await self._answers.get()

    async def _converse(self) -> None:
        try:
            await self._app(self._scope, self._requests.get, self._answers.put)
        except Exception as error:  # noqa: BLE001 - an application without lifespan may say so in any way
            _log.info("the app takes no part in lifespan: %r", error)
        await self._answers.put({"type": "over"})


class _Exchange:
    """One request and its answer."""

    def __init__(self, app: Callable[..., Any], scope: dict[str, Any], body: bytes, answered: AsyncResult) -> None:
        self._app = app
        self._scope = scope
        self._body: bytes | None = body
        self._answered = answered
        self._status = ""
        self._headers: tuple[tuple[str, str], ...] = ()
        self._pieces: Pieces | None = None
        self._done = False
        self._gone = asyncio.Event()
        self.when_gone: Callable[[], Any] = lambda: None

    async def run(self) -> None:
        """Let the application answer; what it raises is logged and becomes a 500, or breaks the answer off."""
        try:
            await self._app(self._scope, self._receive, self._send)
        except Exception:  # noqa: BLE001 - an app may raise anything; servers answer 500
            _log.exception("the app raised while answering %s %s", self._scope["method"], self._scope["path"])
            self._give_up()
        except BaseException:
            self._give_up()
            raise
        else:
            if not self._done:
                if not self._gone.is_set():
                    _log.error("the app returned before its answer to %s was complete", self._scope["path"])
                self._give_up()

    def leave(self) -> None:
        """The client has gone."""
        self._gone.set()
        if self._pieces is not None:
            self._pieces.fail()

    def _give_up(self) -> None:
        if self._pieces is not None:
            self._pieces.fail()
        elif not self._answered.ready():
            self._answered.set(FAILED)

    async def _receive(self) -> dict[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            if self._status:
                raise RuntimeError("http.response.start was sent twice")
            code = int(message["status"])
            phrase = HTTPStatus(code).phrase if code in HTTPStatus._value2member_map_ else "Unknown"
            self._status = f"{code} {phrase}"
            self._headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())
            )
        elif kind == "http.response.body":
            if not self._status or self._done:
                raise RuntimeError("http.response.body was sent before http.response.start, or after the last one")
            await self._send_body(bytes(message.get("body", b"")), more=bool(message.get("more_body", False)))
        else:
            raise RuntimeError(f"ASGI message {kind!r} is not simulated: only http and lifespan are")

    async def _send_body(self, body: bytes, *, more: bool) -> None:
        self._done = not more
        if self._pieces is None and not more:
            self._finish(body)
            return
        pieces = self._pieces
        if pieces is None:
            pieces = self._pieces = Pieces(self.when_gone)
            self._answered.set(WebReply(self._status, self._headers, pieces))
        pieces.put(body)
        if self._done:
            pieces.finish()
            self._gone.set()
        elif pieces.full:
            loop = asyncio.get_running_loop()
            room: asyncio.Future[None] = loop.create_future()
            pieces.when_room(lambda: loop.call_soon_threadsafe(_resolve, room))
            await room

    def _finish(self, body: bytes) -> None:
        self._answered.set(WebReply(self._status, self._headers, body))
        self._gone.set()  # what is received after a complete answer is a disconnect


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _scope_of(environ: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    headers = [
        (name[5:].lower().replace("_", "-").encode("latin-1"), str(value).encode("latin-1"))
        for name, value in environ.items()
        if name.startswith("HTTP_")
    ]
    headers += [
        (name.lower().replace("_", "-").encode("latin-1"), str(environ[name]).encode("latin-1"))
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        if environ.get(name)
    ]
    target = environ.get("REQUEST_URI") or environ.get("RAW_URI") or environ["PATH_INFO"]
    return {
        "type": "http",
        "asgi": dict(_VERSIONS),
        "http_version": environ.get("SERVER_PROTOCOL", "HTTP/1.1").partition("/")[2],
        "method": environ["REQUEST_METHOD"],
        "scheme": environ.get("wsgi.url_scheme", "http"),
        "path": environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
        "raw_path": target.partition("?")[0].encode("latin-1"),
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "root_path": "",
        "headers": headers,
        "client": (environ.get("REMOTE_ADDR", ""), int(environ.get("REMOTE_PORT") or 0)),
        "server": (environ.get("SERVER_NAME", ""), int(environ.get("SERVER_PORT") or 80)),
        "state": state.copy(),
    }
