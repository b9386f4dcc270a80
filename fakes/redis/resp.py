"""Commands out of a byte stream, as Redis clients send them: arrays of bulk strings, or a line of words (redis.io,
"Redis serialization protocol specification"). It must not know what commands mean.
"""

from __future__ import annotations

MAX_LINE_BYTES = 64 * 1024
MAX_BULK_BYTES = 512 * 1024 * 1024
MAX_WORDS = 1024 * 1024
"""Redis' own limits (`networking.c`; `proto-max-bulk-len`)."""


class ProtocolError(Exception):
    """What arrived is no command; Redis says why and closes the connection."""


class Commands:
    """Fed with bytes, it gives whole commands."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._position = 0

    def feed(self, data: bytes) -> list[list[bytes]]:
        """The commands that are now complete, each a list of words; empty ones are left out. `ProtocolError`."""
        self._buffer += data
        commands = []
        while (command := self._next()) is not None:
            if command:
                commands.append(command)
            del self._buffer[: self._position]
        return commands

    def _next(self) -> list[bytes] | None:
        self._position = 0
        line = self._line()
        if line is None:
            return None
        if not line.startswith(b"*"):
            return line.split()
        count = _number(line, "invalid multibulk length", MAX_WORDS)
        words = []
        for _ in range(count):
            head = self._line()
            if head is None:
                return None
            if not head.startswith(b"$"):
                raise ProtocolError(f"expected '$', got '{chr(head[0]) if head else ' '}'")
            length = _number(head, "invalid bulk length", MAX_BULK_BYTES)
            end = self._position + length
            if len(self._buffer) < end + 2:
                return None
            words.append(bytes(self._buffer[self._position : end]))
            self._position = end + 2
        return words

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n", self._position)
        if end < 0:
            if len(self._buffer) - self._position > MAX_LINE_BYTES:
                raise ProtocolError("too big inline request")
            return None
        line = bytes(self._buffer[self._position : end]).rstrip(b"\r")
        self._position = end + 1
        return line


def _number(line: bytes, problem: str, most: int) -> int:
    try:
        number = int(line[1:])
    except ValueError:
        raise ProtocolError(problem) from None
    if number > most or (number < 0 and line[:1] == b"$"):
        raise ProtocolError(problem)
    return max(0, number)


def encode(words: list[bytes]) -> bytes:
    """A command as clients send it."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
