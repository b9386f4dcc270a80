"""A subscription's configuration, validated as the service does and turned into plain numbers.

It must not know messages or deliveries; what it cannot honour it refuses by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fakes.pubsub.filters import compile_filter
from fakes.pubsub.labels import check_labels
from fakes.pubsub.names import checked
from fakes.seam import GrpcError

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential back-off between deliveries of one message, in seconds (0..600; `pubsub.proto`, RetryPolicy)."""

    minimum_s: float
    maximum_s: float

    def delay_s(self, failures: int) -> float:
        """How long to wait after the `failures`-th failure in a row (1..): minimum, doubled each time, maximum."""
        return float(min(self.maximum_s, self.minimum_s * 2.0 ** min(failures - 1, 64)))


@dataclass(frozen=True, slots=True)
class DeadLetterPolicy:
    """Where a message goes whose `attempts`-th (5..100) delivery failed (`pubsub.proto`, DeadLetterPolicy)."""

    topic: str
    attempts: int


@dataclass(frozen=True, slots=True)
class OidcToken:
    """The identity a push carries in its Authorization header."""

    service_account_email: str
    audience: str


@dataclass(frozen=True, slots=True)
class PushEndpoint:
    """Where and in which form messages are pushed."""

    url: str
    oidc: OidcToken | None = None
    wrapped: bool = True
    write_metadata: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """What a subscription's machine works with; times in seconds."""

    name: str
    ack_deadline_s: float
    retention_s: float
    retain_acked: bool
    ordering: bool
    exactly_once: bool
    retry: RetryPolicy | None
    dead_letter: DeadLetterPolicy | None
    push: PushEndpoint | None
    matches: Callable[[Mapping[str, str]], bool] | None
    expires_s: float | None
    detached: bool = False


def normalise(pb: Any) -> None:
    """Fill a `google.pubsub.v1.Subscription` with the service's defaults, as its answers show them."""
    pb.ack_deadline_seconds = pb.ack_deadline_seconds or 10
    if not pb.HasField("message_retention_duration"):
        pb.message_retention_duration.seconds = round(7 * DAY_S)
    if not pb.HasField("expiration_policy"):
        pb.expiration_policy.ttl.seconds = round(31 * DAY_S)
    if pb.HasField("dead_letter_policy"):
        pb.dead_letter_policy.max_delivery_attempts = pb.dead_letter_policy.max_delivery_attempts or 5
    if pb.HasField("retry_policy"):
        if not pb.retry_policy.HasField("minimum_backoff"):
            pb.retry_policy.minimum_backoff.seconds = 10
        if not pb.retry_policy.HasField("maximum_backoff"):
            pb.retry_policy.maximum_backoff.seconds = 600
    pb.state = 1  # ACTIVE


def read_settings(pb: Any, filter_bytes: int) -> Settings:
    """The settings in a normalised `google.pubsub.v1.Subscription` whose filter has at most `filter_bytes` bytes.

    Raises INVALID_ARGUMENT or OUT_OF_RANGE for what the service refuses, UNIMPLEMENTED for what only we do not do.
    """
    check_labels(pb.labels)
    for field in ("bigquery_config", "cloud_storage_config", "bigtable_config"):
        if pb.HasField(field):
            raise _not_emulated(pb.name, field, "pull from the subscription and write yourself")
    if pb.message_transforms:
        raise _not_emulated(pb.name, "message_transforms", "transform in the subscriber")
    settings = Settings(
        name=pb.name,
        ack_deadline_s=_between("ack_deadline_seconds", float(pb.ack_deadline_seconds), 10, 600),
        retention_s=_between("message_retention_duration", _seconds(pb.message_retention_duration), 600, 31 * DAY_S),
        retain_acked=pb.retain_acked_messages,
        ordering=pb.enable_message_ordering,
        exactly_once=pb.enable_exactly_once_delivery,
        retry=_retry(pb),
        dead_letter=_dead_letter(pb),
        push=_push(pb.push_config),
        matches=compile_filter(pb.filter, filter_bytes) if pb.filter else None,
        expires_s=_expiry(pb.expiration_policy),
        detached=pb.detached,
    )
    if settings.exactly_once and settings.push is not None:
        raise GrpcError(
            "INVALID_ARGUMENT", "Exactly-once delivery is only supported for pull subscriptions; drop the push_config"
        )
    return settings


def _retry(pb: Any) -> RetryPolicy | None:
    if not pb.HasField("retry_policy"):
        return None
    minimum_s = _between("retry_policy.minimum_backoff", _seconds(pb.retry_policy.minimum_backoff), 0, 600)
    maximum_s = _between("retry_policy.maximum_backoff", _seconds(pb.retry_policy.maximum_backoff), 0, 600)
    if minimum_s > maximum_s:
        raise GrpcError(
            "INVALID_ARGUMENT",
            f"retry_policy.minimum_backoff ({minimum_s:g} s) must not exceed maximum_backoff ({maximum_s:g} s)",
        )
    return RetryPolicy(minimum_s, maximum_s)


def _expiry(pb: Any) -> float | None:
    return _between("expiration_policy.ttl", _seconds(pb.ttl), DAY_S, 10_000 * DAY_S) if pb.HasField("ttl") else None


def _dead_letter(pb: Any) -> DeadLetterPolicy | None:
    if not pb.HasField("dead_letter_policy"):
        return None
    policy = pb.dead_letter_policy
    attempts = _between("dead_letter_policy.max_delivery_attempts", policy.max_delivery_attempts, 5, 100)
    return DeadLetterPolicy(checked(policy.dead_letter_topic, "topics"), round(attempts))


def _push(pb: Any) -> PushEndpoint | None:
    if not pb.push_endpoint:
        return None
    parts = urlsplit(pb.push_endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise GrpcError(
            "INVALID_ARGUMENT", f"Invalid push endpoint given (endpoint={pb.push_endpoint}); it must be an http(s) URL"
        )
    oidc = None
    if pb.HasField("oidc_token"):
        email = pb.oidc_token.service_account_email
        oidc = OidcToken(email, pb.oidc_token.audience or pb.push_endpoint)
    unwrapped = pb.HasField("no_wrapper")
    return PushEndpoint(pb.push_endpoint, oidc, not unwrapped, unwrapped and pb.no_wrapper.write_metadata)


def _seconds(duration: Any) -> float:
    return float(duration.seconds + duration.nanos / 1e9)


def _between(field: str, value: float, least: float, most: float) -> float:
    if least <= value <= most:
        return value
    raise GrpcError(
        "INVALID_ARGUMENT" if field != "dead_letter_policy.max_delivery_attempts" else "OUT_OF_RANGE",
        f"The value for {field} is out of bounds. You passed {value:.15g} in the request, but the value must be "
        f"between {least:.15g} and {most:.15g}.",
    )


def _not_emulated(name: str, field: str, remedy: str) -> GrpcError:
    return GrpcError("UNIMPLEMENTED", f"the pubsub emulator does not do {field} (subscription {name}); {remedy}")
