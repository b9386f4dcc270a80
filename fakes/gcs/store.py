"""The state machine of objects and their generations: what may be done to them when.

It speaks in the vendor's terms and errors but knows no HTTP, no route and no fault. It takes time from outside with
every operation that needs it, and one caller at a time (`backend` holds the lock).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fakes.gcs import access, objects
from fakes.gcs.bucket_store import BucketStore, patched
from fakes.gcs.buckets import Bucket
from fakes.gcs.content import check_hashes, crc32c_of, md5_of
from fakes.gcs.errors import forbidden, invalid, no_object
from fakes.gcs.objects import StoredObject
from fakes.gcs.pace import Pace
from fakes.gcs.preconditions import ANY, Conditions
from fakes.gcs.stamps import rfc3339, time_of

Event = str
"""`OBJECT_FINALIZE`, `OBJECT_METADATA_UPDATE`, `OBJECT_DELETE` or `OBJECT_ARCHIVE`."""


@dataclass(slots=True, kw_only=True)
class Incoming:
    """An object about to be written: its bytes and what the caller said about them.

    `fields` are writable fields (`objects.writable`), `hashes` what the caller says the bytes hash to, `acl` explicit
    (entity, role) pairs or None for the bucket's default list. `components` is set for a composite object.
    """

    content: bytes
    fields: dict[str, Any] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    acl: list[tuple[str, str]] | None = None
    key_sha256: str = ""
    components: int = 0
    crc32c: str = ""
    md5: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    def hash(self) -> None:
        """Compute the hashes and compare them with the caller's: long work, done outside any lock."""
        self.crc32c = crc32c_of(self.content)
        self.md5 = "" if self.components else md5_of(self.content)
        check_hashes(self.hashes, self.crc32c, self.md5 or self.hashes.get("md5", ""))


class Store(BucketStore):
    """All buckets and their objects; `announce(event, bucket, object, counterpart)` hears of each change of one."""

    def __init__(
        self,
        now_ns: Callable[[], int],
        pace: Pace,
        announce: Callable[[Event, Bucket, StoredObject, int | None], None],
        *,
        enforce_retention: bool = True,
    ) -> None:
        super().__init__(now_ns, pace)
        self._enforce_retention = enforce_retention
        self._announce = announce

    def get(
        self,
        bucket: Bucket,
        name: str,
        generation: int | None = None,
        conditions: Conditions = ANY,
        *,
        reading: bool = True,
    ) -> StoredObject:
        """A generation of an object (None: the live one) for which `conditions` hold; 404, 412 or 304 otherwise."""
        stored = bucket.find(name, generation)
        if stored is None:
            raise no_object(bucket.name, name)
        conditions.check(stored.generation, stored.metageneration, stored.etag, reading=reading)
        return stored

    def check_write(self, bucket: Bucket, name: str, conditions: Conditions) -> StoredObject | None:
        """Raise unless `name` may be written now; gives what would be replaced."""
        objects.check_name(name)
        before = bucket.live(name)
        if before is None:
            conditions.check(0, 0, "")
        else:
            conditions.check(before.generation, before.metageneration, before.etag)
            if not bucket.versioned:
                self.check_removable(bucket, before)
        return before

    def insert(
        self, bucket: Bucket, name: str, incoming: Incoming, conditions: Conditions = ANY, *, limited: bool = True
    ) -> StoredObject:
        """Write a new generation of `name`. `incoming.hash()` must have been called. `limited` minds the write rate."""
        before = self.check_write(bucket, name, conditions)
        now_ns = self.now_ns()
        if limited:
            self.pace.take("object_writes", f"{bucket.name}/{name}", now_ns)
        fields = {key: value for key, value in incoming.fields.items() if value is not None and value != {}}
        fields.setdefault("storageClass", bucket.fields.get("storageClass", "STANDARD"))
        key = fields.get("kmsKeyName") or bucket.fields.get("encryption", {}).get("defaultKmsKeyName")
        if key and not incoming.key_sha256:
            fields["kmsKeyName"] = key if "/cryptoKeyVersions/" in str(key) else f"{key}/cryptoKeyVersions/1"
        if bucket.fields.get("defaultEventBasedHold") and "eventBasedHold" not in fields:
            fields["eventBasedHold"] = True
        generation = self.next_generation(now_ns)
        pairs = incoming.acl
        if pairs is None:
            closed = bucket.public_access_prevention == "enforced"
            pairs = [
                (one["entity"], one["role"])
                for one in bucket.default_acl
                if not (closed and one["entity"] in access.PUBLIC)
            ]
        stored = StoredObject(
            bucket=bucket.name,
            name=name,
            generation=generation,
            content=incoming.content,
            crc32c=incoming.crc32c,
            md5=incoming.md5,
            components=incoming.components,
            created_ns=now_ns,
            updated_ns=now_ns,
            class_updated_ns=now_ns,
            fields=fields,
            acl=acl_of(bucket, name, generation, pairs),
            owner=f"project-owners-{bucket.project_number}",
            retention_from_ns=now_ns,
            key_sha256=incoming.key_sha256,
            extra=incoming.extra,
        )
        if before is not None:
            self.retire(bucket, before, archive=bucket.versioned, replaced_by=generation)
        bucket.put(stored)
        self._announce("OBJECT_FINALIZE", bucket, stored, before.generation if before else None)
        return stored

    def delete(self, bucket: Bucket, name: str, generation: int | None = None, conditions: Conditions = ANY) -> None:
        """Delete the live object (archived where versioning is on) or, for good, one generation of it."""
        stored = self.get(bucket, name, generation, conditions, reading=False)
        archive = generation is None and bucket.versioned
        if not archive:
            self.check_removable(bucket, stored)
        self.retire(bucket, stored, archive=archive)

    def retire(self, bucket: Bucket, stored: StoredObject, *, archive: bool, replaced_by: int | None = None) -> None:
        """Take a generation out of use: noncurrent (`archive`), soft-deleted, or gone."""
        now_ns = self.now_ns()
        if archive:
            gone = replace(stored, deleted_ns=now_ns)
            bucket.put(gone)
            self._announce("OBJECT_ARCHIVE", bucket, gone, replaced_by)
            return
        bucket.drop(stored)
        self.expire(bucket)
        if bucket.soft_delete_s:
            until_ns = now_ns + bucket.soft_delete_s * 1_000_000_000
            deleted_ns = stored.deleted_ns or now_ns
            bucket.put(replace(stored, deleted_ns=deleted_ns, soft_deleted_ns=now_ns, hard_delete_ns=until_ns))
            heapq.heappush(bucket.expiries, (until_ns, stored.generation, stored.name))
        self._announce("OBJECT_DELETE", bucket, stored, replaced_by)

    def check_removable(self, bucket: Bucket, stored: StoredObject) -> None:
        """Raise 403 while a hold or a retention period keeps a generation."""
        if not self._enforce_retention:
            return
        what = f"Object '{bucket.name}/{stored.name}'"
        for hold, word in (("temporaryHold", "Temporary hold"), ("eventBasedHold", "Event-Based hold")):
            if stored.fields.get(hold):
                raise forbidden(
                    f"{what} is under active {word} and cannot be deleted, overwritten or archived until hold is "
                    "removed.",
                    reason="forbidden",
                )
        until_ns = stored.retention_from_ns + bucket.retention_s * 1_000_000_000 if bucket.retention_s else 0
        retention = stored.fields.get("retention")
        if retention:
            until_ns = max(until_ns, time_of(retention["retainUntilTime"], "retention"))
        if until_ns > self.now_ns():
            raise forbidden(
                f"{what} is subject to bucket's retention policy or object retention and cannot be deleted or "
                f"overwritten until {rfc3339(until_ns)}",
                reason="retentionPolicyNotMet",
            )

    def update(
        self,
        bucket: Bucket,
        stored: StoredObject,
        asked: Mapping[str, Any],
        *,
        whole: bool = False,
        acl: list[tuple[str, str]] | None = None,
        override_unlocked: bool = False,
    ) -> StoredObject:
        """Patch an object's metadata, or (`whole`) replace it: same generation, next metageneration."""
        now_ns = self.now_ns()
        fields = patched(stored.fields, asked, whole=whole, keep=objects.WRITABLE)
        fields = {k: v for k, v in objects.writable(fields).items() if v is not None and v != {}}
        if later_than := stored.fields.get("customTime"):
            _check_custom_time(later_than, fields.get("customTime"))
        if fields.get("retention") != stored.fields.get("retention"):
            self._check_retention_change(stored, fields.get("retention"), override_unlocked=override_unlocked)
        if acl is None and asked.get("acl") is not None:
            if bucket.uniform and asked["acl"]:
                raise access.uniform_refused("use ACL API to update object policy")
            acl = access.pairs_of(asked["acl"], bucket=False)
        self.pace.take("object_updates", f"{bucket.name}/{stored.name}", now_ns)
        released = stored.fields.get("eventBasedHold") and not fields.get("eventBasedHold")
        fields.setdefault("storageClass", stored.fields["storageClass"])
        after = replace(
            stored,
            fields=fields,
            metageneration=stored.metageneration + 1,
            updated_ns=now_ns,
            retention_from_ns=now_ns if released else stored.retention_from_ns,
            acl=stored.acl if acl is None else acl_of(bucket, stored.name, stored.generation, acl),
        )
        self.keep(bucket, after)
        return after

    def keep(self, bucket: Bucket, changed: StoredObject) -> None:
        """Put back an object whose metadata somebody changed."""
        bucket.put(changed)
        self._announce("OBJECT_METADATA_UPDATE", bucket, changed, None)

    def _check_retention_change(
        self, stored: StoredObject, after: dict[str, Any] | None, *, override_unlocked: bool
    ) -> None:
        before = stored.fields.get("retention")
        if not before:
            return
        until_ns = time_of(before["retainUntilTime"], "retention")
        shorter = after is None or time_of(after["retainUntilTime"], "retention") < until_ns
        loosened = before["mode"] == "Locked" and (after or {}).get("mode") != "Locked"
        if until_ns > self.now_ns() and (
            loosened or (shorter and (before["mode"] == "Locked" or not override_unlocked))
        ):
            raise forbidden(
                f"Object '{stored.bucket}/{stored.name}' is under a retention configuration that cannot be reduced, "
                "removed or unlocked; an Unlocked one can with overrideUnlockedRetention=true."
            )

    def restore(self, bucket: Bucket, name: str, generation: int, conditions: Conditions = ANY) -> StoredObject:
        """Bring a soft-deleted generation back as the live one, with a generation of its own."""
        self.expire(bucket)
        gone = bucket.find_soft_deleted(name, generation)
        if gone is None:
            raise no_object(bucket.name, name)
        incoming = Incoming(
            content=gone.content,
            fields=dict(gone.fields),
            key_sha256=gone.key_sha256,
            components=gone.components,
            crc32c=gone.crc32c,
            md5=gone.md5,
        )
        return self.insert(bucket, name, incoming, conditions)

    def move(self, bucket: Bucket, stored: StoredObject, target: str, conditions: Conditions = ANY) -> StoredObject:
        """Rename a live object: the target is a new generation, the source is deleted, in one step."""
        if stored.name == target:
            raise invalid("The source and the destination of a move are the same object.")
        self.check_removable(bucket, stored)
        incoming = Incoming(
            content=stored.content,
            fields=dict(stored.fields),
            acl=[(one["entity"], one["role"]) for one in stored.acl],
            key_sha256=stored.key_sha256,
            components=stored.components,
            crc32c=stored.crc32c,
            md5=stored.md5,
        )
        moved = self.insert(bucket, target, incoming, conditions)
        self.retire(bucket, stored, archive=bucket.versioned)
        return moved

    def expire(self, bucket: Bucket) -> None:
        """Drop soft-deleted objects whose time is over."""
        now_ns = self.now_ns()
        while bucket.expiries and bucket.expiries[0][0] <= now_ns:
            _, generation, name = heapq.heappop(bucket.expiries)
            stored = bucket.find_soft_deleted(name, generation)
            if stored is not None:
                bucket.drop(stored)


def acl_of(bucket: Bucket, name: str, generation: int, pairs: list[tuple[str, str]]) -> tuple[dict[str, Any], ...]:
    """An object's list from (entity, role) pairs; empty where uniform bucket-level access rules."""
    access.check_public(pairs, bucket.public_access_prevention)
    if bucket.uniform:
        return ()
    return tuple(
        access.entry(entity, role, bucket=bucket.name, name=name, generation=generation) for entity, role in pairs
    )


def _check_custom_time(before: str, after: str | None) -> None:
    """Once set it is never removed nor set to an earlier time (cloud.google.com/storage/docs/metadata#custom-time)."""
    if after is None or time_of(after, "customTime") < time_of(before, "customTime"):
        raise invalid(
            f"Invalid value for customTime: {after or 'none'} is earlier than {before}, which it was; it can neither "
            "be removed nor put back",
            location="customTime",
        )
