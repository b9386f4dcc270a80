"""The front of Cloud Run: takes HTTP requests, finds each an instance, and answers for instances that cannot.

Imitated: https://cloud.google.com/run/docs/troubleshooting – 429 "no available instance" when every instance is busy
and none may be added, 503 when the instance dies under a request, 504 after the request time-out (the instance works
on). It must not know what the services do, or who calls them and why.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from fakes.cloudrun.metadata import metadata_server
from fakes.cloudrun.service import Plan, Service, ServiceSpec
from fakes.gate import Front, Gate, Seen
from fakes.seam import (
    Call,
    ConnectionLost,
    GrpcMethod,
    Instance,
    InstanceGone,
    Launcher,
    Refuse,
    StartResponse,
    Surroundings,
    Timer,
    WebReply,
    WsgiApp,
)

SWEEP_S = 60.0
"""How often idle instances are looked for."""

_PHRASES = {200: "OK", 429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable",
            504: "Gateway Timeout"}  # fmt: skip

NO_INSTANCE = b"The request was aborted because there was no available instance."
MALFORMED = (
    b"The request failed because either the HTTP response was malformed or connection to the instance had an error."
)
UPSTREAM_TIMEOUT = b"upstream request timeout"


def plain(status: int, body: bytes) -> WebReply:
    """Make a short text answer of the platform's own."""
    phrase = f"{status} {_PHRASES.get(status, 'Status')}"
    return WebReply(phrase, (("Content-Type", "text/plain"), ("Content-Length", str(len(body)))), body)


def _refuse(refusal: Refuse) -> WebReply:
    reply = plain(refusal.status, refusal.message.encode() or refusal.reason.encode() or b"refused")
    return WebReply(reply.status, reply.headers + tuple(refusal.headers.items()), reply.body)


def _see(reply: WebReply) -> Seen:
    status = int(reply.status[:3])
    applied = None if status in (503, 504) else status != 429
    # What is streamed is seen when it begins: how much it will be, nobody knows then.
    bytes_out = len(reply.body) if isinstance(reply.body, bytes) else 0
    return Seen(status, ok=status < 400, applied=applied, bytes_out=bytes_out)


def _truncate(reply: WebReply, size: int) -> WebReply:
    body = reply.whole()
    head = f"HTTP/1.1 {reply.status}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in reply.headers) + "\r\n"
    raise ConnectionLost(head.encode("latin-1") + body[:size])


FRONT = Front(refuse=_refuse, see=_see, truncate=_truncate)


class _Waiting:
    """A request on its way: `event` is set when there is a `reply`; `if_gone` is whom its client's going concerns."""

    __slots__ = ("environ", "event", "if_gone", "limit", "reply")

    def __init__(self, environ: dict[str, Any]) -> None:
        self.event = threading.Event()
        self.reply: WebReply | None = None
        self.limit: Timer | None = None
        self.if_gone: list[Callable[[], object]] = []
        self.environ = {**environ, "windtunnel.when_gone": self.if_gone.append}
        when_gone = environ.get("windtunnel.when_gone")
        if when_gone is not None:
            when_gone(self.leave)

    def answer(self, reply: WebReply) -> bool:
        """Answer it, unless that has happened; whether it was."""
        if self.reply is not None:
            return False
        self.reply = reply
        self.event.set()
        return True

    def expire(self) -> None:
        """Its time is up: 504, or an answer under way breaks off."""
        begun = self.reply
        if not self.answer(plain(504, UPSTREAM_TIMEOUT)) and begun is not None and isinstance(begun.body, _Streamed):
            begun.body.close()
        self.leave()

    def leave(self) -> None:
        """The instance that works on it need not any longer."""
        for action in self.if_gone:
            action()


class _Streamed:
    """The pieces of an answer under way; `over` is called once, however it ends."""

    def __init__(self, pieces: Iterator[bytes], over: Callable[[], None]) -> None:
        self._pieces = pieces
        self._over: Callable[[], None] | None = over

    def __iter__(self) -> _Streamed:
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


class CloudRun:
    """The platform of a world: one host name a service."""

    name = "cloudrun"

    def __init__(
        self, around: Surroundings, services: Mapping[str, ServiceSpec], launcher: Launcher, project: str
    ) -> None:
        self._around = around
        self._gate = Gate(around)
        self._launcher = launcher
        self._project = project
        self._services: dict[str, Service[_Waiting]] = {name: Service(spec) for name, spec in services.items()}
        self._instances: dict[tuple[str, int], Instance] = {}

    def start(self) -> None:
        """Start what `min_instances` asks for, and begin to look for idle instances."""
        for name, service in self._services.items():
            self._carry_out(name, service.warm_up())
        self._around.call_later(SWEEP_S, self._sweep)

    def http(self) -> Mapping[str, WsgiApp]:
        """Give each service's host, and the metadata server that client libraries ask for credentials."""
        metadata = metadata_server(self._project)
        apps: dict[str, WsgiApp] = {"metadata.google.internal": metadata, "169.254.169.254": metadata}
        for name in self._services:
            apps[name] = self._front(name)
        return apps

    def grpc(self) -> Mapping[str, Mapping[str, GrpcMethod]]:
        """Give nothing: services speak HTTP."""
        return {}

    def environment(self, address: str | None) -> Mapping[str, str]:  # the protocol's signature
        """Give what Cloud Run gives every container."""
        return {"GOOGLE_CLOUD_PROJECT": self._project}

    def provision(self, topology: Mapping[str, Any]) -> None:
        """Do nothing: services are declared in the world."""

    def close(self) -> None:
        """Stop every instance."""
        for instance in self._instances.values():
            instance.stop()
        self._instances.clear()

    # -- requests

    def _front(self, name: str) -> WsgiApp:
        def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
            call = Call(
                service=name,
                method=environ["REQUEST_METHOD"],
                resource=environ.get("PATH_INFO", "/"),
                caller=environ.get("windtunnel.caller", ""),
                headers={k[5:].lower().replace("_", "-"): v for k, v in environ.items() if k.startswith("HTTP_")},
                bytes_in=int(environ.get("CONTENT_LENGTH") or 0),
            )
            reply = self._gate.through(call, lambda age_s: self._serve(name, environ), FRONT)
            start_response(reply.status, list(reply.headers))
            return [reply.body] if isinstance(reply.body, bytes) else reply.body

        return app

    def _serve(self, name: str, environ: dict[str, Any]) -> WebReply:
        service = self._services[name]
        request = _Waiting(environ)

        def no_instance() -> None:
            if service.give_up(request):
                self._around.record("process", process=name, event="no_instance", reason="every instance is busy")
                request.answer(plain(429, NO_INSTANCE))

        pending = self._around.call_later(service.spec.pending_limit_s, no_instance)
        request.limit = self._around.call_later(service.spec.request_timeout_s, request.expire)
        self._carry_out(name, service.arrive(request))
        request.event.wait()
        pending.cancel()
        assert request.reply is not None  # the event is set with it
        if isinstance(request.reply.body, bytes):
            request.limit.cancel()
        return request.reply

    def _work(self, name: str, number: int, request: _Waiting) -> None:
        service = self._services[name]
        instance = self._instances[name, number]
        try:
            reply = instance.handle(request.environ)
        except InstanceGone:
            reply = plain(503, MALFORMED)

        def finished() -> None:
            self._carry_out(name, service.finished(number, self._around.now_ns()))

        if isinstance(reply.body, bytes):
            request.answer(reply)
            finished()
            return

        def over() -> None:
            if request.limit is not None:
                request.limit.cancel()
            finished()

        streamed = _Streamed(reply.body, over)
        if not request.answer(replace(reply, body=streamed)):
            streamed.close()

    # -- instances

    def _carry_out(self, name: str, plan: Plan[_Waiting]) -> None:
        for number in plan.starts:
            self._launch(name, number)
        for request, number in plan.requests:
            self._around.call_later(0.0, _bound(self._work, name, number, request))

    def _launch(self, name: str, number: int) -> None:
        service = self._services[name]

        def ready() -> None:
            self._carry_out(name, service.ready(number, self._around.now_ns()))

        def gone(reason: str) -> None:
            self._instances.pop((name, number), None)
            self._carry_out(name, service.gone(number))

        self._instances[name, number] = self._launcher.launch(name, number, ready, gone)

    def _sweep(self) -> None:
        for name, service in self._services.items():
            for number in service.idle(self._around.now_ns()):
                instance = self._instances.pop((name, number), None)
                if instance is not None:
                    instance.stop()
        self._around.call_later(SWEEP_S, self._sweep)


def _bound(function: Any, *arguments: Any) -> Any:
    return lambda: function(*arguments)
