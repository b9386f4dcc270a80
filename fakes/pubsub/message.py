"""A message as the service keeps it, and how it looks on the wire.

It must not know topics, subscriptions or deliveries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.pubsub_v1.types import PubsubMessage

from fakes.pubsub.limits import Limits
from fakes.seam import GrpcError

MessagePb = PubsubMessage.pb()


@dataclass(frozen=True, slots=True)
class Message:
    """A published message; immutable and shared by all its deliveries.

    `publish_ns` is in nanoseconds since the epoch, cut to whole milliseconds as the service does. `size` is in bytes,
    as the quotas count it: data, attributes and ordering key.
    """

    message_id: str
    data: bytes
    attributes: Mapping[str, str]
    ordering_key: str
    publish_ns: int
    data_sha256: str = field(init=False)
    size: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "data_sha256", hashlib.sha256(self.data).hexdigest())
        object.__setattr__(self, "size", _size(self.data, self.attributes, self.ordering_key))

    def to_pb(self) -> Any:
        """The message as a `google.pubsub.v1.PubsubMessage`."""
        pb = MessagePb(
            data=self.data, attributes=self.attributes, message_id=self.message_id, ordering_key=self.ordering_key
        )
        pb.publish_time.seconds, pb.publish_time.nanos = divmod(self.publish_ns, 1_000_000_000)
        return pb


def _size(data: bytes, attributes: Mapping[str, str], ordering_key: str) -> int:
    return (
        len(data)
        + len(ordering_key.encode())
        + sum(len(key.encode()) + len(value.encode()) for key, value in attributes.items())
    )


def check_batch(messages: list[tuple[bytes, Mapping[str, str], str]], limits: Limits) -> None:
    """Raise INVALID_ARGUMENT, in the service's words, if a publish request of `(data, attributes, key)` is too much."""
    if not messages:
        raise GrpcError(
            "INVALID_ARGUMENT", "The request contains no messages: a publish request must have at least one"
        )
    _check_most("message_count", len(messages), limits.messages_per_publish)
    total = 0
    for data, attributes, key in messages:
        if not data and not attributes:
            raise GrpcError(
                "INVALID_ARGUMENT", "Some messages are empty: each must have non-empty data or at least one attribute"
            )
        _check_most("attribute_count", len(attributes), limits.attributes_per_message)
        for name, value in attributes.items():
            # The client library's own tracing attributes start with "googclient_" and are let through.
            if not name or (name.startswith("goog") and not name.startswith("googclient_")):
                raise GrpcError(
                    "INVALID_ARGUMENT", f'Invalid attribute key "{name}": it must not be empty nor start with "goog"'
                )
            _check_most("attribute_key_size", len(name.encode()), limits.attribute_key_bytes)
            _check_most("attribute_value_size", len(value.encode()), limits.attribute_value_bytes)
        _check_most("ordering_key_size", len(key.encode()), limits.ordering_key_bytes)
        total += _size(data, attributes, key)
    _check_most("request_size", total, limits.bytes_per_publish)


def _check_most(what: str, value: int, most: int) -> None:
    if value > most:
        raise GrpcError(
            "INVALID_ARGUMENT",
            f"The value for {what} is too large. You passed {value} in the request, but the maximum value is {most}.",
        )
