"""What an emulator gets from outside, in virtual time: the harness's side of the seam.

One is made for each back end. It must not know what the back end is.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit

import gevent
from gevent.event import AsyncResult

from fakes.seam import Answer, Call, ConnectionLost, Ruling, WsgiApp
from harness.sim.kernel import Kernel
from harness.sim.process import spawn_in
from harness.sim.program import answer
from harness.sim.record import Record

PLATFORM_LATENCY_S = 0.001
"""From a Google front end (push delivery, scheduler) to a service, each way; of the order of an in-region hop."""


class Hosts:
    """Who answers over HTTP under which name, for calls that the platform itself makes."""

    def __init__(self) -> None:
        self.apps: dict[str, WsgiApp] = {}

    def post(self, caller: str, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
        """POST to `url` and wait at most `timeout_s` for the answer; the request goes on without us after that."""
        parts = urlsplit(url)
        app = self.apps.get(parts.hostname or "")
        if app is None:
            return Answer(0, problem="unknown host")
        environ = _environ(parts.hostname or "", parts.path, parts.query, body, headers, caller)
        if_gone: list[Callable[[], object]] = []
        environ["windtunnel.when_gone"] = if_gone.append
        result: AsyncResult = AsyncResult()

        def ask() -> None:
            gevent.sleep(PLATFORM_LATENCY_S)
            try:
                reply = answer(app, environ)
                received = reply.whole()
            except ConnectionLost:
                result.set(Answer(0, problem="reset"))
            else:
                gevent.sleep(PLATFORM_LATENCY_S)
                result.set(Answer(int(reply.status[:3]), received, dict(reply.headers)))

        spawn_in(None, ask)
        try:
            given: Answer = result.get(timeout=timeout_s)
        except gevent.Timeout:
            for action in if_gone:
                action()
            return Answer(0, problem="timeout")
        return given


def _environ(host: str, path: str, query: str, body: bytes, headers: Mapping[str, str], caller: str) -> dict[str, Any]:
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path) or "/",
        "RAW_URI": f"{path}?{query}" if query else path,
        "QUERY_STRING": query,
        "SERVER_NAME": host,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": host,
        "REMOTE_ADDR": "35.191.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "windtunnel.caller": caller,
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ["CONTENT_TYPE" if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ


class SimSurroundings:
    """`fakes.seam.Surroundings` for the back end `name`."""

    def __init__(
        self,
        name: str,
        kernel: Kernel,
        record: Record,
        hosts: Hosts,
        rule: Callable[[Call], Ruling],
        peers: Mapping[str, Any],
    ) -> None:
        self._name = name
        self._kernel = kernel
        self._record = record
        self._hosts = hosts
        self._peers = peers
        self.rule = rule
        self.now_ns = kernel.clock.wall_ns
        self.sleep = gevent.sleep

    def call_later(self, seconds: float, action: Callable[[], None]) -> Timer:
        """Run `action` in a greenlet of the harness after `seconds`."""
        timer = self._kernel.loop.timer(seconds)
        timer.start(spawn_in, None, action)
        return Timer(timer)

    def rng(self, stream: str) -> random.Random:
        """Return the back end's stream of that name."""
        return self._kernel.chance.stream(f"{self._name}/{stream}")

    def record(self, kind: str, /, **fields: Any) -> None:
        """Append an event as this back end, or as the `process` that is named."""
        process = fields.pop("process", self._name)
        self._record.event(kind, process, fields.pop("instance", 0), fields)

    def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
        """POST as the platform does."""
        return self._hosts.post(self._name, url, body, headers, timeout_s)

    def peer(self, backend: str) -> Any:
        """Return another back end of the world."""
        return self._peers[backend]


class Timer:
    """A pending `call_later`."""

    __slots__ = ("_watcher",)

    def __init__(self, watcher: Any) -> None:
        self._watcher = watcher

    def cancel(self) -> None:
        """Forget it."""
        self._watcher.stop()
