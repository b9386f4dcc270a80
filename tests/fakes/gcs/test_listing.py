"""Listings show every name once, in order, page by page."""

import pytest
from google.api_core import exceptions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.gcs.buckets import Bucket
from fakes.gcs.errors import ApiError
from fakes.gcs.listing import Query, glob_pattern, list_objects
from fakes.gcs.objects import StoredObject

NAMES = ["a/1", "a/2", "a/b/3", "b", "c/", "c/4", "d"]


@pytest.fixture
def full_bucket(bucket):
    for name in NAMES:
        bucket.blob(name).upload_from_string(name)
    return bucket


def names(iterator):
    return [blob.name for blob in iterator]


def test_names_come_in_order(full_bucket):
    assert names(full_bucket.list_blobs()) == NAMES


def test_a_prefix_narrows(full_bucket):
    assert names(full_bucket.list_blobs(prefix="a/")) == ["a/1", "a/2", "a/b/3"]


@pytest.mark.parametrize("page_size", [1, 2, 3, 100])
def test_a_delimiter_folds_at_every_page_size(full_bucket, page_size):
    listing = full_bucket.list_blobs(delimiter="/", page_size=page_size)
    assert names(listing) == ["b", "d"]
    assert sorted(listing.prefixes) == ["a/", "c/"]


def test_the_folded_name_itself_is_shown_when_asked(full_bucket):
    listing = full_bucket.list_blobs(delimiter="/", include_trailing_delimiter=True, page_size=1)
    assert names(listing) == ["b", "c/", "d"]
    assert sorted(listing.prefixes) == ["a/", "c/"]


def test_offsets_and_globs_narrow(full_bucket):
    assert names(full_bucket.list_blobs(start_offset="a/2", end_offset="c/4")) == ["a/2", "a/b/3", "b", "c/"]
    assert names(full_bucket.list_blobs(match_glob="a/*")) == ["a/1", "a/2"]
    assert names(full_bucket.list_blobs(match_glob="**[34]")) == ["a/b/3", "c/4"]
    assert names(full_bucket.list_blobs(match_glob="{b,d}")) == ["b", "d"]


def test_fields_select(full_bucket):
    blob = next(iter(full_bucket.list_blobs(fields="items(name),nextPageToken")))
    assert blob.name == "a/1"
    assert blob.size is None


def test_a_bad_token_is_400(cloud, full_bucket):
    with pytest.raises(exceptions.BadRequest, match="page token"):
        list(full_bucket.list_blobs(page_token="!"))


def test_versions_are_listed_when_kept(cloud, bucket):
    bucket.versioning_enabled = True
    bucket.patch()
    for content in ("1", "2", "3"):
        bucket.blob("x").upload_from_string(content)
    bucket.blob("x").delete()
    assert names(bucket.list_blobs()) == []
    versions = list(bucket.list_blobs(versions=True))
    assert [bucket.blob("x", generation=one.generation).download_as_bytes() for one in versions] == [b"1", b"2", b"3"]
    assert all(one.time_deleted for one in versions) or len(versions) == 3
    bucket.blob("x", generation=versions[1].generation).delete()
    assert len(list(bucket.list_blobs(versions=True))) == 2


def filled(objects: set[str]) -> Bucket:
    bucket = Bucket(name="b", project="p", project_number=1, generation=1, created_ns=0, updated_ns=0)
    for number, name in enumerate(objects):
        bucket.put(
            StoredObject(
                bucket="b",
                name=name,
                generation=number + 1,
                content=b"",
                crc32c="",
                md5="",
                created_ns=0,
                updated_ns=0,
                class_updated_ns=0,
                fields={},
            )
        )
    return bucket


# A busy machine is no reason to fail.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    objects=st.sets(st.text("ab/é\U0010ffff", min_size=1, max_size=6), max_size=12),
    prefix=st.text("ab/", max_size=2),
    delimiter=st.sampled_from(["", "/", "ab"]),
    trailing=st.booleans(),
    page=st.integers(1, 4),
)
def test_pages_add_up_to_what_the_rules_say(objects, prefix, delimiter, trailing, page):
    items, prefixes = [], []
    token = ""
    while True:
        got = list_objects(
            filled(objects),
            Query(prefix=prefix, delimiter=delimiter, trailing_delimiter=trailing, limit=page, page_token=token),
        )
        assert len(got.items) + len(got.prefixes) <= page
        items += [stored.name for stored in got.items]
        prefixes += got.prefixes
        token = got.next_page_token
        if not token:
            break
    expected_items, expected_prefixes = [], []
    for name in sorted(objects):
        if not name.startswith(prefix):
            continue
        cut = name.find(delimiter, len(prefix)) if delimiter else -1
        if cut < 0:
            expected_items.append(name)
            continue
        common = name[: cut + len(delimiter)]
        if trailing and common == name:
            expected_items.append(name)
        if common not in expected_prefixes:
            expected_prefixes.append(common)
    assert items == expected_items
    assert prefixes == expected_prefixes


@pytest.mark.parametrize("glob", ["[a", "{a", "[z-a]", "*" * 40])
def test_a_bad_glob_is_refused(glob):
    with pytest.raises(ApiError):
        glob_pattern(glob)
