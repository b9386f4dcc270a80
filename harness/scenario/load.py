"""Scenario files into `Scenario`s, or every mistake at once with its line, value and remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.checks.catalogue import NESTED
from harness.scenario.document import Document, Key, dotted, read
from harness.scenario.errors import Problem, ScenarioError
from harness.scenario.model import Scenario
from harness.strict import UNKNOWN_KEY

_REMEDIES = {
    "start": "'start: 2026-01-16T00:00:00Z'",
    "span": "'span: 36h'",
    "title": "'title: what is tried, in a line'",
    "worlds": "'worlds: {fixed: \"package.module:build\"}'",
}
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "list_type": "a list",
    "tuple_type": "a list",
}


def load(path: Path, name: str | None = None) -> Scenario:
    """The scenario in `path`, called `name` (the file's stem if None); `ScenarioError` with all that is wrong."""
    document = read(path)
    if not isinstance(document.value, dict):
        raise ScenarioError(
            [Problem(path, 1, "", f"is no mapping of keys such as title, start, span: {_short(document.value)}")]
        )
    try:
        scenario = Scenario.model_validate(document.value)
    except ValidationError as error:
        found = _flat(error.errors(include_url=False), ())
        problems = (_problem(document, loc, one) for loc, one in found)
        raise ScenarioError(sorted(dict.fromkeys(problems), key=lambda problem: problem.line)) from error
    return scenario.named(name or path.stem, path)


def _flat(errors: Sequence[Mapping[str, Any]], above: Key) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    """Errors with their whole place in the file, those inside checks included."""
    for error in errors:
        loc = (*above, *error["loc"])
        if error["type"] == NESTED:
            context = error["ctx"]
            yield from _flat(context["errors"], (*loc, *context["loc"]))
        else:
            yield loc, error


def _problem(document: Document, loc: Key, error: Mapping[str, Any]) -> Problem:
    key = _in_file(document, loc)
    kind, message = error["type"], error["msg"].removeprefix("Value error, ")
    context = error.get("ctx") or {}
    if kind == "missing":
        missing = str(loc[-1])
        example = f", as in {_REMEDIES[missing]}" if missing in _REMEDIES else ""
        message = f"{missing!r} is missing; add it{example}"
    elif kind in _WANTED:
        message = f"{_short(error['input'])} is not {_WANTED[kind]}"
    elif kind == "literal_error":
        message = f"{_short(error['input'])} must be {context['expected']}"
    elif kind == "string_pattern_mismatch":
        message = (
            f"{_short(error['input'])} has characters that a name can't have; use letters, digits, '-', '_' and '.'"
        )
    elif kind not in ("value_error", "check", UNKNOWN_KEY):
        message = f"{_short(error['input'])}: {message[0].lower()}{message[1:]}"
    return Problem(document.path, document.line(key), dotted(key), message)


def _in_file(document: Document, loc: Key) -> Key:
    """`loc` without the steps that only the models have (keys of unions, `[key]`)."""
    key: Key = ()
    for part in loc:
        if (*key, part) in document.lines:
            key = (*key, part)
    return key


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
