"""Keeps the emulator's buckets and objects in a file, so that they outlive the process, kill -9 included.

Every operation is one transaction in SQLite's write-ahead log, handed to the system before the caller hears of success;
a machine that loses power may lose the last ones. It must not know what the operations mean. Uploads under way, retry
tests and rate limits are not kept: after a restart a client begins its upload again, as it must when the service has
forgotten one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import orjson

from fakes.gcs.buckets import Bucket
from fakes.gcs.objects import StoredObject

_TABLES = """
CREATE TABLE IF NOT EXISTS bucket (name TEXT, generation INTEGER, record BLOB, PRIMARY KEY (name, generation));
CREATE TABLE IF NOT EXISTS object (
    bucket TEXT, home INTEGER, name TEXT, generation INTEGER, record BLOB, content BLOB,
    PRIMARY KEY (bucket, home, name, generation)
);
CREATE TABLE IF NOT EXISTS hmac_key (access_id TEXT PRIMARY KEY, record BLOB, secret TEXT);
"""
_CONTENTS = frozenset({"generations", "soft_deleted", "expiries", "changes", "watched", "past"})
_BUCKET_FIELDS = tuple(one.name for one in fields(Bucket) if one.name not in _CONTENTS)
_OBJECT_FIELDS = tuple(one.name for one in fields(StoredObject) if one.name != "content")


class Journal:
    """The file of one emulator, `gcs.sqlite` in `folder`, which is made. Raises `OSError` where it cannot be."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "gcs.sqlite"
        self._file = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        # Written to the system is enough for a killed process; waiting for the disk would cost milliseconds a call.
        self._file.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; {_TABLES}")
        self._kept: dict[tuple[str, int, str, int], bytes] = {}
        self._records: dict[tuple[str, int], bytes] = {}
        self._keys: dict[str, bytes] = {}

    def buckets(self) -> Iterator[Bucket]:
        """The buckets of the file with all that is in them."""
        for _, _, record in self._file.execute("SELECT name, generation, record FROM bucket").fetchall():
            bucket = Bucket(**orjson.loads(record))
            self._records[bucket.name, bucket.generation] = record
            rows = self._file.execute(
                "SELECT record, content FROM object WHERE bucket = ? AND home = ? ORDER BY name, generation",
                (bucket.name, bucket.generation),
            )
            for told, content in rows.fetchall():
                asked = orjson.loads(told)
                stored = StoredObject(**{**asked, "acl": tuple(asked["acl"]), "content": content})
                bucket.load(stored)
                self._kept[bucket.name, bucket.generation, stored.name, stored.generation] = content
            # What came from the file needs not go back there.
            bucket.watched = True
            yield bucket

    def hmac_keys(self) -> Iterator[tuple[dict[str, Any], str]]:
        """The keys of the file with their secrets."""
        for record, secret in self._file.execute("SELECT record, secret FROM hmac_key").fetchall():
            yield orjson.loads(record), secret

    def commit(self, buckets: Iterable[Bucket], keys: Iterable[tuple[dict[str, Any], str]]) -> None:
        """Write what changed since the last time, in one transaction. `buckets` are all there are, `keys` likewise."""
        present = {(bucket.name, bucket.generation): bucket for bucket in buckets}
        for name, home in self._records.keys() - present.keys():
            del self._records[name, home]
            self._run("DELETE FROM bucket WHERE name = ? AND generation = ?", name, home)
            self._run("DELETE FROM object WHERE bucket = ? AND home = ?", name, home)
        for bucket in present.values():
            self._write(bucket)
        for key, secret in keys:
            record = orjson.dumps(key)
            if self._keys.get(key["accessId"]) != record:
                self._keys[key["accessId"]] = record
                self._run("REPLACE INTO hmac_key VALUES (?, ?, ?)", key["accessId"], record, secret)
        if self._file.in_transaction:
            self._file.execute("COMMIT")

    def _run(self, statement: str, *values: object) -> None:
        if not self._file.in_transaction:
            self._file.execute("BEGIN")
        self._file.execute(statement, values)

    def _write(self, bucket: Bucket) -> None:
        home = (bucket.name, bucket.generation)
        record = orjson.dumps({name: getattr(bucket, name) for name in _BUCKET_FIELDS})
        if self._records.get(home) != record:
            self._records[home] = record
            self._run("REPLACE INTO bucket VALUES (?, ?, ?)", *home, record)
        for (name, generation), stored in bucket.take_changes().items():
            key = (*home, name, generation)
            where = "WHERE bucket = ? AND home = ? AND name = ? AND generation = ?"
            if stored is None:
                self._kept.pop(key, None)
                self._run(f"DELETE FROM object {where}", *key)
                continue
            told = orjson.dumps({one: getattr(stored, one) for one in _OBJECT_FIELDS})
            if self._kept.get(key) is stored.content:
                self._run(f"UPDATE object SET record = ? {where}", told, *key)
            else:
                self._kept[key] = stored.content
                self._run("REPLACE INTO object VALUES (?, ?, ?, ?, ?, ?)", *key, told, stored.content)

    def wipe(self) -> None:
        """Empty the file."""
        self._file.executescript("DELETE FROM bucket; DELETE FROM object; DELETE FROM hmac_key;")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
