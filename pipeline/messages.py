"""The messages between phases, typed: what is not valid never reaches a processor.

Shapes follow the unified publisher's envelope (one set of fields from phase 2 on). Unknown extra fields are ignored
so that a newer publisher does not break an older subscriber; missing or malformed ones are refused with the field's
name.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import date, datetime
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

DataStatus = Literal["success", "partial", "no_data", "failed"]


class InvalidMessageError(Exception):
    """A body is not the message it should be; `field` names the first offending field, the text says what is wrong."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


class Message(BaseModel):
    """Common to all messages: immutable, extra fields ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ScraperCompletion(Message):
    """Phase 1 says: this scraper wrote this object (`gcs_path` is `gs://bucket/object`), for the league's
    `game_date`.
    """

    scraper: str = Field(min_length=1)
    gcs_path: str = Field(pattern=r"^gs://[^/]+/.+$")
    execution_id: str = Field(min_length=1)
    correlation_id: str = ""
    status: DataStatus
    record_count: int = Field(ge=0)
    game_date: date
    timestamp: datetime


class PhaseCompletion(Message):
    """What phases 2 to 5 say when a processor ended; `version` fingerprints the rows it stands for."""

    processor_name: str = Field(min_length=1)
    execution_id: str = Field(min_length=1)
    correlation_id: str = ""
    game_date: date
    output_table: str = Field(min_length=1)
    output_dataset: str = Field(min_length=1)
    status: DataStatus
    record_count: int = Field(ge=0)
    records_failed: int = Field(default=0, ge=0)
    timestamp: datetime
    duration_seconds: float = Field(default=0.0, ge=0)
    parent_processor: str = ""
    trigger_source: str = ""
    trigger_message_id: str = ""
    error_message: str = ""
    error_type: str = ""
    version: str = ""
    metadata: dict[str, Any] = Field(default_factory=dict)


class Phase2Completion(PhaseCompletion):
    """A raw table has changed."""

    phase: Literal["phase_2_raw"] = "phase_2_raw"


class Phase3Completion(PhaseCompletion):
    """An analytics table has changed."""

    phase: Literal["phase_3_analytics"] = "phase_3_analytics"


class ScrapeRequest(Message):
    """Body of `/scrape`: `date` is TODAY, YESTERDAY, TOMORROW or ISO; resolved in Eastern time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scraper: str = Field(min_length=1)
    date: str = "TODAY"


class DateRangeRequest(Message):
    """Body of `/process-date-range`: both ends included; `processors` empty means all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start_date: str
    end_date: str
    processors: tuple[str, ...] = ()


class PushMessage(Message):
    """The `message` of a push envelope."""

    data: str = ""
    attributes: dict[str, str] = Field(default_factory=dict)
    message_id: str = Field(min_length=1, alias="messageId")


class PushEnvelope(Message):
    """The body of a Pub/Sub push request (wrapped form)."""

    message: PushMessage
    subscription: str = Field(min_length=1)
    delivery_attempt: int = Field(default=0, alias="deliveryAttempt")


M = TypeVar("M", bound=Message)


def parse(kind: type[M], body: object) -> M:
    """`body` as a `kind`; raises `InvalidMessageError` naming the first offending field."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=True)[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        shown = repr(first["input"])
        raise InvalidMessageError(field, f"{first['msg']} (got {shown[:80]})") from None


def parse_json(kind: type[M], raw: bytes) -> M:
    """JSON bytes as a `kind`; raises `InvalidMessageError`."""
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise InvalidMessageError("body", f"not JSON: {error}") from None
    return parse(kind, body)


def unwrap(envelope: PushEnvelope) -> bytes:
    """The payload of a push; raises `InvalidMessageError` where it is not base64."""
    try:
        return base64.b64decode(envelope.message.data, validate=True)
    except binascii.Error as error:
        raise InvalidMessageError("message.data", f"not base64: {error}") from None


def to_json(message: Message) -> bytes:
    """`message` as it is published."""
    return message.model_dump_json().encode()
