"""Who may do what: access control lists and IAM policies, as data that is kept and shown.

The emulator has no identities to check them against: every caller may do everything. What the lists say, and when they
may not be used at all (uniform bucket-level access), is right.

Source of the predefined lists: https://cloud.google.com/storage/docs/access-control/lists#predefined-acl.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fakes.gcs.errors import ApiError, invalid

OBJECT_ROLES = ("READER", "OWNER")
BUCKET_ROLES = ("READER", "WRITER", "OWNER")
PREDEFINED_OBJECT = frozenset(
    {
        "authenticatedRead",
        "bucketOwnerFullControl",
        "bucketOwnerRead",
        "private",
        "projectPrivate",
        "publicRead",
    }
)
PREDEFINED_BUCKET = PREDEFINED_OBJECT | {"publicReadWrite"}
"""The reference lists fewer for buckets; the vendor's conformance suite sets `bucketOwnerFullControl` on one."""


PUBLIC = ("allUsers", "allAuthenticatedUsers")


def entry(
    entity: str, role: str, *, bucket: str, name: str | None = None, generation: int = 0, default: bool = False
) -> dict[str, Any]:
    """One entry of a list, as the API shows it."""
    shown: dict[str, Any] = {"entity": entity, "role": role, "etag": "CAE="}
    if not default:
        shown["bucket"] = bucket
        shown["id"] = f"{bucket}/{entity}" if name is None else f"{bucket}/{name}/{generation}/{entity}"
    if name is not None:
        shown["object"] = name
    kind, _, rest = entity.partition("-")
    if kind in ("user", "group") and "@" in rest:
        shown["email"] = rest
    elif kind == "domain":
        shown["domain"] = rest
    elif kind == "project":
        team, _, number = rest.partition("-")
        shown["projectTeam"] = {"projectNumber": number, "team": team}
    return shown


def predefined(acl: str, number: int, *, bucket: bool) -> list[tuple[str, str]]:
    """(entity, role) pairs of a predefined list; 400 for a name that is none."""
    names = PREDEFINED_BUCKET if bucket else PREDEFINED_OBJECT
    if acl not in names:
        raise invalid(f"Invalid value for predefinedAcl: {acl!r} (one of {', '.join(sorted(names))})")
    owners = f"project-owners-{number}"
    team = [(owners, "OWNER"), (f"project-editors-{number}", "OWNER"), (f"project-viewers-{number}", "READER")]
    return {
        "private": [(owners, "OWNER")],
        "projectPrivate": team,
        "publicRead": [(owners, "OWNER"), ("allUsers", "READER")],
        "publicReadWrite": [(owners, "OWNER"), ("allUsers", "WRITER")],
        "authenticatedRead": [(owners, "OWNER"), ("allAuthenticatedUsers", "READER")],
        "bucketOwnerRead": [(owners, "READER")],
        "bucketOwnerFullControl": [(owners, "OWNER")],
    }[acl]


def pairs_of(asked: Any, *, bucket: bool) -> list[tuple[str, str]]:
    """(entity, role) pairs of a list somebody sent; 400 where it is none."""
    if not isinstance(asked, list):
        raise invalid("Invalid value for acl: a list of entries is expected", location="acl")
    return [pair_of(one, bucket=bucket) for one in asked]


def pair_of(asked: Any, *, bucket: bool) -> tuple[str, str]:
    """(entity, role) of an entry somebody sent."""
    if not isinstance(asked, dict) or not isinstance(asked.get("entity"), str) or not asked["entity"]:
        raise invalid("Required", reason="required", location="entity")
    role = str(asked.get("role"))
    roles = BUCKET_ROLES if bucket else OBJECT_ROLES
    if role not in roles:
        raise invalid(f"Invalid value for role: {role!r} (one of {', '.join(roles)})", location="role")
    return asked["entity"], role


def check_public(pairs: Iterable[tuple[str, str]], prevention: str) -> None:
    """Raise 412 for a list that lets everybody in where public access prevention is `enforced`."""
    if prevention == "enforced" and any(entity in PUBLIC for entity, _ in pairs):
        raise ApiError(
            412,
            "The member bindings allUsers and allAuthenticatedUsers are not allowed since public access "
            "prevention is enforced.",
        )


def find(entries: Iterable[dict[str, Any]], entity: str) -> dict[str, Any]:
    """The entry of `entity`; 404 without one."""
    for one in entries:
        if one["entity"] == entity:
            return one
    raise ApiError(404, "The specified ACL entry was not found.", reason="notFound")


def replaced(entries: Iterable[dict[str, Any]], new: dict[str, Any]) -> list[dict[str, Any]]:
    """`entries` with the one of the same entity replaced, or `new` added."""
    return [*(one for one in entries if one["entity"] != new["entity"]), new]


def uniform_refused(what: str) -> ApiError:
    """400: an ACL where uniform bucket-level access rules."""
    return ApiError(
        400,
        f"Cannot {what} when uniform bucket-level access is enabled. Read more at "
        "https://cloud.google.com/storage/docs/uniform-bucket-level-access",
        reason="invalid",
    )


def default_policy(project: str) -> dict[str, Any]:
    """The policy every bucket starts with."""
    return {
        "bindings": [
            {
                "role": "roles/storage.legacyBucketOwner",
                "members": [f"projectEditor:{project}", f"projectOwner:{project}"],
            },
            {"role": "roles/storage.legacyBucketReader", "members": [f"projectViewer:{project}"]},
        ],
        "version": 1,
    }


def policy_of(asked: dict[str, Any], *, uniform: bool) -> dict[str, Any]:
    """A policy somebody sent, validated; `uniform` is whether the bucket has uniform bucket-level access."""
    bindings = asked.get("bindings", [])
    if not isinstance(bindings, list):
        raise invalid("Invalid value for bindings: a list is expected", location="bindings")
    for binding in bindings:
        if not isinstance(binding, dict) or not isinstance(binding.get("role"), str):
            raise invalid(f"Invalid binding: {binding!r} names no role", location="bindings")
        members = binding.get("members", [])
        if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
            raise invalid(f"Invalid binding: the members of {binding['role']!r} are no list of texts")
    version = asked.get("version", 1)
    if version not in (0, 1, 3):
        raise invalid(f"Invalid policy version: {version!r} (1 or 3)", location="version")
    if any(binding.get("condition") for binding in bindings):
        if not uniform:
            raise ApiError(
                412,
                "Conditional IAM bindings need uniform bucket-level access: enable uniform bucket-level access first.",
            )
        if version != 3:
            raise invalid("The policy has conditions: its version must be at least 3.", location="version")
    return {"bindings": bindings, "version": version}
