"""Topics and publishing: names, ids, attributes, and what the history says of it."""

from hashlib import sha256

import pytest
from google.pubsub_v1 import types

from fakes.seam import GrpcError
from tests.fakes.pubsub.desk import PROJECT, SUB, TOPIC, Desk, EmptyType


def test_a_topic_is_made_once():
    desk = Desk()
    assert desk.topic(labels={"team": "props"}).labels == {"team": "props"}
    with pytest.raises(GrpcError) as refused:
        desk.topic()
    assert refused.value.code == "ALREADY_EXISTS"


@pytest.mark.parametrize(
    "name", ["x", "projects/p/topics/ab", "projects/p/topics/googx", "projects/p/subscriptions/abc"]
)
def test_a_bad_topic_name_is_refused_and_shown(name):
    with pytest.raises(GrpcError, match=name) as refused:
        Desk().topic(name)
    assert refused.value.code == "INVALID_ARGUMENT"


def test_publishing_to_a_topic_that_is_not_there_is_not_found():
    with pytest.raises(GrpcError, match="raw-complete") as refused:
        Desk().publish(b"x")
    assert refused.value.code == "NOT_FOUND"


def test_a_topic_without_subscription_loses_the_message_and_the_history_says_so():
    desk = Desk()
    desk.topic()
    [message_id] = desk.publish(b"lost")
    assert [event["event"] for event in desk.messages(message_id=message_id)] == ["published", "unrouted"]
    desk.subscription()
    assert desk.pull() == []


def test_published_events_carry_the_hash_of_the_data():
    desk = Desk()
    desk.topic()
    desk.publish(b"abc")
    assert {event["data_sha256"] for event in desk.messages()} == {sha256(b"abc").hexdigest()}


def test_message_ids_differ_and_come_in_order():
    desk = Desk()
    desk.topic()
    ids = desk.publish(b"a", b"b") + desk.publish(b"a")
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("messages", "word"),
    [
        ([{"data": b"x"}] * 1001, "message_count"),
        ([{"data": b"x" * 10_000_001}], "request_size"),
        ([{}], "empty"),
        ([], "no messages"),
        ([{"attributes": {"k" * 257: "v"}}], "attribute_key_size"),
        ([{"attributes": {"k": "v" * 1025}}], "attribute_value_size"),
        ([{"attributes": {str(i): "" for i in range(101)}}], "attribute_count"),
        ([{"data": b"x", "ordering_key": "k" * 1025}], "ordering_key_size"),
        ([{"attributes": {"google": "v"}}], "goog"),
    ],
)
def test_a_publish_beyond_a_limit_is_refused_whole(messages, word):
    desk = Desk()
    desk.topic()
    desk.subscription()
    request = types.PublishRequest(topic=TOPIC, messages=[types.PubsubMessage(**fields) for fields in messages])
    with pytest.raises(GrpcError, match=word) as refused:
        desk.rpc.call("Publish", request, types.PublishResponse)
    assert refused.value.code == "INVALID_ARGUMENT"
    assert desk.pull() == []


def test_a_scenario_may_lower_a_limit():
    desk = Desk(limits={"messages_per_publish": 1})
    desk.topic()
    with pytest.raises(GrpcError, match=r"passed 2 .* maximum value is 1"):
        desk.publish(b"a", b"b")


@pytest.mark.parametrize(
    "labels",
    [{"Upper": "x"}, {"ok": "Upper"}, {"1st": "x"}, {"": "x"}, {"a" * 64: "x"}, {f"k{n}": "x" for n in range(65)}],
)
def test_labels_the_service_does_not_take_are_refused_of_any_resource(labels):
    desk = Desk()
    desk.topic()
    desk.subscription()
    snapshot = types.CreateSnapshotRequest(name=f"projects/{PROJECT}/snapshots/one", subscription=SUB, labels=labels)
    for make in (
        lambda: desk.topic(f"{TOPIC}-2", labels=labels),
        lambda: desk.subscription(f"{SUB}-2", labels=labels),
        lambda: desk.rpc.call("CreateSnapshot", snapshot, types.Snapshot),
    ):
        with pytest.raises(GrpcError, match="label") as refused:
            make()
        assert refused.value.code == "INVALID_ARGUMENT"


def test_labels_the_service_takes_are_kept():
    labels = {"team-1": "data_2", "größe": "", "empty": ""}
    assert dict(Desk().topic(labels=labels).labels) == labels


def test_an_acknowledgement_beyond_its_limit_is_refused():
    desk = Desk(limits={"bytes_per_ack": 100})
    desk.topic()
    desk.subscription()
    desk.publish(*(b"%d" % number for number in range(9)))
    ids = [one.ack_id for one in desk.pull()]
    for call in (desk.ack, desk.nack):
        with pytest.raises(GrpcError, match="Request payload size exceeds the limit: 100 bytes") as refused:
            call(*ids)
        assert refused.value.code == "INVALID_ARGUMENT"


def test_an_unknown_limit_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'messages'.*messages_per_publish"):
        Desk(limits={"messages": 1})


def test_topics_are_listed_in_pages():
    desk = Desk()
    for letter in "cab":
        desk.topic(f"projects/{PROJECT}/topics/{letter}-topic")
    first = desk.rpc.call(
        "ListTopics", types.ListTopicsRequest(project=f"projects/{PROJECT}", page_size=2), types.ListTopicsResponse
    )
    second = desk.rpc.call(
        "ListTopics",
        types.ListTopicsRequest(project=f"projects/{PROJECT}", page_token=first.next_page_token),
        types.ListTopicsResponse,
    )
    assert [topic.name[-7:] for topic in [*first.topics, *second.topics]] == ["a-topic", "b-topic", "c-topic"]
    assert second.next_page_token == ""


def test_update_topic_changes_what_the_mask_names():
    desk = Desk()
    desk.topic(labels={"a": "1"})
    request = types.UpdateTopicRequest(topic={"name": TOPIC, "labels": {"b": "2"}}, update_mask={"paths": ["labels"]})
    assert desk.rpc.call("UpdateTopic", request, types.Topic).labels == {"b": "2"}


def test_a_deleted_topic_leaves_its_subscription_what_it_holds():
    desk = Desk()
    desk.topic()
    desk.subscription()
    desk.publish(b"kept")
    desk.rpc.call("DeleteTopic", types.DeleteTopicRequest(topic=TOPIC), EmptyType)
    found = desk.rpc.call("GetSubscription", types.GetSubscriptionRequest(subscription=SUB), types.Subscription)
    assert found.topic == "_deleted-topic_"
    assert [one.message.data for one in desk.pull()] == [b"kept"]


def test_a_neighbour_publishes_by_the_topics_id():
    desk = Desk()
    desk.topic()
    desk.subscription()
    message_id = desk.backend.publish("raw-complete", b"{}", {"eventType": "OBJECT_FINALIZE"})
    [got] = desk.pull()
    assert (got.message.message_id, dict(got.message.attributes)) == (message_id, {"eventType": "OBJECT_FINALIZE"})
