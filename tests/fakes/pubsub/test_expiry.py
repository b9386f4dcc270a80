"""Subscriptions that nobody uses, and when they are gone."""

import pytest
from google.pubsub_v1 import types

from fakes.seam import GrpcError
from tests.fakes.pubsub.desk import SUB, Desk

DAY_S = 86_400


def desk_with(**fields):
    desk = Desk()
    desk.topic()
    desk.subscription(**fields)
    return desk


def is_there(desk):
    return SUB in desk.backend.broker.subscriptions


def test_a_subscription_nobody_uses_is_gone_after_31_days_and_its_backlog_is_dropped():
    desk = desk_with(message_retention_duration={"seconds": 31 * DAY_S})
    desk.around.advance(DAY_S)
    desk.publish(b"a")
    desk.around.advance(30 * DAY_S - 1)
    assert is_there(desk)
    desk.around.advance(1)
    assert not is_there(desk)
    [dropped] = desk.messages(event="dropped")
    assert dropped["reason"] == "subscription expired"


def test_using_it_keeps_it():
    desk = desk_with(expiration_policy={"ttl": {"seconds": DAY_S}})
    for _ in range(5):
        desk.around.advance(DAY_S - 1)
        desk.pull()
    assert is_there(desk)
    desk.around.advance(DAY_S)
    assert not is_there(desk)


def test_a_push_subscription_lives_by_its_acknowledgements():
    desk = desk_with(expiration_policy={"ttl": {"seconds": DAY_S}}, push_config={"push_endpoint": "https://x/"})
    for _ in range(3):
        desk.around.advance(DAY_S - 1)
        desk.publish(b"a")
        desk.around.advance(0)
    assert is_there(desk)
    desk.around.advance(DAY_S)
    assert not is_there(desk)


def test_a_policy_without_a_time_means_never():
    desk = desk_with(expiration_policy={})
    desk.around.advance(400 * DAY_S)
    assert is_there(desk)


def test_lengthening_the_time_holds_and_a_new_one_of_the_same_name_has_its_own():
    desk = desk_with(expiration_policy={"ttl": {"seconds": DAY_S}})
    request = types.UpdateSubscriptionRequest(
        subscription={"name": SUB, "expiration_policy": {"ttl": {"seconds": 10 * DAY_S}}},
        update_mask={"paths": ["expiration_policy"]},
    )
    desk.rpc.call("UpdateSubscription", request, types.Subscription)
    desk.around.advance(9 * DAY_S)
    assert is_there(desk)
    desk.backend.broker.delete_subscription(SUB)
    desk.subscription(expiration_policy={"ttl": {"seconds": 5 * DAY_S}})
    desk.around.advance(4 * DAY_S)
    assert is_there(desk)


def test_shortening_the_time_holds_at_once():
    desk = desk_with()
    request = types.UpdateSubscriptionRequest(
        subscription={"name": SUB, "expiration_policy": {"ttl": {"seconds": DAY_S}}},
        update_mask={"paths": ["expiration_policy"]},
    )
    desk.rpc.call("UpdateSubscription", request, types.Subscription)
    desk.around.advance(DAY_S)
    assert not is_there(desk)


def test_less_than_a_day_is_refused():
    with pytest.raises(GrpcError, match=r"expiration_policy\.ttl"):
        desk_with(expiration_policy={"ttl": {"seconds": DAY_S - 1}})
