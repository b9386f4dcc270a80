"""The JSON API's methods on access control lists: of buckets, of objects, and the default list of new objects.

One set of handlers serves all three: a list is read from and written back to its owner.
Source: https://cloud.google.com/storage/docs/json_api/v1/objectAccessControls and its two siblings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from fakes.gcs import access
from fakes.gcs.buckets import Bucket
from fakes.gcs.errors import required
from fakes.gcs.http import Reply, Request, empty_reply
from fakes.gcs.objects import StoredObject
from fakes.gcs.routes import Route
from fakes.gcs.service import Service
from fakes.gcs.shown import shown


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose list it is: a bucket (`kind` `bucket` or `default`), or an object of it."""

    kind: str
    bucket: Bucket
    stored: StoredObject | None = None

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The list as it stands."""
        if self.stored is not None:
            return list(self.stored.acl)
        return self.bucket.acl if self.kind == "bucket" else self.bucket.default_acl

    def entry(self, entity: str, role: str) -> dict[str, Any]:
        """An entry for this list."""
        if self.stored is None:
            return access.entry(entity, role, bucket=self.bucket.name, default=self.kind == "default")
        return access.entry(
            entity, role, bucket=self.bucket.name, name=self.stored.name, generation=self.stored.generation
        )

    def shown(self, one: dict[str, Any]) -> dict[str, Any]:
        """An entry as the API shows it."""
        kind = "storage#bucketAccessControl" if self.kind == "bucket" else "storage#objectAccessControl"
        extra = {"generation": str(self.stored.generation)} if self.stored is not None else {}
        return {"kind": kind, **one, **extra}

    def save(self, service: Service, entries: list[dict[str, Any]]) -> None:
        """Put a changed list back: the owner's next metageneration."""
        pairs = [(one["entity"], one["role"]) for one in entries]
        access.check_public(pairs, self.bucket.public_access_prevention)
        if self.stored is not None:
            changed = replace(
                self.stored,
                acl=tuple(entries),
                metageneration=self.stored.metageneration + 1,
                updated_ns=service.around.now_ns(),
            )
            service.store.keep(self.bucket, changed)
            return
        service.store.touch_bucket(self.bucket)
        if self.kind == "bucket":
            self.bucket.acl = entries
        else:
            self.bucket.default_acl = entries


Find = Callable[[Service, Request, tuple[str, ...]], Owner]


def _of_bucket(service: Service, request: Request, names: tuple[str, ...]) -> Owner:
    bucket = service.bucket(names[0])
    if bucket.uniform:
        raise access.uniform_refused("get legacy ACL for a bucket")
    return Owner("bucket", bucket)


def _default_of(service: Service, request: Request, names: tuple[str, ...]) -> Owner:
    bucket = service.bucket(names[0])
    if bucket.uniform:
        raise access.uniform_refused("get legacy ACL for a bucket")
    return Owner("default", bucket)


def _of_object(service: Service, request: Request, names: tuple[str, ...]) -> Owner:
    bucket = service.bucket(names[0])
    stored = service.store.get(bucket, names[1], request.integer("generation"))
    if bucket.uniform:
        raise access.uniform_refused("get legacy ACL for an object")
    return Owner("object", bucket, stored)


def _handlers(find: Find, depth: int) -> dict[str, Callable[..., Reply]]:
    def list_(service: Service, request: Request, *names: str) -> Reply:
        owner = find(service, request, names)
        kind = "storage#bucketAccessControls" if owner.kind == "bucket" else "storage#objectAccessControls"
        return shown(request, {"kind": kind, "items": [owner.shown(one) for one in owner.entries]})

    def get(service: Service, request: Request, *names: str) -> Reply:
        owner = find(service, request, names[:depth])
        return shown(request, owner.shown(access.find(owner.entries, names[depth])))

    def insert(service: Service, request: Request, *names: str) -> Reply:
        owner = find(service, request, names)
        return _put(service, request, owner, *access.pair_of(request.json(), bucket=owner.kind == "bucket"))

    def change(service: Service, request: Request, *names: str) -> Reply:
        owner = find(service, request, names[:depth])
        asked = request.json()
        if "role" not in asked and request.method == "PATCH":
            asked["role"] = access.find(owner.entries, names[depth])["role"]
        if "role" not in asked:
            raise required("role")
        pair = access.pair_of({**asked, "entity": names[depth]}, bucket=owner.kind == "bucket")
        return _put(service, request, owner, *pair)

    def delete(service: Service, request: Request, *names: str) -> Reply:
        owner = find(service, request, names[:depth])
        gone = access.find(owner.entries, names[depth])
        owner.save(service, [one for one in owner.entries if one is not gone])
        return empty_reply()

    return {"list": list_, "get": get, "insert": insert, "patch": change, "update": change, "delete": delete}


def _put(service: Service, request: Request, owner: Owner, entity: str, role: str) -> Reply:
    new = owner.entry(entity, role)
    owner.save(service, access.replaced(owner.entries, new))
    return shown(request, owner.shown(new))


def _routes(path: str, method: str, find: Find, depth: int) -> list[Route]:
    handlers = _handlers(find, depth)
    verbs = (
        ("GET", path, "list"),
        ("POST", path, "insert"),
        ("GET", f"{path}/*", "get"),
        ("PATCH", f"{path}/*", "patch"),
        ("PUT", f"{path}/*", "update"),
        ("DELETE", f"{path}/*", "delete"),
    )
    note = "kept and shown; every caller may do everything"
    return [Route(verb, at, f"{method}.{name}", handlers[name], "approximated", note) for verb, at, name in verbs]


ROUTES = (
    *_routes("b/*/acl", "storage.bucket_acl", _of_bucket, 1),
    *_routes("b/*/defaultObjectAcl", "storage.default_object_acl", _default_of, 1),
    *_routes("b/*/o/*/acl", "storage.object_acl", _of_object, 2),
)
