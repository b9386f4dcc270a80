"""What the service keeps over the end of its process, and how it comes back.

Topics, subscriptions, schemas, snapshots, policies and messages are kept; leases, open streams and the pace of pushes
are not: what was out comes again, as it may at the service. It must not know how records are stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from google.iam.v1.policy_pb2 import Policy
from google.pubsub_v1 import types

from fakes.journal import Journal
from fakes.pubsub.broker import Broker
from fakes.pubsub.iam import Iam
from fakes.pubsub.message import Message, MessagePb
from fakes.pubsub.replay import Snapshot
from fakes.pubsub.schemas import Revision, Schema, parse_definition
from fakes.pubsub.settings import read_settings
from fakes.pubsub.topic import Topic

_FIRST_ATTEMPT = 1


class Keeping:
    """Makes records of a broker's state, and the state of records."""

    def __init__(self, broker: Broker, iam: Iam) -> None:
        self._broker = broker
        self._iam = iam
        dumps: Mapping[str, Callable[..., bytes | None]] = {
            "topic": self._topic,
            "subscription": self._subscription,
            "schema": self._schema,
            "snapshot": self._snapshot,
            "policy": self._policy,
            "backlog": self._backlog,
            "progress": self._progress,
            "acked": self._acked,
            "retained": self._retained,
            "next id": self._next_id,
        }
        for kind, dump in dumps.items():
            broker.ledger.keep(kind, dump)

    # ------------------------------------------------------------------------------------------------------ to keep

    def _topic(self, name: str) -> bytes | None:
        topic = self._broker.topics.get(name)
        return None if topic is None else topic.pb.SerializeToString()

    def _subscription(self, name: str) -> bytes | None:
        pb = self._broker.subscription_pbs.get(name)
        return None if pb is None else pb.SerializeToString()

    def _schema(self, name: str) -> bytes | None:
        schema = self._broker.schemas.schemas.get(name)
        if schema is None:
            return None
        revisions = [(one.id, one.definition, one.created_ns) for one in schema.revisions]
        return orjson.dumps((schema.kind, revisions))

    def _snapshot(self, name: str) -> bytes | None:
        snapshot = self._broker.snapshots.get(name)
        if snapshot is None:
            return None
        head = orjson.dumps((snapshot.topic, snapshot.expire_ns, dict(snapshot.labels)))
        held = types.PublishRequest.pb()(messages=[message.to_pb() for message in snapshot.messages])
        return head + b"\n" + bytes(held.SerializeToString())

    def _policy(self, resource: str) -> bytes | None:
        policy = self._iam.policies.get(resource)
        return None if policy is None else policy.SerializeToString()

    def _backlog(self, name: str, message_id: str) -> bytes | None:
        subscription = self._broker.subscriptions.get(name)
        delivery = None if subscription is None else subscription.outstanding(message_id)
        return None if delivery is None else delivery.message.to_pb().SerializeToString()

    def _progress(self, name: str, message_id: str) -> bytes | None:
        subscription = self._broker.subscriptions.get(name)
        delivery = None if subscription is None else subscription.outstanding(message_id)
        if delivery is None or (delivery.attempt == _FIRST_ATTEMPT and not delivery.acked):
            return None
        return orjson.dumps((delivery.attempt, delivery.acked))

    def _acked(self, name: str, message_id: str) -> bytes | None:
        subscription = self._broker.subscriptions.get(name)
        message = None if subscription is None else subscription.acked_message(message_id)
        return None if message is None else message.to_pb().SerializeToString()

    def _retained(self, name: str, message_id: str) -> bytes | None:
        topic = self._broker.topics.get(name)
        message = None if topic is None else topic.retained_message(message_id)
        return None if message is None else message.to_pb().SerializeToString()

    def _next_id(self) -> bytes:
        return b"%d" % self._broker.next_id

    # ---------------------------------------------------------------------------------------------- what comes back

    def restore(self, journal: Journal) -> None:
        """Fill the broker, which is empty, with what the journal has."""
        broker = self._broker
        with broker.lock:
            for _, value in journal.records("next id"):
                broker.next_id = int(value)
            for (name,), value in journal.records("schema"):
                broker.schemas.schemas[name] = _schema(name, value)
            for (name,), value in journal.records("topic"):
                broker.topics[name] = Topic(types.Topic.pb().FromString(value), broker.ledger)
            for (name, _), value in journal.records("retained"):
                broker.topics[name].keep(_message(MessagePb.FromString(value)))
            for _, value in journal.records("subscription"):
                pb = types.Subscription.pb().FromString(value)
                topic = None if pb.detached else broker.topics.get(pb.topic)
                broker.install(pb, read_settings(pb, broker.limits.filter_bytes), topic)
            self._restore_messages(journal)
            for (name,), value in journal.records("snapshot"):
                broker.snapshots[name] = _snapshot(name, value)
            for (name,), value in journal.records("policy"):
                self._iam.policies[name] = Policy.FromString(value)
            for subscription in broker.subscriptions.values():
                subscription.dispatch()

    def _restore_messages(self, journal: Journal) -> None:
        subscriptions = self._broker.subscriptions
        progress = {key: orjson.loads(value) for key, value in journal.records("progress")}
        # By id, as they were published: one that a seek brought back has come to the journal later.
        for key, value in sorted(journal.records("backlog"), key=lambda record: int(record[0][1])):
            attempt, acked = progress.get(key, (_FIRST_ATTEMPT, False))
            subscriptions[key[0]].restore(_message(MessagePb.FromString(value)), attempt, acked=acked)
        for (name, _), value in journal.records("acked"):
            subscriptions[name].restore_acked(_message(MessagePb.FromString(value)))


def _message(pb: Any) -> Message:
    publish_ns = pb.publish_time.seconds * 1_000_000_000 + pb.publish_time.nanos
    return Message(pb.message_id, pb.data, dict(sorted(pb.attributes.items())), pb.ordering_key, publish_ns)


def _schema(name: str, value: bytes) -> Schema:
    kind, revisions = orjson.loads(value)
    made = [Revision(id_, text, created_ns, parse_definition(kind, text)) for id_, text, created_ns in revisions]
    return Schema(name, kind, made)


def _snapshot(name: str, value: bytes) -> Snapshot:
    head, _, held = value.partition(b"\n")
    topic, expire_ns, labels = orjson.loads(head)
    messages = [_message(pb) for pb in types.PublishRequest.pb().FromString(held).messages]
    return Snapshot(name, topic, expire_ns, labels, messages)
