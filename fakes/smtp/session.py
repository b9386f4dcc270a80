"""One SMTP session as a state machine: a line in, a reply out (RFC 5321, and RFC 4954 for AUTH).

It must not know how lines travel, faults, or where mail is kept.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_RECIPIENTS = 100
"""What a server must take at least (RFC 5321, 4.5.3.1.8), and what many take at most."""

MOST_BYTES = 25 * 1024 * 1024
"""Gmail's limit, which it announces as SIZE 35882577 for the encoded message; the round figure of its documentation."""

_PATH = re.compile(r"<([^<>\s]*)>((?:\s+\S+)*)\s*")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: its code, its lines of text, and whether the server closes the connection after it."""

    code: int
    lines: tuple[str, ...]
    closes: bool = False

    @property
    def data(self) -> bytes:
        """The reply as it is sent."""
        last = len(self.lines) - 1
        return "".join(
            f"{self.code}{' ' if i == last else '-'}{text}\r\n" for i, text in enumerate(self.lines)
        ).encode()


@dataclass(slots=True)
class Envelope:
    """Whom a message under way is from and to."""

    sender: str
    recipients: list[str] = field(default_factory=list)


def reply(code: int, *lines: str, closes: bool = False) -> Reply:
    """A reply."""
    return Reply(code, lines, closes)


class Session:
    """What a client has said so far. `deliver(envelope, message)` takes a message and gives its id.

    Without a `password` every user and password is taken: who is refused is a fault's business.
    """

    def __init__(
        self, host: str, deliver: Callable[[Envelope, bytes], str], *, can_upgrade: bool, password: str = ""
    ) -> None:
        self._host = host
        self._deliver = deliver
        self._can_upgrade = can_upgrade
        self._password = password
        self._greeted = False
        self.user = ""
        self.envelope: Envelope | None = None
        self.taking_data = False
        self._login: list[str] | None = None

    def greeting(self) -> Reply:
        """What the server says first."""
        return reply(220, f"{self._host} ESMTP")

    @property
    def answering_auth(self) -> bool:
        """Whether the next line is an answer to a challenge."""
        return self._login is not None

    def line(self, verb: str, rest: str) -> Reply:
        """The reply to a command; its words are as RFC 5321 has them."""
        handler = {
            "EHLO": self._ehlo,
            "HELO": self._helo,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": lambda _: reply(250, "2.0.0 OK"),
            "QUIT": lambda _: reply(221, "2.0.0 Bye", closes=True),
            "VRFY": lambda _: reply(252, "2.5.2 Cannot VRFY user, but will accept message"),
            "AUTH": self._auth,
            "STARTTLS": self._starttls,
        }.get(verb)
        if handler is None:
            return reply(500, f"5.5.2 Command unrecognized: {verb[:32]}")
        return handler(rest)

    def message(self, data: bytes) -> Reply:
        """The reply to the message itself, dot stuffing removed."""
        envelope, self.envelope, self.taking_data = self.envelope, None, False
        assert envelope is not None  # DATA was accepted
        if len(data) > MOST_BYTES:
            return reply(552, f"5.3.4 Message size {len(data)} exceeds fixed limit of {MOST_BYTES}")
        return reply(250, f"2.0.0 OK {self._deliver(envelope, data)}")

    def _ehlo(self, rest: str) -> Reply:
        if not rest:
            return reply(501, "5.5.4 EHLO requires a domain")
        self._begin()
        extensions = ["PIPELINING", f"SIZE {MOST_BYTES}", "8BITMIME", "SMTPUTF8", "AUTH PLAIN LOGIN"]
        if self._can_upgrade:
            extensions.append("STARTTLS")
        return reply(250, f"{self._host} greets {rest}", *extensions, "ENHANCEDSTATUSCODES")

    def _helo(self, rest: str) -> Reply:
        if not rest:
            return reply(501, "5.5.4 HELO requires a domain")
        self._begin()
        return reply(250, self._host)

    def _begin(self) -> None:
        self._greeted = True
        self.envelope = None

    def _mail(self, rest: str) -> Reply:
        if not self._greeted:
            return reply(503, "5.5.1 EHLO first")
        if self.envelope is not None:
            return reply(503, "5.5.1 Sender already specified")
        if self._password and not self.user:
            return reply(530, "5.7.0 Authentication required")
        path = _PATH.fullmatch(rest[5:].strip()) if rest[:5].upper() == "FROM:" else None
        if path is None:
            return reply(501, "5.5.4 Syntax: MAIL FROM:<address>")
        size = re.search(r"(?i)\bSIZE=(\d+)", path[2])
        if size and int(size[1]) > MOST_BYTES:
            return reply(552, f"5.3.4 Message size exceeds fixed limit of {MOST_BYTES}")
        self.envelope = Envelope(path[1])
        return reply(250, "2.1.0 OK")

    def _rcpt(self, rest: str) -> Reply:
        if self.envelope is None:
            return reply(503, "5.5.1 MAIL first")
        path = _PATH.fullmatch(rest[3:].strip()) if rest[:3].upper() == "TO:" else None
        if path is None or not path[1]:
            return reply(501, "5.5.4 Syntax: RCPT TO:<address>")
        if "@" not in path[1] and path[1].lower() != "postmaster":
            return reply(553, f"5.1.3 The recipient address <{path[1]}> is not a valid RFC 5321 address")
        if len(self.envelope.recipients) >= MOST_RECIPIENTS:
            return reply(452, "4.5.3 Too many recipients")
        self.envelope.recipients.append(path[1])
        return reply(250, "2.1.5 OK")

    def _data(self, rest: str) -> Reply:
        if self.envelope is None or not self.envelope.recipients:
            return reply(503, "5.5.1 RCPT first")
        self.taking_data = True
        return reply(354, "End data with <CR><LF>.<CR><LF>")

    def _rset(self, rest: str) -> Reply:
        self.envelope = None
        return reply(250, "2.0.0 OK")

    def _starttls(self, rest: str) -> Reply:
        if not self._can_upgrade:
            return reply(502, "5.5.1 STARTTLS is not offered: this connection is loopback's")
        self._greeted, self.envelope = False, None  # RFC 3207: what was said before the handshake is forgotten
        return reply(220, "2.0.0 Ready to start TLS")

    def _auth(self, rest: str) -> Reply:
        if not self._greeted or self.envelope is not None:
            return reply(503, "5.5.1 EHLO first")
        if self.user:
            return reply(503, "5.5.1 Already authenticated")
        mechanism, _, initial = rest.partition(" ")
        if mechanism.upper() not in ("PLAIN", "LOGIN"):
            return reply(504, f"5.5.4 Unrecognized authentication type: {mechanism[:32]}")
        self._login = [mechanism.upper()]
        if initial:
            return self.auth_answer(initial)
        return reply(334, "" if mechanism.upper() == "PLAIN" else _encoded("Username:"))

    def auth_answer(self, line: str) -> Reply:
        """The reply to an answer of the client's to an AUTH challenge."""
        assert self._login is not None  # `answering_auth` said so
        if line == "*":
            self._login = None
            return reply(501, "5.7.0 Authentication cancelled")
        try:
            text = base64.b64decode("" if line == "=" else line, validate=True).decode()
        except ValueError:  # no base64, no UTF-8 in it, or not even ASCII
            self._login = None
            return reply(501, "5.5.2 Cannot decode response")
        mechanism, *said = self._login
        if mechanism == "LOGIN" and not said:
            self._login.append(text)
            return reply(334, _encoded("Password:"))
        self._login = None
        words = text.split("\0")
        if mechanism == "PLAIN" and len(words) != 3:
            return reply(501, "5.5.2 Cannot decode response")
        user, password = (said[0], text) if mechanism == "LOGIN" else (words[1], words[2])
        if self._password and password != self._password:
            return reply(535, "5.7.8 Authentication credentials invalid")
        self.user = user or "anonymous"
        return reply(235, "2.7.0 Authentication successful")


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
