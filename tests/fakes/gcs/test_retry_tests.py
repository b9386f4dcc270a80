"""storage-testbench's Retry Test API, as the vendor's conformance suite speaks it, met by the official client."""

import pytest
import requests
from google.api_core import exceptions
from google.cloud.storage.retry import DEFAULT_RETRY

MIB = 1024 * 1024


def begin(cloud, instructions, **more):
    answer = cloud.http.post(f"{cloud.url}/retry_test", json={"instructions": instructions, **more})
    if answer.status_code == 200:
        cloud.client._http.headers["x-retry-test-id"] = answer.json()["id"]
    return answer


def state(cloud):
    test_id = cloud.client._http.headers["x-retry-test-id"]
    return cloud.http.get(f"{cloud.url}/retry_test/{test_id}").json()


def test_a_test_lives_from_post_to_delete(cloud):
    made = begin(cloud, {"storage.objects.get": ["return-503"]}).json()
    assert made == {
        "id": made["id"],
        "instructions": {"storage.objects.get": ["return-503"]},
        "completed": False,
        "transport": "HTTP",
    }
    assert cloud.http.get(f"{cloud.url}/retry_tests").json() == {"retry_test": [made]}
    url = f"{cloud.url}/retry_test/{made['id']}"
    assert cloud.http.delete(url).text == f"Deleted {made['id']}"
    assert cloud.http.get(url).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"instructions": {"storage.nothing": ["return-503"]}}, 400),
        ({"instructions": {"storage.objects.get": ["explode"]}}, 400),
        ({"instructions": {"storage.objects.get": ["return-503"]}, "transport": "PIGEON"}, 400),
        ({"instructions": {"storage.hmacKey.list": ["return-503"]}, "transport": "GRPC"}, 501),
    ],
)
def test_what_cannot_be_set_up_is_refused(cloud, body, status):
    assert cloud.http.post(f"{cloud.url}/retry_test", json=body).status_code == status


@pytest.mark.parametrize("fault", ["return-503", "return-429", "return-reset-connection", "return-broken-stream"])
def test_the_client_retries_reads_until_the_faults_are_used_up(cloud, bucket, fault):
    bucket.blob("x").upload_from_string("hello")
    begin(cloud, {"storage.objects.get": [fault, fault]})
    assert bucket.blob("x").download_as_bytes() == b"hello"
    assert state(cloud)["completed"]


def test_a_fault_strikes_only_those_who_carry_its_id(cloud, bucket):
    bucket.blob("x").upload_from_string("hello")
    begin(cloud, {"storage.objects.get": ["return-404"]})
    assert cloud.http.get(f"{cloud.url}/storage/v1/b/the-bucket/o/x").status_code == 200
    with pytest.raises(exceptions.NotFound):
        bucket.blob("x").reload()


def test_a_fault_is_refused_before_and_lost_after_the_effect(cloud, bucket):
    begin(cloud, {"storage.objects.insert": ["return-reset-connection"]})
    with pytest.raises(requests.ConnectionError):
        bucket.blob("before").upload_from_string("x", retry=None)
    begin(cloud, {"storage.objects.insert": ["return-broken-stream"]})
    with pytest.raises(requests.RequestException):
        bucket.blob("after").upload_from_string("x", retry=None)
    assert cloud.backend.list_objects("the-bucket") == ["after"]
    outcomes = [event["outcome"] for event in cloud.around.events if event["fault"].startswith("retry_test/")]
    assert outcomes == ["refused", "lost"]


def test_a_lost_reply_of_a_guarded_create_comes_back_as_412_though_its_own_write_won(cloud, bucket):
    begin(cloud, {"storage.objects.insert": ["return-broken-stream"]})
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.blob("x").upload_from_string("mine", if_generation_match=0, retry=DEFAULT_RETRY)
    assert cloud.backend.read_object("the-bucket", "x") == b"mine"


@pytest.mark.parametrize("after_kib", [256, 512, 1024, 3000])
def test_a_resumable_upload_survives_an_error_in_its_middle(cloud, bucket, resumable, after_kib):
    content = bytes(range(256)) * 4 * 1024 * 3
    begin(cloud, {"storage.objects.insert": [f"return-503-after-{after_kib}K"]})
    bucket.blob("big", chunk_size=MIB).upload_from_string(content, retry=DEFAULT_RETRY)
    assert cloud.backend.read_object("the-bucket", "big") == content
    assert state(cloud)["completed"]


def test_a_final_chunk_whose_answer_is_cut_short_is_taken_up_by_a_status_query(cloud, bucket, resumable):
    begin(cloud, {"storage.objects.insert": ["return-broken-stream-final-chunk-after-10B"]})
    bucket.blob("big", chunk_size=MIB).upload_from_string(b"x" * (2 * MIB), retry=DEFAULT_RETRY)
    assert cloud.backend.read_object("the-bucket", "big") == b"x" * (2 * MIB)
    assert state(cloud)["completed"]


def test_a_single_shot_upload_above_the_mark_fails_and_stores_nothing(cloud, bucket):
    begin(cloud, {"storage.objects.insert": ["return-503-after-256K"]})
    with pytest.raises(exceptions.ServiceUnavailable):
        bucket.blob("x").upload_from_string(b"x" * 300 * 1024, retry=None)
    assert cloud.backend.list_objects("the-bucket") == []


def test_a_download_broken_after_some_bytes_is_resumed(cloud, bucket):
    content = bytes(range(256)) * 4 * 1024
    bucket.blob("x").upload_from_string(content)
    begin(cloud, {"storage.objects.get": ["return-broken-stream-after-256K"]})
    assert bucket.blob("x").download_as_bytes() == content
    assert state(cloud)["completed"]


def test_stalls_take_the_time_they_say(cloud, bucket):
    bucket.blob("x").upload_from_string(b"x" * MIB)
    before_ns = cloud.around.now_ns()
    begin(cloud, {"storage.objects.get": ["stall-for-7s-after-256K"]})
    assert len(bucket.blob("x").download_as_bytes()) == MIB
    assert cloud.around.now_ns() - before_ns == 7_000_000_000
    begin(cloud, {"storage.objects.insert": ["stall-for-5s-after-0K"]})
    bucket.blob("y").upload_from_string(b"y")
    assert cloud.around.now_ns() - before_ns == 12_000_000_000


def test_unreachable_buckets_are_left_out(cloud, bucket):
    cloud.client.create_bucket("second-bucket")
    made = begin(
        cloud, {"storage.buckets.list": ["return-unreachable-buckets-projects/_/buckets/second-bucket"]}
    ).json()
    url = f"{cloud.url}/storage/v1/b?project=test-project&returnPartialSuccess=true"
    listed = cloud.http.get(url, headers={"x-retry-test-id": made["id"]}).json()
    assert [one["name"] for one in listed["items"]] == ["the-bucket"]
    assert listed["unreachable"] == ["projects/_/buckets/second-bucket"]


def download(cloud, instruction, **headers):
    url = f"{cloud.url}/download/storage/v1/b/the-bucket/o/x?alt=media"
    return cloud.http.get(url, headers={"x-goog-emulator-instructions": instruction, **headers})


def test_header_instructions_need_no_setting_up(cloud, bucket):
    content = b"A" + bytes(range(256)) * 8 * 1024
    bucket.blob("x").upload_from_string(content)
    assert download(cloud, "return-corrupted-data").content == b"B" + content[1:]
    with pytest.raises(requests.RequestException):
        download(cloud, "return-broken-stream")
    with pytest.raises(requests.RequestException):
        download(cloud, "return-503-after-256K")
    ranged = {"Range": "bytes=10-19"}
    assert download(cloud, "return-503-after-256K", **ranged).content == content[10:20]
    assert download(cloud, "return-503-after-256K/retry-1", **ranged).status_code == 503
    assert download(cloud, "return-503-after-256K/retry-3", **ranged).content == content[10:20]
    before_ns = cloud.around.now_ns()
    assert download(cloud, "stall-always").content == content
    assert download(cloud, "stall-at-256KiB").content == content
    assert cloud.around.now_ns() - before_ns == 20_000_000_000


def test_an_injected_upload_error_is_stored(cloud, bucket):
    url = f"{cloud.url}/upload/storage/v1/b/the-bucket/o?uploadType=media&name=x"
    cloud.http.post(url, data=b"hello", headers={"x-goog-emulator-instructions": "inject-upload-data-error"})
    assert cloud.backend.read_object("the-bucket", "x") == b"Aello"
