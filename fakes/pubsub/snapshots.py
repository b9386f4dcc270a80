"""The RPCs of snapshots and seeking, of `google.pubsub.v1.Subscriber`, and DetachSubscription of its publisher side.

It translates between protobuf and the broker and must not hold state of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1 import types

from fakes.paging import page
from fakes.pubsub import replay
from fakes.pubsub.broker import Broker
from fakes.pubsub.labels import check_labels
from fakes.pubsub.methods import Table
from fakes.pubsub.names import project_of
from fakes.rpc import Rpc
from fakes.seam import GrpcContext, GrpcError, GrpcMethod


class Snapshots:
    """Serves snapshots and seeks."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def methods(self, rpc: Rpc) -> Mapping[str, GrpcMethod]:
        """Full method path -> RPC."""
        table = Table(rpc, "google.pubsub.v1.Subscriber")
        table.unary("CreateSnapshot", types.CreateSnapshotRequest, "name", self.create)
        table.unary("GetSnapshot", types.GetSnapshotRequest, "snapshot", self.get)
        table.unary("ListSnapshots", types.ListSnapshotsRequest, "project", self.list)
        table.unary("UpdateSnapshot", types.UpdateSnapshotRequest, "snapshot.name", self.update)
        table.unary("DeleteSnapshot", types.DeleteSnapshotRequest, "snapshot", self.delete)
        table.unary("Seek", types.SeekRequest, "subscription", self.seek)
        publisher = Table(rpc, "google.pubsub.v1.Publisher")
        publisher.unary("ListTopicSnapshots", types.ListTopicSnapshotsRequest, "topic", self.list_of_topic)
        publisher.unary("DetachSubscription", types.DetachSubscriptionRequest, "subscription", self.detach)
        return {**table.methods, **publisher.methods}

    def create(self, request: Any, _context: GrpcContext) -> Any:
        """CreateSnapshot."""
        return _pb(self._broker.create_snapshot(request.name, request.subscription, request.labels))

    def get(self, request: Any, _context: GrpcContext) -> Any:
        """GetSnapshot."""
        with self._broker.lock:
            return _pb(self._broker.snapshot(request.snapshot))

    def list(self, request: Any, _context: GrpcContext) -> Any:
        """ListSnapshots of a project, in the order of their names."""
        project = project_of(request.project)
        with self._broker.lock:
            found = [one for one in self._broker.live_snapshots() if project_of(one.name) == project]
        part, token = page(sorted(found, key=lambda one: one.name), request.page_size, request.page_token)
        return types.ListSnapshotsResponse.pb()(snapshots=[_pb(one) for one in part], next_page_token=token)

    def list_of_topic(self, request: Any, _context: GrpcContext) -> Any:
        """ListTopicSnapshots: names only."""
        with self._broker.lock:
            topic = self._broker.topic(request.topic)
            names = sorted(one.name for one in self._broker.live_snapshots() if one.topic == topic.name)
        part, token = page(names, request.page_size, request.page_token)
        return types.ListTopicSnapshotsResponse.pb()(snapshots=part, next_page_token=token)

    def update(self, request: Any, _context: GrpcContext) -> Any:
        """UpdateSnapshot: labels and expire_time, as the mask says."""
        with self._broker.lock:
            snapshot = self._broker.snapshot(request.snapshot.name)
            for path in request.update_mask.paths:
                if path == "labels":
                    check_labels(request.snapshot.labels)
                    snapshot.labels = dict(request.snapshot.labels)
                elif path == "expire_time":
                    snapshot.expire_ns = _to_ns(request.snapshot.expire_time)
                else:
                    raise GrpcError(
                        "INVALID_ARGUMENT",
                        f"Invalid update_mask provided in the UpdateSnapshotRequest: {path!r}; "
                        "give labels or expire_time",
                    )
            self._broker.ledger.note("snapshot", snapshot.name)
            return _pb(snapshot)

    def delete(self, request: Any, _context: GrpcContext) -> Any:
        """DeleteSnapshot."""
        self._broker.delete_snapshot(request.snapshot)
        return Empty()

    def seek(self, request: Any, _context: GrpcContext) -> Any:
        """Seek a subscription to a time or a snapshot."""
        broker = self._broker
        with broker.lock:
            subscription = broker.subscription(request.subscription)
            target = request.WhichOneof("target")
            if target == "time":
                topic = broker.topics.get(subscription.topic)
                replay.seek_to_time(subscription, topic, _to_ns(request.time), broker.around.now_ns())
            elif target == "snapshot":
                replay.seek_to_snapshot(subscription, broker.snapshot(request.snapshot))
            else:
                raise GrpcError("INVALID_ARGUMENT", "a seek must have a time or a snapshot as its target")
        return types.SeekResponse.pb()()

    def detach(self, request: Any, _context: GrpcContext) -> Any:
        """DetachSubscription: the backlog is gone and nothing more comes."""
        self._broker.detach_subscription(request.subscription)
        return types.DetachSubscriptionResponse.pb()()


def _pb(snapshot: replay.Snapshot) -> Any:
    pb = types.Snapshot.pb()(name=snapshot.name, topic=snapshot.topic, labels=snapshot.labels)
    pb.expire_time.seconds, pb.expire_time.nanos = divmod(snapshot.expire_ns, 1_000_000_000)
    return pb


def _to_ns(timestamp: Any) -> int:
    return int(timestamp.seconds) * 1_000_000_000 + int(timestamp.nanos)
