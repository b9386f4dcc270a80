r"""String and bytes literals: what stands between the quotes, escapes undone as GoogleSQL undoes them.

sqlglot decodes escapes for every dialect alike: `b'\\xff'` becomes a character there, and an unknown escape its letter.
https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#escape_sequences. Knows tokens only.
"""

from __future__ import annotations

import re
from typing import Any

from sqlglot.tokens import Token, TokenType

from fakes.bigquery.errors import ApiError, invalid_query

_SIMPLE = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "?": "?", '"': '"',
    "'": "'", "`": "`",
}  # fmt: skip
_LITERAL = re.compile(r"([rRbB]{0,2})(\"\"\"|'''|\"|')(.*)\2\Z", re.S)
_ESCAPE = re.compile(r"\\(?:([0-3][0-7]{2})|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.S)


def decoded(tokens: list[Any], text: str) -> list[Any]:
    """`tokens` of `text` with every literal decoded; bytes are one character a byte. Raises 400 `invalidQuery`."""
    found: list[Any] = []
    for token in tokens:
        kind = token.token_type
        if kind not in (TokenType.STRING, TokenType.BYTE_STRING):
            found.append(token)
            continue
        start = token.start
        prefix = found[-1] if found else None
        if prefix is not None and prefix.end + 1 == start and prefix.text.lower() in ("br", "rb"):
            start = found.pop().start
        match = _LITERAL.match(text[start : token.end + 1])
        if match is None:
            found.append(token)
            continue
        letters, quote, body = match.groups()
        binary = "b" in letters.lower()
        inside = start + len(letters) + len(quote)
        value = body if "r" in letters.lower() else _undo(body, text, inside, binary=binary)
        if binary:
            value = value if "r" not in letters.lower() else value.encode().decode("latin-1")
        found.append(Token(
            TokenType.BYTE_STRING if binary else TokenType.STRING, value, token.line, token.col, start, token.end,
            token.comments,
        ))  # fmt: skip
    return found


def _undo(body: str, text: str, start: int, *, binary: bool) -> str:
    if "\\" not in body:
        return body.encode().decode("latin-1") if binary else body
    parts, at = [], 0
    for match in _ESCAPE.finditer(body):
        parts.append(_plain(body[at : match.start()], binary=binary))
        at = match.end()
        octal, byte, short, long, letter = match.groups()
        if letter is not None:
            if letter not in _SIMPLE:
                raise _illegal(match.group(0), text, start + match.start())
            parts.append(_SIMPLE[letter])
        elif octal is not None or byte is not None:
            parts.append(chr(int(octal, 8) if octal is not None else int(byte, 16)))
        elif binary:
            raise _illegal(match.group(0)[:2], text, start + match.start())
        else:
            point = int(short or long, 16)
            if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF:
                raise _illegal(match.group(0), text, start + match.start())
            parts.append(chr(point))
    parts.append(_plain(body[at:], binary=binary))
    return "".join(parts)


def _plain(piece: str, *, binary: bool) -> str:
    return piece.encode().decode("latin-1") if binary else piece


def _illegal(escape: str, text: str, start: int) -> ApiError:
    before = text[:start]
    at = (before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1)
    return invalid_query(f"Syntax error: Illegal escape sequence: {escape}", at)
