"""The state machine of buckets: made, changed, deleted, and for a while restorable.

It speaks in the vendor's terms and errors but knows no HTTP; what is in a bucket is `store`'s business.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fakes.gcs import access, buckets, settings
from fakes.gcs.buckets import Bucket
from fakes.gcs.errors import ApiError, forbidden, invalid, no_bucket
from fakes.gcs.pace import Pace
from fakes.gcs.past import Past


class BucketStore:
    """All buckets of the emulator, by name; `now_ns` is the time of day."""

    def __init__(self, now_ns: Callable[[], int], pace: Pace) -> None:
        self.now_ns = now_ns
        self.pace = pace
        self.buckets: dict[str, Bucket] = {}
        self.past = Past(now_ns)
        self._age_s = 0.0
        self._gone: dict[tuple[str, int], Bucket] = {}
        self._last_generation = 0

    def next_generation(self, now_ns: int) -> int:
        """A generation number: microseconds since the epoch, as the service's look, and never the same twice."""
        self._last_generation = max(self._last_generation + 1, now_ns // 1000)
        return self._last_generation

    def bucket(self, name: str) -> Bucket:
        """The bucket of that name; 404 without one."""
        found = self.buckets.get(name)
        if found is None:
            raise no_bucket()
        return self.past.view(found, self._age_s) if self._age_s else found

    @contextmanager
    def as_of(self, age_s: float) -> Iterator[None]:
        """Let `bucket` show the state of `age_s` seconds ago meanwhile: for reads only, under the service's lock."""
        self._age_s = age_s
        try:
            yield
        finally:
            self._age_s = 0.0

    def create_bucket(
        self,
        project: str,
        asked: Mapping[str, Any],
        *,
        acl: str = "",
        default_acl: str = "",
        object_retention: bool = False,
        limited: bool = True,
    ) -> Bucket:
        """Make a bucket of the resource `asked`; 409 when the name is taken. `limited` minds the project's rate."""
        name = buckets.check_name(asked.get("name"))
        now_ns = self.now_ns()
        if name in self.buckets:
            raise ApiError(
                409,
                "Your previous request to create the named bucket succeeded and you already own it.",
                reason="conflict",
                code="BucketAlreadyOwnedByYou",
            )
        fields = {key: value for key, value in settings.writable(dict(asked), now_ns, {}).items() if value is not None}
        if object_retention:
            fields["objectRetention"] = {"mode": "Enabled"}
        location = asked.get("location", "US")
        if not isinstance(location, str) or not location.replace("-", "").isalnum():
            raise invalid(f"The specified location constraint is not valid: {location!r}", location="location")
        if limited:
            self.pace.take("bucket_creations", project, now_ns)
        number = project_number(project)
        bucket = Bucket(
            name=name,
            project=project,
            project_number=number,
            generation=self.next_generation(now_ns),
            created_ns=now_ns,
            updated_ns=now_ns,
            location=location.upper(),
            fields=fields,
            policy=access.default_policy(project),
            past=self.past,
        )
        self.set_bucket_acl(bucket, access.predefined(acl or "projectPrivate", number, bucket=True))
        self.set_default_acl(bucket, access.predefined(default_acl or "projectPrivate", number, bucket=False))
        if asked.get("acl"):
            self.set_bucket_acl(bucket, access.pairs_of(asked["acl"], bucket=True))
        if asked.get("defaultObjectAcl"):
            self.set_default_acl(bucket, access.pairs_of(asked["defaultObjectAcl"], bucket=False))
        self.buckets[name] = bucket
        return bucket

    def set_bucket_acl(self, bucket: Bucket, pairs: list[tuple[str, str]]) -> None:
        """Replace the bucket's access control list."""
        access.check_public(pairs, bucket.public_access_prevention)
        bucket.acl = [access.entry(entity, role, bucket=bucket.name) for entity, role in pairs]

    def set_default_acl(self, bucket: Bucket, pairs: list[tuple[str, str]]) -> None:
        """Replace the list new objects get."""
        access.check_public(pairs, bucket.public_access_prevention)
        bucket.default_acl = [access.entry(entity, role, bucket=bucket.name, default=True) for entity, role in pairs]

    def touch_bucket(self, bucket: Bucket) -> None:
        """Count a metadata update of the bucket: next metageneration."""
        now_ns = self.now_ns()
        self.pace.take("bucket_updates", bucket.name, now_ns)
        bucket.metageneration += 1
        bucket.updated_ns = now_ns

    def update_bucket(self, bucket: Bucket, asked: Mapping[str, Any], *, whole: bool) -> None:
        """Patch the bucket's settings, or (`whole`) replace them."""
        now_ns = self.now_ns()
        fields = patched(bucket.fields, asked, whole=whole, keep=settings.WRITABLE)
        fields = {k: v for k, v in settings.writable(fields, now_ns, bucket.fields).items() if v is not None}
        before = bucket.fields.get("retentionPolicy", {})
        if before.get("isLocked"):
            after = fields.get("retentionPolicy", {})
            if int(after.get("retentionPeriod", 0)) < int(before["retentionPeriod"]):
                raise forbidden(
                    f"Cannot reduce retention duration of a locked Retention Policy for bucket '{bucket.name}'."
                )
        acl, default_acl = asked.get("acl"), asked.get("defaultObjectAcl")
        uniform = bool(fields.get("iamConfiguration", {}).get("uniformBucketLevelAccess", {}).get("enabled"))
        if uniform and (acl or default_acl):
            raise access.uniform_refused("use ACL API to update bucket policy")
        bucket_pairs = access.pairs_of(acl, bucket=True) if acl is not None else None
        default_pairs = access.pairs_of(default_acl, bucket=False) if default_acl is not None else None
        self.touch_bucket(bucket)
        bucket.fields = fields
        if bucket_pairs is not None:
            self.set_bucket_acl(bucket, bucket_pairs)
        if default_pairs is not None:
            self.set_default_acl(bucket, default_pairs)

    def delete_bucket(self, bucket: Bucket) -> None:
        """Remove an empty bucket; 409 while anything is in it."""
        if not bucket.empty():
            raise ApiError(409, "The bucket you tried to delete is not empty.", code="BucketNotEmpty")
        del self.buckets[bucket.name]
        if bucket.soft_delete_s:
            bucket.soft_deleted_ns = self.now_ns()
            bucket.hard_delete_ns = bucket.soft_deleted_ns + bucket.soft_delete_s * 1_000_000_000
            self._gone[bucket.name, bucket.generation] = bucket

    def load(self, kept: Iterable[Bucket]) -> None:
        """Begin with buckets that were kept elsewhere."""
        for bucket in kept:
            bucket.past = self.past
            if bucket.soft_deleted_ns is None:
                self.buckets[bucket.name] = bucket
            else:
                self._gone[bucket.name, bucket.generation] = bucket
            versions = (one for held in (bucket.generations, bucket.soft_deleted) for one in held.values())
            newest = max((stored.generation for many in versions for stored in many), default=bucket.generation)
            self._last_generation = max(self._last_generation, bucket.generation, newest)

    def gone_buckets(self) -> list[Bucket]:
        """Soft-deleted buckets whose time is not over."""
        now_ns = self.now_ns()
        self._gone = {key: bucket for key, bucket in self._gone.items() if bucket.hard_delete_ns > now_ns}
        return list(self._gone.values())

    def gone_bucket(self, name: str, generation: int) -> Bucket:
        """A soft-deleted bucket; 404 without one."""
        for bucket in self.gone_buckets():
            if (bucket.name, bucket.generation) == (name, generation):
                return bucket
        raise no_bucket()

    def restore_bucket(self, name: str, generation: int) -> Bucket:
        """Bring a soft-deleted bucket back; 409 while another has its name."""
        bucket = self.gone_bucket(name, generation)
        if name in self.buckets:
            raise ApiError(409, f"The bucket {name} exists: it cannot be restored.")
        del self._gone[name, generation]
        bucket.soft_deleted_ns, bucket.hard_delete_ns = None, 0
        bucket.metageneration += 1
        bucket.updated_ns = self.now_ns()
        self.buckets[name] = bucket
        return bucket


def patched(
    before: Mapping[str, Any], asked: Mapping[str, Any], *, whole: bool, keep: frozenset[str]
) -> dict[str, Any]:
    """`before` with `asked` laid over it as a JSON merge patch (null removes), or `asked` alone when `whole`."""
    asked = {name: value for name, value in asked.items() if name in keep}
    return asked if whole else _merged(before, asked)


def _merged(before: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(before)
    for name, value in asked.items():
        if value is None:
            out.pop(name, None)
        elif isinstance(value, dict) and isinstance(out.get(name), dict):
            out[name] = _merged(out[name], value)
        elif isinstance(value, dict):
            out[name] = {key: inner for key, inner in value.items() if inner is not None}
        else:
            out[name] = value
    return out


def project_number(project: str) -> int:
    """A project's number: the same for the same name, in every run."""
    return 100_000_000_000 + zlib.crc32(project.encode())
