"""JSON values as the service stores and prints them, and JSONPath. Plain text in, plain text out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

MISSING: Any = object()


class PathError(ValueError):
    """A JSONPath that the service refuses."""


def loads(text: str) -> Any:
    """The value of a JSON text; ValueError where it is none."""
    return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_first)


def _first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of double keys the service keeps the first.
    found: dict[str, Any] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def dumps(value: Any) -> str:
    """Compact, non-ASCII kept, floats printed as the service does."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def canonical(text: str) -> str:
    """`text` in the normal form of the JSON type: compact, keys sorted, the first of double keys."""
    return dumps(sort(loads(text)))


def sort(value: Any) -> Any:
    """`value` with the keys of every object in order, as the JSON type keeps them."""
    if isinstance(value, dict):
        return {k: sort(value[k]) for k in sorted(value)}
    if isinstance(value, list):
        return [sort(v) for v in value]
    return value


@lru_cache(maxsize=1024)
def steps(path: str) -> tuple[str | int, ...]:
    """The steps of a JSONPath: `$`, `.key`, `['key']`, `."key"`, `[0]`; raises `PathError`."""
    if path.startswith("lax "):
        raise PathError("unsupported by the emulator: a lax JSONPath")
    if not path.startswith("$"):
        raise PathError(f"JSONPath must start with '$': {path}")
    rest, found = path[1:], []
    pattern = re.compile(
        r"""\.([^.\[\]"']+)|\."((?:[^"\\]|\\.)*)"|\[\s*(\d+)\s*\]|\[\s*'((?:[^'\\]|\\.)*)'\s*\]|\[\s*"((?:[^"\\]|\\.)*)"\s*\]"""
    )
    at = 0
    while at < len(rest):
        one = pattern.match(rest, at)
        if not one:
            raise PathError(f"Invalid JSONPath: {path}")
        at = one.end()
        key, double, index, single, other = one.groups()
        found.append(
            int(index) if index is not None else next(k for k in (key, double, single, other) if k is not None)
        )
    return tuple(found)


def at(value: Any, path: str) -> Any:
    """What stands at `path`, or MISSING."""
    for step in steps(path):
        if isinstance(step, int):
            if isinstance(value, list) and 0 <= step < len(value):
                value = value[step]
                continue
            if isinstance(value, dict) and str(step) in value:
                value = value[str(step)]
                continue
            return MISSING
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return MISSING
    return value


def scalar_text(value: Any) -> str | None:
    """A scalar as JSON_VALUE prints it; None for null, objects and arrays."""
    if value is None or value is MISSING or isinstance(value, (dict, list)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else dumps(value)


def keys(value: Any, depth: int | None, prefix: str = "") -> Iterator[str]:
    """The key paths of an object, as JSON_KEYS gives them."""
    if not isinstance(value, dict) or depth == 0:
        return
    for key, inner in value.items():
        quoted = key if re.fullmatch(r"[A-Za-z_]\w*", key) else f'"{key}"'
        path = f"{prefix}.{quoted}" if prefix else quoted
        yield path
        yield from keys(inner, None if depth is None else depth - 1, path)
