"""What all front ends of the emulator share: the store, the sessions under way, the lock, and the ways to the outside.

It is the one object handlers get. It must not know routes or WSGI.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from fakes.gcs.announcer import Announcer
from fakes.gcs.buckets import Bucket
from fakes.gcs.errors import ApiError
from fakes.gcs.http import Request
from fakes.gcs.keeping import Keeping
from fakes.gcs.objects import StoredObject
from fakes.gcs.pace import Pace
from fakes.gcs.retry_tests import RetryTests
from fakes.gcs.store import Store
from fakes.gcs.uploads import LIFETIME_S, Session
from fakes.seam import Surroundings

MAX_SESSIONS = 4096
"""Sessions kept at once; beyond that the oldest are forgotten, finished ones first."""


@dataclass(slots=True)
class Rewrite:
    """A rewrite under way: what it copies and how many bytes are done."""

    source: tuple[str, str, int]
    target: tuple[str, str]
    done_bytes: int


@dataclass(slots=True)
class MultipartUpload:
    """A multipart upload of the XML API: the request that began it, and (etag, bytes) of each part by number."""

    bucket: str
    name: str
    begun: Request
    parts: dict[int, tuple[str, bytes]] = field(default_factory=dict)


class Service:
    """The emulator's state and its surroundings. `lock` is held around every change and every read of several things;
    `bounded` is whether the service's limits on numbers of things hold.
    """

    def __init__(
        self,
        around: Surroundings,
        pace: Pace,
        *,
        bounded: bool,
        enforce_retention: bool,
        keeping: Keeping | None = None,
    ) -> None:
        self.around = around
        self.bounded = bounded
        self.lock = threading.RLock()
        self.ids = around.rng("ids")
        self.announcer = Announcer(around)
        self.store = Store(around.now_ns, pace, self.announcer.announce, enforce_retention=enforce_retention)
        self.sessions: OrderedDict[str, Session] = OrderedDict()
        self.rewrites: OrderedDict[str, Rewrite] = OrderedDict()
        self.hmac_keys: dict[str, dict[str, Any]] = {}
        self.hmac_secrets: dict[str, str] = {}
        self.multipart_uploads: dict[str, MultipartUpload] = {}
        self.retry_tests = RetryTests(around.rng("retry_tests"))
        self._keeping = keeping
        if keeping is not None:
            self.store.load(keeping.buckets())
            for key, secret in keeping.hmac_keys():
                self.hmac_keys[key["accessId"]] = key
                self.hmac_secrets[key["accessId"]] = secret

    def keep(self) -> None:
        """Have what changed kept, where it is: to be done before the caller hears of success."""
        if self._keeping is None:
            return
        with self.lock:
            keys = [(key, self.hmac_secrets.get(access_id, "")) for access_id, key in self.hmac_keys.items()]
            self._keeping.commit([*self.store.buckets.values(), *self.store.gone_buckets()], keys)

    def token(self, bits: int = 128) -> str:
        """A fresh opaque id, `bits` of hexadecimal from the seeded stream."""
        return f"{self.ids.getrandbits(bits):0{bits // 4}x}"

    def open_session(self, session: Session) -> None:
        """Keep a new upload session."""
        if len(self.sessions) >= MAX_SESSIONS:
            finished = next((key for key, one in self.sessions.items() if one.outcome is not None), None)
            self.sessions.pop(finished or next(iter(self.sessions)))
        self.sessions[session.id] = session

    def session(self, upload_id: str) -> Session:
        """The upload session of that id; 404 for one that never was or is over, 410 past its life of a week."""
        found = self.sessions.get(upload_id)
        if found is None:
            raise ApiError(404, f"No such upload session: {upload_id[:64]!r}")
        if self.around.now_ns() - found.created_ns > LIFETIME_S * 1_000_000_000:
            del self.sessions[upload_id]
            raise ApiError(410, "The upload session has expired.")
        return found

    def bucket(self, name: str) -> Bucket:
        """The bucket of that name; 404 without one."""
        return self.store.bucket(name)

    def find(self, bucket: str, name: str) -> StoredObject:
        """The live object of that name; 404 without one."""
        return self.store.get(self.store.bucket(bucket), name)
