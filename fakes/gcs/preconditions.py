"""Conditions on generations: what makes a retried write safe, and a race have one winner.

Source: https://cloud.google.com/storage/docs/request-preconditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fakes.gcs.errors import condition_not_met, invalid, not_modified


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a request demands of a generation and a metageneration before it is carried out; None: nothing.

    `if_match` and `if_none_match` are etags (`*` for any).
    """

    generation: int | None = None
    generation_not: int | None = None
    metageneration: int | None = None
    metageneration_not: int | None = None
    if_match: str | None = None
    if_none_match: str | None = None

    def check(self, generation: int, metageneration: int, etag: str, *, reading: bool = False) -> None:
        """Raise 412 unless they hold for what is there (0, 0 and "" for nothing).

        A read that fails a `not` condition is answered 304, as HTTP has it.
        """
        if self.generation is not None and self.generation != generation:
            raise condition_not_met()
        if self.metageneration is not None and self.metageneration != metageneration:
            raise condition_not_met()
        if self.if_match is not None and not _listed(etag, self.if_match):
            raise condition_not_met()
        stands = (
            (self.generation_not is not None and self.generation_not == generation)
            or (self.metageneration_not is not None and self.metageneration_not == metageneration)
            or (self.if_none_match is not None and _listed(etag, self.if_none_match))
        )
        if stands:
            raise not_modified() if reading else condition_not_met("If-None-Match")


ANY = Conditions()


def _listed(etag: str, header: str) -> bool:
    if header.strip() == "*":
        return etag != ""
    return etag != "" and any(part.strip().removeprefix("W/").strip('"') == etag for part in header.split(","))


def of_query(query: Mapping[str, str], headers: Mapping[str, str] | None = None, prefix: str = "if") -> Conditions:
    """The conditions of a JSON request; `prefix` is `ifSource` for those on a copy's source."""
    if not headers and not any(name.startswith(prefix) for name in query):
        return ANY
    return Conditions(
        generation=_number(query, f"{prefix}GenerationMatch"),
        generation_not=_number(query, f"{prefix}GenerationNotMatch"),
        metageneration=_number(query, f"{prefix}MetagenerationMatch"),
        metageneration_not=_number(query, f"{prefix}MetagenerationNotMatch"),
        if_match=headers.get("if-match") if headers else None,
        if_none_match=headers.get("if-none-match") if headers else None,
    )


def of_headers(headers: Mapping[str, str], prefix: str = "x-goog-if") -> Conditions:
    """The conditions of an XML request."""
    return Conditions(
        generation=_number(headers, f"{prefix}-generation-match"),
        metageneration=_number(headers, f"{prefix}-metageneration-match"),
        if_match=headers.get("if-match"),
        if_none_match=headers.get("if-none-match"),
    )


def _number(values: Mapping[str, str], name: str) -> int | None:
    text = values.get(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise invalid(f"Invalid value for {name}: {text!r} is not an integer", location=name) from None
