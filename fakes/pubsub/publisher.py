"""The RPCs of `google.pubsub.v1.Publisher`.

It translates between protobuf and the broker and must not hold state of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1 import types

from fakes.paging import page
from fakes.pubsub.broker import Broker
from fakes.pubsub.methods import Table
from fakes.pubsub.names import project_of
from fakes.rpc import Rpc
from fakes.seam import GrpcContext, GrpcError, GrpcMethod

_UPDATABLE = {
    "labels",
    "message_retention_duration",
    "message_storage_policy",
    "schema_settings",
    "kms_key_name",
}


class Publisher:
    """Serves topics and publishing."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def methods(self, rpc: Rpc) -> Mapping[str, GrpcMethod]:
        """Full method path -> RPC."""
        table = Table(rpc, "google.pubsub.v1.Publisher")
        table.unary("CreateTopic", types.Topic, "name", self.create_topic)
        table.unary("UpdateTopic", types.UpdateTopicRequest, "topic.name", self.update_topic)
        table.unary("Publish", types.PublishRequest, "topic", self.publish)
        table.unary("GetTopic", types.GetTopicRequest, "topic", self.get_topic)
        table.unary("ListTopics", types.ListTopicsRequest, "project", self.list_topics)
        table.unary("ListTopicSubscriptions", types.ListTopicSubscriptionsRequest, "topic", self.list_subscriptions)
        table.unary("DeleteTopic", types.DeleteTopicRequest, "topic", self.delete_topic)
        return table.methods

    def create_topic(self, request: Any, _context: GrpcContext) -> Any:
        """CreateTopic: the topic is the request."""
        return self._broker.create_topic(request).pb

    def update_topic(self, request: Any, _context: GrpcContext) -> Any:
        """UpdateTopic: the fields named by the mask."""
        with self._broker.lock:
            topic = self._broker.topic(request.topic.name)
            changed = types.Topic.pb()()
            changed.CopyFrom(topic.pb)
            for path in request.update_mask.paths:
                if path.split(".")[0] not in _UPDATABLE:
                    raise GrpcError(
                        "INVALID_ARGUMENT",
                        f"Invalid update_mask provided in the UpdateTopicRequest: {path!r} is not a known Topic field "
                        f"that can be updated; give some of {', '.join(sorted(_UPDATABLE))}",
                    )
            if not request.update_mask.paths:
                raise GrpcError(
                    "INVALID_ARGUMENT", "The update_mask in the UpdateTopicRequest must be set and non-empty"
                )
            clear_masked(changed, request.update_mask)
            request.update_mask.MergeMessage(
                request.topic, changed, replace_message_field=True, replace_repeated_field=True
            )
            self._broker.check_topic(changed)
            topic.pb = changed
            self._broker.ledger.note("topic", topic.name)
            return topic.pb

    def publish(self, request: Any, _context: GrpcContext) -> Any:
        """Publish: give the messages their ids."""
        drafts = [(message.data, message.attributes, message.ordering_key) for message in request.messages]
        return types.PublishResponse.pb()(message_ids=self._broker.publish(request.topic, drafts))

    def get_topic(self, request: Any, _context: GrpcContext) -> Any:
        """GetTopic."""
        with self._broker.lock:
            return self._broker.topic(request.topic).pb

    def list_topics(self, request: Any, _context: GrpcContext) -> Any:
        """ListTopics of a project, in the order of their names."""
        project = project_of(request.project)
        with self._broker.lock:
            topics = [topic.pb for name, topic in sorted(self._broker.topics.items()) if project_of(name) == project]
        found, token = page(topics, request.page_size, request.page_token)
        return types.ListTopicsResponse.pb()(topics=found, next_page_token=token)

    def list_subscriptions(self, request: Any, _context: GrpcContext) -> Any:
        """ListTopicSubscriptions: names only."""
        with self._broker.lock:
            names = sorted(self._broker.topic(request.topic).subscriptions)
        found, token = page(names, request.page_size, request.page_token)
        return types.ListTopicSubscriptionsResponse.pb()(subscriptions=found, next_page_token=token)

    def delete_topic(self, request: Any, _context: GrpcContext) -> Any:
        """DeleteTopic."""
        self._broker.delete_topic(request.topic)
        return Empty()


def clear_masked(target: Any, mask: Any) -> None:
    """Clear map fields that `mask` names, which protobuf's own merge would only add to."""
    for path in mask.paths:
        if path in ("labels", "tags"):
            target.ClearField(path)
