"""A mail server as a back end of a world: where it is, and the mail it took."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fakes.gate import Gate
from fakes.journal import Journal, Ledger
from fakes.mail import Letters
from fakes.seam import GrpcMethod, Stream, StreamApp, Surroundings, WsgiApp
from fakes.smtp.conversation import Conversation
from fakes.smtp.session import Envelope, Session

PORTS = (587, 25, 465, 2525)
"""Submission, relay, submission over TLS, and what clouds that block 25 use. In sim TLS is the identity on all."""


class Smtp:
    """The `Backend` named `smtp`, at `host`."""

    name = "smtp"

    def __init__(self, around: Surroundings, host: str, password: str, journal: Journal | None = None) -> None:
        self._host = host
        self._password = password
        self._gate = Gate(around)
        self._journal = journal
        self._ledger = Ledger(journal)
        self._letters = Letters(around, self._ledger)
        self._ids = around.rng("message ids")
        self._ids.randbytes(8 * self._letters.taken)  # those are used

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
        return self._letters.all()

    def close(self) -> None:
        """Close the file, where there is one; nothing runs between calls."""
        if self._journal is not None:
            self._journal.close()

    def _converse(self, stream: Stream) -> None:
        session = Session(self._host, self._deliver, can_upgrade=stream.can_upgrade, password=self._password)
        Conversation(self._gate, stream, session).run()

    def _deliver(self, envelope: Envelope, data: bytes) -> str:
        with self._ledger.lock:
            mail_id = self._ids.randbytes(8).hex()
            self._letters.take(mail_id, envelope.sender, envelope.recipients, data)
        return mail_id


def create(around: Surroundings, *, host: str = "smtp", password: str = "", data: str | Path | None = None) -> Smtp:
    """A mail server at the host name `host` in sim, which takes whatever it is given and delivers nothing.

    With a `password` it takes mail only after AUTH, of any user with that password; without it, of everybody. `data`
    is a folder to keep the mail in, and to take it from. Raises `OSError` where that cannot be used.
    """
    if not host:
        raise ValueError("smtp option 'host' is empty; give the name the pipeline connects to")
    return Smtp(around, host, password, Journal(Path(data)) if data is not None else None)
