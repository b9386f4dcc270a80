"""Seeking: what a subscription gets again, and for how long it can."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.pubsub_v1 import types

from fakes.seam import GrpcError
from tests.fakes.pubsub.desk import PROJECT, SUB, TOPIC, Desk

SNAPSHOT = f"projects/{PROJECT}/snapshots/before-deploy"


def desk_with(**fields):
    desk = Desk()
    desk.topic()
    desk.subscription(**fields)
    return desk


def seek(desk, **target):
    desk.rpc.call("Seek", types.SeekRequest(subscription=SUB, **target), types.SeekResponse)


def moment(desk, seconds=0.0):
    stamp = Timestamp()
    stamp.FromNanoseconds(desk.around.epoch_ns + round(seconds * 1e9))
    return stamp


def snapshot(desk):
    request = types.CreateSnapshotRequest(name=SNAPSHOT, subscription=SUB)
    return desk.rpc.call("CreateSnapshot", request, types.Snapshot)


def pulled(desk):
    return [one.message.data for one in desk.pull()]


def ack_all(desk):
    got = desk.pull()
    desk.ack(*(one.ack_id for one in got))


def test_a_seek_back_replays_retained_acknowledged_messages():
    desk = desk_with(retain_acked_messages=True)
    desk.publish(b"early")
    desk.around.advance(60)
    start = moment(desk)
    desk.publish(b"late")
    ack_all(desk)
    seek(desk, time=start)
    assert pulled(desk) == [b"late"]


def test_without_retention_a_seek_back_brings_nothing_acknowledged():
    desk = desk_with()
    start = moment(desk)
    desk.publish(b"a")
    ack_all(desk)
    desk.publish(b"b")
    seek(desk, time=start)
    assert pulled(desk) == [b"b"]


def test_a_topics_retention_serves_seeks_of_a_subscription_younger_than_the_message():
    desk = Desk()
    desk.topic(message_retention_duration={"seconds": 3600})
    start = moment(desk)
    desk.publish(b"before")
    desk.subscription()
    assert pulled(desk) == []
    seek(desk, time=start)
    assert pulled(desk) == [b"before"]


def test_retained_messages_are_let_go_when_they_are_too_old():
    desk = desk_with(retain_acked_messages=True, message_retention_duration={"seconds": 600})
    start = moment(desk)
    desk.publish(b"a")
    ack_all(desk)
    desk.around.advance(601)
    seek(desk, time=start)
    assert pulled(desk) == []


def test_a_seek_ahead_purges():
    desk = desk_with()
    desk.publish(b"a", b"b")
    seek(desk, time=moment(desk, 3600))
    assert pulled(desk) == []
    assert {event["reason"] for event in desk.messages(event="acked")} == {"seek"}


def test_leases_out_at_a_seek_are_worth_nothing_and_hurt_nothing():
    desk = desk_with()
    desk.publish(b"a")
    [got] = desk.pull()
    seek(desk, time=moment(desk))
    [again] = desk.pull()
    desk.ack(got.ack_id)
    desk.around.advance(5)
    desk.ack(again.ack_id)
    desk.around.advance(60)
    assert pulled(desk) == []
    assert desk.events("expired") == []


def test_a_snapshot_brings_back_what_was_unacknowledged_and_what_came_since():
    desk = desk_with()
    desk.publish(b"done")
    ack_all(desk)
    desk.publish(b"open")
    assert snapshot(desk).topic == TOPIC
    ack_all(desk)
    desk.publish(b"since")
    ack_all(desk)
    seek(desk, snapshot=SNAPSHOT)
    assert pulled(desk) == [b"open", b"since"]


def test_a_snapshot_lives_seven_days_less_the_age_of_its_oldest_message():
    desk = desk_with()
    desk.publish(b"a")
    desk.around.advance(86_400)
    snapshot(desk)
    desk.around.advance(6 * 86_400 - 1)
    names = desk.rpc.call(
        "ListTopicSnapshots", types.ListTopicSnapshotsRequest(topic=TOPIC), types.ListTopicSnapshotsResponse
    )
    assert list(names.snapshots) == [SNAPSHOT]
    desk.around.advance(1)
    with pytest.raises(GrpcError) as gone:
        seek(desk, snapshot=SNAPSHOT)
    assert gone.value.code == "NOT_FOUND"


def test_a_snapshot_that_would_live_less_than_an_hour_is_refused():
    desk = desk_with(message_retention_duration={"seconds": 31 * 86_400})
    desk.publish(b"a")
    desk.around.advance(7 * 86_400 - 3_599)
    with pytest.raises(GrpcError) as refused:
        snapshot(desk)
    assert refused.value.code == "FAILED_PRECONDITION"


def test_seeking_keeps_the_order_of_a_key():
    desk = desk_with(enable_message_ordering=True, retain_acked_messages=True)
    start = moment(desk)
    desk.publish(b"0", b"1", b"2", key="game")
    ack_all(desk)
    desk.publish(b"3", key="game")
    seek(desk, time=start)
    assert pulled(desk) == [b"0", b"1", b"2", b"3"]


def test_a_detached_subscription_gets_nothing_and_cannot_be_pulled():
    desk = desk_with()
    desk.publish(b"a")
    request = types.DetachSubscriptionRequest(subscription=SUB)
    desk.rpc.call("DetachSubscription", request, types.DetachSubscriptionResponse)
    [message_id] = desk.publish(b"b")
    assert [event["event"] for event in desk.messages(message_id=message_id)] == ["published", "unrouted"]
    with pytest.raises(GrpcError) as refused:
        desk.pull()
    assert refused.value.code == "FAILED_PRECONDITION"
    found = desk.rpc.call("GetSubscription", types.GetSubscriptionRequest(subscription=SUB), types.Subscription)
    assert found.detached
