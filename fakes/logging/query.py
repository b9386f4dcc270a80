"""The Logging query language, parsed and validated.

Grammar (cloud.google.com/logging/docs/view/logging-query-language): comparisons `field OP value` with
`= != > < >= <= : =~ !~`, global restrictions (a bare value looks in every field), `field = (a OR b)`, `NOT` or `-`,
parentheses, comments from `--`. NOT binds tightest, then OR, then AND; what stands side by side is joined by AND.
Everything is case-insensitive but regular expressions and the Boolean operators. Functions that select entries are in
`functions.py`; those that compute a value (`cast`, `regexp_extract`) and `source` are refused. It must not know log
entries, only nested mappings with fields named as in JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fakes.logging.comparison import compare, contains, matches, text_anywhere
from fakes.logging.functions import FUNCTIONS, Argument, Predicate
from fakes.seam import GrpcError

Judge = Callable[[Any], bool]
"""Of one field's value, which is there."""

MOST_CHARACTERS = 20_000

_STRING = r'"(?:[^"\\]|\\.)*"'
_PATH = re.compile(rf"(?:[A-Za-z_][\w/-]*|{_STRING})(?:\.(?:[\w/-]+|{_STRING}))*")
_SEGMENT = re.compile(rf"({_STRING})|([^.]+)", re.DOTALL)
_OPERATOR = re.compile(r"\s*(=~|!~|!=|>=|<=|=|>|<|:)\s*")
_BLANK = re.compile(r"(?:\s|--[^\n]*)*")
_LITERAL = re.compile(rf"{_STRING}|[^\s()\"=<>!:~,]+", re.DOTALL)
_WORD = re.compile(r"(AND|OR|NOT)(?![\w.-])")
_FUNCTION = re.compile(r"([A-Za-z_]\w*)\(\s*")
_COMMA = re.compile(r"\s*(,|\))\s*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class _Literal(NamedTuple):
    text: str
    quoted: bool


def compile_query(expression: str) -> Predicate:
    """The predicate of a filter; INVALID_ARGUMENT, with the place, for one that is not legal."""
    if len(expression) > MOST_CHARACTERS:
        raise GrpcError(
            "INVALID_ARGUMENT", f"filter has {len(expression):,} characters, and the maximum is {MOST_CHARACTERS:,}"
        )
    return _Parser(expression).parse()


class _Parser:
    def __init__(self, expression: str) -> None:
        self._text = expression
        self._at = 0

    def parse(self) -> Predicate:
        self._skip()
        if self._at == len(self._text):
            return lambda _entry: True
        predicate = self._conjunction(self._term)
        if self._at < len(self._text):
            raise self._error("the end, or another comparison")
        return predicate

    # Conjunctions and disjunctions read the same for comparisons and for the values of one comparison.

    def _conjunction(self, item: Callable[[], Callable[[Any], bool]]) -> Callable[[Any], bool]:
        parts = [self._disjunction(item)]
        while self._at < len(self._text) and self._text[self._at] != ")":
            if self._word() == "AND":
                self._take_word()
            parts.append(self._disjunction(item))
        return parts[0] if len(parts) == 1 else lambda subject: all(part(subject) for part in parts)

    def _disjunction(self, item: Callable[[], Callable[[Any], bool]]) -> Callable[[Any], bool]:
        parts = [self._negation(item)]
        while self._word() == "OR":
            self._take_word()
            parts.append(self._negation(item))
        return parts[0] if len(parts) == 1 else lambda subject: any(part(subject) for part in parts)

    def _negation(self, item: Callable[[], Callable[[Any], bool]]) -> Callable[[Any], bool]:
        if self._word() == "NOT":
            self._take_word()
        elif self._text.startswith("-", self._at):
            self._at += 1
            self._skip()
        elif self._text.startswith("(", self._at):
            return self._in_parentheses(item)
        else:
            return item()
        inner = self._negation(item)
        return lambda subject: not inner(subject)

    def _in_parentheses(self, item: Callable[[], Callable[[Any], bool]]) -> Callable[[Any], bool]:
        self._at += 1
        self._skip()
        inner = self._conjunction(item)
        if not self._text.startswith(")", self._at):
            raise self._error("')'")
        self._at += 1
        self._skip()
        return inner

    def _term(self) -> Predicate:
        if function := _FUNCTION.match(self._text, self._at):
            return self._function(function)
        path = _PATH.match(self._text, self._at)
        operator = _OPERATOR.match(self._text, path.end()) if path is not None and self._word() is None else None
        if path is None or operator is None:
            wanted = self._literal().text
            return lambda entry: text_anywhere(entry, wanted)
        self._at = operator.end()
        return self._comparison(path.group(), operator[1])

    def _function(self, called: re.Match[str]) -> Predicate:
        make = FUNCTIONS.get(called[1].lower())
        if make is None:
            raise GrpcError(
                "UNIMPLEMENTED",
                f"the logging emulator does not do the function {called[1]} (at position {self._at} of the filter); it "
                f"does {', '.join(FUNCTIONS)}",
            )
        arguments, separator = [], ","
        self._at = called.end()
        while separator == ",":
            match = _PATH.match(self._text, self._at) or _LITERAL.match(self._text, self._at)
            following = None if match is None else _COMMA.match(self._text, match.end())
            if match is None or following is None:
                raise self._error(f"the fields and texts of {called[1]}, with commas between and ')' behind them")
            arguments.append(_argument(match.group()))
            self._at, separator = following.end(), following[1]
        self._skip()
        try:
            return make(arguments)
        except ValueError as error:
            raise GrpcError("INVALID_ARGUMENT", f"filter calls {called[1]} wrongly: it is {error}") from None

    def _comparison(self, path: str, operator: str) -> Predicate:
        segments = _segments(path)
        if self._text.startswith("(", self._at):
            judge = self._in_parentheses(lambda: self._judge(segments, operator))
        else:
            judge = self._judge(segments, operator)
        return lambda entry: any(judge(value) for value in _reach(entry, segments))

    def _judge(self, segments: tuple[str, ...], operator: str) -> Judge:
        literal = self._literal()
        field = segments[-1].lower() if len(segments) == 1 else ""
        if operator == ":":
            if literal == _Literal("*", quoted=False):
                return lambda _value: True
            return lambda value: contains(value, literal.text)
        if operator in ("=~", "!~"):
            try:
                pattern = re.compile(literal.text)
            except re.error as error:
                raise GrpcError(
                    "INVALID_ARGUMENT", f"filter has an invalid regular expression {literal.text!r}: {error}"
                ) from None
            wanted = operator == "=~"
            return lambda value: matches(value, pattern) is wanted
        return lambda value: compare(value, operator, literal.text, field)

    def _literal(self) -> _Literal:
        if self._word() is not None:
            raise self._error("a field or a value")
        match = _LITERAL.match(self._text, self._at)
        if match is None:
            raise self._error("a field or a value (put text with special characters in double quotes)")
        self._at = match.end()
        self._skip()
        text = match.group()
        quoted = text.startswith('"')
        return _Literal(_unquote(text) if quoted else text, quoted)

    def _word(self) -> str | None:
        match = _WORD.match(self._text, self._at)
        return None if match is None else match[1]

    def _take_word(self) -> None:
        self._at += len(self._word() or "")
        self._skip()

    def _skip(self) -> None:
        match = _BLANK.match(self._text, self._at)
        self._at = match.end() if match is not None else self._at

    def _error(self, wanted: str) -> GrpcError:
        found = self._text[self._at : self._at + 20] or "the end"
        return GrpcError(
            "INVALID_ARGUMENT", f"Unparseable filter: at position {self._at}, found {found!r}, expected {wanted}"
        )


def _segments(path: str) -> tuple[str, ...]:
    return tuple(_unquote(quoted) if quoted else plain for quoted, plain in _SEGMENT.findall(path))


def _argument(text: str) -> Argument:
    if text.startswith('"'):
        return Argument(_unquote(text), None)
    segments = _segments(text)
    return Argument(text, lambda entry: _reach(entry, segments))


def _unquote(literal: str) -> str:
    # A backslash stands for itself before anything but a quote or a backslash, so that regular expressions read well.
    return _ESCAPE.sub(lambda match: match[1] if match[1] in '"\\' else match[0], literal[1:-1])


def _reach(value: Any, segments: tuple[str, ...]) -> list[Any]:
    """The values at a path; a list on the way gives those of all its items."""
    if isinstance(value, list):
        return [found for item in value for found in _reach(item, segments)]
    if not segments:
        return [value]
    if not isinstance(value, Mapping):
        return []
    wanted = segments[0].replace("_", "").lower()
    for name, inner in value.items():
        # Field names are read in camelCase, in snake_case and in any case.
        if name == segments[0] or name.replace("_", "").lower() == wanted:
            return _reach(inner, segments[1:])
    # A label's key may itself have dots.
    joined = ".".join(segments)
    return [value[joined]] if len(segments) > 1 and joined in value else []
