"""A bucket: its settings and the generations of the objects in it.

It keeps order and history; what may be done, and when, is `store`'s business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sortedcontainers import SortedDict

from fakes.gcs.errors import invalid
from fakes.gcs.objects import STORAGE_CLASSES, StoredObject
from fakes.gcs.stamps import metageneration_etag, rfc3339

WRITABLE = frozenset(
    {
        "autoclass",
        "billing",
        "cors",
        "customPlacementConfig",
        "defaultEventBasedHold",
        "encryption",
        "hierarchicalNamespace",
        "iamConfiguration",
        "ipFilter",
        "labels",
        "lifecycle",
        "logging",
        "retentionPolicy",
        "rpo",
        "softDeletePolicy",
        "storageClass",
        "versioning",
        "website",
    }
)
"""The fields of a bucket's resource that a caller may set (`acl` and `defaultObjectAcl` apart)."""

OBJECTS = frozenset(
    {
        "autoclass",
        "billing",
        "customPlacementConfig",
        "encryption",
        "hierarchicalNamespace",
        "iamConfiguration",
        "ipFilter",
        "labels",
        "lifecycle",
        "logging",
        "retentionPolicy",
        "softDeletePolicy",
        "versioning",
        "website",
    }
)
"""Those of them whose value is a JSON object."""

MAX_RETENTION_S = 3_155_760_000
"""100 years: https://cloud.google.com/storage/docs/bucket-lock#retention-periods."""
SOFT_DELETE_S = (7 * 86_400, 90 * 86_400)
"""Shortest and longest soft-delete retention: https://cloud.google.com/storage/docs/soft-delete (0 switches it off)."""

_LABEL = re.compile(r"[\w-]{1,63}")
_IP = re.compile(r"\d+\.\d+\.\d+\.\d+")


@dataclass(slots=True, kw_only=True)
class Bucket:
    """One bucket. `generations` has, by name and in order of name, the generations of each object, oldest first; only
    the last can be live. `soft_deleted` is the same for soft-deleted ones, `expiries` a heap of their ends
    (nanoseconds since the epoch, generation, name).
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

    @property
    def etag(self) -> str:
        """Changes with the metageneration."""
        return metageneration_etag(self.metageneration)

    @property
    def versioned(self) -> bool:
        """Whether replaced and deleted objects stay as noncurrent generations."""
        return bool(self.fields.get("versioning", {}).get("enabled"))

    @property
    def uniform(self) -> bool:
        """Whether uniform bucket-level access switches ACLs off."""
        return bool(self.fields.get("iamConfiguration", {}).get("uniformBucketLevelAccess", {}).get("enabled"))

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
        where = self.soft_deleted if stored.soft_deleted_ns is not None else self.generations
        versions = [one for one in where.get(stored.name, ()) if one.generation != stored.generation]
        if versions:
            where[stored.name] = versions
        else:
            where.pop(stored.name, None)

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
            "locationType": "multi-region" if self.location in ("US", "EU", "ASIA") else "region",
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
        shown.update(self.fields)
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


def writable(asked: dict[str, Any], now_ns: int, before: dict[str, Any]) -> dict[str, Any]:
    """The writable part of a resource somebody sent, validated and completed as the service does.

    `before` are the bucket's fields as they stand: a policy that is set again keeps the time it took effect.
    """
    kept = {name: value for name, value in asked.items() if name in WRITABLE}
    for name, value in kept.items():
        if name in OBJECTS and not isinstance(value, dict | None):
            raise invalid(f"Invalid value for {name}: an object is expected", location=name)
    if kept.get("storageClass") is not None and kept["storageClass"] not in STORAGE_CLASSES:
        raise invalid(f"Invalid storage class: {kept['storageClass']!r}", location="storageClass")
    if not isinstance(kept.get("defaultEventBasedHold"), bool | None):
        raise invalid(
            "Invalid value for defaultEventBasedHold: a boolean is expected", location="defaultEventBasedHold"
        )
    if kept.get("versioning") and not isinstance(kept["versioning"].get("enabled"), bool | None):
        raise invalid("Invalid value for versioning.enabled: a boolean is expected", location="versioning")
    _check_labels(kept.get("labels"))
    if kept.get("lifecycle"):
        _check_lifecycle(kept["lifecycle"])
    if kept.get("retentionPolicy"):
        kept["retentionPolicy"] = _retention(kept["retentionPolicy"], before.get("retentionPolicy") or {}, now_ns)
    if kept.get("softDeletePolicy"):
        kept["softDeletePolicy"] = _soft_delete(kept["softDeletePolicy"], before.get("softDeletePolicy") or {}, now_ns)
    if kept.get("iamConfiguration"):
        kept["iamConfiguration"] = _iam_configuration(kept["iamConfiguration"], now_ns)
    return kept


def seconds_of(value: Any, parameter: str) -> int:
    """A whole number of seconds, which the API takes as text or number."""
    try:
        if isinstance(value, bool):
            raise ValueError
        return int(value)
    except (TypeError, ValueError):
        raise invalid(
            f"Invalid value for {parameter}: {value!r} is not a number of seconds", location=parameter
        ) from None


def _check_labels(labels: dict[str, Any] | None) -> None:
    for key, value in (labels or {}).items():
        fits = isinstance(value, str | None) and key == key.lower() and _LABEL.fullmatch(key)
        if not fits or (value and not _LABEL.fullmatch(value)):
            raise invalid(f"Invalid label: {key!r}: {value!r}", location="labels")


def _check_lifecycle(lifecycle: dict[str, Any]) -> None:
    rules = lifecycle.get("rule", [])
    if not isinstance(rules, list) or len(rules) > 100:
        raise invalid("Invalid value for lifecycle.rule: a list of at most 100 rules is expected", location="lifecycle")
    for rule in rules:
        action = rule.get("action") if isinstance(rule, dict) else None
        kinds = ("Delete", "SetStorageClass", "AbortIncompleteMultipartUpload")
        if not isinstance(action, dict) or action.get("type") not in kinds or not rule.get("condition"):
            raise invalid(f"Invalid lifecycle rule: {rule!r}", location="lifecycle")


def _retention(asked: dict[str, Any], before: dict[str, Any], now_ns: int) -> dict[str, Any]:
    period_s = seconds_of(asked.get("retentionPeriod"), "retentionPolicy.retentionPeriod")
    if not 0 < period_s < MAX_RETENTION_S:
        raise invalid(
            f"Invalid retention period: {period_s} s (more than 0, less than {MAX_RETENTION_S})",
            location="retentionPolicy",
        )
    same = before.get("retentionPeriod") == str(period_s)
    since = before["effectiveTime"] if same else rfc3339(now_ns)
    kept = {"retentionPeriod": str(period_s), "effectiveTime": since}
    return kept | ({"isLocked": True} if before.get("isLocked") else {})


def _soft_delete(asked: dict[str, Any], before: dict[str, Any], now_ns: int) -> dict[str, Any]:
    seconds = seconds_of(asked.get("retentionDurationSeconds", 0), "softDeletePolicy.retentionDurationSeconds")
    shortest_s, longest_s = SOFT_DELETE_S
    if seconds and not shortest_s <= seconds <= longest_s:
        raise invalid(
            f"Soft delete policy retention duration must be 0 or from {shortest_s} to {longest_s} s; not {seconds}",
            location="softDeletePolicy",
        )
    same = before.get("retentionDurationSeconds") == str(seconds)
    since = before["effectiveTime"] if same and "effectiveTime" in before else rfc3339(now_ns)
    return {"retentionDurationSeconds": str(seconds), "effectiveTime": since}


def _iam_configuration(asked: dict[str, Any], now_ns: int) -> dict[str, Any]:
    uniform = asked.get("uniformBucketLevelAccess") or asked.get("bucketPolicyOnly") or {}
    if not isinstance(uniform, dict):
        raise invalid("Invalid value for iamConfiguration: an object is expected", location="iamConfiguration")
    shown: dict[str, Any] = {"enabled": bool(uniform.get("enabled"))}
    if shown["enabled"]:
        shown["lockedTime"] = uniform.get("lockedTime") or rfc3339(now_ns + 90 * 86_400 * 1_000_000_000)
    prevention = asked.get("publicAccessPrevention", "inherited")
    if prevention not in ("inherited", "enforced", "unspecified"):
        raise invalid(f"Invalid value for publicAccessPrevention: {prevention!r}", location="iamConfiguration")
    return {
        "uniformBucketLevelAccess": shown,
        "bucketPolicyOnly": dict(shown),
        "publicAccessPrevention": "inherited" if prevention == "unspecified" else prevention,
    }
