"""The service's quotas and the pace of its pushes, with the figures it documents; a scenario may lower or lift them.

It must not know who applies them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from fakes.pubsub.weather import Weather

T = TypeVar("T", bound="Limits | PushPace | Weather")


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes and counts beyond which the service refuses (cloud.google.com/pubsub/quotas, "Resource limits")."""

    messages_per_publish: int = 1_000
    bytes_per_publish: int = 10_000_000
    attributes_per_message: int = 100
    attribute_key_bytes: int = 256
    attribute_value_bytes: int = 1_024
    ordering_key_bytes: int = 1_024
    filter_bytes: int = 256
    topics_per_project: int = 10_000
    subscriptions_per_project: int = 10_000
    snapshots_per_project: int = 5_000
    bytes_per_ack: int = 524_288
    """Of a whole Acknowledge or ModifyAckDeadline request."""
    messages_per_pull: int = 1_000
    bytes_per_pull: int = 10_000_000
    pull_wait_s: float = 90.0
    """How long a pull waits for a first message; measured on the vendor's emulator as 89 s, "bounded" in the docs."""


@dataclass(frozen=True, slots=True)
class PushPace:
    """How fast pushes go (cloud.google.com/pubsub/docs/push, "Push backoff" and "Delivery rate").

    The docs give 100 ms to 60 s for the back-off, "a small single-digit window" at the start, exponential growth with
    each acknowledgement up to 3,000 outstanding requests, and linear growth beyond it while at least 99 % of the
    requests are acknowledged in under a second on average. That 3 is the start, that one failure doubles the back-off
    and halves the window, and that two seconds without a failure halve the back-off (see `PushBackoff`), are this
    emulator's reading of it.
    """

    minimum_backoff_s: float = 0.1
    maximum_backoff_s: float = 60.0
    calm_s: float = 2.0
    first_window: int = 3
    linear_window: int = 3_000


def read(option: str, value: Any, service: T) -> T:
    """What a world gave as `option`: nothing or `"service"`, an object of the type, or some fields to replace."""
    if value is None or value == "service":
        return service
    if isinstance(value, type(service)):
        return value
    known = [field.name for field in fields(service)]
    if isinstance(value, Mapping):
        for name in value:
            if name not in known:
                raise ValueError(f"pubsub option {option!r} has no field {name!r}; it has {', '.join(known)}")
        return replace(service, **value)
    raise ValueError(
        f'pubsub option {option!r} is {value!r}; give "service" or a mapping of some of {", ".join(known)}'
    )
