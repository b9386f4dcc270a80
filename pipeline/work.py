"""The nouns of one attempt: what is to be done, why, and what became of it. Data only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum


class Status(StrEnum):
    """How an attempt of a processor ended."""

    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"
    NOT_READY = "not_ready"


@dataclass(frozen=True, slots=True)
class Trigger:
    """Who asked for the work: `source` is `pubsub`, `http` or `schedule`; `table` is the raw table that changed (""
    when a person or a schedule asked), `version` a fingerprint of its content, `message_id` the message that told us.
    """

    source: str
    table: str = ""
    message_id: str = ""
    version: str = ""
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """One attempt to be made by `processor` for the league's day `game_date`; `run_id` is its own and unique."""

    processor: str
    game_date: date
    trigger: Trigger
    run_id: str
    started_at: datetime

    @property
    def key(self) -> str:
        """What safeguards count by: processor and date."""
        return f"{self.processor}:{self.game_date.isoformat()}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt. `retryable` says whether the same message may succeed later (only read of failures).

    `records` counts the rows the attempt stands for (not only those it changed), `version` fingerprints them.
    """

    processor: str
    status: Status
    reason: str = ""
    records: int = 0
    retryable: bool = True
    version: str = ""
    error_type: str = ""

    def named(self, processor: str) -> Outcome:
        """The same outcome, said of `processor`."""
        return replace(self, processor=processor)
