"""Models of what people write by hand: immutable, strict about types, and helpful about misspelt keys.

This module must not know what is written: scenario files, faults and checks build their models on it.
"""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

UNKNOWN_KEY = "unknown_key"
"""The type of the error for a key that a model does not have; its context holds `key`."""


class Strict(BaseModel):
    """A model that takes no unknown keys (and names the nearest), no text for a number, and never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, value: Any) -> Any:
        if isinstance(value, dict):
            known = [field.alias or name for name, field in cls.model_fields.items()]
            for key in value:
                if key not in known:
                    raise PydanticCustomError(
                        UNKNOWN_KEY, "unknown key '{key}'{hint}", {"key": str(key), "hint": nearest(str(key), known)}
                    )
        return value


def nearest(word: str, known: list[str]) -> str:
    """A hint to append to an error about `word`: the nearest of `known`, or all of them where none is near."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else f"; it can be {', '.join(known)}"
