"""Pub/Sub as a back end of a world: its front ends, its environment, its part of the topology file.

It must not know what the service does; `broker.py` and its neighbours do.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fakes.gate import Gate
from fakes.journal import Journal, Ledger
from fakes.pubsub.broker import Broker
from fakes.pubsub.iam import Iam
from fakes.pubsub.keeping import Keeping
from fakes.pubsub.limits import Limits, PushPace, read
from fakes.pubsub.names import full
from fakes.pubsub.publisher import Publisher
from fakes.pubsub.schema_service import SchemaService
from fakes.pubsub.snapshots import Snapshots
from fakes.pubsub.streaming import Streaming
from fakes.pubsub.subscriber import Subscriber
from fakes.pubsub.topology import subscription_pbs, topic_pbs
from fakes.pubsub.weather import CALM, Weather
from fakes.rpc import Rpc
from fakes.seam import GrpcError, GrpcMethod, Surroundings, WsgiApp
from fakes.topology import TopologyError

HOST = "pubsub.googleapis.com"


class PubSub:
    """The `Backend` named `pubsub`."""

    name = "pubsub"

    def __init__(
        self,
        around: Surroundings,
        project: str,
        limits: Limits,
        pace: PushPace,
        weather: Weather,
        journal: Journal | None = None,
    ) -> None:
        self.project = project
        self.journal = journal
        self.broker = Broker(around, limits, pace, weather, Ledger(journal))
        iam = Iam(self.broker)
        rpc = Rpc(self.name, Gate(around))
        self._methods = rpc.methods(
            Publisher(self.broker).methods(rpc),
            Subscriber(self.broker).methods(rpc),
            Streaming(self.broker).methods(rpc),
            Snapshots(self.broker).methods(rpc),
            SchemaService(self.broker.schemas).methods(rpc),
            iam.methods(rpc),
        )
        if journal is not None:
            Keeping(self.broker, iam).restore(journal)

    def http(self) -> Mapping[str, WsgiApp]:
        """Nothing: the emulator speaks gRPC only, as the client libraries do by default."""
        return {}

    def grpc(self) -> Mapping[str, Mapping[str, GrpcMethod]]:
        """Every RPC at the vendor's host name."""
        return {HOST: self._methods}

    def environment(self, address: str | None) -> Mapping[str, str]:
        """`PUBSUB_EMULATOR_HOST`, which every client library of the vendor's reads."""
        return {"PUBSUB_EMULATOR_HOST": address or f"{HOST}:443", "PUBSUB_PROJECT_ID": self.project}

    def provision(self, topology: Mapping[str, Any]) -> None:
        """Create the `topics:` of a topology file and their subscriptions; what exists already stays as it is.

        Raises `TopologyError`, with the place in the file or the resource's name, for what the service would refuse.
        """
        project = str(topology.get("project", self.project))
        declared = topology.get("topics")
        # All topics first: a subscription's dead-letter topic may be declared below it.
        try:
            for topic in topic_pbs(declared, project):
                if topic.name not in self.broker.topics:
                    self.broker.create_topic(topic)
            for subscription in subscription_pbs(declared, project):
                if subscription.name not in self.broker.subscriptions:
                    self.broker.create_subscription(subscription)
        except GrpcError as error:
            raise TopologyError(f"topology topics: the service refuses it ({error})") from error

    def publish(
        self, topic: str, data: bytes, attributes: Mapping[str, str] | None = None, ordering_key: str = ""
    ) -> str:
        """Publish for a neighbour (a bucket's notification, a schedule) and give the message id.

        `topic` is a full name or the id of one in this back end's project. Raises `GrpcError` as the RPC would; no
        gate is passed, for no client called.
        """
        name = full(topic, self.project, "topics")
        return self.broker.publish(name, [(data, attributes or {}, ordering_key)])[0]

    def close(self) -> None:
        """Stop timers and end open streams."""
        self.broker.close()
        if self.journal is not None:
            self.journal.close()


def create(
    around: Surroundings,
    *,
    project: str = "windtunnel",
    limits: Any = "service",
    push: Any = "service",
    weather: Any = None,
    data: str | Path | None = None,
) -> PubSub:
    """The Pub/Sub back end.

    `limits` and `push` are `"service"`, the documented figures, or a mapping of the fields of `limits.Limits` and
    `limits.PushPace` to replace; `weather` is a mapping of the fields of `weather.Weather`, none by default. `project`
    names topics given by their id alone; `data` is a folder to keep the state in, and to take it from. Raises
    `ValueError` for a bad option, `OSError` where `data` cannot be used.
    """
    return PubSub(
        around,
        project,
        read("limits", limits, Limits()),
        read("push", push, PushPace()),
        read("weather", weather, CALM),
        Journal(Path(data)) if data is not None else None,
    )
