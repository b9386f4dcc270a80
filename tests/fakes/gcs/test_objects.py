"""Objects through the official client: what is written comes back, and every condition holds."""

import datetime
import gzip

import pytest
from google.api_core import exceptions

from fakes.gcs.content import crc32c_of, md5_of

MIB = 1024 * 1024


def test_what_is_uploaded_comes_back(bucket):
    blob = bucket.blob("a folder/ä b%2Fc?.txt")
    blob.upload_from_string("hello", content_type="text/plain")
    again = bucket.get_blob("a folder/ä b%2Fc?.txt")
    assert again.download_as_bytes() == b"hello"
    assert (again.content_type, again.size, again.storage_class) == ("text/plain", 5, "STANDARD")
    assert (again.crc32c, again.md5_hash) == (crc32c_of(b"hello"), md5_of(b"hello"))
    assert again.metageneration == 1
    assert again.etag == blob.etag


@pytest.mark.parametrize("size", [0, 1, 256 * 1024, 256 * 1024 + 1, MIB, 3 * MIB + 7])
def test_a_resumable_upload_of_any_size_comes_back(cloud, bucket, resumable, size):
    content = bytes(range(256)) * (size // 256 + 1)
    blob = bucket.blob("big", chunk_size=256 * 1024)
    blob.upload_from_string(content[:size])
    assert bucket.blob("big").download_as_bytes() == content[:size]
    inserts = [event for event in cloud.around.events if event["method"] == "storage.objects.insert"]
    assert len(inserts) >= 1 + max(1, size // (256 * 1024))


def test_a_stream_of_unknown_size_is_uploaded(bucket):
    with bucket.blob("stream").open("wb", chunk_size=256 * 1024) as writer:
        for _ in range(10):
            writer.write(b"0123456789" * 10_000)
    assert bucket.blob("stream").download_as_bytes() == b"0123456789" * 100_000


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 0, b"0"), (2, 4, b"234"), (5, None, b"56789"), (8, 100, b"89"), (-3, None, b"789")],
)
def test_ranges_are_served(bucket, start, end, expected):
    blob = bucket.blob("digits")
    blob.upload_from_string("0123456789")
    assert blob.download_as_bytes(start=start, end=end, checksum=None) == expected


def test_a_range_past_the_end_is_416(bucket):
    blob = bucket.blob("digits")
    blob.upload_from_string("0123456789")
    with pytest.raises(exceptions.RequestRangeNotSatisfiable):
        blob.download_as_bytes(start=10)


def test_a_missing_object_is_404(cloud, bucket):
    with pytest.raises(exceptions.NotFound, match="No such object: the-bucket/none"):
        bucket.blob("none").download_as_bytes()
    with pytest.raises(exceptions.NotFound, match="bucket does not exist"):
        cloud.client.get_bucket("another-bucket")
    assert bucket.get_blob("none") is None


def test_each_write_makes_a_new_generation(bucket):
    blob = bucket.blob("x")
    blob.upload_from_string("1")
    first = blob.generation
    blob.upload_from_string("2")
    assert blob.generation > first


def test_creating_twice_under_generation_0_fails_the_second_time(bucket):
    bucket.blob("x").upload_from_string("1", if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.blob("x").upload_from_string("2", if_generation_match=0)
    assert bucket.blob("x").download_as_bytes() == b"1"


@pytest.mark.parametrize("size", [5, 3 * MIB])
def test_a_resumable_write_under_the_wrong_generation_changes_nothing(bucket, resumable, size):
    blob = bucket.blob("x", chunk_size=MIB)
    blob.upload_from_string(b"1")
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.blob("x", chunk_size=MIB).upload_from_string(b"2" * size, if_generation_match=blob.generation + 1)
    assert bucket.blob("x").download_as_bytes() == b"1"
    bucket.blob("x", chunk_size=MIB).upload_from_string(b"2" * size, if_generation_match=blob.generation)
    assert bucket.blob("x").download_as_bytes() == b"2" * size


def test_a_write_under_the_wrong_generation_changes_nothing(bucket):
    size = 5
    blob = bucket.blob("x", chunk_size=MIB)
    blob.upload_from_string("1")
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.blob("x", chunk_size=MIB).upload_from_string(b"2" * size, if_generation_match=blob.generation + 1)
    assert blob.download_as_bytes() == b"1"
    bucket.blob("x", chunk_size=MIB).upload_from_string(b"2" * size, if_generation_match=blob.generation)
    assert bucket.blob("x").download_as_bytes() == b"2" * size


@pytest.mark.parametrize(
    "wrong",
    ["if_generation_match", "if_metageneration_match", "if_generation_not_match", "if_metageneration_not_match"],
)
def test_every_condition_is_minded_by_delete_and_patch(bucket, wrong):
    blob = bucket.blob("x")
    blob.upload_from_string("1")
    right = blob.metageneration if "meta" in wrong else blob.generation
    condition = {wrong: right if "not" in wrong else right + 1}
    blob.content_type = "text/plain"
    with pytest.raises(exceptions.PreconditionFailed):
        blob.patch(**condition)
    with pytest.raises(exceptions.PreconditionFailed):
        blob.delete(**condition)
    assert blob.exists()


def test_a_patch_counts_the_metageneration_and_keeps_the_generation(bucket):
    blob = bucket.blob("x")
    blob.metadata = {"a": "1", "b": "2"}
    blob.upload_from_string("1")
    generation = blob.generation
    blob.metadata = {"a": None, "c": "3"}
    blob.cache_control = "no-store"
    blob.patch()
    again = bucket.get_blob("x")
    assert again.metadata == {"b": "2", "c": "3"}
    assert (again.generation, again.metageneration, again.cache_control) == (generation, 2, "no-store")


def test_an_update_replaces_what_a_patch_would_keep(bucket):
    blob = bucket.blob("x")
    blob.upload_from_string("1", content_type="text/plain")
    blob.metadata = {"a": "1"}
    blob.content_language = "de"
    blob.patch()
    fresh = bucket.blob("x")
    fresh.metadata = {"b": "2"}
    fresh.update()
    assert fresh.metadata == {"b": "2"}
    assert fresh.content_language is None


def test_a_wrong_checksum_is_refused_and_stores_nothing(cloud, bucket):
    blob = bucket.blob("x")
    blob.crc32c = crc32c_of(b"something else")
    with pytest.raises(exceptions.BadRequest, match="CRC32C"):
        blob.upload_from_string("1", checksum=None)
    assert not blob.exists()
    blob = bucket.blob("y")
    blob.md5_hash = md5_of(b"something else")
    with pytest.raises(exceptions.BadRequest, match="MD5"):
        blob.upload_from_string("1", checksum=None)
    assert cloud.backend.list_objects("the-bucket") == []


def test_gzip_is_served_as_stored_or_unpacked_as_asked(cloud, bucket):
    packed = gzip.compress(b"hello", mtime=0)
    blob = bucket.blob("z")
    blob.content_encoding = "gzip"
    blob.upload_from_string(packed, content_type="text/plain")
    assert blob.download_as_bytes(raw_download=True) == packed
    assert blob.download_as_bytes() == b"hello"
    url = f"{cloud.url}/storage/v1/b/the-bucket/o/z?alt=media"
    unpacked = cloud.http.get(url, headers={"Accept-Encoding": "identity", "Range": "bytes=0-1"})
    assert (unpacked.status_code, unpacked.content) == (200, b"hello")
    assert "Content-Encoding" not in unpacked.headers


def test_copy_rewrite_and_compose_make_objects_of_objects(cloud, bucket):
    other = cloud.client.create_bucket("other-bucket")
    parts = []
    for name in ("a", "b"):
        part = bucket.blob(name)
        part.metadata = {"of": name}
        part.upload_from_string(name * 3, content_type="text/plain")
        parts.append(part)
    copied = bucket.copy_blob(parts[0], other, "copy")
    assert copied.download_as_bytes() == b"aaa"
    assert copied.metadata == {"of": "a"}
    token, done, total = other.blob("rewritten").rewrite(parts[1])
    assert (token, done, total) == (None, 3, 3)
    both = bucket.blob("both")
    both.content_type = "text/plain"
    both.compose(parts)
    assert both.download_as_bytes() == b"aaabbb"
    assert (both.component_count, both.md5_hash, both.crc32c) == (2, None, crc32c_of(b"aaabbb"))
    renamed = bucket.rename_blob(parts[0], "c")
    assert renamed.download_as_bytes() == b"aaa"
    assert cloud.backend.list_objects("the-bucket") == ["b", "both", "c"]


def test_a_rewrite_in_steps_needs_its_token_and_ends(bucket, cloud):
    source = bucket.blob("big")
    source.upload_from_string(b"x" * (2 * MIB + 1))
    url = f"{cloud.url}/storage/v1/b/the-bucket/o/big/rewriteTo/b/the-bucket/o/copy?maxBytesRewrittenPerCall={MIB}"
    first = cloud.http.post(url).json()
    assert (first["done"], first["totalBytesRewritten"]) == (False, str(MIB))
    assert cloud.http.post(f"{url}&rewriteToken=wrong").status_code == 400
    second = cloud.http.post(f"{url}&rewriteToken={first['rewriteToken']}").json()
    assert not second["done"]
    third = cloud.http.post(f"{url}&rewriteToken={first['rewriteToken']}").json()
    assert third["done"]
    assert bucket.blob("copy").download_as_bytes() == b"x" * (2 * MIB + 1)


def test_compose_minds_the_generations_of_its_sources(bucket):
    part = bucket.blob("a")
    part.upload_from_string("a")
    whole = bucket.blob("whole")
    with pytest.raises(exceptions.PreconditionFailed):
        whole.compose([part], if_source_generation_match=[part.generation + 1])
    whole.compose([part], if_source_generation_match=[part.generation])
    with pytest.raises(exceptions.PreconditionFailed):
        whole.compose([part], if_generation_match=0)


def test_a_customer_supplied_key_is_needed_to_read(bucket):
    blob = bucket.blob("secret", encryption_key=b"k" * 32)
    blob.upload_from_string("hidden")
    assert blob.download_as_bytes() == b"hidden"
    with pytest.raises(exceptions.BadRequest, match="customer-supplied encryption key"):
        bucket.blob("secret").download_as_bytes()
    with pytest.raises(exceptions.BadRequest, match="customer-supplied encryption key"):
        bucket.blob("secret", encryption_key=b"j" * 32).download_as_bytes()


def test_a_neighbour_reads_and_writes_without_the_client(cloud, bucket):
    cloud.backend.write_object("the-bucket", "d/1.json", b"{}", "application/json")
    assert bucket.get_blob("d/1.json").content_type == "application/json"
    bucket.blob("d/2.json").upload_from_string("[]")
    assert cloud.backend.read_object("the-bucket", "d/2.json") == b"[]"
    assert cloud.backend.list_objects("the-bucket", "d/") == ["d/1.json", "d/2.json"]


def test_a_custom_time_only_goes_forward(bucket):
    blob = bucket.blob("timed")
    blob.custom_time = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    blob.upload_from_string("x")
    for worse in (datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), None):
        blob.custom_time = worse
        with pytest.raises(exceptions.BadRequest, match="customTime"):
            blob.patch()
    blob.custom_time = datetime.datetime(2026, 1, 3, tzinfo=datetime.UTC)
    blob.patch()
    assert bucket.get_blob("timed").custom_time.day == 3
