"""A bucket: its settings and the generations of the objects in it.

It keeps order and history; what may be done, and when, is `store`'s business.
"""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass, field
from typing import Any, Protocol

from sortedcontainers import SortedDict

from fakes.gcs.errors import invalid
from fakes.gcs.objects import StoredObject
from fakes.gcs.settings import location_type
from fakes.gcs.stamps import metageneration_etag, rfc3339

_IP = re.compile(r"\d+\.\d+\.\d+\.\d+")


class Noting(Protocol):
    """Who wants to know what a change replaces (`past.Past`)."""

    def note(self, bucket: str, name: str, before: tuple[StoredObject, ...]) -> None:
        """The generations of `name` before they change."""


@dataclass(slots=True, kw_only=True)
class Bucket:
    """One bucket. `generations` has, by name and in order of name, the generations of each object, oldest first; only
    the last can be live. `soft_deleted` is the same for soft-deleted ones, `expiries` a heap of their ends
    (nanoseconds since the epoch, generation, name). `changes` are kept for a journal, once it watches;
    `past` is told what each change replaces.
    """

    name: str
    project: str
    project_number: int
    generation: int
    created_ns: int
    updated_ns: int
    location: str = "US"
    metageneration: int = 1
    fields: dict[str, Any] = field(default_factory=dict)
    acl: list[dict[str, Any]] = field(default_factory=list)
    default_acl: list[dict[str, Any]] = field(default_factory=list)
    policy: dict[str, Any] = field(default_factory=dict)
    policy_version: int = 1
    notifications: dict[str, dict[str, Any]] = field(default_factory=dict)
    last_notification: int = 0
    generations: SortedDict = field(default_factory=SortedDict)
    soft_deleted: SortedDict = field(default_factory=SortedDict)
    expiries: list[tuple[int, int, str]] = field(default_factory=list)
    changes: dict[tuple[str, int], StoredObject | None] = field(default_factory=dict)
    watched: bool = False
    past: Noting | None = None
    soft_deleted_ns: int | None = None
    hard_delete_ns: int = 0

    @property
    def etag(self) -> str:
        """Changes with the metageneration."""
        return metageneration_etag(self.metageneration)

    @property
    def location_type(self) -> str:
        """`region`, `dual-region` or `multi-region`."""
        return location_type(self.location, self.fields.get("customPlacementConfig"))

    @property
    def versioned(self) -> bool:
        """Whether replaced and deleted objects stay as noncurrent generations."""
        return bool(self.fields.get("versioning", {}).get("enabled"))

    @property
    def uniform(self) -> bool:
        """Whether uniform bucket-level access switches ACLs off."""
        return bool(self.fields.get("iamConfiguration", {}).get("uniformBucketLevelAccess", {}).get("enabled"))

    @property
    def public_access_prevention(self) -> str:
        """`enforced` or `inherited`."""
        return str(self.fields.get("iamConfiguration", {}).get("publicAccessPrevention", "inherited"))

    @property
    def retention_s(self) -> int:
        """How long objects must stay, in seconds; 0 without a policy."""
        return int(self.fields.get("retentionPolicy", {}).get("retentionPeriod", 0))

    @property
    def soft_delete_s(self) -> int:
        """How long deleted objects can be restored, in seconds; 0 for not at all."""
        return int(self.fields.get("softDeletePolicy", {}).get("retentionDurationSeconds", 0))

    def live(self, name: str) -> StoredObject | None:
        """What `name` means now."""
        versions: list[StoredObject] | None = self.generations.get(name)
        return versions[-1] if versions and versions[-1].deleted_ns is None else None

    def find(self, name: str, generation: int | None = None) -> StoredObject | None:
        """That generation of `name`, or the live one."""
        if generation is None:
            return self.live(name)
        for stored in self.generations.get(name, ()):
            if stored.generation == generation:
                return stored  # type: ignore[no-any-return] # sortedcontainers ships no types
        return None

    def find_soft_deleted(self, name: str, generation: int) -> StoredObject | None:
        """That soft-deleted generation of `name`."""
        for stored in self.soft_deleted.get(name, ()):
            if stored.generation == generation:
                return stored  # type: ignore[no-any-return] # sortedcontainers ships no types
        return None

    def put(self, stored: StoredObject) -> None:
        """Add a generation, or replace the record of one that is here."""
        if self.watched:
            self.changes[stored.name, stored.generation] = stored
        self._note(stored)
        where = self.soft_deleted if stored.soft_deleted_ns is not None else self.generations
        versions = where.setdefault(stored.name, [])
        for at, other in enumerate(versions):
            if other.generation == stored.generation:
                versions[at] = stored
                return
        versions.append(stored)
        versions.sort(key=lambda one: one.generation)

    def drop(self, stored: StoredObject) -> None:
        """Forget a generation."""
        if self.watched:
            self.changes[stored.name, stored.generation] = None
        self._note(stored)
        where = self.soft_deleted if stored.soft_deleted_ns is not None else self.generations
        versions = [one for one in where.get(stored.name, ()) if one.generation != stored.generation]
        if versions:
            where[stored.name] = versions
        else:
            where.pop(stored.name, None)

    def _note(self, stored: StoredObject) -> None:
        if self.past is not None and stored.soft_deleted_ns is None:
            self.past.note(self.name, stored.name, tuple(self.generations.get(stored.name, ())))

    def load(self, stored: StoredObject) -> None:
        """Put back a generation that was kept elsewhere."""
        self.put(stored)
        if stored.hard_delete_ns is not None:
            heapq.heappush(self.expiries, (stored.hard_delete_ns, stored.generation, stored.name))

    def take_changes(self) -> dict[tuple[str, int], StoredObject | None]:
        """What was put and dropped (None) since the last time, by name and generation; watches from now on.

        The first time that is everything.
        """
        if not self.watched:
            self.watched = True
            everything = [*self.generations.values(), *self.soft_deleted.values()]
            return {(one.name, one.generation): one for versions in everything for one in versions}
        changes, self.changes = self.changes, {}
        return changes

    def empty(self) -> bool:
        """Whether nothing but soft-deleted objects is in it."""
        return not self.generations

    def resource(self, base: str, *, full: bool = False) -> dict[str, Any]:
        """The bucket as the JSON API shows it; `full` adds the ACLs."""
        shown: dict[str, Any] = {
            "kind": "storage#bucket",
            "id": self.name,
            "selfLink": f"{base}/storage/v1/b/{self.name}",
            "name": self.name,
            "projectNumber": str(self.project_number),
            "generation": str(self.generation),
            "metageneration": str(self.metageneration),
            "location": self.location,
            "locationType": self.location_type,
            "storageClass": "STANDARD",
            "etag": self.etag,
            "timeCreated": rfc3339(self.created_ns),
            "updated": rfc3339(self.updated_ns),
            "iamConfiguration": {
                "bucketPolicyOnly": {"enabled": False},
                "uniformBucketLevelAccess": {"enabled": False},
                "publicAccessPrevention": "inherited",
            },
        }
        if self.location_type != "region":
            shown["rpo"] = "DEFAULT"
        shown.update(self.fields)
        if self.soft_deleted_ns is not None:
            shown["softDeleteTime"] = rfc3339(self.soft_deleted_ns)
            shown["hardDeleteTime"] = rfc3339(self.hard_delete_ns)
        if full and not self.uniform:
            shown["acl"] = [{**entry, "kind": "storage#bucketAccessControl"} for entry in self.acl]
            shown["defaultObjectAcl"] = [{**entry, "kind": "storage#objectAccessControl"} for entry in self.default_acl]
            shown["owner"] = {"entity": f"project-owners-{self.project_number}"}
        return shown


def check_name(name: object) -> str:
    """`name` if a bucket can have it, else 400 (https://cloud.google.com/storage/docs/buckets#naming)."""
    if not isinstance(name, str) or not name:
        raise invalid("Required", reason="required", location="name")
    parts = name.split(".")
    fits = (
        3 <= len(name) <= (222 if len(parts) > 1 else 63)
        and name.isascii()
        and all(character.islower() or character.isdigit() or character in "-_." for character in name)
        and name[0].isalnum()
        and name[-1].isalnum()
        and all(1 <= len(part) <= 63 for part in parts)
        and not name.startswith("goog")
        and not _IP.fullmatch(name)
    )
    if not fits:
        raise invalid(f"Invalid bucket name: '{name}'", location="name")
    return name
