"""What a raw feed is: which objects it reads, which table it fills, and how one becomes the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from pipeline import fingerprint
from pipeline.warehouse import ReplaceWhen, Row, Table

UNHASHED = frozenset({"data_hash", "scraped_at", "processed_at"})
"""Columns that change without the facts changing."""


class CaptureFormatError(Exception):
    """A stored capture is not what its path promises; the text names the field. Reading it again will not help."""


@dataclass(frozen=True, slots=True)
class StoredCapture:
    """A capture as read back from the bucket."""

    payload: Any
    game_date: date
    scraped_at: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """`prefix` is the start of the paths of its objects; `parse` raises KeyError, TypeError or ValueError for a bad
    one.
    """

    name: str
    prefix: str
    table: Table
    parse: Callable[[StoredCapture], list[dict[str, Any]]]
    replace: ReplaceWhen = ReplaceWhen.SCRAPED_SINCE

    def rows(self, capture: StoredCapture, now: datetime) -> list[Row]:
        """The rows of `capture`, with their fingerprints and times. Raises `CaptureFormatError`."""
        try:
            facts = self.parse(capture)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CaptureFormatError(f"{self.name}: {type(error).__name__}: {error}") from error
        return [
            {
                **row,
                "data_hash": fingerprint.of_row(row, UNHASHED),
                "scraped_at": capture.scraped_at,
                "processed_at": now,
            }
            for row in facts
        ]


def load_capture(body: bytes) -> StoredCapture:
    """Decode a stored object. Raises `CaptureFormatError`."""
    try:
        document: Mapping[str, Any] = json.loads(body)
        return StoredCapture(
            document["payload"],
            date.fromisoformat(document["game_date"]),
            datetime.fromisoformat(document["scraped_at"]).astimezone(UTC),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CaptureFormatError(f"stored capture: {type(error).__name__}: {error}") from error
