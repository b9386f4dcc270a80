"""What the emulator keeps over the end of its process: buckets, objects, HMAC keys.

Uploads under way, retry tests and rate limits are not kept: after a restart a client begins its upload again, as it
must when the service has forgotten one. It must not know how records are stored, nor what the operations mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

import orjson

from fakes.gcs.buckets import Bucket
from fakes.gcs.objects import StoredObject
from fakes.journal import Change, Journal, Key

_CONTENTS = frozenset({"generations", "soft_deleted", "expiries", "changes", "watched", "past"})
_BUCKET_FIELDS = tuple(one.name for one in fields(Bucket) if one.name not in _CONTENTS)
_OBJECT_FIELDS = tuple(one.name for one in fields(StoredObject) if one.name != "content")


class Keeping:
    """Makes records of buckets and keys, and buckets and keys of the records in `journal`."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._contents: dict[Key, bytes] = {}
        self._buckets: dict[Key, bytes] = {}
        self._keys: dict[str, bytes] = {}

    def buckets(self) -> Iterator[Bucket]:
        """The buckets of the journal with all that is in them."""
        buckets: dict[Key, Bucket] = {}
        for home, record in self._journal.records("bucket"):
            buckets[home] = Bucket(**orjson.loads(record))
            self._buckets[home] = record
        self._contents = dict(self._journal.records("content"))
        for key, record in self._journal.records("object"):
            asked = orjson.loads(record)
            stored = StoredObject(**{**asked, "acl": tuple(asked["acl"]), "content": self._contents[key]})
            buckets[key[:2]].load(stored)
        for bucket in buckets.values():
            # What came from the journal needs not go back there.
            bucket.watched = True
            yield bucket

    def hmac_keys(self) -> Iterator[tuple[dict[str, Any], str]]:
        """The keys of the journal with their secrets."""
        for (access_id,), record in self._journal.records("hmac key"):
            self._keys[access_id] = record
            key, secret = orjson.loads(record)
            yield key, secret

    def commit(self, buckets: Iterable[Bucket], keys: Iterable[tuple[dict[str, Any], str]]) -> None:
        """Write what changed since the last time, in one transaction. `buckets` are all there are, `keys` likewise."""
        changes: list[Change] = []
        present = {(bucket.name, str(bucket.generation)): bucket for bucket in buckets}
        for gone in [home for home in self._buckets if home not in present]:
            del self._buckets[gone]
            changes.append(("bucket", gone, None))
            for key in [key for key in self._contents if key[:2] == gone]:
                changes += self._dropped(key)
        for home, bucket in present.items():
            changes += self._changed(home, bucket)
        for hmac_key, secret in keys:
            access_id, record = hmac_key["accessId"], orjson.dumps((hmac_key, secret))
            if self._keys.get(access_id) != record:
                self._keys[access_id] = record
                changes.append(("hmac key", (access_id,), record))
        if changes:
            self._journal.write(changes)

    def _dropped(self, key: Key) -> list[Change]:
        self._contents.pop(key, None)
        return [("object", key, None), ("content", key, None)]

    def _changed(self, home: Key, bucket: Bucket) -> Iterator[Change]:
        record = orjson.dumps({name: getattr(bucket, name) for name in _BUCKET_FIELDS})
        if self._buckets.get(home) != record:
            self._buckets[home] = record
            yield "bucket", home, record
        for (name, generation), stored in bucket.take_changes().items():
            key = (*home, name, str(generation))
            if stored is None:
                yield from self._dropped(key)
                continue
            yield "object", key, orjson.dumps({one: getattr(stored, one) for one in _OBJECT_FIELDS})
            if self._contents.get(key) is not stored.content:
                self._contents[key] = stored.content
                yield "content", key, stored.content
