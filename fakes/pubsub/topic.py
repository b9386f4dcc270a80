"""A topic: its configuration, who subscribes to it, and what it retains.

It must not know how messages are delivered.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from fakes.journal import Ledger
from fakes.pubsub.labels import check_labels
from fakes.pubsub.message import Message
from fakes.pubsub.subscription import Subscription
from fakes.seam import GrpcError


def check_topic(pb: Any) -> None:
    """Raise INVALID_ARGUMENT for a `google.pubsub.v1.Topic` the service refuses, UNIMPLEMENTED where only we do."""
    check_labels(pb.labels)
    if pb.HasField("ingestion_data_source_settings"):
        raise _not_emulated(pb.name, "ingestion_data_source_settings", "publish what is to be ingested")
    if pb.message_transforms:
        raise _not_emulated(pb.name, "message_transforms", "transform in the publisher")
    if pb.HasField("message_retention_duration"):
        duration = pb.message_retention_duration
        retention_s = duration.seconds + duration.nanos / 1e9
        if not 600 <= retention_s <= 31 * 86_400:
            raise GrpcError(
                "INVALID_ARGUMENT",
                f"The value for message_retention_duration is out of bounds. You passed {retention_s:.15g} in the "
                "request, but the value must be between 600 and 2678400.",
            )


def _not_emulated(name: str, field: str, remedy: str) -> GrpcError:
    return GrpcError("UNIMPLEMENTED", f"the pubsub emulator does not do {field} (topic {name}); {remedy}")


class Topic:
    """`pb` is its `google.pubsub.v1.Topic`; `subscriptions` by name, in the order they were made."""

    def __init__(self, pb: Any, ledger: Ledger) -> None:
        self.pb = pb
        self._ledger = ledger
        self.subscriptions: dict[str, Subscription] = {}
        self._retained: OrderedDict[str, Message] = OrderedDict()

    @property
    def name(self) -> str:
        """`projects/{project}/topics/{topic}`."""
        return str(self.pb.name)

    def retention_s(self) -> float | None:
        """How long published messages are kept for seeking, in seconds; None if they are not."""
        if not self.pb.HasField("message_retention_duration"):
            return None
        duration = self.pb.message_retention_duration
        return float(duration.seconds + duration.nanos / 1e9)

    def keep(self, message: Message) -> None:
        """Retain a published message if the topic does so, and let go of what is too old."""
        retention_s = self.retention_s()
        if retention_s is None:
            self.forget()
            return
        self._retained[message.message_id] = message
        self._ledger.note("retained", self.name, message.message_id)
        self._trim(message.publish_ns - round(retention_s * 1e9))

    def retained(self, now_ns: int) -> tuple[Message, ...]:
        """What was published within the retention, oldest first."""
        retention_s = self.retention_s()
        if retention_s is None:
            return ()
        self._trim(now_ns - round(retention_s * 1e9))
        return tuple(self._retained.values())

    def retained_message(self, message_id: str) -> Message | None:
        """The retained message of that id, None without one."""
        return self._retained.get(message_id)

    def forget(self) -> None:
        """Retain nothing."""
        while self._retained:
            self._drop_first()

    def _trim(self, before_ns: int) -> None:
        while self._retained and next(iter(self._retained.values())).publish_ns <= before_ns:
            self._drop_first()

    def _drop_first(self) -> None:
        message_id, _ = self._retained.popitem(last=False)
        self._ledger.note("retained", self.name, message_id)
