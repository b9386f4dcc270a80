"""Every verdict of the gate means on Cloud Storage what it says, and says in the history what it did."""

import pytest
import requests
from google.api_core import exceptions

from fakes.seam import Delay, Hang, LoseReply, Refuse, Ruling, ServeStale, Truncate


def next_is(cloud, verdict):
    cloud.around.rulings.append(Ruling(verdict, "the-fault"))


def upload(cloud, name="x"):
    return cloud.http.post(f"{cloud.url}/upload/storage/v1/b/the-bucket/o?uploadType=media&name={name}", data=b"hello")


def last_call(cloud):
    event = cloud.around.events[-1]
    return event["outcome"], event["status"], event["applied"], event["fault"]


def test_a_refused_call_is_worded_as_the_vendor_does_and_changes_nothing(cloud, bucket):
    next_is(cloud, Refuse(429, message="slow down", headers={"Retry-After": "3"}))
    answer = upload(cloud)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    assert answer.json()["error"]["errors"] == [
        {"message": "slow down", "domain": "global", "reason": "rateLimitExceeded"}
    ]
    assert last_call(cloud) == ("refused", 429, False, "the-fault")
    next_is(cloud, Refuse(503))
    assert "<Code>ServiceUnavailable</Code>" in cloud.http.get(f"{cloud.url}/the-bucket/x").text
    assert cloud.backend.list_objects("the-bucket") == []


def test_a_reset_and_a_lost_reply_look_alike_but_only_one_is_applied(cloud, bucket):
    for name, verdict in (("reset", Refuse(0)), ("lost", LoseReply())):
        next_is(cloud, verdict)
        with pytest.raises(requests.ConnectionError):
            upload(cloud, name)
    assert cloud.backend.list_objects("the-bucket") == ["lost"]
    next_is(cloud, LoseReply(503))
    assert upload(cloud, "answered").status_code == 503
    assert cloud.backend.list_objects("the-bucket") == ["answered", "lost"]


def test_a_truncated_answer_breaks_off_where_it_says(cloud, bucket):
    bucket.blob("x").upload_from_string(b"0123456789")
    next_is(cloud, Truncate(4))
    answer = cloud.http.get(f"{cloud.url}/the-bucket/x", stream=True)
    assert answer.headers["Content-Length"] == "10"
    with pytest.raises(requests.RequestException):
        _ = answer.content
    assert last_call(cloud)[0] == "lost"


def test_delay_and_hang_take_their_time(cloud, bucket):
    before_ns = cloud.around.now_ns()
    next_is(cloud, Delay(2.5))
    assert upload(cloud).status_code == 200
    assert cloud.around.now_ns() - before_ns == 2_500_000_000
    next_is(cloud, Hang(10))
    with pytest.raises(requests.ConnectionError):
        upload(cloud, "never")
    assert cloud.backend.list_objects("the-bucket") == ["x"]


def test_stale_reads_and_listings_show_the_past(cloud, bucket):
    bucket.blob("kept").upload_from_string("old")
    bucket.blob("gone").upload_from_string("was here")
    cloud.around.advance(60)
    bucket.blob("kept").upload_from_string("new")
    bucket.blob("gone").delete()
    bucket.blob("fresh").upload_from_string("1")
    cloud.around.advance(60)
    for age_s, names, content in ((60.5, ["gone", "kept"], b"old"), (59.5, ["fresh", "kept"], b"new")):
        next_is(cloud, ServeStale(age_s))
        listed = cloud.http.get(f"{cloud.url}/storage/v1/b/the-bucket/o").json()
        assert [one["name"] for one in listed["items"]] == names
        next_is(cloud, ServeStale(age_s))
        assert cloud.http.get(f"{cloud.url}/the-bucket/kept").content == content
    next_is(cloud, ServeStale(3600))
    assert cloud.http.get(f"{cloud.url}/storage/v1/b/the-bucket/o").status_code == 404
    assert [one.name for one in bucket.list_blobs()] == ["fresh", "kept"]


def test_a_stale_write_is_refused_as_unsupported(cloud, bucket):
    next_is(cloud, ServeStale(1))
    answer = upload(cloud)
    assert (answer.status_code, "unsupported by the emulator" in answer.text) == (501, True)
    assert cloud.backend.list_objects("the-bucket") == []


def test_writing_one_name_twice_in_a_second_is_too_fast():
    from tests.fakes.gcs.conftest import cloud_in_process

    cloud = cloud_in_process()
    bucket = cloud.client.create_bucket("the-bucket")
    bucket.blob("x").upload_from_string("1", retry=None)
    with pytest.raises(exceptions.TooManyRequests, match="rate limit for object mutation"):
        bucket.blob("x").upload_from_string("2", retry=None)
    bucket.blob("y").upload_from_string("1", retry=None)
    cloud.around.advance(1)
    bucket.blob("x").upload_from_string("2", retry=None)


@pytest.mark.parametrize("limits", ["few", 3, {"object_writes": -1}, {"writes": 1}, None])
def test_limits_nobody_has_are_refused_by_name(limits):
    from fakes.gcs import create
    from tests.fakes.manual import ManualSurroundings

    with pytest.raises(ValueError, match="limits"):
        create(ManualSurroundings(), limits=limits)
