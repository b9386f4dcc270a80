"""The JSON API's methods on objects that are there: list, get, download, patch, update, delete, restore.

Source: https://cloud.google.com/storage/docs/json_api/v1/objects.
"""

from __future__ import annotations

from typing import Any

from fakes.gcs import access
from fakes.gcs.buckets import Bucket
from fakes.gcs.errors import ApiError, invalid, no_object, required, unsupported
from fakes.gcs.http import Reply, Request, empty_reply
from fakes.gcs.listing import Query, list_objects
from fakes.gcs.media import check_key, key_of, media_reply
from fakes.gcs.objects import StoredObject, resource
from fakes.gcs.preconditions import of_query
from fakes.gcs.routes import Route
from fakes.gcs.service import Service
from fakes.gcs.shown import full, limit_of, shown


def show(request: Request, bucket: Bucket, stored: StoredObject) -> Reply:
    """An object's resource as the answer."""
    return shown(request, object_resource(request, bucket, stored))


def object_resource(request: Request, bucket: Bucket, stored: StoredObject) -> dict[str, Any]:
    """An object's resource under the request's projection."""
    return resource(stored, request.base, full=full(request) and not bucket.uniform, retention_s=bucket.retention_s)


def list_(service: Service, request: Request, name: str) -> Reply:
    """List a bucket's objects."""
    bucket = service.bucket(name)
    query = request.query
    soft_deleted = request.flag("softDeleted")
    if soft_deleted:
        if request.flag("versions"):
            raise invalid("softDeleted and versions cannot both be true.", location="softDeleted")
        service.store.expire(bucket)
    page = list_objects(
        bucket,
        Query(
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            start=query.get("startOffset", ""),
            end=query.get("endOffset", ""),
            glob=query.get("matchGlob", ""),
            versions=request.flag("versions"),
            soft_deleted=soft_deleted,
            trailing_delimiter=request.flag("includeTrailingDelimiter"),
            limit=limit_of(request),
            page_token=query.get("pageToken", ""),
        ),
    )
    result: dict[str, Any] = {"kind": "storage#objects"}
    if page.items:
        result["items"] = [object_resource(request, bucket, stored) for stored in page.items]
    if page.prefixes:
        result["prefixes"] = page.prefixes
    if page.next_page_token:
        result["nextPageToken"] = page.next_page_token
    return shown(request, result)


def get(service: Service, request: Request, bucket_name: str, name: str) -> Reply:
    """Show an object, or (`alt=media`) download it."""
    bucket = service.bucket(bucket_name)
    generation = request.integer("generation")
    if request.flag("softDeleted"):
        if generation is None:
            raise required("generation")
        service.store.expire(bucket)
        gone = bucket.find_soft_deleted(name, generation)
        if gone is None:
            raise no_object(bucket_name, name)
        return show(request, bucket, gone)
    stored = service.store.get(bucket, name, generation, of_query(request.query, request.headers))
    if request.query.get("alt") == "media":
        check_key(stored, key_of(request))
        return media_reply(request, stored)
    return show(request, bucket, stored)


def download(service: Service, request: Request, bucket_name: str, name: str) -> Reply:
    """Download an object (`/download/storage/v1`)."""
    request.query.setdefault("alt", "media")
    return get(service, request, bucket_name, name)


def _change(service: Service, request: Request, bucket_name: str, name: str, *, whole: bool) -> Reply:
    bucket = service.bucket(bucket_name)
    conditions = of_query(request.query, request.headers)
    stored = service.store.get(bucket, name, request.integer("generation"), conditions, reading=False)
    predefined = request.query.get("predefinedAcl")
    if predefined and bucket.uniform:
        raise access.uniform_refused("use ACL API to update object policy")
    after = service.store.update(
        bucket,
        stored,
        request.json(),
        whole=whole,
        acl=access.predefined(predefined, bucket.project_number, bucket=False) if predefined else None,
        override_unlocked=request.flag("overrideUnlockedRetention"),
    )
    return show(request, bucket, after)


def patch(service: Service, request: Request, bucket_name: str, name: str) -> Reply:
    """Change some of an object's metadata."""
    return _change(service, request, bucket_name, name, whole=False)


def update(service: Service, request: Request, bucket_name: str, name: str) -> Reply:
    """Replace an object's metadata."""
    return _change(service, request, bucket_name, name, whole=True)


def delete(service: Service, request: Request, bucket_name: str, name: str) -> Reply:
    """Delete an object, or one generation of it for good."""
    bucket = service.bucket(bucket_name)
    conditions = of_query(request.query, request.headers)
    service.store.delete(bucket, name, request.integer("generation"), conditions)
    return empty_reply()


def restore(service: Service, request: Request, bucket_name: str, name: str) -> Reply:
    """Bring a soft-deleted object back."""
    generation = request.integer("generation")
    if generation is None:
        raise required("generation")
    bucket = service.bucket(bucket_name)
    if bucket.find(name, generation) is not None:
        raise ApiError(412, "objectNotSoftDeleted", reason="conditionNotMet")
    stored = service.store.restore(bucket, name, generation, of_query(request.query, request.headers))
    return show(request, bucket, stored)


def move(service: Service, request: Request, bucket_name: str, source: str, target: str) -> Reply:
    """Rename an object within its bucket."""
    bucket = service.bucket(bucket_name)
    stored = service.store.get(bucket, source, None, of_query(request.query, prefix="ifSource"), reading=False)
    moved = service.store.move(bucket, stored, target, of_query(request.query))
    return show(request, bucket, moved)


def refuse(service: Service, request: Request, *names: str) -> Reply:
    """Answer what the emulator does not do."""
    raise unsupported(f"{request.method} {request.path}", "Do without it, or ask for it to be emulated.")


ROUTES = (
    Route("GET", "b/*/o", "storage.objects.list", list_, note="`includeFoldersAsPrefixes` and `filter` are ignored"),
    Route("GET", "b/*/o/*", "storage.objects.get", get, note="`Cache-Control` is shown; nothing is cached"),
    Route("PATCH", "b/*/o/*", "storage.objects.patch", patch),
    Route("PUT", "b/*/o/*", "storage.objects.update", update),
    Route("DELETE", "b/*/o/*", "storage.objects.delete", delete),
    Route("POST", "b/*/o/*/restore", "storage.objects.restore", restore),
    Route("POST", "b/*/o/*/moveTo/o/*", "storage.objects.move", move),
    Route("POST", "b/*/o/bulkRestore", "storage.objects.bulkRestore", refuse, "refused", "501"),
    Route("POST", "b/*/o/watch", "storage.objects.watchAll", refuse, "refused", "501; use notifications"),
    Route("GET", "b/*/folders", "storage.folders.list", refuse, "refused", "501"),
    Route("POST", "b/*/folders", "storage.folders.insert", refuse, "refused", "501"),
    Route("GET", "b/*/managedFolders", "storage.managedFolders.list", refuse, "refused", "501"),
    Route("POST", "b/*/managedFolders", "storage.managedFolders.insert", refuse, "refused", "501"),
    Route("GET", "b/*/anywhereCaches", "storage.anywhereCaches.list", refuse, "refused", "501"),
    Route("POST", "b/*/anywhereCaches", "storage.anywhereCaches.insert", refuse, "refused", "501"),
)
DOWNLOAD_ROUTES = (Route("GET", "b/*/o/*", "storage.objects.get", download),)
