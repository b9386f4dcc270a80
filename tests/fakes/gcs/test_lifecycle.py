"""What keeps an object, what brings it back, and who is told of it."""

import datetime

import orjson
import pytest
from google.api_core import exceptions

DAY_S = 86_400


def test_holds_keep_an_object(bucket):
    blob = bucket.blob("x")
    blob.upload_from_string("1")
    blob.temporary_hold = True
    blob.patch()
    with pytest.raises(exceptions.Forbidden, match="Temporary hold"):
        blob.delete()
    with pytest.raises(exceptions.Forbidden, match="Temporary hold"):
        bucket.blob("x").upload_from_string("2")
    blob.temporary_hold = False
    blob.event_based_hold = True
    blob.patch()
    with pytest.raises(exceptions.Forbidden, match="Event-Based hold"):
        blob.delete()
    blob.event_based_hold = False
    blob.patch()
    blob.delete()
    assert not blob.exists()


def test_a_retention_policy_keeps_objects_for_its_period(cloud, bucket):
    bucket.retention_period = 100
    bucket.patch()
    blob = bucket.blob("x")
    blob.upload_from_string("1")
    assert bucket.get_blob("x").retention_expiration_time is not None
    cloud.around.advance(99)
    with pytest.raises(exceptions.Forbidden, match="retention policy"):
        blob.delete()
    cloud.around.advance(1)
    blob.delete()


def test_a_locked_policy_cannot_be_shortened(bucket):
    bucket.retention_period = 100
    bucket.patch()
    bucket.lock_retention_policy()
    bucket.reload()
    assert bucket.retention_policy_locked
    bucket.retention_period = 50
    with pytest.raises(exceptions.Forbidden, match="locked"):
        bucket.patch()
    bucket.reload()
    bucket.retention_period = 200
    bucket.patch()
    assert bucket.retention_period == 200


def test_releasing_an_event_based_hold_starts_the_retention_period(cloud, bucket):
    bucket.retention_period = 100
    bucket.default_event_based_hold = True
    bucket.patch()
    blob = bucket.blob("x")
    blob.upload_from_string("1")
    cloud.around.advance(1000)
    blob.event_based_hold = False
    blob.patch()
    with pytest.raises(exceptions.Forbidden, match="retention policy"):
        blob.delete()
    cloud.around.advance(100)
    blob.delete()


def test_an_objects_own_retention_can_only_grow_once_locked(cloud):
    bucket = cloud.client.create_bucket("retained", enable_object_retention=True)
    blob = bucket.blob("x")
    blob.upload_from_string("1")
    start = datetime.datetime.fromtimestamp(cloud.around.now_ns() / 1e9, datetime.UTC)
    blob.retention.mode = "Unlocked"
    blob.retention.retain_until_time = start + datetime.timedelta(days=2)
    blob.patch()
    blob.retention.retain_until_time = start + datetime.timedelta(days=1)
    with pytest.raises(exceptions.Forbidden):
        blob.patch()
    blob.patch(override_unlocked_retention=True)
    blob.retention.mode = "Locked"
    blob.patch()
    blob.retention.mode = None
    blob.retention.retain_until_time = None
    with pytest.raises(exceptions.GoogleAPICallError):
        blob.patch(override_unlocked_retention=True)
    with pytest.raises(exceptions.Forbidden):
        blob.delete()
    cloud.around.advance(DAY_S)
    blob.delete()


def test_a_soft_deleted_object_can_be_restored_until_its_time_is_over(cloud, bucket):
    bucket.soft_delete_policy.retention_duration_seconds = 7 * DAY_S
    bucket.patch()
    blob = bucket.blob("x")
    blob.upload_from_string("1")
    generation = blob.generation
    blob.delete()
    assert [one.name for one in bucket.list_blobs()] == []
    assert [one.generation for one in bucket.list_blobs(soft_deleted=True)] == [generation]
    restored = bucket.restore_blob("x", generation=generation)
    assert restored.download_as_bytes() == b"1"
    assert restored.generation > generation
    restored.delete()
    cloud.around.advance(7 * DAY_S)
    assert list(bucket.list_blobs(soft_deleted=True)) == []
    with pytest.raises(exceptions.NotFound):
        bucket.restore_blob("x", generation=restored.generation)


def test_a_soft_deleted_bucket_can_be_restored(cloud, bucket):
    bucket.soft_delete_policy.retention_duration_seconds = 7 * DAY_S
    bucket.patch()
    bucket.delete()
    assert cloud.client.lookup_bucket("the-bucket") is None
    assert cloud.client.restore_bucket("the-bucket", bucket.generation).exists()


def test_a_bucket_with_objects_cannot_be_deleted(bucket):
    bucket.blob("x").upload_from_string("1")
    with pytest.raises(exceptions.Conflict, match="not empty"):
        bucket.delete()
    bucket.delete(force=True)


class Topics:
    def __init__(self):
        self.messages = []

    def publish(self, topic, data, attributes=None, ordering_key=""):
        if topic == "projects/test-project/topics/gone":
            raise LookupError("no such topic")
        self.messages.append((topic, orjson.loads(data) if data else None, attributes))
        return str(len(self.messages))


def test_changes_are_told_to_the_topics_that_ask(cloud, bucket):
    topics = cloud.around.peers["pubsub"] = Topics()
    bucket.notification("all", custom_attributes={"a": "b"}, payload_format="JSON_API_V1").create()
    bucket.notification("made", event_types=["OBJECT_FINALIZE"], blob_name_prefix="d/", payload_format="NONE").create()
    bucket.blob("x").upload_from_string("1")
    bucket.blob("d/y").upload_from_string("2")
    bucket.blob("d/y").upload_from_string("3")
    bucket.blob("x").delete()
    assert topics.messages == []
    cloud.around.advance(0)
    told = [
        (topic.rpartition("/")[2], attributes["eventType"], attributes["objectId"])
        for topic, _, attributes in topics.messages
    ]
    assert told == [
        ("all", "OBJECT_FINALIZE", "x"),
        ("all", "OBJECT_FINALIZE", "d/y"),
        ("made", "OBJECT_FINALIZE", "d/y"),
        ("all", "OBJECT_DELETE", "d/y"),
        ("all", "OBJECT_FINALIZE", "d/y"),
        ("made", "OBJECT_FINALIZE", "d/y"),
        ("all", "OBJECT_DELETE", "x"),
    ]
    _, body, attributes = topics.messages[4]
    assert (body["name"], body["size"], attributes["payloadFormat"], attributes["a"]) == (
        "d/y",
        "1",
        "JSON_API_V1",
        "b",
    )
    assert attributes["overwroteGeneration"] == topics.messages[3][2]["objectGeneration"]
    assert topics.messages[2][1] is None


def test_a_notification_nobody_takes_is_recorded(cloud, bucket):
    cloud.around.peers["pubsub"] = Topics()
    bucket.notification("gone").create()
    bucket.blob("x").upload_from_string("1")
    cloud.around.advance(0)
    dropped = [event for event in cloud.around.events if event["kind"] == "message"]
    assert [(event["event"], event["topic"]) for event in dropped] == [("dropped", "projects/test-project/topics/gone")]
