"""The front of Cloud Run: takes HTTP requests, finds each an instance, and answers for instances that cannot.

Imitated: https://cloud.google.com/run/docs/troubleshooting – 429 "no available instance" when every instance is busy
and none may be added, 503 when the instance dies under a request, 504 after the request time-out (the instance works
on). It must not know what the services do, or who calls them and why.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
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
    return Seen(status, ok=status < 400, applied=applied, bytes_out=len(reply.body))


def _truncate(reply: WebReply, size: int) -> WebReply:
    head = f"HTTP/1.1 {reply.status}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in reply.headers) + "\r\n"
    raise ConnectionLost(head.encode("latin-1") + reply.body[:size])


FRONT = Front(refuse=_refuse, see=_see, truncate=_truncate)


class _Waiting:
    """A request on its way: `event` is set when there is a `reply`."""

    __slots__ = ("environ", "event", "reply")

    def __init__(self, environ: dict[str, Any]) -> None:
        self.environ = environ
        self.event = threading.Event()
        self.reply: WebReply | None = None

    def answer(self, reply: WebReply) -> None:
        """Answer it, unless that has happened."""
        if self.reply is None:
            self.reply = reply
            self.event.set()


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
            return [reply.body]

        return app

    def _serve(self, name: str, environ: dict[str, Any]) -> WebReply:
        service = self._services[name]
        request = _Waiting(environ)

        def no_instance() -> None:
            if service.give_up(request):
                self._around.record("process", process=name, event="no_instance", reason="every instance is busy")
                request.answer(plain(429, NO_INSTANCE))

        timers = [
            self._around.call_later(service.spec.pending_limit_s, no_instance),
            self._around.call_later(
                service.spec.request_timeout_s, lambda: request.answer(plain(504, UPSTREAM_TIMEOUT))
            ),
        ]
        self._carry_out(name, service.arrive(request))
        request.event.wait()
        for timer in timers:
            timer.cancel()
        assert request.reply is not None  # the event is set with it
        return request.reply

    def _work(self, name: str, number: int, request: _Waiting) -> None:
        service = self._services[name]
        instance = self._instances[name, number]
        try:
            reply = instance.handle(request.environ)
        except InstanceGone:
            reply = plain(503, MALFORMED)
        request.answer(reply)
        self._carry_out(name, service.finished(number, self._around.now_ns()))

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
