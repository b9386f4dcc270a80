"""The door of a push endpoint: lets typed messages in, and sends the others where they do no harm.

Pub/Sub delivers again after any answer but a 2xx, a 400 included: an invalid push would come back for as long as the
message is kept (incidents 4, 14, 16). So it is copied, with the reason, to the dead-letter topic and acknowledged.
Somebody who calls the endpoint by hand has no use for that and gets a 400 that names the field.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipeline.messages import InvalidMessageError, Message, PushEnvelope, parse, parse_json, unwrap
from pipeline.publisher import Publisher

LOG = logging.getLogger(__name__)

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Delivery(Generic[M]):
    """A valid message and how it came: `message_id` is "" for a direct request."""

    message: M
    message_id: str
    source: str
    raw: bytes


class RefusedError(Exception):
    """What came is not a valid message: answer with `status` and `body`."""

    def __init__(self, status: int, body: dict[str, str]) -> None:
        super().__init__(body.get("problem", ""))
        self.status = status
        self.body = body


class Door(Generic[M]):
    """Takes messages of `kind`; what Pub/Sub brings and is not one goes to `dead_letter_topic`."""

    def __init__(self, kind: type[M], publisher: Publisher, dead_letter_topic: str) -> None:
        self._kind = kind
        self._publisher = publisher
        self._dead_letter_topic = dead_letter_topic

    def open(self, body: bytes) -> Delivery[M]:
        """The delivery in `body`; raises `RefusedError`, or `PublishFailedError` where even the copy failed."""
        envelope = self._envelope(body)
        try:
            if envelope is None:
                return Delivery(parse_json(self._kind, body), "", "http", body)
            raw = unwrap(envelope)
            return Delivery(parse_json(self._kind, raw), envelope.message.message_id, "pubsub", raw)
        except InvalidMessageError as error:
            if envelope is None:
                raise RefusedError(400, {"field": error.field, "problem": str(error)}) from None
            self.bury(envelope.message.message_id, envelope.message.data.encode(), str(error))
            raise RefusedError(204, {}) from None

    def bury(self, message_id: str, raw: bytes, reason: str) -> None:
        """Copy a message to the dead-letter topic; raises `PublishFailedError`."""
        LOG.error(
            "message %s goes to %s: %s",
            message_id,
            self._dead_letter_topic,
            reason,
            extra={"fields": {"reason": reason}},
        )
        self._publisher.publish_bytes(
            self._dead_letter_topic, raw or b"(empty)", {"reason": reason[:1000], "source_message_id": message_id}
        )

    def _envelope(self, body: bytes) -> PushEnvelope | None:
        try:
            decoded = json.loads(body)
        except ValueError:
            return None
        if not isinstance(decoded, dict) or "subscription" not in decoded or "message" not in decoded:
            return None
        try:
            return parse(PushEnvelope, decoded)
        except InvalidMessageError as error:
            raise RefusedError(400, {"field": error.field, "problem": str(error)}) from None
