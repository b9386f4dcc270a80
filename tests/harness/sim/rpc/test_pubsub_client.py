"""The real google-cloud-pubsub clients, with all their threads, on the simulated channel and the Pub/Sub emulator."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

from fakes.seam import Refuse, Ruling
from tests.harness.sim.around import Around
from tests.harness.sim.simulated import in_simulation, simulated

PROJECT = "nba-props-platform"
TOPIC = f"projects/{PROJECT}/topics/raw-complete"
SUBSCRIPTION = f"projects/{PROJECT}/subscriptions/analytics-sub"


def world(**subscription: Any) -> tuple[Around, Any, Any]:
    import os

    from google.cloud import pubsub_v1

    from fakes.pubsub import create
    from harness.sim.rpc.install import install

    around = Around()
    backend = create(around, project=PROJECT)
    methods = backend.grpc()
    install(methods.get, lambda: "client#0")
    os.environ.update(backend.environment(None))
    subscriber = pubsub_v1.SubscriberClient()
    ordering = pubsub_v1.types.PublisherOptions(enable_message_ordering="enable_message_ordering" in subscription)
    publisher = pubsub_v1.PublisherClient(publisher_options=ordering)
    publisher.create_topic(name=TOPIC)
    subscriber.create_subscription(request={"name": SUBSCRIPTION, "topic": TOPIC, **subscription})
    return around, publisher, subscriber


def until(done: Callable[[], bool], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not done():
        assert time.monotonic() < deadline, f"not done within {timeout_s} virtual seconds"
        time.sleep(0.1)


@simulated
def test_two_thousand_messages_are_published_pulled_and_acknowledged() -> None:
    around, publisher, subscriber = world()
    got: list[bytes] = []

    def work(message: Any) -> None:
        time.sleep(0.5)
        got.append(message.data)
        message.ack()

    pulling = subscriber.subscribe(SUBSCRIPTION, callback=work)
    sent = [b"%d" % number for number in range(2000)]
    futures = [publisher.publish(TOPIC, data) for data in sent]
    assert len({future.result(timeout=60) for future in futures}) == 2000
    until(lambda: len(got) == 2000, 600)
    time.sleep(30)
    assert sorted(got, key=int) == sent
    assert len(around.messages("acked")) == 2000
    pulling.cancel()
    pulling.result(timeout=60)


@simulated
def test_publishing_is_retried_when_the_service_is_unavailable() -> None:
    around, publisher, _ = world()
    around.rulings = [("Publisher/Publish", Ruling(Refuse(503), "f1")) for _ in range(2)]
    assert publisher.publish(TOPIC, b"x").result(timeout=60)
    assert around.outcomes("Publisher/Publish") == ["refused", "refused", "ok"]


@simulated
def test_ordered_messages_arrive_in_order_through_retries() -> None:
    around, publisher, subscriber = world(enable_message_ordering=True)
    got: list[bytes] = []

    def work(message: Any) -> None:
        got.append(message.data)
        message.ack()

    around.rulings = [("Publisher/Publish", Ruling(Refuse(503), "f1")) for _ in range(3)]
    subscriber.subscribe(SUBSCRIPTION, callback=work)
    for number in range(50):
        publisher.publish(TOPIC, b"%d" % number, ordering_key="game")
    until(lambda: len(got) >= 50, 120)
    assert got == [b"%d" % number for number in range(50)]


@simulated
def test_a_long_callback_keeps_its_lease_by_extending_it() -> None:
    around, publisher, subscriber = world(ack_deadline_seconds=10)
    got: list[bytes] = []

    def work(message: Any) -> None:
        time.sleep(300)
        got.append(message.data)
        message.ack()

    subscriber.subscribe(SUBSCRIPTION, callback=work)
    publisher.publish(TOPIC, b"slow").result(timeout=60)
    until(lambda: bool(around.messages("acked")), 400)
    assert got == [b"slow"]
    assert around.messages("expired") == []


@simulated
def test_a_nacked_message_comes_again() -> None:
    around, publisher, subscriber = world()
    attempts: list[float] = []

    def work(message: Any) -> None:
        attempts.append(time.monotonic())
        if len(attempts) < 3:
            message.nack()
        else:
            message.ack()

    subscriber.subscribe(SUBSCRIPTION, callback=work)
    publisher.publish(TOPIC, b"x").result(timeout=60)
    until(lambda: bool(around.messages("acked")), 60)
    assert len(attempts) == 3


@simulated
def test_flow_control_holds_back_what_the_client_did_not_ask_for() -> None:
    from google.cloud.pubsub_v1.types import FlowControl

    around, publisher, subscriber = world()
    running: list[int] = [0]
    most: list[int] = [0]

    def work(message: Any) -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(10)
        running[0] -= 1
        message.ack()

    subscriber.subscribe(SUBSCRIPTION, callback=work, flow_control=FlowControl(max_messages=3))
    for future in [publisher.publish(TOPIC, b"%d" % number) for number in range(12)]:
        future.result(timeout=60)
    until(lambda: len(around.messages("acked")) == 12, 600)
    assert most == [3]


@simulated
def test_exactly_once_acknowledgements_are_confirmed() -> None:
    around, publisher, subscriber = world(enable_exactly_once_delivery=True)
    answers: list[Any] = []

    def work(message: Any) -> None:
        answers.append(message.ack_with_response().result(timeout=60))

    subscriber.subscribe(SUBSCRIPTION, callback=work)
    for number in range(10):
        publisher.publish(TOPIC, b"%d" % number).result(timeout=60)
    until(lambda: len(answers) == 10, 120)
    assert {answer.name for answer in answers} == {"SUCCESS"}
    assert len(around.messages("acked")) == 10


@simulated
def test_an_error_of_the_service_is_one_of_google_api_core() -> None:
    import pytest
    from google.api_core.exceptions import NotFound

    _, publisher, _ = world()
    with pytest.raises(NotFound) as caught:
        publisher.publish(TOPIC + "-gone", b"x").result(timeout=60)
    assert "raw-complete-gone" in str(caught.value)


def history(around: Around) -> list[Any]:
    return [sorted(event.items(), key=lambda item: item[0]) for event in around.events]


def storm() -> Any:
    """A run with failures, threads and time-outs, as everything the emulator recorded of it."""
    around, publisher, subscriber = world()
    heap: list[Any] = []
    numbers = itertools.count()
    lock = threading.Lock()

    def work(message: Any) -> None:
        time.sleep(0.3)
        with lock:
            heapq.heappush(heap, (time.monotonic(), next(numbers), message.message_id))
            refused = int(message.data) % 7 == 0 and len(heap) % 2
        if refused:
            message.nack()
        else:
            message.ack()

    around.rulings = [("Publisher/Publish", Ruling(Refuse(503), "f1")) for _ in range(5)]
    subscriber.subscribe(SUBSCRIPTION, callback=work)
    for number in range(200):
        publisher.publish(TOPIC, b"%d" % number)
        time.sleep(0.05)
    time.sleep(60)
    return [[str(part) for part in row] for row in heap] + history(around)


def test_the_same_seed_gives_the_same_history_under_any_hash_seed() -> None:
    target = f"{__name__}:storm"
    first = in_simulation(target)
    assert len(first) > 600
    assert in_simulation(target) == first
    assert in_simulation(target, hash_seed=7) == first
    assert in_simulation(target, seed=2) != first
