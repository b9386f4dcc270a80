"""What a scraper is and what it brings home."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from pipeline.clock import timestamp


@dataclass(frozen=True, slots=True)
class Capture:
    """One object to be stored: where (path in the bucket), what, how many records it holds, and of which day it is."""

    path: str
    payload: Any
    records: int
    game_date: date

    def body(self, scraper: str, scraped_at: datetime) -> bytes:
        """The JSON object as stored: the upstream's payload with who fetched it and when."""
        document = {
            "scraper": scraper,
            "game_date": self.game_date.isoformat(),
            "scraped_at": timestamp(scraped_at),
            "payload": self.payload,
        }
        return json.dumps(document, separators=(",", ":")).encode()


class Scraper(Protocol):
    """Fetches one feed for one of the league's days."""

    name: str

    def scrape(self, day: date, now: datetime) -> list[Capture]:
        """The captures, none where the upstream has nothing; raises `UpstreamError`."""


def stamp(now: datetime) -> str:
    """The time in an object's name: UTC to the microsecond, so that names sort and two scrapes never share one."""
    return now.strftime("%Y%m%dT%H%M%S_%fZ")
