"""The kinds of events there are and what each must hold, as the schema of the published format says it.

Exists so that the format is written down once. It must not know how events are written or read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.schemas import schema


@dataclass(frozen=True, slots=True)
class Kind:
    """What an event of one kind must hold beyond the five fields that all have."""

    required: frozenset[str]
    nullable: Mapping[str, None]
    """Fields that must be there but may be null, ready to be filled in."""
    words: Mapping[str, tuple[Any, ...]]
    """Fields with a closed set of values."""


def _kinds() -> dict[str, Kind]:
    kinds = {}
    for name, definition in schema("history-event")["$defs"].items():
        properties = definition["properties"]
        nullable = {
            field: None for field in definition["required"] if "null" in _as_list(properties[field].get("type", ()))
        }
        kinds[name] = Kind(
            required=frozenset(definition["required"]) - nullable.keys(),
            nullable=nullable,
            words={field: tuple(rule["enum"]) for field, rule in properties.items() if "enum" in rule},
        )
    return kinds


def _as_list(types: Any) -> Any:
    return [types] if isinstance(types, str) else types


KINDS: Mapping[str, Kind] = _kinds()
"""By name, in the order of the schema."""
