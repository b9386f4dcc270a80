"""A Pub/Sub back end with the clock in the test's hand, and short words for what tests do with it."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1 import types

from fakes.pubsub import create
from tests.fakes.direct import Direct
from tests.fakes.manual import ManualSurroundings

PROJECT = "nba-props-platform"
TOPIC = f"projects/{PROJECT}/topics/raw-complete"
DEAD = f"projects/{PROJECT}/topics/raw-complete-dlq"
SUB = f"projects/{PROJECT}/subscriptions/analytics-sub"
URL = "https://phase3-analytics/process"


class EmptyType:
    """google.protobuf.Empty is plain protobuf, not proto-plus."""

    @staticmethod
    def deserialize(data: bytes) -> Empty:
        return Empty.FromString(data)


class Desk:
    def __init__(self, **options: Any) -> None:
        self.around = ManualSurroundings()
        self.backend = create(self.around, project=PROJECT, **options)
        self.rpc = Direct(self.backend)

    def topic(self, name: str = TOPIC, **fields: Any) -> types.Topic:
        return self.rpc.call("CreateTopic", types.Topic(name=name, **fields), types.Topic)

    def subscription(self, name: str = SUB, topic: str = TOPIC, **fields: Any) -> types.Subscription:
        request = types.Subscription(name=name, topic=topic, **fields)
        return self.rpc.call("CreateSubscription", request, types.Subscription)

    def publish(self, *data: bytes, topic: str = TOPIC, key: str = "", **attributes: str) -> list[str]:
        messages = [types.PubsubMessage(data=one, attributes=attributes, ordering_key=key) for one in data]
        request = types.PublishRequest(topic=topic, messages=messages)
        return list(self.rpc.call("Publish", request, types.PublishResponse).message_ids)

    def pull(self, most: int = 100, name: str = SUB) -> list[types.ReceivedMessage]:
        request = types.PullRequest(subscription=name, max_messages=most, return_immediately=True)
        return list(self.rpc.call("Pull", request, types.PullResponse).received_messages)

    def ack(self, *ack_ids: str, name: str = SUB) -> None:
        self.rpc.call("Acknowledge", types.AcknowledgeRequest(subscription=name, ack_ids=ack_ids), EmptyType)

    def extend(self, seconds: int, *ack_ids: str, name: str = SUB) -> None:
        request = types.ModifyAckDeadlineRequest(subscription=name, ack_ids=ack_ids, ack_deadline_seconds=seconds)
        self.rpc.call("ModifyAckDeadline", request, EmptyType)

    def nack(self, *ack_ids: str, name: str = SUB) -> None:
        self.extend(0, *ack_ids, name=name)

    def events(self, *names: str, **fields: Any) -> list[tuple[str, float]]:
        """`(event, virtual seconds)` of every message event of those names, of all if none is given."""
        return [
            (event["event"], event["t_ns"] / 1e9)
            for event in self.messages(**fields)
            if not names or event["event"] in names
        ]

    def messages(self, **fields: Any) -> list[Mapping[str, Any]]:
        return [
            event
            for event in self.around.events
            if event["kind"] == "message" and all(event[name] == value for name, value in fields.items())
        ]
