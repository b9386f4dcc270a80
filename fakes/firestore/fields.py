"""Field paths, and reaching into a document's fields with them.

A path is dotted; a segment that is no simple word stands in back-ticks (`a.b.`c-d``). It must not know documents.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fakes.seam import GrpcError

Path = tuple[str, ...]

_SEGMENT = re.compile(r"([A-Za-z_][A-Za-z_0-9]*)|`((?:[^`\\]|\\.)+)`", re.DOTALL)


def parse(text: str) -> Path:
    """The segments of a field path; INVALID_ARGUMENT for one that is not legal."""
    path = []
    at = 0
    while True:
        match = _SEGMENT.match(text, at)
        if match is None:
            break
        path.append(match[1] or re.sub(r"\\(.)", r"\1", match[2]))
        at = match.end()
        if at == len(text):
            return tuple(path)
        if text[at] != ".":
            break
        at += 1
    raise GrpcError(
        "INVALID_ARGUMENT",
        f'Invalid property path "{text}" at position {at}: segments are words of A-Z a-z 0-9 _ or stand in back-ticks',
    )


def get(fields: Mapping[str, Any], path: Path) -> Any | None:
    """The value at `path`, None if there is none."""
    value = None
    for depth, segment in enumerate(path):
        if segment not in fields:
            return None
        value = fields[segment]
        if depth < len(path) - 1:
            if not value.HasField("map_value"):
                return None
            fields = value.map_value.fields
    return value


def put(fields: Any, path: Path, value: Any) -> None:
    """Set the value at `path`, making maps on the way; whatever else is in the way is replaced."""
    for segment in path[:-1]:
        inner = fields[segment]
        if not inner.HasField("map_value"):
            inner.Clear()
            inner.map_value.SetInParent()
        fields = inner.map_value.fields
    fields[path[-1]].CopyFrom(value)


def remove(fields: Any, path: Path) -> None:
    """Delete the value at `path`, if there is one."""
    for segment in path[:-1]:
        if segment not in fields or not fields[segment].HasField("map_value"):
            return
        fields = fields[segment].map_value.fields
    if path[-1] in fields:
        del fields[path[-1]]
