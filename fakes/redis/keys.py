"""What a command is called, and which key it is about: what faults are aimed by. It must not run commands."""

from __future__ import annotations

from collections.abc import Sequence

FAMILIES = frozenset(
    {"ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "FUNCTION", "LATENCY", "MEMORY", "MODULE", "OBJECT", "PUBSUB"}
    | {"SCRIPT", "SLOWLOG", "XGROUP", "XINFO"}
)
"""Commands of which the second word says what they do."""

_KEYLESS = frozenset(
    {"AUTH", "DBSIZE", "DISCARD", "ECHO", "EXEC", "FLUSHALL", "FLUSHDB", "HELLO", "INFO", "MULTI", "PING", "QUIT"}
    | {"RESET", "SELECT", "TIME", "UNWATCH"}
)
_KEY_AT = {"EVAL": 3, "EVALSHA": 3, "FCALL": 3, "BITOP": 3, "OBJECT": 2, "XGROUP": 2, "XINFO": 2, "MEMORY": 2}
_AFTER_WORD = {"XREAD": "STREAMS", "XREADGROUP": "STREAMS"}


def name_of(words: Sequence[bytes]) -> str:
    """`GET`, `CLIENT SETINFO`: the command in capitals."""
    first = words[0].decode("utf-8", "replace").upper()
    if first in FAMILIES and len(words) > 1:
        return f"{first} {words[1].decode('utf-8', 'replace').upper()}"
    return first


def resource_of(words: Sequence[bytes]) -> str:
    """The first key or channel, "" where the command has none."""
    first = words[0].decode("utf-8", "replace").upper()
    if first in _KEYLESS or (first in FAMILIES and first not in _KEY_AT):
        return ""
    place = _KEY_AT.get(first, 1)
    if first in _AFTER_WORD:
        upper = [word.upper() for word in words]
        marker = _AFTER_WORD[first].encode()
        place = upper.index(marker) + 1 if marker in upper else len(words)
    return words[place].decode("utf-8", "replace") if place < len(words) else ""
