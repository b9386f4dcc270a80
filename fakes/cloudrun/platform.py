"""The front of Cloud Run: takes HTTP requests, finds each an instance, and answers for instances that cannot.

Imitated: https://cloud.google.com/run/docs/troubleshooting – 429 "no available instance" when every instance is busy
and none may be added, 500 with the same words when one could be added but does not come in time, 503 when the instance
dies under a request or does not start, 504 after the request time-out (the instance is not ended and the handler works
on), 413 for a request over 32 MiB. It must not know what the services do, or who calls them and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fakes.cloudrun import headers
from fakes.cloudrun.deployment import LARGEST_MESSAGE_BYTES, Deployment
from fakes.cloudrun.fleet import Fleet
from fakes.cloudrun.metadata import credentials_server, metadata_server
from fakes.cloudrun.rollout import Change, Rollouts
from fakes.cloudrun.service import Service
from fakes.cloudrun.waiting import Streamed, Waiting, plain
from fakes.gate import Front, Gate, Seen
from fakes.seam import (
    Call,
    ConnectionLost,
    GrpcMethod,
    Launcher,
    Refuse,
    StartResponse,
    Surroundings,
    WebReply,
    WsgiApp,
)

NO_INSTANCE = b"The request was aborted because there was no available instance."
TOO_LARGE = b"Request Entity Too Large"
RESPONSE_TOO_LARGE = b"Response size was too large. Please consider reducing response size."


def _refuse(refusal: Refuse) -> WebReply:
    reply = plain(refusal.status, refusal.message.encode() or refusal.reason.encode() or b"refused")
    return WebReply(reply.status, reply.headers + tuple(refusal.headers.items()), reply.body)


def _see(reply: WebReply) -> Seen:
    status = int(reply.status[:3])
    applied = None if status in (503, 504) else status not in (413, 429) and reply.body != NO_INSTANCE
    # What is streamed is seen when it begins: how much it will be, nobody knows then.
    bytes_out = len(reply.body) if isinstance(reply.body, bytes) else 0
    return Seen(status, ok=status < 400, applied=applied, bytes_out=bytes_out)


def _truncate(reply: WebReply, size: int) -> WebReply:
    body = reply.whole()
    head = f"HTTP/1.1 {reply.status}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in reply.headers) + "\r\n"
    raise ConnectionLost(head.encode("latin-1") + body[:size])


FRONT = Front(refuse=_refuse, see=_see, truncate=_truncate)


class CloudRun:
    """The platform of a world: one host name a service."""

    name = "cloudrun"

    def __init__(
        self,
        around: Surroundings,
        services: Mapping[str, Deployment],
        launcher: Launcher,
        project: str,
        changes: Sequence[Change] = (),
    ) -> None:
        self._around = around
        self._gate = Gate(around)
        self._project = project
        self._dice = around.rng("traffic")
        self._traces = around.rng("traces")
        self.services: dict[str, Service[Waiting]] = {name: Service(spec) for name, spec in services.items()}
        self.fleet = Fleet(around, self.services, launcher)
        self.rollouts = Rollouts(around, self.services, self.fleet, changes)

    def start(self) -> None:
        """Start what `min_instances` asks for, and set timers for the rollouts."""
        self.fleet.start()
        self.rollouts.start()

    def http(self) -> Mapping[str, WsgiApp]:
        """Give each service's host, and the metadata server that client libraries ask for credentials."""
        metadata = metadata_server(self._project, self._around)
        apps: dict[str, WsgiApp] = {
            "metadata.google.internal": metadata,
            "169.254.169.254": metadata,
            "iamcredentials.googleapis.com": credentials_server(self._project),
        }
        for name in self.services:
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
        self.fleet.close()

    def reported(self, service: str, number: int, mib: float) -> None:
        """Hear from an instance how much memory it holds, in MiB, its requests aside."""
        if service in self.services:
            self.fleet.reported(service, number, mib)

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
            reply = self._gate.through(call, lambda: self._serve(name, environ), FRONT)
            start_response(reply.status, list(reply.headers))
            return [reply.body] if isinstance(reply.body, bytes) else reply.body

        return app

    def _serve(self, name: str, environ: dict[str, Any]) -> WebReply:
        if int(environ.get("CONTENT_LENGTH") or 0) > LARGEST_MESSAGE_BYTES:
            return plain(413, TOO_LARGE)
        service = self.services[name]
        number = service.choose(self._dice.random()) if len(service.traffic) > 1 else next(iter(service.traffic))
        revision = service.revisions[number]
        headers.trace(environ, self._traces)
        headers.forwarding(environ)
        if revision.spec.events:
            headers.event(environ, self._project, revision.spec.events)
        request = Waiting(environ)

        def no_instance() -> None:
            if revision.give_up(request):
                status, why = (429, "every instance is busy") if revision.full else (500, "none came up in time")
                self._around.record("process", process=name, event="no_instance", reason=why)
                request.answer(plain(status, NO_INSTANCE))

        def timed_out() -> None:
            revision.give_up(request)
            request.expire()
            self.fleet.ended(name, request)

        pending = self._around.call_later(revision.spec.pending_limit_s, no_instance)
        limit = self._around.call_later(revision.spec.request_timeout_s, timed_out)
        self.fleet.carry_out(name, revision.arrive(request))
        reply = request.wait()
        pending.cancel()
        if not isinstance(reply.body, bytes):
            return replace(reply, body=Streamed(reply.body, limit.cancel))
        limit.cancel()
        return reply if len(reply.body) <= LARGEST_MESSAGE_BYTES else plain(500, RESPONSE_TOO_LARGE)
