"""Exactly-once delivery: what it promises, what it asks of an acknowledgement, and what it still redelivers."""

import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from fakes.seam import GrpcError
from tests.fakes.pubsub.desk import Desk


def exactly_once(**fields):
    desk = Desk()
    desk.topic()
    desk.subscription(enable_exactly_once_delivery=True, **fields)
    return desk


def reasons(error):
    """What the client reads: the metadata of the first ErrorInfo."""
    status = Status.FromString(dict(error.trailers)["grpc-status-details-bin"])
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.reason == "EXACTLY_ONCE_ACKID_FAILURE"
    return dict(info.metadata)


def test_an_ack_after_expiry_fails_for_good():
    desk = exactly_once()
    desk.publish(b"a")
    [got] = desk.pull()
    desk.around.advance(10)
    with pytest.raises(GrpcError) as failed:
        desk.ack(got.ack_id)
    assert reasons(failed.value) == {got.ack_id: "PERMANENT_FAILURE_INVALID_ACK_ID"}
    assert len(desk.pull()) == 1


def test_a_second_ack_of_the_same_id_fails_and_the_good_ones_of_the_request_count():
    desk = exactly_once()
    desk.publish(b"a", b"b")
    first, second = desk.pull()
    desk.ack(first.ack_id)
    with pytest.raises(GrpcError) as failed:
        desk.ack(first.ack_id, second.ack_id)
    assert reasons(failed.value) == {first.ack_id: "PERMANENT_FAILURE_INVALID_ACK_ID"}
    desk.around.advance(60)
    assert desk.pull() == []


def test_extending_an_expired_lease_fails():
    desk = exactly_once()
    desk.publish(b"a")
    [got] = desk.pull()
    desk.around.advance(10)
    with pytest.raises(GrpcError) as failed:
        desk.extend(30, got.ack_id)
    assert set(reasons(failed.value).values()) == {"PERMANENT_FAILURE_INVALID_ACK_ID"}


def test_with_ordering_acks_must_come_in_order():
    desk = exactly_once(enable_message_ordering=True)
    desk.publish(b"0", b"1", key="game")
    first, second = desk.pull()
    with pytest.raises(GrpcError) as failed:
        desk.ack(second.ack_id)
    assert reasons(failed.value) == {second.ack_id: "TRANSIENT_FAILURE_UNORDERED_ACK_ID"}
    desk.ack(first.ack_id, second.ack_id)
    desk.around.advance(60)
    assert desk.pull() == []
