"""A mail server as a back end of a world: where it is, and the mail it took."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from fakes.gate import Gate
from fakes.mail import record_mail, summary
from fakes.seam import GrpcMethod, Stream, StreamApp, Surroundings, WsgiApp
from fakes.smtp.conversation import Conversation
from fakes.smtp.session import Envelope, Session

PORTS = (587, 25, 465, 2525)
"""Submission, relay, submission over TLS, and what clouds that block 25 use. In sim TLS is the identity on all."""


class Smtp:
    """The `Backend` named `smtp`, at `host`."""

    name = "smtp"

    def __init__(self, around: Surroundings, host: str, password: str) -> None:
        self._around = around
        self._host = host
        self._password = password
        self._gate = Gate(around)
        self._lock = threading.Lock()
        self._mail: list[Mapping[str, Any]] = []
        self._ids = around.rng("message ids")

    def http(self) -> Mapping[str, WsgiApp]:
        """None."""
        return {}

    def grpc(self) -> Mapping[str, Mapping[str, GrpcMethod]]:
        """None."""
        return {}

    def streams(self) -> Mapping[tuple[str, int], StreamApp]:
        """The ports mail clients use."""
        return {(self._host, port): self._converse for port in PORTS}

    def environment(self, address: str | None) -> Mapping[str, str]:
        """`SMTP_HOST` and `SMTP_PORT`, which frameworks' settings read by convention; no library does by itself."""
        host, _, port = (address or f"{self._host}:{PORTS[0]}").rpartition(":")
        told = {"SMTP_HOST": host, "SMTP_PORT": port}
        return {**told, "SMTP_PASSWORD": self._password} if self._password else told

    def provision(self, topology: Mapping[str, Any]) -> None:
        """Nothing: every address is taken."""

    def mail(self) -> list[Mapping[str, Any]]:
        """What was sent, oldest first, as `fakes.seam.Mailbox` says."""
        with self._lock:
            return list(self._mail)

    def close(self) -> None:
        """Nothing runs between calls."""

    def _converse(self, stream: Stream) -> None:
        session = Session(self._host, self._deliver, can_upgrade=stream.can_upgrade, password=self._password)
        Conversation(self._gate, stream, session).run()

    def _deliver(self, envelope: Envelope, data: bytes) -> str:
        with self._lock:
            mail_id = f"{self._ids.getrandbits(64):016x}"
            mail = summary(mail_id, self._around.now_ns(), envelope.sender, envelope.recipients, data)
            self._mail.append(mail)
        record_mail(self._around, mail)
        return mail_id


def create(around: Surroundings, *, host: str = "smtp", password: str = "") -> Smtp:
    """A mail server at the host name `host` in sim, which takes whatever it is given and delivers nothing.

    With a `password` it takes mail only after AUTH, of any user with that password; without it, of everybody.
    """
    if not host:
        raise ValueError("smtp option 'host' is empty; give the name the pipeline connects to")
    return Smtp(around, host, password)
