"""Twenty thousand requests nobody should send: none is our own 500, none hangs, and the state stays sound."""

import io
import random
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from fakes.gcs import create
from fakes.gcs.content import crc32c_of, md5_of
from fakes.gcs.front import TABLES
from fakes.gcs.listing import Query, list_objects
from fakes.seam import ConnectionLost
from tests.fakes.manual import ManualSurroundings

REQUESTS = 20_000
BUCKETS = ["bucket-a"] * 5 + ["bucket-b"] * 5 + ["B", "", "x" * 300, "ü"]
NAMES = (
    ["a"] * 6
    + ["a/b"] * 3
    + ["d/", "ä", "\x00", "..", "n" * 1100, "", "c%2Fd", "\U0010ffff", "user-a@b.c", "allUsers", "1"]
)
PARAMETERS = """
    acl alt continuation-token delimiter destinationPredefinedAcl enableObjectRetention endOffset fields
    generation ifGenerationMatch ifGenerationNotMatch ifMetagenerationMatch ifMetagenerationNotMatch
    ifSourceGenerationMatch includeTrailingDelimiter kmsKeyName list-type marker matchGlob max-keys
    maxBytesRewrittenPerCall maxResults name overrideUnlockedRetention pageToken partNumber permissions
    predefinedAcl predefinedDefaultObjectAcl prefix project projection returnPartialSuccess rewriteToken
    serviceAccountEmail showDeletedKeys softDeleted sourceGeneration startOffset upload_id uploadId uploadType
    uploads versions X-Goog-Signature X-Goog-Date X-Goog-Expires Signature Expires
"""
PLAIN_VALUES = """
    0 1 -1 2 x true false media full noAcl / a **[ {a,b} */b? resumable multipart publicRead private
    projectPrivate items(name),nextPageToken items( a/b(c %F0%28 99999999999999999999999 1048576 bucket-a a/b p
    robot@p.iam storage.buckets.get MS94
"""
VALUES = [*PLAIN_VALUES.split(), "", "\xfc", "\x00"]
FIELDS = """
    acl autoclass bucket cacheControl contentEncoding contentType contexts cors crc32c custom_attributes
    customTime default defaultEventBasedHold defaultObjectAcl destination encryption entity etag event_types
    eventBasedHold generation iamConfiguration instructions kind labels lifecycle location logging md5Hash
    metadata name payload_format retention retentionPolicy role rpo softDeletePolicy sourceObjects state
    storageClass temporaryHold topic uniformBucketLevelAccess enabled retentionPeriod retentionDurationSeconds
    mode retainUntilTime rule action condition bindings members version versioning website restrictionMode
    terminalStorageClass objectPreconditions transport
"""
HEADERS = {
    "CONTENT_TYPE": ["application/json", "multipart/related; boundary=b", "multipart/mixed; boundary=b"],
    "HTTP_CONTENT_RANGE": ["bytes */*", "bytes 0-1/2", "bytes */5", "bytes 5-2/1", "bytes 0-*/*", "junk"],
    "HTTP_RANGE": ["bytes=0-1", "bytes=-1", "bytes=5-", "bytes=-", "bytes=9-1", "junk", "bytes=0-0,2-3", "bytes=-0"],
    "HTTP_IF_MATCH": ["*", '"x"', "CAE="],
    "HTTP_IF_NONE_MATCH": ["*", '"x"', "CAE="],
    "HTTP_X_GOOG_ENCRYPTION_KEY": ["x", "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="],
    "HTTP_X_GOOG_HASH": ["crc32c=x", "md5=", "crc32c", "crc32c=AAAAAA=="],
    "HTTP_X_UPLOAD_CONTENT_LENGTH": ["0", "5", "-1", "x"],
    "HTTP_X_HTTP_METHOD_OVERRIDE": ["PATCH", "GET", "WHAT"],
    "HTTP_X_GOOG_EMULATOR_INSTRUCTIONS": ["return-corrupted-data", "inject-upload-data-error", "return-503-after-256K"],
    "HTTP_X_GOOG_RESUMABLE": ["start"],
    "HTTP_X_GOOG_COPY_SOURCE": ["/bucket-a/a", "x", "%"],
    "HTTP_X_GOOG_ACL": ["private", "x"],
    "HTTP_CONTENT_ENCODING": ["gzip"],
    "HTTP_ACCEPT_ENCODING": ["gzip", "identity"],
    "HTTP_X_GOOG_META_K": ["v", "\xe4"],
    "HTTP_CONTENT_MD5": ["x", "1B2M2Y8AsgTpgAmY7PhCfg=="],
}  # fmt: skip
SOUND = [
    {"name": "bucket-c", "location": "us-west2", "acl": [{"entity": "allUsers", "role": "READER"}]},
    {
        "versioning": {"enabled": True},
        "labels": {"a": "b"},
        "lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 1}}]},
    },
    {"retentionPolicy": {"retentionPeriod": "1"}, "softDeletePolicy": {"retentionDurationSeconds": "604800"}},
    {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": False}, "publicAccessPrevention": "inherited"}},
    {"autoclass": {"enabled": True, "terminalStorageClass": "ARCHIVE"}, "rpo": "DEFAULT", "storageClass": "NEARLINE"},
    {"encryption": {"googleManagedEncryptionEnforcementConfig": {"restrictionMode": "NotRestricted"}}},
    {"name": "a", "metadata": {"k": "v"}, "contentType": "text/plain", "customTime": "2026-01-01T00:00:00Z"},
    {"retention": {"mode": "Unlocked", "retainUntilTime": "2026-01-16T00:00:01Z"}, "temporaryHold": False},
    {
        "sourceObjects": [
            {"name": "a", "generation": "1", "objectPreconditions": {"ifGenerationMatch": "1"}},
            {"name": "a"},
        ],
        "destination": {},
    },
    {"bindings": [{"role": "r", "members": ["allUsers"], "condition": {"title": "t"}}], "version": 3, "etag": "CAE="},
    {
        "topic": "//pubsub.googleapis.com/projects/p/topics/t",
        "payload_format": "NONE",
        "event_types": ["OBJECT_DELETE"],
        "custom_attributes": {"a": "b"},
    },
    {"entity": "user-a@b.c", "role": "OWNER"},
    {"state": "INACTIVE", "etag": "CAE="},
    {"instructions": {"storage.objects.get": ["return-503"]}, "transport": "HTTP"},
]
"""Bodies that make sense, to be spoilt in one place."""
ROUTES = [
    *((route.verb, prefix + route.path) for prefix, table in TABLES for route in table.routes),
    *((verb, path) for verb in ("GET", "PUT", "POST", "DELETE", "HEAD") for path in ("/*", "/*/*")),
    *[("POST", "/batch/storage/v1"), ("POST", "/retry_test"), ("GET", "/retry_tests"), ("GET", "/retry_test/*")],
    *[("GET", "/"), ("GET", "/storage/v1/*"), ("GET", "/nowhere/*")],
]
VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


class Fuzzer:
    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.seen = ["x"]
        self.sessions = ["x"]

    def value(self, depth: int = 0) -> Any:
        dice = self.dice
        kind = dice.randrange(8 if depth < 4 else 5)
        if kind == 7:
            return {dice.choice(FIELDS.split()): self.value(depth + 1) for _ in range(dice.randrange(4))}
        if kind in (5, 6):
            return [self.value(depth + 1) for _ in range(dice.randrange(3))]
        return dice.choice([None, True, False, 0, 1, -1, 3.5, 10**15, "", *NAMES[:4], *VALUES, *self.seen])

    def spoilt(self, value: Any) -> Any:
        dice = self.dice
        if dice.random() < 0.15:
            return self.value()
        if isinstance(value, dict):
            return {name: self.spoilt(inner) for name, inner in value.items()}
        return [self.spoilt(inner) for inner in value] if isinstance(value, list) else value

    def body(self) -> bytes:
        dice = self.dice
        if dice.random() < 0.4:
            return orjson.dumps(self.spoilt(dice.choice(SOUND)))
        kind = dice.randrange(7)
        if kind < 3:
            asked = {dice.choice(FIELDS.split()): self.value() for _ in range(dice.randrange(5))}
            if dice.random() < 0.5:
                asked["name"] = dice.choice(BUCKETS + NAMES[:6])
            return orjson.dumps(asked, option=orjson.OPT_NON_STR_KEYS)
        if kind == 3:
            part = b"\r\n\r\n" + orjson.dumps({"name": dice.choice(NAMES[:6])})
            whole = b"--b\r\nA: b" + part + b"\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--"
            return whole[: dice.choice([len(whole), dice.randrange(len(whole))])]
        if kind == 4:
            call = b"GET /storage/v1/b/bucket-a HTTP/1.1\r\n\r\n"
            return b"--b\r\nContent-ID: <1>\r\n\r\n" + call + b"\r\n--b--"
        if kind == 5:
            return dice.randbytes(dice.randrange(64))
        return b""

    def request(self) -> dict[str, Any]:
        dice = self.dice
        verb, path = dice.choice(ROUTES)
        if (verb == "DELETE" and dice.random() < 0.7) or dice.random() < 0.1:
            verb = dice.choice(VERBS)
        first = True
        while "*" in path:
            names = BUCKETS if first and "projects" not in path else NAMES * 2 + self.seen
            path = path.replace("*", quote(dice.choice(names), safe=""), 1)
            first = "/b/*" in path
        pairs = [
            (dice.choice(PARAMETERS.split()), dice.choice([*VALUES, *self.seen]))
            for _ in range(dice.choice([0, 0, 1, 2, 3]))
        ]
        query = "&".join(f"{name}={quote(value, safe='%')}" for name, value in pairs)
        if path.startswith("/upload") and dice.random() < 0.5:
            verb = "PUT"
            query = f"uploadType=resumable&name=r&upload_id={dice.choice(self.sessions[-5:])}"
            if dice.random() < 0.3:
                verb, query = "POST", "uploadType=resumable&name=r"
        body = self.body()
        environ: dict[str, Any] = {
            "REQUEST_METHOD": verb,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_URI": path + (f"?{query}" if query else ""),
            "SERVER_NAME": "storage.googleapis.com",
            "HTTP_HOST": "storage.googleapis.com",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
        }
        if verb == "PUT" and "upload_id" in query:
            environ["HTTP_CONTENT_RANGE"] = dice.choice(HEADERS["HTTP_CONTENT_RANGE"])
        for _ in range(dice.choice([0, 1, 2])):
            name = dice.choice(list(HEADERS))
            environ[name] = dice.choice(HEADERS[name])
        return environ

    def learn(self, body: bytes, headers: list[tuple[str, str]]) -> None:
        """Keep ids that answers hand out, so that later requests get further."""
        for name, value in headers:
            if name == "X-GUploader-UploadID":
                self.sessions.append(value)
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            return
        for field in ("rewriteToken", "nextPageToken", "generation", "id", "metageneration"):
            value = answer.get(field) if isinstance(answer, dict) else None
            if isinstance(value, str):
                self.seen.append(value)
        self.seen = self.seen[-40:]


@pytest.mark.parametrize("seed", [1, 2])
def test_no_request_is_our_own_failure_and_the_state_stays_sound(seed: int) -> None:
    around = ManualSurroundings()
    backend = create(around, limits="none")
    app = backend.http()["storage.googleapis.com"]
    for name in ("bucket-a", "bucket-b"):
        backend.provision({"buckets": {name: {"versioning": {"enabled": name.endswith("b")}}}})
    fuzzer = Fuzzer(seed)
    statuses: dict[int, int] = {}
    for _ in range(REQUESTS // 2):
        environ = fuzzer.request()
        said: list[Any] = []
        try:
            body = b"".join(app(environ, lambda *answer, said=said: said.extend(answer)))
        except ConnectionLost:
            continue
        status = int(said[0][:3])
        statuses[status] = statuses.get(status, 0) + 1
        assert status != 500, (environ, body)
        for name, value in said[1]:
            f"{name}: {value}".encode("latin-1")
            assert "\n" not in value and "\r" not in value, (environ, name, value)
        fuzzer.learn(body, said[1])
        around.advance(0.01)
    # A fuzzer that reaches nothing proves nothing.
    assert statuses[200] > REQUESTS // 20, statuses
    assert {200, 204, 308, 400, 404, 405, 409, 412, 501} <= statuses.keys()
    for bucket in backend.service.store.buckets.values():
        for versions in bucket.generations.values():
            assert [one.generation for one in versions] == sorted({one.generation for one in versions})
            assert all(one.deleted_ns is not None for one in versions[:-1])
            for stored in versions:
                assert stored.crc32c == crc32c_of(stored.content)
                assert stored.md5 in ("", md5_of(stored.content))
        listed = [stored.name for stored in list_objects(bucket, Query(limit=1 << 60)).items]
        assert listed == sorted(name for name in bucket.generations if bucket.live(name))
