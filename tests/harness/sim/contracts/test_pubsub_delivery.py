"""google-cloud-pubsub against the emulator: exactly-once delivery, order of redeliveries, synchronous pull."""

import threading
import time
from typing import Any

from fakes.seam import Refuse, Ruling
from tests.harness.sim.contracts.contract import Trace, contract
from tests.harness.sim.contracts.test_pubsub import ABOUT, SUBSCRIPTION, TOPIC, topic


def _pulled(publisher: Any, subscriber: Any, *datas: bytes) -> list[Any]:
    """Publish, and pull what was published."""
    for data in datas:
        publisher.publish(TOPIC, data).result()
    return list(subscriber.pull(subscription=SUBSCRIPTION, max_messages=10).received_messages)


@contract(ABOUT)
def test_exactly_once_tells_which_acknowledgements_hold(trace: Trace) -> None:
    from google.api_core import exceptions
    from google.cloud.pubsub_v1.subscriber.exceptions import AcknowledgeError

    around, publisher, subscriber = topic(enable_exactly_once_delivery=True, ack_deadline_seconds=10)
    acked = threading.Event()

    def work(message: Any) -> None:
        trace("got", message.data.decode(), message.delivery_attempt)
        try:
            trace("acknowledged", str(message.ack_with_response().result(timeout=60)))
        except AcknowledgeError as error:
            trace("refused", str(error.error_code))
        else:
            acked.set()

    pulling = subscriber.subscribe(SUBSCRIPTION, work)
    publisher.publish(TOPIC, b"once").result()
    acked.wait()
    time.sleep(60)
    trace(len(around.messages("delivered")), len(around.messages("acked")))
    pulling.cancel()
    pulling.result()
    (received,) = _pulled(publisher, subscriber, b"late")
    time.sleep(15)  # its lease is over
    try:
        subscriber.acknowledge(subscription=SUBSCRIPTION, ack_ids=[received.ack_id])
    except exceptions.GoogleAPICallError:
        trace("refused")
    again = subscriber.pull(subscription=SUBSCRIPTION, max_messages=5).received_messages
    trace([message.message.data.decode() for message in again])
    trace.expect(
        (0.014, "got", "once", None),
        (0.015, "acknowledged", "AcknowledgeStatus.SUCCESS"),
        (60.015, 1, 1),
        (75.028, "refused"),
        (75.029, ["late"]),
    )


@contract(ABOUT)
def test_an_acknowledgement_that_finds_nobody_is_made_again_until_it_holds(trace: Trace) -> None:
    around, publisher, subscriber = topic(enable_exactly_once_delivery=True)
    around.rulings = [("Subscriber/Acknowledge", Ruling(Refuse(503), "f")) for _ in range(3)]
    acked = threading.Event()

    def work(message: Any) -> None:
        trace("got", message.data.decode())
        trace("acknowledged", str(message.ack_with_response().result(timeout=60)))
        acked.set()

    pulling = subscriber.subscribe(SUBSCRIPTION, work)
    publisher.publish(TOPIC, b"once").result()
    acked.wait()
    time.sleep(60)
    trace(around.outcomes("Subscriber/Acknowledge"), len(around.messages("delivered")))
    pulling.cancel()
    pulling.result()
    trace.expect(
        (0.014, "got", "once"),
        (0.1429, "acknowledged", "AcknowledgeStatus.SUCCESS"),
        (60.1429, ["refused", "refused", "refused", "ok"], 1),
    )


@contract(ABOUT)
def test_a_message_of_an_ordering_key_that_is_refused_comes_again_before_those_after_it(trace: Trace) -> None:
    around, publisher, subscriber = topic(enable_message_ordering=True)
    refused: list[str] = []
    got: list[str] = []

    def work(message: Any) -> None:
        data = message.data.decode()
        got.append(data)
        if data == "b1" and not refused:
            refused.append(data)
            message.nack()
        else:
            message.ack()

    for number in range(4):
        for key in ("a", "b"):
            publisher.publish(TOPIC, f"{key}{number}".encode(), ordering_key=key).result()
    pulling = subscriber.subscribe(SUBSCRIPTION, work)
    time.sleep(60)
    trace([data for data in got if data[0] == "a"], [data for data in got if data[0] == "b"])
    trace(len(around.messages("acked")))
    pulling.cancel()
    pulling.result()
    trace.expect(
        (60.09, ["a0", "a1", "a2", "a3"], ["b0", "b1", "b2", "b3", "b1", "b2", "b3"]),
        (60.09, 8),
    )


@contract(ABOUT)
def test_a_synchronous_pull_waits_and_its_leases_are_extended_by_hand(trace: Trace) -> None:
    _, publisher, subscriber = topic(ack_deadline_seconds=10)
    trace(len(subscriber.pull(subscription=SUBSCRIPTION, max_messages=1, timeout=20).received_messages))
    threading.Timer(5, publisher.publish, [TOPIC, b"x"]).start()
    (received,) = subscriber.pull(subscription=SUBSCRIPTION, max_messages=1, timeout=60).received_messages
    trace(received.message.data.decode())
    subscriber.modify_ack_deadline(subscription=SUBSCRIPTION, ack_ids=[received.ack_id], ack_deadline_seconds=60)
    time.sleep(50)
    subscriber.acknowledge(subscription=SUBSCRIPTION, ack_ids=[received.ack_id])
    trace(len(subscriber.pull(subscription=SUBSCRIPTION, max_messages=1, timeout=30).received_messages))
    trace.expect(
        (19.0025, 0),
        (24.0135, "x"),
        (103.016, 0),
    )
