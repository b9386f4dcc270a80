"""How a field's value compares with what a filter says.

The type of the field decides: severities by their order, times as times, durations as durations, numbers as numbers,
anything else as text without regard to case. It must not know the filter language.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

SEVERITIES = {
    "DEFAULT": 0,
    "DEBUG": 100,
    "INFO": 200,
    "NOTICE": 300,
    "WARNING": 400,
    "ERROR": 500,
    "CRITICAL": 600,
    "ALERT": 700,
    "EMERGENCY": 800,
}
"""`google/logging/type/log_severity.proto`."""

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}:\d{2}(?P<fraction>\.\d+)?(?P<zone>[Zz]|[+-]\d{2}:\d{2})?)?")
_DURATION = re.compile(r"(-?\d+(?:\.\d+)?)(ns|us|ms|s|m|h)")
_UNIT_NS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3_600 * 10**9}


def compare(value: Any, sign: str, wanted: str, field: str) -> bool:
    """Whether `value` stands in the relation `sign` to `wanted`; `field` is a top-level field's name in lower case."""
    compares = _OPERATORS[sign]
    if value is None:
        return wanted == "NULL_VALUE" and sign == "="
    if isinstance(value, Mapping):
        return False
    if field == "severity":
        number = _severity(wanted)
        return number is not None and compares(SEVERITIES[str(value)], number)
    for read in (_time_ns, _duration_ns, _number):
        here, there = read(value), read(wanted)
        if here is not None and there is not None:
            return compares(here, there)
    if isinstance(value, bool):
        return compares(str(value).lower(), wanted.lower())
    return compares(str(value).lower(), wanted.lower())


def contains(value: Any, wanted: str) -> bool:
    """Whether `wanted` is in the value's text; in a structure, in any of its keys' values."""
    if isinstance(value, Mapping):
        return any(name.lower() == wanted.lower() or contains(inner, wanted) for name, inner in value.items())
    return value is not None and wanted.lower() in _text(value).lower()


def matches(value: Any, pattern: re.Pattern[str]) -> bool:
    """Whether the regular expression is found in the value's text."""
    return not isinstance(value, Mapping) and value is not None and pattern.search(_text(value)) is not None


def text_anywhere(value: Any, wanted: str) -> bool:
    """Whether `wanted` is in any field."""
    if isinstance(value, Mapping):
        return any(text_anywhere(inner, wanted) for inner in value.values())
    if isinstance(value, list):
        return any(text_anywhere(inner, wanted) for inner in value)
    return value is not None and wanted.lower() in _text(value).lower()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _severity(text: str) -> int | None:
    return int(text) if text.isdecimal() else SEVERITIES.get(text.upper())


def _time_ns(value: Any) -> int | None:
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    fraction, zone = match["fraction"] or "", match["zone"] or "Z"
    whole = value[: match.start("fraction")] if fraction else value[: match.start("zone")] if match["zone"] else value
    try:
        moment = datetime.fromisoformat(f"{whole}T00:00:00+00:00" if len(whole) == 10 else whole + zone.upper())
    except ValueError:
        return None
    return round(moment.timestamp()) * 10**9 + int(f"{fraction[1:]:0<9.9}" or 0)


def _duration_ns(value: Any) -> int | None:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    return None if match is None else round(float(match[1]) * _UNIT_NS[match[2]])


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
