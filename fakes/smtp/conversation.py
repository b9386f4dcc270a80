"""One connection of a mail client: lines through the gate, one by one.

Calls are named after the command (`MAIL`, `RCPT`, `DATA` for the message itself) and `CONNECT` for the greeting. It
must not know how bytes travel.
"""

from __future__ import annotations

from collections.abc import Callable

from fakes.gate import Front, Gate, Seen
from fakes.seam import Call, ConnectionLost, Refuse, Stream
from fakes.smtp.session import MOST_BYTES, Reply, Session, reply

RECEIVE_BYTES = 1 << 16
MOST_LINE_BYTES = 4096
"""Above RFC 5321's 512 and RFC 4954's 12288 for AUTH alone; longer lines are a mistake."""

OF_STATUS = {
    400: (501, "5.5.4 Syntax error in parameters"),
    401: (535, "5.7.8 Authentication credentials invalid"),
    403: (550, "5.7.1 Delivery not authorized, message refused"),
    404: (550, "5.1.1 No such user here"),
    413: (552, "5.3.4 Message size exceeds fixed limit"),
    429: (451, "4.7.1 Too many messages, slow down"),
    500: (451, "4.3.0 Local error in processing"),
    502: (451, "4.4.1 No answer from host"),
    503: (421, "4.3.2 Service not available, closing transmission channel"),
    504: (451, "4.4.2 Timeout"),
}
"""What a fault that names an HTTP status comes to; any other number from 400 on is a reply code itself. RFC 5321's own
500, 502, 503 and 504, which mean mistakes of the client's, can be had as the fault's `code`."""

OF_CODE = {
    421: "4.3.2 Service not available, closing transmission channel",
    450: "4.2.1 Mailbox busy",
    451: "4.3.0 Local error in processing",
    452: "4.3.1 Insufficient system storage",
    454: "4.7.0 Temporary authentication failure",
    535: "5.7.8 Authentication credentials invalid",
    550: "5.1.1 No such user here",
    552: "5.2.2 Mailbox full",
    554: "5.7.1 Transaction failed",
}
"""The usual words of a reply code (RFC 5321, 4.2.3; RFC 3463)."""


def _refused(refusal: Refuse) -> Reply:
    code, words = OF_STATUS.get(refusal.status, (refusal.status, ""))
    if refusal.code.isdecimal():
        code, words = int(refusal.code), ""
    # A server that says 421 hangs up (RFC 5321, 3.8).
    return reply(code, refusal.message or words or OF_CODE.get(code, "refused"), closes=code == 421)


def _seen(said: Reply) -> Seen:
    ok = said.code < 400
    return Seen(said.code, ok=ok, applied=ok, reason="" if ok else said.lines[0], bytes_out=len(said.data))


def _torn(said: Reply, after_bytes: int) -> Reply:
    raise ConnectionLost(said.data[:after_bytes])


FRONT: Front[Reply] = Front(_refused, _seen, _torn)


class Conversation:
    """Serves one connection; `run` returns when either side has had enough."""

    def __init__(self, gate: Gate, stream: Stream, session: Session) -> None:
        self._gate = gate
        self._stream = stream
        self._session = session
        self._buffer = b""

    def run(self) -> None:
        """Greet, then take lines until the connection ends."""
        if not self._through("CONNECT", "", 0, self._session.greeting):
            return
        while (line := self._line()) is not None:
            if not self._serve(line):
                return

    def _serve(self, line: bytes) -> bool:
        session = self._session
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if session.answering_auth:
            return self._through("AUTH", "", len(line), lambda: session.auth_answer(text))
        verb, _, rest = text.partition(" ")
        verb = verb.upper()
        if verb == "DATA" and (session.envelope is None or session.envelope.recipients):
            # Go-ahead and message are one call: what a fault strikes is the message.
            said = session.line(verb, rest)
            if not session.taking_data:
                return self._through(verb, "", len(line), lambda: said)
            self._stream.send(said.data)
            data = self._message()
            if data is None:
                return False
            resource = session.envelope.recipients[0] if session.envelope else ""
            going_on = self._through("DATA", resource, len(data), lambda: session.message(data))
            session.envelope, session.taking_data = None, False
            return going_on
        return self._through(verb[:32], _address(rest), len(line), lambda: session.line(verb, rest.strip()))

    def _through(self, method: str, resource: str, bytes_in: int, effect: Callable[[], Reply]) -> bool:
        call = Call("smtp", method, resource, self._stream.caller, {}, bytes_in)
        said = self._gate.through(call, effect, FRONT)
        self._stream.send(said.data)
        return not said.closes

    def _line(self) -> bytes | None:
        while b"\n" not in self._buffer:
            if len(self._buffer) > MOST_LINE_BYTES * 4:
                self._stream.send(reply(500, "5.5.2 Line too long").data)
                return None
            if not self._receive():
                return None
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _message(self) -> bytes | None:
        """The message up to its final dot, stuffing removed; None where the client went away before that."""
        data = bytearray(b"\r\n")
        searched = 0
        while True:
            data += self._buffer
            self._buffer = b""
            end = data.find(b"\r\n.\r\n", max(0, searched - 4))
            if end >= 0:
                break
            searched = len(data)
            if searched > 2 * MOST_BYTES:
                self._stream.send(reply(552, "5.3.4 Message too big, closing transmission channel").data)
                return None
            if not self._receive():
                return None
        self._buffer = bytes(data[end + 5 :])
        return bytes(data[: end + 2]).replace(b"\r\n..", b"\r\n.")[2:]

    def _receive(self) -> bool:
        data = self._stream.receive(RECEIVE_BYTES)
        self._buffer += data
        return bool(data)


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]
