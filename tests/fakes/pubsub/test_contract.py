"""One body per promise, run twice with the vendor's client: in a simulation, and on the wire."""

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fakes.seam import LoseReply, Refuse, Ruling
from tests.harness.sim.around import Around, ruled_by
from tests.harness.sim.simulated import in_simulation

PROJECT = "nba-props-platform"
TOPIC = f"projects/{PROJECT}/topics/raw-complete"
DEAD = f"projects/{PROJECT}/topics/raw-complete-dlq"
SUB = f"projects/{PROJECT}/subscriptions/analytics-sub"


class World:
    """The clients, and the next rulings by the RPC's last word."""

    def __init__(self, rulings: dict[str, Ruling]) -> None:
        from google.cloud import pubsub_v1

        self.rulings = rulings
        options = pubsub_v1.types.PublisherOptions(enable_message_ordering=True)
        self.publisher: Any = pubsub_v1.PublisherClient(publisher_options=options)
        self.subscriber: Any = pubsub_v1.SubscriberClient()
        self.publisher.create_topic(name=TOPIC)
        self.publisher.create_topic(name=DEAD)

    def subscribe(self, **fields: Any) -> None:
        self.subscriber.create_subscription(request={"name": SUB, "topic": TOPIC, **fields})

    def publish(self, *data: bytes, **attributes: str) -> list[str]:
        futures = [self.publisher.publish(TOPIC, one, **attributes) for one in data]
        return [future.result(timeout=30) for future in futures]

    def pull(self, most: int = 10) -> list[Any]:
        return list(self.subscriber.pull(subscription=SUB, max_messages=most, timeout=2).received_messages)

    def nack(self, *received: Any) -> None:
        ids = [one.ack_id for one in received]
        self.subscriber.modify_ack_deadline(subscription=SUB, ack_ids=ids, ack_deadline_seconds=0)

    def ack(self, *received: Any) -> None:
        self.subscriber.acknowledge(subscription=SUB, ack_ids=[one.ack_id for one in received])

    def stream(self, callback: Callable[[Any], None], until: Callable[[], bool]) -> None:
        pulling = self.subscriber.subscribe(SUB, callback=callback)
        deadline = time.monotonic() + 30
        while not until():
            assert time.monotonic() < deadline, "it did not happen within 30 s"
            time.sleep(0.05)
        pulling.cancel()
        pulling.result(timeout=30)


@contextlib.contextmanager
def simulated() -> Iterator[World]:
    from fakes.pubsub import create
    from harness.sim.rpc.install import install

    rulings: dict[str, Ruling] = {}
    backend = create(Around(ruled_by(rulings)), project=PROJECT)
    install(backend.grpc().get, lambda: "client#0")
    os.environ.update(backend.environment(None))
    yield World(rulings)


@contextlib.contextmanager
def on_the_wire() -> Iterator[World]:
    from fakes.pubsub import create
    from fakes.wire.grpc_server import GrpcServer
    from fakes.wire.surroundings import RealSurroundings

    rulings: dict[str, Ruling] = {}
    around = RealSurroundings("pubsub", rule=ruled_by(rulings))
    backend = create(around, project=PROJECT)
    server = GrpcServer([backend])
    with pytest.MonkeyPatch.context() as patch:
        for name, value in backend.environment(server.address).items():
            patch.setenv(name, value)
        world = World(rulings)
        yield world
        world.publisher.stop()
        world.subscriber.close()
    backend.close()
    server.close()
    around.close()


# ------------------------------------------------------------------------------------------------------------- bodies


def what_is_published_is_streamed_and_acknowledged(world: World) -> None:
    world.subscribe()
    got: list[bytes] = []
    lock = threading.Lock()

    def callback(message: Any) -> None:
        with lock:
            got.append(message.data)
        message.ack()

    data = [b"%d" % number for number in range(200)]
    world.publish(*data)
    world.stream(callback, lambda: len(got) == 200)
    assert sorted(got) == sorted(data)


def a_nack_brings_it_again_and_the_fifth_sends_it_to_the_dead(world: World) -> None:
    world.subscribe(dead_letter_policy={"dead_letter_topic": DEAD, "max_delivery_attempts": 5})
    dead = f"projects/{PROJECT}/subscriptions/dlq-monitor"
    world.subscriber.create_subscription(name=dead, topic=DEAD)
    world.publish(b"poison")
    attempts = []
    for _ in range(5):
        [received] = world.pull()
        attempts.append(received.delivery_attempt)
        world.nack(received)
    assert attempts == [1, 2, 3, 4, 5]
    [received] = world.subscriber.pull(subscription=dead, max_messages=10, timeout=5).received_messages
    assert received.message.data == b"poison"
    assert received.message.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"


def a_failure_brings_all_later_ones_of_its_key_again(world: World) -> None:
    world.subscribe(enable_message_ordering=True)
    world.publish(b"0", b"1", b"2", ordering_key="game")
    received = world.pull()
    world.ack(received[0], received[2])
    world.nack(received[1])
    assert [one.message.data for one in world.pull()] == [b"1", b"2"]


def only_what_the_filter_lets_through_comes(world: World) -> None:
    world.subscribe(filter='attributes.sport = "nba" AND NOT attributes:test')
    world.publish(b"no", sport="mlb")
    world.publish(b"no", sport="nba", test="1")
    world.publish(b"yes", sport="nba")
    assert [one.message.data for one in world.pull()] == [b"yes"]


def an_empty_pull_ends_before_the_callers_deadline(world: World) -> None:
    world.subscribe()
    assert world.pull() == []


def a_lost_answer_doubles_the_message_under_another_id(world: World) -> None:
    world.subscribe()
    world.rulings["Publish"] = Ruling(LoseReply(), "lost")
    world.publish(b"twice")
    received = world.pull()
    assert [one.message.data for one in received] == [b"twice", b"twice"]
    assert len({one.message.message_id for one in received}) == 2


def a_refused_publish_is_repeated_and_comes_once(world: World) -> None:
    world.subscribe()
    world.rulings["Publish"] = Ruling(Refuse(503), "refused")
    world.publish(b"once")
    assert [one.message.data for one in world.pull()] == [b"once"]


def an_ack_is_confirmed_and_a_second_one_fails_under_exactly_once(world: World) -> None:
    from google.cloud.pubsub_v1.subscriber import exceptions

    world.subscribe(enable_exactly_once_delivery=True)
    world.publish(b"a")
    said: list[str] = []

    def callback(message: Any) -> None:
        said.append(message.ack_with_response().result(timeout=20).name)
        try:
            message.ack_with_response().result(timeout=20)
        except exceptions.AcknowledgeError as error:
            said.append(error.error_code.name)

    world.stream(callback, lambda: len(said) == 2)
    assert said == ["SUCCESS", "INVALID_ACK_ID"]


def an_ack_whose_answer_is_lost_counts_and_fails_when_it_is_repeated(world: World) -> None:
    from google.api_core import exceptions

    world.subscribe(enable_exactly_once_delivery=True, ack_deadline_seconds=10)
    world.publish(b"a")
    [received] = world.pull()
    world.rulings["Acknowledge"] = Ruling(LoseReply(), "lost")
    with pytest.raises(exceptions.InvalidArgument) as failed:
        world.ack(received)
    assert failed.value.reason == "EXACTLY_ONCE_ACKID_FAILURE"
    assert world.pull() == []


def an_ack_that_is_refused_is_told_under_exactly_once(world: World) -> None:
    from google.cloud.pubsub_v1.subscriber import exceptions

    world.subscribe(enable_exactly_once_delivery=True)
    said: list[str] = []

    def callback(message: Any) -> None:
        world.rulings["Acknowledge"] = Ruling(Refuse(**json.loads(message.data)), "refused")
        try:
            said.append(message.ack_with_response().result(timeout=20).name)
        except exceptions.AcknowledgeError as error:
            said.append(error.error_code.name)

    for refusal in ({"status": 403}, {"code": "FAILED_PRECONDITION"}, {"status": 404}, {"status": 503}):
        world.publish(json.dumps(refusal).encode())
        so_far = len(said)
        world.stream(callback, lambda so_far=so_far: len(said) > so_far)
    assert said == ["PERMISSION_DENIED", "FAILED_PRECONDITION", "OTHER", "SUCCESS"]


def a_seek_back_replays_what_was_acknowledged(world: World) -> None:
    import datetime

    world.subscribe(retain_acked_messages=True)
    world.publish(b"a")
    [received] = world.pull()
    world.ack(received)
    start = received.message.publish_time - datetime.timedelta(seconds=1)
    world.subscriber.seek(request={"subscription": SUB, "time": start})
    assert [one.message.message_id for one in world.pull()] == [received.message.message_id]


AVRO = '{"type": "record", "name": "Run", "fields": [{"name": "rows", "type": "int"}]}'
PROTO = 'syntax = "proto3"; message Run { int32 rows = 1; }'


def a_schema_keeps_bad_messages_out(world: World) -> None:
    from google.api_core import exceptions
    from google.cloud import pubsub_v1

    schemas: Any = pubsub_v1.SchemaServiceClient()
    for kind, definition in (("AVRO", AVRO), ("PROTOCOL_BUFFER", PROTO)):
        name = f"run-{kind.lower()}"
        schema = schemas.create_schema(
            parent=f"projects/{PROJECT}", schema={"type_": kind, "definition": definition}, schema_id=name
        )
        topic = f"projects/{PROJECT}/topics/{name}"
        settings = {"schema": schema.name, "encoding": "JSON"}
        world.publisher.create_topic(request={"name": topic, "schema_settings": settings})
        assert world.publisher.publish(topic, b'{"rows": 1}').result(timeout=30)
        with pytest.raises(exceptions.InvalidArgument):
            world.publisher.publish(topic, b'{"rows": "many"}').result(timeout=30)


BODIES = (
    what_is_published_is_streamed_and_acknowledged,
    a_nack_brings_it_again_and_the_fifth_sends_it_to_the_dead,
    a_failure_brings_all_later_ones_of_its_key_again,
    only_what_the_filter_lets_through_comes,
    an_empty_pull_ends_before_the_callers_deadline,
    a_lost_answer_doubles_the_message_under_another_id,
    a_refused_publish_is_repeated_and_comes_once,
    an_ack_is_confirmed_and_a_second_one_fails_under_exactly_once,
    an_ack_whose_answer_is_lost_counts_and_fails_when_it_is_repeated,
    an_ack_that_is_refused_is_told_under_exactly_once,
    a_seek_back_replays_what_was_acknowledged,
    a_schema_keeps_bad_messages_out,
)


def in_a_simulation(body: str) -> None:
    with simulated() as world:
        globals()[body](world)


@pytest.mark.parametrize("body", [body.__name__ for body in BODIES])
def test_in_a_simulation(body):
    in_simulation(f"{__name__}:in_a_simulation", body=body)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
def test_on_the_wire(body):
    with on_the_wire() as world:
        body(world)
