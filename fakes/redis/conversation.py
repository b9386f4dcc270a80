"""One client's connection: commands through the gate, one by one, and what the server says unasked.

The state machine is fakeredis', one of its sockets for each connection of ours. It must not know how bytes travel.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
from fakeredis import FakeServer

# Private modules of fakeredis, whose public TCP server polls the real clock and knows no gate; the lock pins them.
from fakeredis._clients._tcp_server import encode_reply
from fakeredis._helpers import SimpleError, SimpleString
from fakeredis._socket import FakeSocket

from fakes.gate import Front, Gate, Seen
from fakes.redis.keys import name_of, resource_of
from fakes.redis.resp import Commands, ProtocolError, encode
from fakes.seam import Call, ConnectionLost, Refuse, Stream, Surroundings

RECEIVE_BYTES = 1 << 16

WORDS = {
    "ERR": "internal error",
    "LOADING": "Redis is loading the dataset in memory",
    "BUSY": "Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "OOM": "command not allowed when used memory > 'maxmemory'.",
    "READONLY": "You can't write against a read only replica.",
    "NOAUTH": "Authentication required.",
    "NOPERM": "User default has no permissions to run this command",
    "TRYAGAIN": "Multiple keys request during rehashing of slot",
    "MASTERDOWN": "Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "CLUSTERDOWN": "The cluster is down",
    "MISCONF": "Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
}
"""Redis' errors by their first word, as the server words them (`server.c`, `shared` objects)."""

OF_STATUS = {401: "NOAUTH", 403: "NOPERM", 409: "TRYAGAIN", 429: "BUSY", 503: "LOADING", 504: "BUSY", 507: "OOM"}
"""What a fault that names an HTTP status comes to, where it does not name one of Redis' own words as its `code`."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command came to: its bytes, the first word of its error, and what the emulator cannot do, "" without."""

    data: bytes
    error: str = ""
    unsupported: str = ""


def _refused(refusal: Refuse) -> Reply:
    word = refusal.code or refusal.reason or OF_STATUS.get(refusal.status, "ERR")
    text = refusal.message or WORDS.get(word, WORDS["ERR"])
    return Reply(f"-{word} {text}\r\n".encode(), word)


def _seen(reply: Reply) -> Seen:
    ok = not reply.error
    return Seen(
        reply.error or "OK",
        ok=ok,
        applied=ok,
        reason=reply.error,
        bytes_out=len(reply.data),
        unsupported=reply.unsupported,
    )


def _torn(reply: Reply, after_bytes: int) -> Reply:
    raise ConnectionLost(reply.data[:after_bytes])


FRONT: Front[Reply] = Front(_refused, _seen, _torn)


_UNSUPPORTED = "unsupported by the emulator"


class _Socket(FakeSocket):
    """fakeredis' end of a connection, which gives its answers to us instead of a queue."""

    def __init__(self, server: FakeServer, told: Callable[[Any], None]) -> None:
        self._told = told
        super().__init__(server, db=0, client_class=redis.Redis, lua_modules=None)

    def _process_command(self, fields: list[bytes]) -> None:
        try:
            super()._process_command(fields)
        except Exception as problem:  # noqa: BLE001 - what fakeredis trips over it does not support
            self.put_response(_tripped(problem))

    def _run_command(self, func: Any, sig: Any, args: list[Any], from_script: bool) -> Any:
        if sig.name.upper() == "TS.MGET" and not _ends(args):
            return SimpleError(
                f"ERR {_UNSUPPORTED}: fakeredis would never end this TS.MGET; give LATEST, WITHLABELS, FILTER"
            )
        try:
            return super()._run_command(func, sig, args, from_script)
        except Exception as problem:  # noqa: BLE001 - as above, within a transaction or a script
            return _tripped(problem)

    def put_response(self, msg: Any) -> None:
        """An answer, or a message of a channel."""
        self._told(msg)

    def _decode_result(self, result: Any) -> Any:
        """Leave statuses and errors what they are: the wire tells them from values, as fakeredis' own client cannot."""
        return result


def _tripped(problem: Exception) -> SimpleError:
    words = " ".join(f"{_UNSUPPORTED}: fakeredis failed on it: {problem!r}".split())
    return SimpleError(f"ERR {words}")


def _ends(args: list[Any]) -> bool:
    """Whether fakeredis comes to an end with these arguments of TS.MGET, which it reads with the server's lock held."""
    upper = [bytes(one).upper() for one in args]
    return b"FILTER" in upper and set(upper[: upper.index(b"FILTER")]) <= {b"LATEST", b"WITHLABELS"}


def encoded(value: Any, version: int) -> bytes:
    """A reply as RESP `version` (2 or 3) has it."""
    if isinstance(value, SimpleString):
        return b"+%b\r\n" % value.value
    if isinstance(value, SimpleError):
        return f"-{value.value}\r\n".encode()
    if isinstance(value, list | tuple):
        return b"*%d\r\n" % len(value) + b"".join(encoded(one, version) for one in value)
    plain: bytes = encode_reply(value, version, nested=True)
    return plain


class Conversation:
    """Serves one connection; `run` returns when the client has had enough. `commit(name)` keeps what one changed."""

    def __init__(
        self,
        name: str,
        around: Surroundings,
        gate: Gate,
        server: FakeServer,
        stream: Stream,
        commit: Callable[[bytes], None],
    ) -> None:
        self._name = name
        self._around = around
        self._gate = gate
        self._stream = stream
        self._commit = commit
        self._socket = _Socket(server, self._told)
        self._known = b"requirepass" not in server.config
        self._asking: int | None = None
        self._answers: list[Any] = []
        self._unasked: deque[Any] = deque()
        self._writing = threading.Lock()

    def run(self) -> None:
        """Take commands until the connection ends."""
        commands = Commands()
        try:
            while data := self._stream.receive(RECEIVE_BYTES):
                try:
                    for words in commands.feed(data):
                        if not self._serve(words):
                            return
                except ProtocolError as problem:
                    self._send(f"-ERR Protocol error: {problem}\r\n".encode())
                    return
        finally:
            self._socket.close()

    def _serve(self, words: list[bytes]) -> bool:
        name = name_of(words)
        call = Call(self._name, name, resource_of(words), self._stream.caller, {}, sum(map(len, words)))
        reply = self._gate.through(call, lambda: self._answer(words), FRONT)
        if reply.error and self._socket._transaction is not None and name != "EXEC":
            # Redis refuses the EXEC of a transaction of which a command could not be queued.
            self._socket._transaction_failed = True
        if reply.data:
            self._send(reply.data)
        return name != "QUIT" and not self._socket._killed

    def _answer(self, words: list[bytes]) -> Reply:
        name = words[0].upper()
        greets = name == b"AUTH" or (name == b"HELLO" and any(word.upper() == b"AUTH" for word in words))
        # fakeredis checks passwords that are shown, and asks for none.
        if not self._known and not greets and name not in (b"QUIT", b"RESET"):
            return Reply(f"-NOAUTH {WORDS['NOAUTH']}\r\n".encode(), "NOAUTH")
        self._asking = threading.get_ident()
        self._answers = []
        try:
            self._socket.sendall(encode(words))
        finally:
            self._asking = None
            self._commit(name)
        error = next((one for one in self._answers if isinstance(one, SimpleError)), None)
        self._known = self._known or (greets and error is None)
        data = b"".join(map(self._encoded, self._answers))
        if error is None:
            return Reply(data)
        word, _, rest = error.value.partition(" ")
        return Reply(data, word, rest if rest.startswith(_UNSUPPORTED) else "")

    def _encoded(self, value: Any) -> bytes:
        version: int = self._socket._client_info.protocol_version
        return encoded(value, version)

    def _told(self, value: Any) -> None:
        if self._asking == threading.get_ident():
            self._answers.append(value)
            return
        # Another client published: it must not wait until this one has read.
        self._unasked.append(value)
        self._around.call_later(0, self._tell)

    def _tell(self) -> None:
        try:
            while self._unasked:
                self._send(self._encoded(self._unasked.popleft()))
        except (OSError, IndexError):
            return  # the subscriber is gone, or another timer was faster

    def _send(self, data: bytes) -> None:
        with self._writing:
            self._stream.send(data)
