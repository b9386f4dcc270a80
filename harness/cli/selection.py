"""`-k` and `-m`: which scenarios a command is about. Expressions as in pytest: words, `and`, `or`, `not`, brackets."""

from __future__ import annotations

import re
from collections.abc import Callable

from harness.cli.exits import InputError
from harness.scenario.model import Scenario

_TOKEN = re.compile(r"\s*(\(|\)|[^\s()]+)")
Test = Callable[[Scenario], bool]


def selector(expression: str) -> Test:
    """A test that says whether a scenario fits `expression`.

    A word fits a scenario whose name, title, owner or one of whose tags contains it, whatever the case. Raises
    `InputError` for an expression that can't be read.
    """
    tokens = _TOKEN.findall(expression)
    test, rest = _either(tokens, expression)
    if rest:
        raise _unreadable(expression, f"{rest[0]!r} is one too many")
    return test


def _either(tokens: list[str], expression: str) -> tuple[Test, list[str]]:
    left, rest = _both(tokens, expression)
    while rest and rest[0] == "or":
        right, rest = _both(rest[1:], expression)
        left = _or(left, right)
    return left, rest


def _both(tokens: list[str], expression: str) -> tuple[Test, list[str]]:
    left, rest = _one(tokens, expression)
    while rest and rest[0] == "and":
        right, rest = _one(rest[1:], expression)
        left = _and(left, right)
    return left, rest


def _one(tokens: list[str], expression: str) -> tuple[Test, list[str]]:
    match tokens:
        case ["not", *rest]:
            test, rest = _one(rest, expression)
            return (lambda scenario: not test(scenario)), rest
        case ["(", *rest]:
            test, rest = _either(rest, expression)
            if rest[:1] != [")"]:
                raise _unreadable(expression, "a bracket is not closed")
            return test, rest[1:]
        case [word, *rest] if word not in (")", "and", "or"):
            return (lambda scenario: _contains(scenario, word.casefold())), rest
        case _:
            raise _unreadable(expression, "a word is missing")


def _or(left: Test, right: Test) -> Test:
    return lambda scenario: left(scenario) or right(scenario)


def _and(left: Test, right: Test) -> Test:
    return lambda scenario: left(scenario) and right(scenario)


def _contains(scenario: Scenario, word: str) -> bool:
    return any(word in text.casefold() for text in (scenario.name, scenario.title, scenario.owner, *scenario.tags))


def _unreadable(expression: str, why: str) -> InputError:
    return InputError(f"-k {expression!r} can't be read: {why}; write words joined by and, or, not and brackets")
