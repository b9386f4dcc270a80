"""The gRPC server on loopback, seen through the vendor's own clients."""

import os
import threading

import grpc
import pytest
from google.api_core import exceptions
from google.cloud import pubsub_v1
from google.pubsub_v1 import PublisherClient as GeneratedPublisher
from google.pubsub_v1 import types

from fakes.pubsub import create
from fakes.seam import LoseReply, Refuse, Ruling
from fakes.wire.grpc_server import GrpcServer
from fakes.wire.surroundings import RealSurroundings

PROJECT = "nba-props-platform"
TOPIC = f"projects/{PROJECT}/topics/raw-complete"
SUB = f"projects/{PROJECT}/subscriptions/analytics-sub"


@pytest.fixture
def served(monkeypatch):
    rulings = {}
    events = []
    around = RealSurroundings(
        "pubsub",
        rule=lambda call: rulings.pop(call.method.rsplit("/", 1)[1], Ruling()),
        record=lambda kind, fields: events.append((kind, fields)),
    )
    backend = create(around, project=PROJECT)
    server = GrpcServer([backend])
    for name, value in backend.environment(server.address).items():
        monkeypatch.setenv(name, value)
    with pubsub_v1.SubscriberClient() as subscriber:
        publisher = pubsub_v1.PublisherClient()
        publisher.create_topic(name=TOPIC)
        subscriber.create_subscription(name=SUB, topic=TOPIC)
        yield publisher, subscriber, rulings, events
        publisher.stop()
    backend.close()
    server.close()
    around.close()


def test_the_real_clients_publish_stream_and_acknowledge(served):
    publisher, subscriber, _, events = served
    done = threading.Event()
    got = []

    def callback(message):
        got.append(message.data)
        message.ack()
        if len(got) == 20:
            done.set()

    future = subscriber.subscribe(SUB, callback)
    for number in range(20):
        publisher.publish(TOPIC, b"%d" % number).result(timeout=10)
    assert done.wait(timeout=10)
    future.cancel()
    future.result(timeout=10)
    assert sorted(got, key=int) == [b"%d" % number for number in range(20)]
    acked = [fields for kind, fields in events if kind == "message" and fields["event"] == "acked"]
    assert len(acked) == 20


def test_an_error_of_the_service_reaches_the_client_as_its_own_exception(served):
    publisher, _, _, _ = served
    with pytest.raises(exceptions.AlreadyExists):
        publisher.create_topic(name=TOPIC)


@pytest.mark.usefixtures("served")
def test_a_method_nobody_serves_is_unimplemented():
    with grpc.insecure_channel(os.environ["PUBSUB_EMULATOR_HOST"]) as channel:
        fly = channel.unary_unary("/google.pubsub.v1.Publisher/Fly")
        with pytest.raises(grpc.RpcError) as refused:
            fly(b"", timeout=10)
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_eleven_megabytes_are_refused_by_the_service_not_by_the_transport(served):
    publisher, _, _, _ = served
    message = types.PubsubMessage(data=b"x" * 11_000_000)
    # The hand-written client batches and checks sizes itself; the generated one beneath it does not.
    generated = GeneratedPublisher(transport=publisher.transport)
    with pytest.raises(exceptions.InvalidArgument, match="request_size"):
        generated.publish(topic=TOPIC, messages=[message])


def test_a_publish_whose_answer_was_lost_is_retried_and_doubles_the_message(served):
    publisher, subscriber, rulings, _ = served
    rulings["Publish"] = Ruling(LoseReply(), "lost-publish")
    publisher.publish(TOPIC, b"twice").result(timeout=10)
    got = subscriber.pull(subscription=SUB, max_messages=10).received_messages
    assert [one.message.data for one in got] == [b"twice", b"twice"]
    assert len({one.message.message_id for one in got}) == 2


def test_a_refused_publish_is_retried_and_not_doubled(served):
    publisher, subscriber, rulings, _ = served
    rulings["Publish"] = Ruling(Refuse(503), "refused-publish")
    publisher.publish(TOPIC, b"once").result(timeout=10)
    got = subscriber.pull(subscription=SUB, max_messages=10).received_messages
    assert [one.message.data for one in got] == [b"once"]


def test_a_taken_port_is_an_error_that_names_it():
    with pytest.raises(OSError, match="gRPC"):
        GrpcServer([], host="198.51.100.1", port=1)
