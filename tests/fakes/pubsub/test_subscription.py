"""A subscription as a state machine: leases, expiry, redelivery, dead letters."""

import pytest
from google.pubsub_v1 import types

from fakes.seam import GrpcError
from tests.fakes.pubsub.desk import DEAD, PROJECT, SUB, TOPIC, Desk, EmptyType


def desk_with(**fields):
    desk = Desk()
    desk.topic()
    desk.topic(DEAD)
    desk.subscription(**fields)
    return desk


def test_a_message_is_delivered_once_while_its_deadline_lasts():
    desk = desk_with()
    desk.publish(b"a")
    [got] = desk.pull()
    assert (got.message.data, desk.pull()) == (b"a", [])
    assert got.ack_id != got.message.message_id


def test_the_deadline_is_10_s_unless_given_and_expiry_redelivers_under_a_new_ack_id():
    desk = desk_with()
    [message_id] = desk.publish(b"a")
    [first] = desk.pull()
    desk.around.advance(9.999)
    assert desk.pull() == []
    desk.around.advance(0.001)
    [second] = desk.pull()
    assert second.message.message_id == message_id
    assert second.ack_id != first.ack_id
    assert ("expired", 10.0) in desk.events()


def test_extending_counts_from_now():
    desk = desk_with()
    desk.publish(b"a")
    [got] = desk.pull()
    desk.around.advance(5)
    desk.extend(20, got.ack_id)
    desk.around.advance(19.9)
    assert desk.pull() == []
    desk.around.advance(0.1)
    assert len(desk.pull()) == 1


def test_a_shortened_deadline_expires_when_it_says():
    desk = desk_with(ack_deadline_seconds=600)
    desk.publish(b"a")
    [got] = desk.pull()
    desk.extend(3, got.ack_id)
    desk.around.advance(3)
    assert desk.events("expired") == [("expired", 3.0)]


def test_a_nack_without_a_retry_policy_redelivers_at_once():
    desk = desk_with()
    desk.publish(b"a")
    desk.nack(desk.pull()[0].ack_id)
    assert len(desk.pull()) == 1
    assert desk.events("nacked") == [("nacked", 0.0)]


def test_an_ack_ends_it():
    desk = desk_with()
    desk.publish(b"a")
    [got] = desk.pull()
    desk.ack(got.ack_id)
    desk.around.advance(3600)
    assert desk.pull() == []
    assert [name for name, _ in desk.events()] == ["published", "delivered", "acked"]


def test_an_ack_after_expiry_counts_while_nobody_has_it_again():
    desk = desk_with()
    desk.publish(b"a")
    [got] = desk.pull()
    desk.around.advance(11)
    desk.ack(got.ack_id)
    assert desk.pull() == []


def test_a_stale_ack_id_is_no_error_and_leaves_the_message_outstanding_under_the_new_one():
    desk = desk_with()
    desk.publish(b"a")
    [first] = desk.pull()
    desk.around.advance(10)
    [second] = desk.pull()
    desk.ack(first.ack_id)
    desk.around.advance(10)
    assert [one.message.data for one in desk.pull()] == [b"a"]
    desk.ack(second.ack_id)


def test_a_malformed_ack_id_is_refused():
    desk = desk_with()
    with pytest.raises(GrpcError, match="ack_id=nonsense") as refused:
        desk.ack("nonsense")
    assert refused.value.code == "INVALID_ARGUMENT"


def test_back_off_grows_with_each_failure_of_the_same_message():
    desk = desk_with(retry_policy={"minimum_backoff": {"seconds": 10}, "maximum_backoff": {"seconds": 60}})
    desk.publish(b"a")
    for wait_s in (10, 20, 40, 60, 60):
        [got] = desk.pull()
        desk.nack(got.ack_id)
        desk.around.advance(wait_s - 0.001)
        assert desk.pull() == []
        desk.around.advance(0.001)
    [got] = desk.pull()


def test_back_off_follows_expiry_too():
    desk = desk_with(retry_policy={"minimum_backoff": {"seconds": 5}, "maximum_backoff": {"seconds": 600}})
    desk.publish(b"a")
    desk.pull()
    desk.around.advance(14.999)
    assert desk.pull() == []
    desk.around.advance(0.001)
    assert len(desk.pull()) == 1


def test_back_off_holds_only_its_own_message():
    desk = desk_with(retry_policy={})
    desk.publish(b"poison", b"good")
    poison, good = desk.pull()
    desk.nack(poison.ack_id)
    desk.nack(good.ack_id)
    desk.publish(b"fresh")
    assert [one.message.data for one in desk.pull()] == [b"fresh"]


@pytest.mark.parametrize("how", ["nack", "expiry"])
def test_a_dead_letter_policy_forwards_after_its_attempts(how):
    desk = desk_with(dead_letter_policy={"dead_letter_topic": DEAD, "max_delivery_attempts": 5})
    dead_sub = f"projects/{PROJECT}/subscriptions/dlq-monitor"
    desk.subscription(dead_sub, DEAD)
    [message_id] = desk.publish(b"poison", sport="nba")
    attempts = []
    for _ in range(5):
        [got] = desk.pull()
        attempts.append(got.delivery_attempt)
        if how == "nack":
            desk.nack(got.ack_id)
        else:
            desk.around.advance(10)
    assert attempts == [1, 2, 3, 4, 5]
    assert desk.pull() == []
    [dead] = desk.pull(name=dead_sub)
    assert dead.message.data == b"poison"
    assert dead.message.message_id != message_id
    assert dict(dead.message.attributes) == {
        "sport": "nba",
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
        "CloudPubSubDeadLetterSourceSubscription": "analytics-sub",
        "CloudPubSubDeadLetterSourceSubscriptionProject": PROJECT,
        "CloudPubSubDeadLetterSourceTopicPublishTime": "2026-01-16T00:00:00Z",
    }
    assert desk.events("dead_lettered") == [("dead_lettered", 0.0 if how == "nack" else 50.0)]


def test_without_a_dead_letter_policy_no_attempt_is_told():
    desk = desk_with()
    desk.publish(b"a")
    assert desk.pull()[0].delivery_attempt == 0


def test_a_dead_letter_topic_deleted_later_means_redelivery_for_ever():
    desk = desk_with(dead_letter_policy={"dead_letter_topic": DEAD, "max_delivery_attempts": 5})
    desk.rpc.call("DeleteTopic", types.DeleteTopicRequest(topic=DEAD), EmptyType)
    desk.publish(b"poison")
    for _ in range(9):
        desk.nack(desk.pull()[0].ack_id)
    assert desk.pull()[0].delivery_attempt == 10


def test_a_message_is_dropped_when_its_retention_is_over():
    desk = desk_with(message_retention_duration={"seconds": 600})
    desk.publish(b"old")
    desk.around.advance(300)
    desk.publish(b"new")
    desk.around.advance(301)
    assert [one.message.data for one in desk.pull()] == [b"new"]
    assert desk.events("dropped") == [("dropped", 600.0)]


def test_messages_published_before_the_subscription_are_not_seen_by_it():
    desk = Desk()
    desk.topic()
    desk.publish(b"early")
    desk.subscription()
    desk.publish(b"late")
    assert [one.message.data for one in desk.pull()] == [b"late"]


def test_each_subscription_gets_its_own_copy():
    desk = desk_with()
    other = f"projects/{PROJECT}/subscriptions/other-sub"
    desk.subscription(other)
    desk.publish(b"a")
    desk.ack(desk.pull()[0].ack_id)
    assert len(desk.pull(name=other)) == 1


@pytest.mark.parametrize(
    ("fields", "word", "code"),
    [
        ({"ack_deadline_seconds": 5}, "ack_deadline_seconds", "INVALID_ARGUMENT"),
        ({"ack_deadline_seconds": 601}, "ack_deadline_seconds", "INVALID_ARGUMENT"),
        ({"message_retention_duration": {"seconds": 5}}, "message_retention_duration", "INVALID_ARGUMENT"),
        ({"dead_letter_policy": {"dead_letter_topic": DEAD, "max_delivery_attempts": 4}}, "attempts", "OUT_OF_RANGE"),
        ({"dead_letter_policy": {"dead_letter_topic": TOPIC + "-none"}}, "raw-complete-none", "NOT_FOUND"),
        (
            {"retry_policy": {"minimum_backoff": {"seconds": 9}, "maximum_backoff": {"seconds": 8}}},
            "minimum_backoff",
            "INVALID_ARGUMENT",
        ),
        ({"push_config": {"push_endpoint": "ftp://x"}}, "ftp://x", "INVALID_ARGUMENT"),
        (
            {"push_config": {"push_endpoint": "https://x"}, "enable_exactly_once_delivery": True},
            "pull",
            "INVALID_ARGUMENT",
        ),
        ({"bigquery_config": {"table": "p.d.t"}}, "bigquery_config", "UNIMPLEMENTED"),
    ],
)
def test_a_bad_subscription_is_refused_by_field(fields, word, code):
    desk = Desk()
    desk.topic()
    desk.topic(DEAD)
    with pytest.raises(GrpcError, match=word) as refused:
        desk.subscription(**fields)
    assert refused.value.code == code


def test_a_deleted_subscription_drops_its_backlog():
    desk = desk_with()
    desk.publish(b"a")
    desk.rpc.call("DeleteSubscription", types.DeleteSubscriptionRequest(subscription=SUB), EmptyType)
    assert desk.events("dropped") == [("dropped", 0.0)]
    with pytest.raises(GrpcError) as refused:
        desk.pull()
    assert refused.value.code == "NOT_FOUND"


def test_updating_the_deadline_holds_for_later_deliveries():
    desk = desk_with()
    request = types.UpdateSubscriptionRequest(
        subscription={"name": SUB, "ack_deadline_seconds": 60}, update_mask={"paths": ["ack_deadline_seconds"]}
    )
    assert desk.rpc.call("UpdateSubscription", request, types.Subscription).ack_deadline_seconds == 60
    desk.publish(b"a")
    desk.pull()
    desk.around.advance(60)
    assert desk.events("expired") == [("expired", 60.0)]
