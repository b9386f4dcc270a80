"""The filter language of subscriptions, parsed and validated.

Grammar (cloud.google.com/pubsub/docs/subscription-message-filter, "Filtering syntax"): conditions on attributes,
`attributes:key`, `attributes.key = "value"`, `attributes.key != "value"`, `hasPrefix(attributes.key, "value")`, joined
by `AND` or `OR` (both at one level need parentheses), negated by `NOT` or `-`. Operators are upper case; keys that are
not words are string literals. It must not know messages, only their attributes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from fakes.seam import GrpcError

Attributes = Mapping[str, str]
Predicate = Callable[[Attributes], bool]

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>"(?:[^"\\]|\\.)*")
    |(?P<ne>!=)
    |(?P<mark>[().,:=-])
    |(?P<word>[A-Za-z0-9_](?:[A-Za-z0-9_]|-(?=[A-Za-z0-9_]))*-?)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)", re.DOTALL)
_SIMPLE_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


def compile_filter(expression: str, most_bytes: int) -> Predicate:
    """The predicate of a filter expression; INVALID_ARGUMENT, with the place, for one that is not legal."""
    size = len(expression.encode())
    if size > most_bytes:
        raise GrpcError(
            "INVALID_ARGUMENT",
            f"Invalid filter provided: it has {size} bytes, and the maximum is {most_bytes}.",
        )
    return _Parser(expression).parse()


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = list(self._scan())
        self._next = 0

    def parse(self) -> Predicate:
        predicate = self._joined()
        if self._kind() != "end":
            raise self._wrong("an operator AND or OR, or the end")
        return predicate

    def _scan(self) -> list[_Token]:
        tokens = []
        at = 0
        while at < len(self._expression):
            match = _TOKEN.match(self._expression, at)
            if match is None:
                raise self._error(at, "an attribute, a string literal or an operator")
            kind = match.lastgroup or ""
            if kind != "space":
                text = match.group()
                tokens.append(_Token(text if kind in ("mark", "ne") else kind, text, at))
            at = match.end()
        tokens.append(_Token("end", "", at))
        return tokens

    def _joined(self) -> Predicate:
        terms = [self._term()]
        operator = ""
        while self._kind() == "word" and self._text() in ("AND", "OR"):
            if operator and self._text() != operator:
                raise self._wrong(f"{operator}, or parentheses, because AND and OR do not mix at one level")
            operator = self._text()
            self._next += 1
            terms.append(self._term())
        if len(terms) == 1:
            return terms[0]
        judge = all if operator == "AND" else any
        return lambda attributes: judge(term(attributes) for term in terms)

    def _term(self) -> Predicate:
        if self._kind() == "-" or (self._kind() == "word" and self._text() == "NOT"):
            self._next += 1
            inner = self._term()
            return lambda attributes: not inner(attributes)
        if self._kind() == "(":
            self._next += 1
            inner = self._joined()
            self._take(")")
            return inner
        if self._kind() == "word" and self._text() == "hasPrefix":
            return self._has_prefix()
        return self._comparison()

    def _has_prefix(self) -> Predicate:
        self._next += 1
        self._take("(")
        self._attributes()
        self._take(".")
        key = self._key()
        self._take(",")
        prefix = self._string()
        self._take(")")
        return lambda attributes: key in attributes and attributes[key].startswith(prefix)

    def _comparison(self) -> Predicate:
        self._attributes()
        if self._kind() == ":":
            self._next += 1
            name = self._key()
            return lambda attributes: name in attributes
        self._take(".")
        key = self._key()
        if self._kind() not in ("=", "!="):
            raise self._wrong("= or != and a string literal; to ask whether a key is there write attributes:key")
        equal = self._kind() == "="
        self._next += 1
        value = self._string()
        if equal:
            return lambda attributes: attributes.get(key) == value
        # A message without the key is unequal too.
        return lambda attributes: attributes.get(key) != value

    def _attributes(self) -> None:
        if self._kind() != "word" or self._text() != "attributes":
            raise self._wrong("attributes, hasPrefix, NOT or a parenthesis")
        self._next += 1

    def _key(self) -> str:
        if self._kind() == "string":
            return self._string()
        if self._kind() != "word" or self._text() in ("AND", "OR", "NOT"):
            raise self._wrong("an attribute key: letters, digits, - and _, or a string literal")
        text = self._text()
        self._next += 1
        return text

    def _string(self) -> str:
        if self._kind() != "string":
            raise self._wrong('a string literal in double quotes ("value")')
        text = self._text()[1:-1]
        self._next += 1
        return _ESCAPE.sub(_unescape, text)

    def _take(self, mark: str) -> None:
        if self._kind() != mark:
            raise self._wrong(repr(mark))
        self._next += 1

    def _kind(self) -> str:
        return self._tokens[self._next].kind

    def _text(self) -> str:
        return self._tokens[self._next].text

    def _wrong(self, wanted: str) -> GrpcError:
        return self._error(self._tokens[self._next].at, wanted)

    def _error(self, at: int, wanted: str) -> GrpcError:
        found = self._expression[at : at + 20] or "the end"
        return GrpcError(
            "INVALID_ARGUMENT",
            f"Invalid filter provided: at position {at}, found {found!r}, expected {wanted} "
            f"(filter={self._expression!r}).",
        )


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "xuU" and len(code) > 1:
        return chr(int(code[1:], 16))
    if code[0] in "01234567":
        return chr(int(code, 8))
    return _SIMPLE_ESCAPES.get(code, code)
