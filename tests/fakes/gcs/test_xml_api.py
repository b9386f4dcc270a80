"""The XML API: multipart uploads, signed URLs and plain requests."""

import datetime

import pytest
from google.cloud.storage import transfer_manager

MIB = 1024 * 1024


@pytest.fixture
def url(cloud, bucket):
    return f"{cloud.url}/the-bucket"


def test_objects_are_put_got_headed_listed_and_deleted(cloud, url):
    put = cloud.http.put(f"{url}/d/x%20y", data=b"hello", headers={"Content-Type": "text/plain", "x-goog-meta-k": "v"})
    assert (put.status_code, put.headers["x-goog-metageneration"]) == (200, "1")
    got = cloud.http.get(f"{url}/d/x%20y")
    assert (got.content, got.headers["Content-Type"], got.headers["x-goog-meta-k"]) == (b"hello", "text/plain", "v")
    assert cloud.http.head(f"{url}/d/x%20y").headers["Content-Length"] == "5"
    assert "<Key>d/x y</Key>" in cloud.http.get(f"{url}?list-type=2").text
    assert "<Prefix>d/</Prefix>" in cloud.http.get(f"{url}?delimiter=/").text
    assert cloud.http.delete(f"{url}/d/x%20y").status_code == 204
    missing = cloud.http.get(f"{url}/d/x%20y")
    assert missing.status_code == 404
    assert "<Code>NoSuchKey</Code>" in missing.text


def test_headers_set_what_the_json_api_shows(cloud, bucket, url):
    headers = {"x-goog-custom-time": "2026-01-01T00:00:00.000123Z", "x-goog-encryption-kms-key-name": "projects/p/k"}
    cloud.http.put(f"{url}/x", data=b"1", headers={**headers, "x-goog-storage-class": "NEARLINE"})
    blob = bucket.get_blob("x")
    assert (blob.custom_time.microsecond, blob.storage_class) == (123, "NEARLINE")
    assert blob.kms_key_name == "projects/p/k/cryptoKeyVersions/1"


def test_names_of_custom_metadata_keep_their_underscores(cloud, bucket, url):
    cloud.http.put(f"{url}/x", data=b"1", headers={"x-goog-meta-key_a": "1", "x-goog-meta-key-b": "2"})
    assert bucket.get_blob("x").metadata == {"key_a": "1", "key-b": "2"}


def test_conditions_and_digests_are_minded(cloud, url):
    guarded = {"x-goog-if-generation-match": "0"}
    assert cloud.http.put(f"{url}/x", data=b"1", headers=guarded).status_code == 200
    assert cloud.http.put(f"{url}/x", data=b"2", headers=guarded).status_code == 412
    wrong = cloud.http.put(f"{url}/y", data=b"1", headers={"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="})
    assert (wrong.status_code, "BadDigest" in wrong.text) == (400, True)


def test_a_copy_takes_the_metadata_along(cloud, url):
    cloud.http.put(f"{url}/x", data=b"1", headers={"Content-Type": "text/plain"})
    assert cloud.http.put(f"{url}/y", headers={"x-goog-copy-source": "/the-bucket/x"}).status_code == 200
    assert cloud.http.get(f"{url}/y").headers["Content-Type"] == "text/plain"


def test_a_resumable_upload_begins_by_post(cloud, url):
    begun = cloud.http.post(f"{url}/x", headers={"x-goog-resumable": "start", "Content-Type": "text/plain"})
    assert begun.status_code == 201
    location = begun.headers["Location"]
    first = cloud.http.put(location, data=b"a" * 256 * 1024, headers={"Content-Range": "bytes 0-262143/*"})
    assert (first.status_code, first.headers["Range"]) == (308, "bytes=0-262143")
    last = cloud.http.put(location, data=b"b", headers={"Content-Range": "bytes 262144-262144/262145"})
    assert last.status_code == 200
    assert cloud.backend.read_object("the-bucket", "x") == b"a" * 256 * 1024 + b"b"


def test_the_transfer_manager_uploads_in_parts(cloud, bucket, tmp_path):
    source = tmp_path / "big"
    content = bytes(range(256)) * 4 * 1024 * 12
    source.write_bytes(content)
    transfer_manager.upload_chunks_concurrently(
        str(source), bucket.blob("big"), chunk_size=5 * MIB, worker_type=transfer_manager.THREAD, max_workers=2
    )
    assert cloud.backend.read_object("the-bucket", "big") == content
    assert bucket.get_blob("big").component_count == 3
    target = tmp_path / "copy"
    transfer_manager.download_chunks_concurrently(
        bucket.blob("big"), str(target), chunk_size=5 * MIB, worker_type=transfer_manager.THREAD, max_workers=2
    )
    assert target.read_bytes() == content


def begin(cloud, url):
    text = cloud.http.post(f"{url}/x?uploads").text
    return text.partition("<UploadId>")[2].partition("<")[0]


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ("", "MalformedXML"),
        ("<Part><PartNumber>1</PartNumber></Part>", "MalformedXML"),
        ("<Part><PartNumber>1</PartNumber><ETag>wrong</ETag></Part>", "InvalidPart"),
    ],
)
def test_a_list_of_parts_that_does_not_fit_is_refused(cloud, url, parts, code):
    upload_id = begin(cloud, url)
    cloud.http.put(f"{url}/x?partNumber=1&uploadId={upload_id}", data=b"1")
    body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
    done = cloud.http.post(f"{url}/x?uploadId={upload_id}", data=body.encode())
    assert (done.status_code, f"<Code>{code}</Code>" in done.text) == (400, True)
    assert cloud.http.delete(f"{url}/x?uploadId={upload_id}").status_code == 204
    assert cloud.http.delete(f"{url}/x?uploadId={upload_id}").status_code == 404


def signed(cloud, url, secret_of=lambda secret: secret):
    """A V4 URL signed with an HMAC key of the emulator's own, by the rules of the vendor's documentation."""
    import hashlib
    import hmac
    from urllib.parse import quote, urlsplit

    key, secret = cloud.client.create_hmac_key("robot@test-project.iam.gserviceaccount.com")
    now = datetime.datetime.fromtimestamp(cloud.around.now_ns() / 1e9, datetime.UTC)
    date = f"{now:%Y%m%dT%H%M%SZ}"
    scope = f"{now:%Y%m%d}/auto/storage/goog4_request"
    query = "&".join(
        (
            "X-Goog-Algorithm=GOOG4-HMAC-SHA256",
            f"X-Goog-Credential={quote(f'{key.access_id}/{scope}', safe='')}",
            f"X-Goog-Date={date}",
            "X-Goog-Expires=60",
            "X-Goog-SignedHeaders=host",
        )
    )
    parts = urlsplit(url)
    canonical = f"GET\n{parts.path}\n{query}\nhost:{parts.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
    text = f"GOOG4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    derived = f"GOOG4{secret_of(secret)}".encode()
    for part in (*scope.split("/"), text):
        derived = hmac.digest(derived, part.encode(), "sha256")
    return f"{url}?{query}&X-Goog-Signature={derived.hex()}"


def test_a_signed_url_is_good_until_it_expires(cloud, bucket, url):
    bucket.blob("x").upload_from_string("hello")
    link = signed(cloud, f"{url}/x")
    assert cloud.http.get(link).content == b"hello"
    cloud.around.advance(60)
    expired = cloud.http.get(link)
    assert (expired.status_code, "ExpiredToken" in expired.text) == (400, True)


def test_a_signature_by_another_key_is_refused(cloud, bucket, url):
    bucket.blob("x").upload_from_string("hello")
    wrong = cloud.http.get(signed(cloud, f"{url}/x", lambda secret: secret[::-1]))
    assert (wrong.status_code, "SignatureDoesNotMatch" in wrong.text) == (403, True)


def test_what_is_not_emulated_says_so(cloud, url):
    refused = cloud.http.get(f"{url}?cors")
    assert (refused.status_code, "unsupported by the emulator" in refused.text) == (501, True)
