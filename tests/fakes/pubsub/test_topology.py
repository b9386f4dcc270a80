"""What a topology file makes of topics and subscriptions, and what it refuses."""

import pytest

from tests.fakes.pubsub.desk import DEAD, PROJECT, SUB, TOPIC, URL, Desk


def topology(**subscription):
    return {
        "project": PROJECT,
        "topics": {
            "raw-complete": {"retention": "7d", "subscriptions": {"analytics-sub": subscription}},
            "raw-complete-dlq": None,
        },
        "buckets": {"not-ours": {}},
    }


def test_topics_and_subscriptions_are_made_as_declared_dead_letters_below_included():
    desk = Desk()
    desk.backend.provision(
        topology(
            push=URL,
            ack_deadline="600s",
            retention="7d",
            retry={"minimum": "10s", "maximum": "600s"},
            dead_letter={"topic": "raw-complete-dlq", "attempts": 5},
            filter='attributes.sport = "nba"',
        )
    )
    settings = desk.backend.broker.subscriptions[SUB].settings
    assert set(desk.backend.broker.topics) == {TOPIC, DEAD}
    assert (settings.push.url, settings.ack_deadline_s, settings.retention_s) == (URL, 600, 7 * 86_400)
    assert (settings.retry.minimum_s, settings.retry.maximum_s) == (10, 600)
    assert (settings.dead_letter.topic, settings.dead_letter.attempts) == (DEAD, 5)
    assert settings.matches({"sport": "nba"})


def test_provisioning_twice_changes_nothing():
    desk = Desk()
    desk.backend.provision(topology())
    desk.publish(b"a")
    desk.backend.provision(topology())
    assert [one.message.data for one in desk.pull()] == [b"a"]


@pytest.mark.parametrize(
    ("subscription", "words"),
    [
        ({"ack_deadline": 600}, "ack_deadline is 600"),
        ({"ack_deadline": "5s"}, "ack_deadline_seconds"),
        ({"deadline": "10s"}, "unknown key 'deadline'"),
        ({"retry": "10s"}, "retry is '10s'"),
        ({"dead_letter": {"topic": "nowhere"}}, "nowhere"),
        ({"filter": "sport"}, "Invalid filter"),
    ],
)
def test_a_mistake_is_an_error_that_names_it(subscription, words):
    with pytest.raises(ValueError, match=words):
        Desk().backend.provision(topology(**subscription))
