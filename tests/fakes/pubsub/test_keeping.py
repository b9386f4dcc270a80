"""Whatever a broker kept comes back as it was, but for leases: what was out is delivered again."""

import pytest
from google.pubsub_v1 import types
from google.pubsub_v1.types import schema as schema_types
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.seam import GrpcError
from tests.fakes.pubsub.desk import DEAD, PROJECT, SUB, TOPIC, Desk, EmptyType

STEPS = st.lists(
    st.sampled_from(["publish", "publish keyed", "ack", "nack", "wait", "snapshot", "seek", "restart"]),
    max_size=25,
)


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(data=tmp_path)


def restarted(desk: Desk, folder) -> Desk:
    """A new process on the same folder, at the same time of day; the old one wrote all it had to write."""
    desk.backend.journal.close()
    again = Desk(data=folder)
    again.around.advance((desk.around.now_ns() - again.around.now_ns()) / 1e9)
    return again


def test_attempts_count_on_to_the_dead_letter(desk, tmp_path):
    desk.topic(DEAD)
    desk.topic()
    desk.subscription(dead_letter_policy={"dead_letter_topic": DEAD, "max_delivery_attempts": 5})
    desk.publish(b"poison")
    for _ in range(4):
        (received,) = desk.pull()
        desk.nack(received.ack_id)
    desk = restarted(desk, tmp_path)
    (received,) = desk.pull()
    assert received.delivery_attempt == 5
    desk.nack(received.ack_id)
    assert desk.pull() == []
    assert desk.events("dead_lettered")


def test_ids_go_on_where_they_stopped(desk, tmp_path):
    desk.topic()
    before = desk.publish(b"1", b"2")
    desk = restarted(desk, tmp_path)
    assert int(desk.publish(b"3")[0]) > int(before[-1])


def test_settings_schemas_and_policies_come_back(desk, tmp_path):
    avro = types.Schema(type_="AVRO", definition='{"type": "record", "name": "r", "fields": []}')
    request = schema_types.CreateSchemaRequest(parent=f"projects/{PROJECT}", schema_id="the-schema", schema=avro)
    schema = desk.rpc.call("CreateSchema", request, types.Schema)
    topic = desk.topic(labels={"a": "b"}, schema_settings={"schema": schema.name, "encoding": "JSON"})
    subscription = desk.subscription(filter='attributes.sport = "nba"', enable_message_ordering=True)
    desk = restarted(desk, tmp_path)
    assert desk.rpc.call("GetTopic", types.GetTopicRequest(topic=TOPIC), types.Topic) == topic
    got = desk.rpc.call("GetSubscription", types.GetSubscriptionRequest(subscription=SUB), types.Subscription)
    assert got == subscription
    again = schema_types.GetSchemaRequest(name=schema.name, view="FULL")
    assert desk.rpc.call("GetSchema", again, types.Schema).definition == avro.definition
    with pytest.raises(GrpcError, match="schema"):
        desk.publish(b"not json")


def test_a_deleted_topic_takes_what_it_retained_along(desk, tmp_path):
    desk.topic(message_retention_duration={"seconds": 600})
    desk.subscription()
    desk.publish(b"1")
    desk.rpc.call("DeleteTopic", types.DeleteTopicRequest(topic=TOPIC), EmptyType)
    desk = restarted(desk, tmp_path)
    assert [one.message.data for one in desk.pull()] == [b"1"]
    with pytest.raises(GrpcError, match="NOT_FOUND"):
        desk.publish(b"2")


@settings(deadline=None, max_examples=40, derandomize=True)
@given(STEPS, st.booleans(), st.booleans())
def test_a_broker_restarted_anywhere_has_the_backlog_of_one_that_never_was(tmp_path_factory, steps, ordering, retain):
    folder = tmp_path_factory.mktemp("kept")
    kept, plain = Desk(data=folder), Desk()
    for desk in (kept, plain):
        desk.topic(message_retention_duration={"seconds": 600})
        desk.subscription(enable_message_ordering=ordering, retain_acked_messages=retain)
    for number, step in enumerate(steps):
        if step == "restart":
            kept = restarted(kept, folder)
        for desk in (kept, plain):
            _take(desk, step, number)
        assert _state(kept) == _state(plain)
    kept = restarted(kept, folder)
    assert _state(kept) == _state(plain)
    kept.backend.close()


def _take(desk: Desk, step: str, number: int) -> None:
    match step:
        case "publish":
            desk.publish(b"%d" % number)
        case "publish keyed":
            desk.publish(b"%d" % number, key="k")
        case "ack" | "nack":
            # Everything that is out is taken back first, so that leases, which are not kept, make no difference.
            desk.around.advance(11)
            received = desk.pull()
            half = [one.ack_id for one in received[: (len(received) + 1) // 2]]
            if half:
                (desk.ack if step == "ack" else desk.nack)(*half)
        case "wait":
            desk.around.advance(120)
        case "snapshot":
            name = f"projects/{PROJECT}/snapshots/snap{number}"
            desk.rpc.call("CreateSnapshot", types.CreateSnapshotRequest(name=name, subscription=SUB), types.Snapshot)
        case "seek":
            snapshots = sorted(desk.backend.broker.snapshots)
            request = types.SeekRequest(subscription=SUB)
            if snapshots:
                request.snapshot = snapshots[0]
            else:
                request.time = {"seconds": desk.around.now_ns() // 10**9 - 60}
            desk.rpc.call("Seek", request, types.SeekResponse)


def _state(desk: Desk) -> object:
    broker = desk.backend.broker
    subscription = broker.subscriptions[SUB]
    return (
        [(one.message_id, one.data, one.ordering_key) for one in subscription.backlog()],
        [one.message_id for one in subscription.acked_and_kept()],
        [one.message_id for one in broker.topics[TOPIC].retained(desk.around.now_ns())],
        {name: [one.message_id for one in snapshot.messages] for name, snapshot in broker.snapshots.items()},
    )
