"""Partial responses: the `fields` parameter, `items(name,metadata/key),nextPageToken`.

Source: https://cloud.google.com/storage/docs/json_api#partial-response.
"""

from __future__ import annotations

from typing import Any

from fakes.gcs.errors import ApiError, invalid

Mask = dict[str, "Mask"]
"""Names to keep, each with what to keep below it ({}: everything)."""

_DEPTH = 32


def mask_of(fields: str) -> Mask:
    """Parse `fields`. Raises 400 where it does not parse."""
    mask, rest = _list(fields.replace(" ", ""), fields, 0)
    if rest:
        raise _bad(fields)
    return mask


def _list(text: str, whole: str, depth: int) -> tuple[Mask, str]:
    mask: Mask = {}
    if depth > _DEPTH:
        raise _bad(whole)
    while True:
        at = mask
        while True:
            end = next((i for i, character in enumerate(text) if character in "/(),"), len(text))
            name, text = text[:end], text[end:]
            if not name:
                raise _bad(whole)
            at = at.setdefault(name, {})
            if not text.startswith("/"):
                break
            text = text[1:]
        if text.startswith("("):
            inner, text = _list(text[1:], whole, depth + 1)
            at.update(inner)
            if not text.startswith(")"):
                raise _bad(whole)
            text = text[1:]
        if not text.startswith(","):
            return mask, text
        text = text[1:]


def _bad(fields: str) -> ApiError:
    return invalid(f"Invalid field selection {fields[:200]}", reason="invalidParameter", location="fields")


def selected(value: Any, mask: Mask) -> Any:
    """What `mask` keeps of `value`."""
    if not mask or "*" in mask:
        return value
    if isinstance(value, list):
        return [selected(one, mask) for one in value]
    if isinstance(value, dict):
        return {name: selected(inner, mask[name]) for name, inner in value.items() if name in mask}
    return value
