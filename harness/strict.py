"""Models of what people write by hand: immutable, strict about types, and helpful about misspelt keys.

This module must not know what is written: scenario files, faults and checks build their models on it.
"""

from __future__ import annotations

import difflib
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

UNKNOWN_KEY = "unknown_key"
"""The type of the error for a key that a model does not have."""


class Strict(BaseModel):
    """A model that takes no unknown keys (and names the nearest), no text for a number, and never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @model_validator(mode="wrap")
    @classmethod
    def _name_the_nearest_key(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(value)
        except ValidationError as error:
            errors = error.errors(include_url=False)
            if all(one["type"] != "extra_forbidden" for one in errors):
                raise
            known = [field.alias or name for name, field in cls.model_fields.items()]
            raise ValidationError.from_exception_data(
                error.title, [_with_hint(one, known) for one in errors]
            ) from error


def _with_hint(error: ErrorDetails, known: list[str]) -> InitErrorDetails:
    """The same error, worded with the nearest of `known` where it is about an unknown key of this very model."""
    kind, message, context = error["type"], error["msg"].removeprefix("Value error, "), error.get("ctx") or {}
    if kind == "extra_forbidden" and len(error["loc"]) == 1:
        key = str(error["loc"][0])
        kind, message = UNKNOWN_KEY, f"there is no key '{key}' here{nearest(key, known)}"
    # The text goes in as a value, not as a template: it may hold braces.
    again = PydanticCustomError(kind, "{message}", {**context, "message": message})
    return InitErrorDetails(type=again, loc=error["loc"], input=error["input"])


def nearest(word: str, known: list[str]) -> str:
    """A hint to append to an error about `word`: the nearest of `known`, or where none is near all of them, if few."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; it can be {', '.join(known)}" if 0 < len(known) <= 20 else ""
