"""Ordering keys: what waits for what, and what a failure sends again."""

import pytest

from tests.fakes.pubsub.desk import DEAD, Desk


def ordered(**fields):
    desk = Desk()
    desk.topic()
    desk.topic(DEAD)
    desk.subscription(enable_message_ordering=True, **fields)
    return desk


def data(received):
    return [one.message.data for one in received]


def test_messages_of_a_key_come_in_order_and_may_all_be_outstanding():
    desk = ordered()
    desk.publish(b"0", b"1", b"2", key="game")
    assert data(desk.pull(2)) == [b"0", b"1"]
    assert data(desk.pull(2)) == [b"2"]


@pytest.mark.parametrize("how", ["nack", "expiry"])
def test_redelivery_brings_the_later_ones_too_even_acknowledged_ones(how):
    desk = ordered()
    desk.publish(b"0", b"1", b"2", b"3", key="game")
    got = desk.pull()
    desk.ack(got[0].ack_id, got[2].ack_id)
    if how == "nack":
        desk.nack(got[1].ack_id)
    else:
        desk.extend(600, got[3].ack_id)
        desk.around.advance(10)
    assert data(desk.pull()) == [b"1", b"2", b"3"]


def test_what_was_acknowledged_before_the_failure_does_not_come_again():
    desk = ordered()
    desk.publish(b"0", b"1", key="game")
    got = desk.pull()
    desk.ack(got[0].ack_id)
    desk.nack(got[1].ack_id)
    assert data(desk.pull()) == [b"1"]


def test_the_ack_ids_taken_back_by_a_rewind_are_worth_nothing():
    desk = ordered()
    desk.publish(b"0", b"1", key="game")
    got = desk.pull()
    desk.nack(got[0].ack_id)
    desk.ack(got[1].ack_id)
    assert data(desk.pull()) == [b"0", b"1"]


def test_a_failure_does_not_disturb_other_keys_or_messages_without_one():
    desk = ordered()
    desk.publish(b"a0", b"a1", key="a")
    desk.publish(b"b0", key="b")
    desk.publish(b"free")
    by_data = {one.message.data: one.ack_id for one in desk.pull()}
    desk.nack(by_data[b"a0"])
    assert data(desk.pull()) == [b"a0", b"a1"]


def test_a_key_waits_for_the_back_off_of_its_head_and_others_do_not():
    desk = ordered(retry_policy={"minimum_backoff": {"seconds": 10}, "maximum_backoff": {"seconds": 60}})
    desk.publish(b"a0", b"a1", key="a")
    desk.nack(desk.pull(1)[0].ack_id)
    desk.publish(b"b0", key="b")
    assert data(desk.pull()) == [b"b0"]
    desk.around.advance(10)
    assert data(desk.pull()) == [b"a0", b"a1"]


def test_a_dead_lettered_head_leaves_the_rest_to_whoever_has_it():
    desk = ordered(dead_letter_policy={"dead_letter_topic": DEAD, "max_delivery_attempts": 5})
    desk.publish(b"poison", b"good", key="a")
    for _ in range(5):
        got = desk.pull()
        desk.nack(got[0].ack_id)
    assert desk.pull() == []
    desk.around.advance(10)
    assert data(desk.pull()) == [b"good"]


def test_a_line_is_forgotten_when_all_is_acknowledged():
    desk = ordered()
    subscription = next(iter(desk.backend.broker.subscriptions.values()))
    for number in range(50):
        desk.publish(b"x", key=f"key-{number}")
    desk.ack(*(one.ack_id for one in desk.pull()))
    assert len(subscription._turns._lines) == len(subscription._backlog) == len(subscription._by_ack_id) == 0
