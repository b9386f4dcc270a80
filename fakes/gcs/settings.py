"""A bucket's settings: what a caller may set, checked and completed as the service does.

Pure functions over JSON resources; they know no bucket's contents.
Source: https://cloud.google.com/storage/docs/json_api/v1/buckets.
"""

from __future__ import annotations

import re
from typing import Any

from fakes.gcs.errors import invalid
from fakes.gcs.objects import STORAGE_CLASSES
from fakes.gcs.stamps import rfc3339

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


MULTI_REGIONS = ("US", "EU", "ASIA")
DUAL_REGIONS = ("NAM4", "EUR4", "EUR5", "EUR7", "EUR8", "ASIA1")
"""Predefined ones: https://cloud.google.com/storage/docs/locations."""

_LABEL = re.compile(r"[\w-]{1,63}")


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
    if kept.get("rpo") not in (None, "DEFAULT", "ASYNC_TURBO"):
        raise invalid(f"Invalid value for rpo: {kept['rpo']!r} (DEFAULT or ASYNC_TURBO)", location="rpo")
    if kept.get("autoclass"):
        kept["autoclass"] = _autoclass(kept["autoclass"], before.get("autoclass") or {}, now_ns)
    if kept.get("encryption"):
        kept["encryption"] = _encryption(kept["encryption"], before.get("encryption") or {}, now_ns)
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


def _autoclass(asked: dict[str, Any], before: dict[str, Any], now_ns: int) -> dict[str, Any]:
    enabled = bool(asked.get("enabled"))
    kept: dict[str, Any] = {"enabled": enabled}
    if not enabled:
        return kept
    terminal = asked.get("terminalStorageClass") or "NEARLINE"
    if terminal not in ("NEARLINE", "ARCHIVE"):
        raise invalid(f"Invalid value for autoclass.terminalStorageClass: {terminal!r} (NEARLINE or ARCHIVE)")
    now = rfc3339(now_ns)
    kept["toggleTime"] = before["toggleTime"] if before.get("enabled") else now
    kept["terminalStorageClass"] = terminal
    same = before.get("terminalStorageClass") == terminal
    kept["terminalStorageClassUpdateTime"] = before["terminalStorageClassUpdateTime"] if same else now
    return kept


def _encryption(asked: dict[str, Any], before: dict[str, Any], now_ns: int) -> dict[str, Any]:
    kept = dict(asked)
    for name, value in asked.items():
        if not name.endswith("EnforcementConfig") or value is None:
            continue
        if not isinstance(value, dict):
            raise invalid(f"Invalid value for encryption.{name}: an object is expected", location="encryption")
        mode = value.get("restrictionMode", "NotRestricted")
        if mode not in ("NotRestricted", "FullyRestricted"):
            raise invalid(f"Invalid value for encryption.{name}.restrictionMode: {mode!r}", location="encryption")
        old = before.get(name) or {}
        if old.get("restrictionMode") == mode:
            kept[name] = old
        elif mode == "NotRestricted" and not old:
            kept[name] = {"restrictionMode": mode}
        else:
            kept[name] = {"restrictionMode": mode, "effectiveTime": rfc3339(now_ns)}
    return kept


def location_type(location: str, placement: dict[str, Any] | None) -> str:
    """`region`, `dual-region` or `multi-region`."""
    if placement or location in DUAL_REGIONS:
        return "dual-region"
    return "multi-region" if location in MULTI_REGIONS else "region"
