"""google-cloud-pubsub against the emulator: batches, ordering keys, streaming pull, leases, shutdown."""

import threading
import time
from typing import Any

from fakes.seam import Refuse, Ruling
from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.contracts.emulated import PROJECT, emulated

ABOUT = Library("google-cloud-pubsub", loads=("google.cloud.pubsub_v1",))

TOPIC = f"projects/{PROJECT}/topics/raw"
SUBSCRIPTION = f"projects/{PROJECT}/subscriptions/raw-sub"


def topic(*, batch: dict[str, Any] | None = None, **subscription: Any) -> tuple[Any, Any, Any]:
    """The surroundings, a publisher and a subscriber of one topic with one subscription."""
    from google.cloud import pubsub_v1

    around, _ = emulated("pubsub")
    ordered = pubsub_v1.types.PublisherOptions(
        enable_message_ordering=subscription.get("enable_message_ordering", False)
    )
    publisher = pubsub_v1.PublisherClient(pubsub_v1.types.BatchSettings(**batch or {}), publisher_options=ordered)
    subscriber = pubsub_v1.SubscriberClient()
    publisher.create_topic(name=TOPIC)
    subscriber.create_subscription(request={"name": SUBSCRIPTION, "topic": TOPIC, **subscription})
    return around, publisher, subscriber


@contract(ABOUT)
def test_batches_leave_when_full_or_when_their_latency_is_over(trace: Trace) -> None:
    around, publisher, _ = topic(batch={"max_messages": 10, "max_latency": 2.0})
    futures = [publisher.publish(TOPIC, b"%d" % number) for number in range(25)]
    trace(len({future.result() for future in futures}), around.outcomes("Publisher/Publish"))
    late = publisher.publish(TOPIC, b"late")
    publisher.stop()
    late.result()
    trace("stopped", len(around.outcomes("Publisher/Publish")))
    trace.expect((2.003, 25, ["ok", "ok", "ok"]), (2.004, "stopped", 4))


@contract(ABOUT)
def test_a_publish_is_retried_and_a_missing_topic_is_the_futures_error(trace: Trace) -> None:
    from google.api_core import exceptions

    around, publisher, _ = topic()
    around.rulings = [("Publisher/Publish", Ruling(Refuse(503), "f")) for _ in range(3)]
    publisher.publish(TOPIC, b"x").result(timeout=60)
    trace(around.outcomes("Publisher/Publish"))
    try:
        publisher.publish(TOPIC + "-gone", b"x").result(timeout=60)
    except exceptions.NotFound as error:
        trace(type(error).__name__)
    trace.expect((0.1349, ["refused", "refused", "refused", "ok"]), (0.1459, "NotFound"))


@contract(ABOUT)
def test_an_ordering_key_stops_at_an_error_and_goes_on_when_told(trace: Trace) -> None:
    around, publisher, subscriber = topic(enable_message_ordering=True)
    got: list[str] = []
    pulling = subscriber.subscribe(SUBSCRIPTION, lambda message: (got.append(message.data.decode()), message.ack()))
    for number in range(3):
        publisher.publish(TOPIC, b"%d" % number, ordering_key="game").result()
    around.rulings = [("Publisher/Publish", Ruling(Refuse(403), "f"))]
    for name in (b"refused", b"paused"):
        try:
            publisher.publish(TOPIC, name, ordering_key="game").result(timeout=30)
        except Exception as error:  # noqa: BLE001 - which one it is, is the question
            trace(type(error).__name__)
    publisher.resume_publish(TOPIC, "game")
    for number in range(3, 6):
        publisher.publish(TOPIC, b"%d" % number, ordering_key="game")
    time.sleep(30)
    trace(got)
    pulling.cancel()
    pulling.result()
    trace("stopped")
    trace.expect(
        (0.046, "PermissionDenied"),
        (0.046, "PublishToPausedOrderingKeyException"),
        (30.046, list("012345")),
        (30.046, "stopped"),
    )


@contract(ABOUT)
def test_a_streaming_pull_extends_the_lease_of_slow_work(trace: Trace) -> None:
    around, publisher, subscriber = topic(ack_deadline_seconds=10)
    done = threading.Event()

    def work(message: Any) -> None:
        trace("begun", message.data.decode())
        time.sleep(300)
        message.ack()
        done.set()

    pulling = subscriber.subscribe(SUBSCRIPTION, work)
    publisher.publish(TOPIC, b"slow").result()
    done.wait()
    time.sleep(60)
    trace(len(around.messages("acked")), len(around.messages("expired")), len(around.messages("delivered")))
    pulling.cancel()
    pulling.result()
    trace.expect((0.014, "begun", "slow"), (360.014, 1, 0, 1))


@contract(ABOUT)
def test_flow_control_and_a_nack_bring_messages_when_there_is_room(trace: Trace) -> None:
    from google.cloud.pubsub_v1.types import FlowControl

    around, publisher, subscriber = topic()
    attempts: dict[bytes, int] = {}
    running, most, acked = [0], [0], threading.Semaphore(0)

    def work(message: Any) -> None:
        attempts[message.data] = attempts.get(message.data, 0) + 1
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(10)
        running[0] -= 1
        if attempts[message.data] == 1:
            message.nack()
        else:
            message.ack()
            acked.release()

    pulling = subscriber.subscribe(SUBSCRIPTION, work, flow_control=FlowControl(max_messages=3))
    for number in range(6):
        publisher.publish(TOPIC, b"%d" % number)
    for _ in range(6):
        acked.acquire()
    trace(most[0], sorted(attempts.values()))
    pulling.cancel()
    pulling.result()
    trace(len(around.messages("acked")))
    trace.expect((40.042, 3, [2, 2, 2, 2, 2, 2]), (40.043, 6))


@contract(ABOUT)
def test_a_shutdown_waits_for_callbacks_if_asked_and_a_time_out_of_result_does_not(trace: Trace) -> None:
    from concurrent.futures import TimeoutError as TimedOut

    _, publisher, subscriber = topic()
    begun = threading.Event()

    def work(message: Any) -> None:
        begun.set()
        time.sleep(20)
        message.ack()
        trace("worked")

    with subscriber:
        pulling = subscriber.subscribe(SUBSCRIPTION, work, await_callbacks_on_shutdown=True)
        publisher.publish(TOPIC, b"x").result()
        begun.wait()
        try:
            pulling.result(timeout=5)
        except TimedOut:
            trace("still pulling", pulling.running())
        pulling.cancel()
        pulling.result()
        trace("stopped")
    trace.expect((5.014, "still pulling", True), (20.014, "worked"), (20.025, "stopped"))
