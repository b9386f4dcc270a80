"""The service's state: topics, subscriptions and what passes between them.

Every method takes the one lock, does its work and lets go; none blocks. It must not know gRPC methods or HTTP, only
the resources' protobuf forms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from fakes.journal import Ledger
from fakes.pubsub.delivery import Delivery
from fakes.pubsub.envelope import timestamp
from fakes.pubsub.expiry import Expiry
from fakes.pubsub.labels import check_labels
from fakes.pubsub.limits import Limits, PushPace
from fakes.pubsub.message import Message, check_batch
from fakes.pubsub.names import DELETED_TOPIC, checked, project_of
from fakes.pubsub.push import PushPump
from fakes.pubsub.replay import Snapshot, take_snapshot
from fakes.pubsub.schema_service import SchemaRegistry
from fakes.pubsub.settings import Settings, normalise, read_settings
from fakes.pubsub.subscription import Subscription
from fakes.pubsub.topic import Topic, check_topic
from fakes.pubsub.weather import CALM, Sky, Weather
from fakes.seam import GrpcError, Surroundings

Draft = tuple[bytes, Mapping[str, str], str]
"""A message before it is published: data, attributes, ordering key."""

_FIRST_MESSAGE_ID = 7_000_000_000_000_001
"""The service's ids are decimal numbers of about this length."""


class Broker:
    """Topics and subscriptions by full name, in the order they were made."""

    def __init__(
        self,
        around: Surroundings,
        limits: Limits,
        pace: PushPace,
        weather: Weather = CALM,
        ledger: Ledger | None = None,
    ) -> None:
        self.around = around
        self.limits = limits
        self.ledger = ledger or Ledger()
        self.lock = self.ledger.lock
        self.topics: dict[str, Topic] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.subscription_pbs: dict[str, Any] = {}
        self.schemas = SchemaRegistry(around, self.ledger)
        self.snapshots: dict[str, Snapshot] = {}
        self._pumps: dict[str, PushPump] = {}
        self._pace = pace
        self._weather = weather
        self.next_id = _FIRST_MESSAGE_ID
        self._expiry = Expiry(around, self.lock, partial(self._remove, reason="subscription expired"))

    # ------------------------------------------------------------------------------------------------------- topics

    def create_topic(self, pb: Any) -> Topic:
        """Add a topic from its `google.pubsub.v1.Topic`; ALREADY_EXISTS if there is one of that name."""
        checked(pb.name, "topics")
        with self.lock:
            self.check_topic(pb)
            if pb.name in self.topics:
                raise GrpcError("ALREADY_EXISTS", f"Resource already exists in the project (resource={_id(pb.name)}).")
            _check_count("topics", self.topics, pb.name, self.limits.topics_per_project)
            pb.state = 1  # ACTIVE
            topic = Topic(pb, self.ledger)
            self.topics[pb.name] = topic
            self.ledger.note("topic", pb.name)
            return topic

    def check_topic(self, pb: Any) -> None:
        """Raise for what the service refuses of a topic, such as a schema that is not there; with the lock held."""
        check_topic(pb)
        if pb.HasField("schema_settings"):
            self.schemas.schema(pb.schema_settings.schema)

    def topic(self, name: str) -> Topic:
        """The topic of that full name; NOT_FOUND."""
        topic = self.topics.get(checked(name, "topics"))
        if topic is None:
            raise GrpcError("NOT_FOUND", f"Resource not found (resource={_id(name)}).")
        return topic

    def delete_topic(self, name: str) -> None:
        """Remove a topic; its subscriptions stay, with what they hold, and say `_deleted-topic_`."""
        with self.lock:
            topic = self.topic(name)
            del self.topics[name]
            topic.forget()
            self.ledger.note("topic", name)
            for subscription in topic.subscriptions.values():
                self.subscription_pbs[subscription.settings.name].topic = DELETED_TOPIC
                self.ledger.note("subscription", subscription.settings.name)

    def publish(self, name: str, drafts: Sequence[Draft]) -> list[str]:
        """Publish to a topic and give the new message ids, in order; INVALID_ARGUMENT beyond the limits."""
        check_batch(list(drafts), self.limits)
        with self.lock:
            topic = self.topic(name)
            messages = [self._message(*draft) for draft in self._validated(topic, drafts)]
            for message in messages:
                self._record_publish(topic, message)
                self._keep(topic, message)
            for subscription in topic.subscriptions.values():
                for message in messages:
                    subscription.enqueue(message)
            for subscription in topic.subscriptions.values():
                subscription.dispatch()
            return [message.message_id for message in messages]

    def _validated(self, topic: Topic, drafts: Sequence[Draft]) -> Sequence[Draft]:
        if not topic.pb.HasField("schema_settings"):
            return drafts
        check = self.schemas.check
        settings = topic.pb.schema_settings
        return [(data, {**attributes, **check(settings, data)}, key) for data, attributes, key in drafts]

    def _keep(self, topic: Topic, message: Message) -> None:
        topic.keep(message)
        for snapshot in self.live_snapshots() if self.snapshots else ():
            if snapshot.topic == topic.name:
                snapshot.messages.append(message)
                self.ledger.note("snapshot", snapshot.name)

    def _message(self, data: bytes, attributes: Mapping[str, str], ordering_key: str) -> Message:
        number = self.next_id
        self.next_id += 1
        self.ledger.note("next id")
        publish_ns = self.around.now_ns() // 1_000_000 * 1_000_000
        return Message(str(number), data, dict(sorted(attributes.items())), ordering_key, publish_ns)

    def _record_publish(self, topic: Topic, message: Message) -> None:
        for event in ("published",) if topic.subscriptions else ("published", "unrouted"):
            self.around.record(
                "message",
                event=event,
                topic=topic.name,
                subscription=None,
                message_id=message.message_id,
                attempt=None,
                status=None,
                reason="",
                data_sha256=message.data_sha256,
            )

    # ------------------------------------------------------------------------------------------------ subscriptions

    def create_subscription(self, pb: Any) -> Any:
        """Add a subscription from its `google.pubsub.v1.Subscription` and give it back with the defaults filled in."""
        checked(pb.name, "subscriptions")
        normalise(pb)
        settings = read_settings(pb, self.limits.filter_bytes)
        with self.lock:
            topic = self.topic(pb.topic)
            if pb.name in self.subscriptions:
                raise GrpcError("ALREADY_EXISTS", f"Resource already exists in the project (resource={_id(pb.name)}).")
            _check_count("subscriptions", self.subscriptions, pb.name, self.limits.subscriptions_per_project)
            self._check_dead_letter(settings)
            self.install(pb, settings, topic)
            return self.subscription_pb(pb.name)

    def install(self, pb: Any, settings: Settings, topic: Topic | None) -> Subscription:
        """Set up a subscription, of a topic that may be gone; with the lock held."""
        sky = Sky(self._weather, self.around.rng(f"weather/{pb.name}"))
        subscription = Subscription(settings, pb.topic, self.around, self.ledger, sky, self._forward)
        self.subscriptions[pb.name] = subscription
        self.subscription_pbs[pb.name] = pb
        self.ledger.note("subscription", pb.name)
        if topic is not None:
            topic.subscriptions[pb.name] = subscription
        self._pump(subscription)
        self._expiry.watch(subscription)
        return subscription

    def subscription(self, name: str) -> Subscription:
        """The subscription of that full name; NOT_FOUND."""
        subscription = self.subscriptions.get(checked(name, "subscriptions"))
        if subscription is None:
            raise GrpcError("NOT_FOUND", f"Resource not found (resource={_id(name)}).")
        return subscription

    def subscription_pb(self, name: str) -> Any:
        """A subscription as the service shows it."""
        self.subscription(name)
        pb = self.subscription_pbs[name]
        topic = self.topics.get(pb.topic)
        pb.ClearField("topic_message_retention_duration")
        if topic is not None and topic.pb.HasField("message_retention_duration"):
            pb.topic_message_retention_duration.CopyFrom(topic.pb.message_retention_duration)
        return pb

    def update_subscription(self, name: str, changed: Any) -> Any:
        """Replace a subscription's configuration by `changed`, which has its name and topic."""
        normalise(changed)
        settings = read_settings(changed, self.limits.filter_bytes)
        with self.lock:
            subscription = self.subscription(name)
            self._check_dead_letter(settings)
            self.subscription_pbs[name] = changed
            self.ledger.note("subscription", name)
            subscription.reconfigure(settings)
            self._pump(subscription)
            self._expiry.watch(subscription)
            subscription.dispatch()
            return self.subscription_pb(name)

    def delete_subscription(self, name: str) -> None:
        """Remove a subscription and its backlog."""
        with self.lock:
            self._remove(self.subscription(name), "subscription deleted")

    def _remove(self, subscription: Subscription, reason: str) -> None:
        name = subscription.settings.name
        self._cut_off(subscription)
        del self.subscriptions[name]
        del self.subscription_pbs[name]
        self.ledger.note("subscription", name)
        self._expiry.forget(name)
        consumers = subscription.consumers()
        subscription.close(reason)
        for consumer in consumers:
            consumer.end(GrpcError("NOT_FOUND", f"Resource not found (resource={_id(name)})."))

    def _cut_off(self, subscription: Subscription) -> None:
        topic = self.topics.get(subscription.topic)
        if topic is not None:
            topic.subscriptions.pop(subscription.settings.name, None)
        self._pumps.pop(subscription.settings.name, None)

    def detach_subscription(self, name: str) -> None:
        """Cut a subscription off its topic: its backlog goes, pulls fail, pushes stop."""
        with self.lock:
            subscription = self.subscription(name)
            self._cut_off(subscription)
            self.subscription_pbs[name].detached = True
            self.ledger.note("subscription", name)
            consumers = subscription.consumers()
            subscription.close("subscription detached")
            subscription.reconfigure(replace(subscription.settings, detached=True))
            for consumer in consumers:
                consumer.end(GrpcError("FAILED_PRECONDITION", f"The subscription is detached (subscription={name})."))

    # ---------------------------------------------------------------------------------------------------- snapshots

    def create_snapshot(self, name: str, subscription: str, labels: Mapping[str, str]) -> Snapshot:
        """Take a snapshot of a subscription; ALREADY_EXISTS, or FAILED_PRECONDITION if its backlog is too old."""
        checked(name, "snapshots")
        check_labels(labels)
        with self.lock:
            now_ns = self.around.now_ns()
            self.live_snapshots()
            if name in self.snapshots:
                raise GrpcError("ALREADY_EXISTS", f"Resource already exists in the project (resource={_id(name)}).")
            _check_count("snapshots", self.snapshots, name, self.limits.snapshots_per_project)
            snapshot = take_snapshot(name, self.subscription(subscription), labels, now_ns)
            self.snapshots[name] = snapshot
            self.ledger.note("snapshot", name)
            return snapshot

    def snapshot(self, name: str) -> Snapshot:
        """The snapshot of that full name; NOT_FOUND, also once it has expired."""
        checked(name, "snapshots")
        self.live_snapshots()
        snapshot = self.snapshots.get(name)
        if snapshot is None:
            raise GrpcError("NOT_FOUND", f"Resource not found (resource={_id(name)}).")
        return snapshot

    def live_snapshots(self) -> list[Snapshot]:
        """The snapshots that have not expired; the others are forgotten here."""
        now_ns = self.around.now_ns()
        for name in [name for name, snapshot in self.snapshots.items() if snapshot.expire_ns <= now_ns]:
            del self.snapshots[name]
            self.ledger.note("snapshot", name)
        return list(self.snapshots.values())

    def delete_snapshot(self, name: str) -> None:
        """Remove a snapshot."""
        with self.lock:
            self.snapshot(name)
            del self.snapshots[name]
            self.ledger.note("snapshot", name)

    # ------------------------------------------------------------------------------------------------------- ending

    def close(self) -> None:
        """Stop every timer and let go of everybody who waits."""
        with self.lock:
            self._expiry.close()
            for subscription in self.subscriptions.values():
                consumers = subscription.consumers()
                subscription.stop()
                for consumer in consumers:
                    consumer.end(GrpcError("UNAVAILABLE", "the pubsub emulator is stopping"))

    def _pump(self, subscription: Subscription) -> None:
        name, endpoint = subscription.settings.name, subscription.settings.push
        pump = self._pumps.get(name)
        if endpoint is None or subscription.settings.detached:
            if pump is not None:
                subscription.detach(pump)
                del self._pumps[name]
        elif pump is not None:
            pump.redirect(endpoint)
        else:
            for consumer in subscription.consumers():
                subscription.detach(consumer)
                consumer.end(GrpcError("FAILED_PRECONDITION", f"{name} is a push subscription now"))
            pump = PushPump(subscription, endpoint, self.around, self.lock, self._pace)
            self._pumps[name] = pump
            subscription.attach(pump)

    # ------------------------------------------------------------------------------------------------- dead letters

    def _check_dead_letter(self, settings: Settings) -> None:
        policy = settings.dead_letter
        if policy is not None and policy.topic not in self.topics:
            raise GrpcError(
                "NOT_FOUND",
                f"Dead letter topic not found (resource={_id(policy.topic)}); create it before {settings.name}",
            )

    def _forward(self, subscription: Subscription, delivery: Delivery) -> bool:
        """Forward to the dead-letter topic; False, and the message is redelivered, if that topic is gone."""
        policy = subscription.settings.dead_letter
        topic = None if policy is None else self.topics.get(policy.topic)
        if topic is None:
            return False
        message = delivery.message
        attributes = dict(message.attributes) | {
            "CloudPubSubDeadLetterSourceDeliveryCount": str(delivery.attempt),
            "CloudPubSubDeadLetterSourceSubscription": _id(subscription.settings.name),
            "CloudPubSubDeadLetterSourceSubscriptionProject": project_of(subscription.settings.name),
            "CloudPubSubDeadLetterSourceTopicPublishTime": timestamp(message.publish_ns),
        }
        # Past the size checks on purpose: the service's own attributes count for nobody.
        forwarded = self._message(message.data, attributes, message.ordering_key)
        self._record_publish(topic, forwarded)
        self._keep(topic, forwarded)
        for other in topic.subscriptions.values():
            other.enqueue(forwarded)
            if other is not subscription:
                other.dispatch()
        return True


def _id(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _check_count(collection: str, existing: Mapping[str, Any], name: str, most: int) -> None:
    if len(existing) < most:
        return
    project = project_of(name)
    if sum(1 for other in existing if project_of(other) == project) >= most:
        raise GrpcError(
            "RESOURCE_EXHAUSTED", f"Your project {project} has exceeded a limit: (limit={most} {collection})."
        )
