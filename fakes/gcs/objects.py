"""One generation of an object, and how it is shown.

An object's record never changes: a patch makes a new record with the next metageneration. That is what lets a stale
read see the past without any bookkeeping in the operations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from fakes.gcs.errors import invalid
from fakes.gcs.stamps import exact, object_etag, rfc3339, time_of

WRITABLE = frozenset(
    {
        "cacheControl",
        "contentDisposition",
        "contentEncoding",
        "contentLanguage",
        "contentType",
        "contexts",
        "customTime",
        "eventBasedHold",
        "metadata",
        "retention",
        "storageClass",
        "temporaryHold",
    }
)
"""The fields of an object's resource that a caller may set (`acl` apart)."""

TEXTS = (
    "cacheControl",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
    "contentType",
    "storageClass",
)
STORAGE_CLASSES = (
    "STANDARD",
    "NEARLINE",
    "COLDLINE",
    "ARCHIVE",
    "MULTI_REGIONAL",
    "REGIONAL",
    "DURABLE_REDUCED_AVAILABILITY",
)
NAME_BYTES = 1024
"""The longest object name: https://cloud.google.com/storage/quotas#objects."""
METADATA_BYTES = 8 * 1024
"""The largest custom metadata of an object, keys and values together (same source)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """One generation of an object with its bytes. Times are nanoseconds since the epoch, hashes base64.

    `fields` are the writable fields as the API names them. `md5` is "" for composite objects, `components` 0 for
    others. `deleted_ns` is set on a noncurrent generation, `soft_deleted_ns` and `hard_delete_ns` on a soft-deleted
    one. `hold_released_ns` is when the bucket's retention period began to count for it.
    """

    bucket: str
    name: str
    generation: int
    metageneration: int = 1
    content: bytes
    crc32c: str
    md5: str
    components: int = 0
    created_ns: int
    updated_ns: int
    class_updated_ns: int
    fields: dict[str, Any]
    acl: tuple[dict[str, Any], ...] = ()
    owner: str = ""
    retention_from_ns: int = 0
    deleted_ns: int | None = None
    soft_deleted_ns: int | None = None
    hard_delete_ns: int | None = None
    key_sha256: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """Changes with the generation and with the metageneration."""
        return object_etag(self.generation, self.metageneration)

    @property
    def live(self) -> bool:
        """Whether it is what the name means now."""
        return self.deleted_ns is None and self.soft_deleted_ns is None


def resource(stored: StoredObject, base: str, *, full: bool = False, retention_s: int = 0) -> dict[str, Any]:
    """The object as the JSON API shows it; `full` adds `acl` and `owner`, `retention_s` is the bucket's policy."""
    path = f"b/{quote(stored.bucket, safe='')}/o/{quote(stored.name, safe='')}"
    shown: dict[str, Any] = {
        "kind": "storage#object",
        "id": f"{stored.bucket}/{stored.name}/{stored.generation}",
        "selfLink": f"{base}/storage/v1/{path}",
        "mediaLink": f"{base}/download/storage/v1/{path}?generation={stored.generation}&alt=media",
        "name": stored.name,
        "bucket": stored.bucket,
        "generation": str(stored.generation),
        "metageneration": str(stored.metageneration),
        "storageClass": "STANDARD",
        "size": str(len(stored.content)),
        "crc32c": stored.crc32c,
        "etag": stored.etag,
        "timeCreated": rfc3339(stored.created_ns),
        "updated": rfc3339(stored.updated_ns),
        "timeStorageClassUpdated": rfc3339(stored.class_updated_ns),
        "timeFinalized": rfc3339(stored.created_ns),
    }
    shown.update(stored.fields)
    shown.update(stored.extra)
    if stored.md5:
        shown["md5Hash"] = stored.md5
    if stored.components:
        shown["componentCount"] = stored.components
    if stored.deleted_ns is not None:
        shown["timeDeleted"] = rfc3339(stored.deleted_ns)
    if stored.soft_deleted_ns is not None and stored.hard_delete_ns is not None:
        shown["softDeleteTime"] = rfc3339(stored.soft_deleted_ns)
        shown["hardDeleteTime"] = rfc3339(stored.hard_delete_ns)
    if retention_s and not stored.fields.get("eventBasedHold"):
        shown["retentionExpirationTime"] = rfc3339(stored.retention_from_ns + retention_s * 1_000_000_000)
    if stored.key_sha256:
        shown["customerEncryption"] = {"encryptionAlgorithm": "AES256", "keySha256": stored.key_sha256}
    if full and stored.acl:
        shown["acl"] = [
            {**entry, "kind": "storage#objectAccessControl", "generation": str(stored.generation)}
            for entry in stored.acl
        ]
        shown["owner"] = {"entity": stored.owner}
    return shown


def check_name(name: str) -> None:
    """Raise 400 for a name no object can have (https://cloud.google.com/storage/docs/objects#naming)."""
    if not name:
        raise invalid("Required", reason="required", location="name")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise invalid("Invalid object name: it is not valid Unicode.", location="name") from None
    if size > NAME_BYTES or name in (".", "..") or "\n" in name or "\r" in name:
        raise invalid(f"Invalid object name: {name[:64]!r} ({size} bytes, at most {NAME_BYTES})", location="name")


def writable(asked: dict[str, Any]) -> dict[str, Any]:
    """The writable part of a resource somebody sent, validated; read-only fields are ignored as the service does."""
    kept = {name: value for name, value in asked.items() if name in WRITABLE}
    for name in TEXTS:
        value = kept.get(name)
        if value is not None and (not isinstance(value, str) or not value.isprintable()):
            raise invalid(f"Invalid value for {name}: {value!r} is not a printable string", location=name)
    for name in ("eventBasedHold", "temporaryHold"):
        if not isinstance(kept.get(name), bool | None):
            raise invalid(f"Invalid value for {name}: {kept[name]!r} is not a boolean", location=name)
    if kept.get("storageClass") is not None and kept["storageClass"] not in STORAGE_CLASSES:
        raise invalid(f"Invalid storage class: {kept['storageClass']!r}", location="storageClass")
    if kept.get("customTime") is not None:
        kept["customTime"] = exact(time_of(kept["customTime"], "customTime"))
    if kept.get("metadata") is not None:
        kept["metadata"] = _metadata(kept["metadata"])
    if kept.get("retention") is not None:
        kept["retention"] = _retention(kept["retention"])
    if not isinstance(kept.get("contexts"), dict | None):
        raise invalid("Invalid value for contexts: an object is expected", location="contexts")
    return kept


def _metadata(metadata: Any) -> dict[str, Any]:
    if not isinstance(metadata, dict):
        raise invalid("Invalid value for metadata: an object is expected", location="metadata")
    for key, value in metadata.items():
        if not isinstance(value, str | None):
            raise invalid(f"Invalid value for metadata.{key}: {value!r} is not a string", location="metadata")
    size = sum(len(key.encode()) + len((value or "").encode()) for key, value in metadata.items())
    if size > METADATA_BYTES:
        raise invalid(
            f"The custom metadata is {size} bytes; at most {METADATA_BYTES} are allowed.", location="metadata"
        )
    return metadata


def _retention(retention: Any) -> dict[str, Any]:
    if not isinstance(retention, dict):
        raise invalid("Invalid value for retention: an object is expected", location="retention")
    if not retention:
        return {}
    mode = retention.get("mode")
    if mode not in ("Locked", "Unlocked"):
        raise invalid(
            f"Invalid value for retention.mode: {mode!r} is neither Locked nor Unlocked", location="retention"
        )
    until_ns = time_of(retention.get("retainUntilTime"), "retention.retainUntilTime")
    return {"mode": mode, "retainUntilTime": exact(until_ns)}
