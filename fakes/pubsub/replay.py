"""Snapshots, and what a seek makes of a backlog.

A snapshot holds what its subscription had not acknowledged when it was made and everything published to the topic
since (`pubsub.proto`, CreateSnapshotRequest). It must not know gRPC nor how a subscription delivers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fakes.pubsub.message import Message
from fakes.pubsub.subscription import Subscription
from fakes.pubsub.topic import Topic
from fakes.seam import GrpcError

LIFE_NS = 7 * 86_400 * 1_000_000_000
"""A snapshot lives 7 days less the age of the oldest message it holds (`pubsub.proto`, Snapshot.expire_time)."""

SHORTEST_LIFE_NS = 3_600 * 1_000_000_000
"""The service refuses to make one that would live less than an hour (ditto)."""


@dataclass(slots=True)
class Snapshot:
    """A snapshot of the topic `topic`; times in nanoseconds since the epoch."""

    name: str
    topic: str
    expire_ns: int
    labels: Mapping[str, str]
    messages: list[Message] = field(default_factory=list)


def take_snapshot(name: str, subscription: Subscription, labels: Mapping[str, str], now_ns: int) -> Snapshot:
    """A snapshot of what `subscription` has not acknowledged; FAILED_PRECONDITION if its backlog is too old."""
    unacked = list(subscription.backlog())
    oldest_ns = min((message.publish_ns for message in unacked), default=now_ns)
    expire_ns = oldest_ns + LIFE_NS
    if expire_ns - now_ns < SHORTEST_LIFE_NS:
        raise GrpcError(
            "FAILED_PRECONDITION",
            f"the snapshot {name} would expire in less than 1 hour, because the oldest unacknowledged message of its "
            f"subscription is {(now_ns - oldest_ns) / 86_400e9:.2f} days old",
        )
    return Snapshot(name, subscription.topic, expire_ns, dict(labels), unacked)


def seek_to_time(subscription: Subscription, topic: Topic | None, time_ns: int, now_ns: int) -> None:
    """Everything published before `time_ns` counts as acknowledged, everything since that is retained comes again."""
    candidates = [*subscription.backlog(), *subscription.acked_and_kept()]
    if topic is not None:
        candidates += topic.retained(now_ns)
    subscription.replay(message for message in candidates if message.publish_ns >= time_ns)


def seek_to_snapshot(subscription: Subscription, snapshot: Snapshot) -> None:
    """Make the backlog what it would have been had the snapshot been it; INVALID_ARGUMENT across topics."""
    if snapshot.topic != subscription.topic:
        raise GrpcError(
            "INVALID_ARGUMENT",
            f"the snapshot {snapshot.name} is of topic {snapshot.topic}, the subscription of {subscription.topic}; "
            "they must be of the same topic",
        )
    subscription.replay(snapshot.messages)
