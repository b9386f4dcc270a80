"""Legal weather: the duplicates and delays that the service allows itself."""

import pytest

from tests.fakes.pubsub.desk import Desk


def desk_in(weather, **fields):
    desk = Desk(weather=weather)
    desk.topic()
    desk.subscription(**fields)
    return desk


def pulled(desk):
    return [one.message.data for one in desk.pull(1000)]


def test_a_duplicate_has_the_same_message_id_and_its_own_ack_id():
    desk = desk_in({"duplicate": 1.0})
    desk.publish(b"a")
    first, second = desk.pull()
    assert first.message == second.message
    assert first.ack_id != second.ack_id


def test_acking_both_copies_ends_the_message_and_a_failing_copy_changes_nothing():
    desk = desk_in({"duplicate": 1.0})
    desk.publish(b"a")
    original, copy = desk.pull()
    desk.nack(copy.ack_id)
    desk.ack(original.ack_id)
    desk.around.advance(60)
    assert pulled(desk) == []


def test_a_copy_acknowledged_leaves_the_original_to_its_own_end():
    desk = desk_in({"duplicate": 1.0})
    desk.publish(b"a")
    _, copy = desk.pull()
    desk.ack(copy.ack_id)
    desk.around.advance(10)
    assert pulled(desk) == [b"a", b"a"]


@pytest.mark.parametrize("fields", [{"enable_exactly_once_delivery": True}, {"enable_message_ordering": True}])
def test_exactly_once_and_ordered_messages_are_spared(fields):
    desk = desk_in({"duplicate": 1.0, "reorder": 1.0, "delay": 0.0}, **fields)
    desk.publish(b"0", b"1", b"2", key="game")
    assert sorted(pulled(desk)) == [b"0", b"1", b"2"]


def test_order_is_kept_for_a_key_in_any_weather():
    desk = desk_in({"reorder": 1.0, "delay": 1.0}, enable_message_ordering=True)
    desk.publish(b"0", b"1", b"2", key="game")
    assert pulled(desk) == [b"0", b"1", b"2"]


def test_a_message_may_overtake():
    desk = desk_in({"reorder": 1.0})
    desk.publish(b"0", b"1")
    assert pulled(desk) == [b"1", b"0"]


def test_a_delayed_message_comes_after_its_delay():
    desk = desk_in({"delay": 1.0, "delay_s": 5.0})
    desk.publish(b"a")
    desk.around.advance(4.999)
    assert pulled(desk) == []
    desk.around.advance(0.001)
    assert pulled(desk) == [b"a"]


def test_the_same_seed_brings_the_same_weather():
    def one_run():
        desk = desk_in({"duplicate": 0.3, "reorder": 0.3})
        desk.publish(*[b"%d" % number for number in range(100)])
        return pulled(desk)

    assert one_run() == one_run()
    assert 110 < len(one_run()) < 150


@pytest.mark.parametrize("weather", [{"duplicate": 1.1}, {"delay": -0.1}, {"delay_s": -1}, {"rain": 1}])
def test_weather_that_cannot_be_is_refused(weather):
    with pytest.raises(ValueError, match="|".join(weather)):
        Desk(weather=weather)
