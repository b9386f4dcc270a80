"""The JSON API's methods that make objects of objects: compose, copy, rewrite."""

from __future__ import annotations

from typing import Any

from fakes.gcs import access, objects
from fakes.gcs.buckets import Bucket
from fakes.gcs.errors import ApiError, condition_not_met, invalid, required
from fakes.gcs.http import Reply, Request
from fakes.gcs.json_objects import object_resource, show
from fakes.gcs.media import check_key, key_of
from fakes.gcs.objects import StoredObject
from fakes.gcs.preconditions import of_query
from fakes.gcs.routes import Route
from fakes.gcs.service import Rewrite, Service
from fakes.gcs.shown import shown
from fakes.gcs.store import Incoming

MAX_SOURCES = 32
"""Most sources of one compose: https://cloud.google.com/storage/docs/composite-objects."""
MIB = 1024 * 1024
MAX_REWRITES = 1024


def compose(service: Service, request: Request, bucket_name: str, name: str) -> Reply:
    """Concatenate objects of one bucket into another."""
    bucket = service.bucket(bucket_name)
    asked = request.json()
    wanted = asked.get("sourceObjects")
    if not isinstance(wanted, list) or not wanted:
        raise required("sourceObjects")
    if len(wanted) > MAX_SOURCES:
        raise invalid(f"The number of source components provided ({len(wanted)}) exceeds the maximum ({MAX_SOURCES})")
    key = key_of(request)
    sources = [_source(service, bucket, one) for one in wanted]
    for source in sources:
        check_key(source, key)
    destination = asked.get("destination") or {}
    if not isinstance(destination, dict):
        raise invalid("Invalid value for destination: an object is expected", location="destination")
    fields = objects.writable(destination)
    incoming = Incoming(
        content=b"".join(source.content for source in sources),
        fields=fields,
        key_sha256=key,
        components=sum(source.components or 1 for source in sources),
    )
    incoming.hash()
    _set_acl(incoming, bucket, request, destination)
    stored = service.store.insert(bucket, name, incoming, of_query(request.query))
    return show(request, bucket, stored)


def _source(service: Service, bucket: Bucket, wanted: Any) -> StoredObject:
    if not isinstance(wanted, dict) or not isinstance(wanted.get("name"), str):
        raise required("sourceObjects.name")
    try:
        generation = int(wanted["generation"]) if wanted.get("generation") else None
        demanded = (wanted.get("objectPreconditions") or {}).get("ifGenerationMatch")
        demanded = None if demanded is None else int(demanded)
    except (TypeError, ValueError, AttributeError):
        raise invalid(f"Invalid source object: {wanted!r}", location="sourceObjects") from None
    source = service.store.get(bucket, wanted["name"], generation)
    if demanded is not None and source.generation != demanded:
        raise condition_not_met()
    return source


def _set_acl(incoming: Incoming, bucket: Bucket, request: Request, asked: dict[str, Any]) -> None:
    predefined = request.query.get("destinationPredefinedAcl")
    if predefined:
        if bucket.uniform:
            raise access.uniform_refused("insert legacy ACL for an object")
        incoming.acl = access.predefined(predefined, bucket.project_number, bucket=False)
    elif asked.get("acl") and not bucket.uniform:
        incoming.acl = access.pairs_of(asked["acl"], bucket=False)


def _from(service: Service, request: Request, bucket: str, name: str) -> StoredObject:
    source = service.store.get(
        service.bucket(bucket),
        name,
        request.integer("sourceGeneration"),
        of_query(request.query, prefix="ifSource"),
        reading=False,
    )
    check_key(source, key_of(request, "x-goog-copy-source-encryption"))
    return source


def _write(service: Service, request: Request, source: StoredObject, bucket: Bucket, name: str) -> StoredObject:
    asked = request.json()
    fields = objects.writable(asked)
    if not fields:
        # Holds and retention belong to one object and are not copied with it.
        keep = ("eventBasedHold", "temporaryHold", "retention", "storageClass")
        fields = {key: value for key, value in source.fields.items() if key not in keep}
    if fields.keys() == {"storageClass"}:
        fields = {**source.fields, "storageClass": fields["storageClass"]}
    if not fields.get("contentType") and source.fields.get("contentType"):
        fields["contentType"] = source.fields["contentType"]
    incoming = Incoming(
        content=source.content,
        fields=fields,
        key_sha256=key_of(request),
        components=source.components,
        crc32c=source.crc32c,
        md5=source.md5,
    )
    _set_acl(incoming, bucket, request, asked)
    return service.store.insert(bucket, name, incoming, of_query(request.query))


def copy(service: Service, request: Request, *names: str) -> Reply:
    """Copy an object in one call."""
    bucket, name, to_bucket, to_name = names
    target = service.bucket(to_bucket)
    stored = _write(service, request, _from(service, request, bucket, name), target, to_name)
    return show(request, target, stored)


def rewrite(service: Service, request: Request, *names: str) -> Reply:
    """Copy an object in one or several calls (`maxBytesRewrittenPerCall`, `rewriteToken`)."""
    bucket, name, to_bucket, to_name = names
    target = service.bucket(to_bucket)
    source = _from(service, request, bucket, name)
    size = len(source.content)
    per_call = request.integer("maxBytesRewrittenPerCall")
    if per_call is not None and (per_call <= 0 or per_call % MIB):
        raise invalid(
            f"Invalid value for maxBytesRewrittenPerCall: {per_call} is no multiple of 1 MiB",
            location="maxBytesRewrittenPerCall",
        )
    address = ((bucket, name, source.generation), (to_bucket, to_name))
    token = request.query.get("rewriteToken")
    if token:
        under_way = service.rewrites.get(token)
        if under_way is None or (under_way.source, under_way.target) != address:
            raise ApiError(400, "The rewrite token is not one of this source and destination.", reason="invalid")
    else:
        service.store.check_write(target, to_name, of_query(request.query))
        under_way = Rewrite(*address, 0)
    under_way.done_bytes = size if per_call is None else min(size, under_way.done_bytes + per_call)
    result: dict[str, Any] = {
        "kind": "storage#rewriteResponse",
        "totalBytesRewritten": str(under_way.done_bytes),
        "objectSize": str(size),
        "done": under_way.done_bytes == size,
    }
    if result["done"]:
        stored = _write(service, request, source, target, to_name)
        result["resource"] = object_resource(request, target, stored)
        if token:
            del service.rewrites[token]
    else:
        token = token or service.token()
        service.rewrites[token] = under_way
        if len(service.rewrites) > MAX_REWRITES:
            service.rewrites.popitem(last=False)
        result["rewriteToken"] = token
    return shown(request, result)


ROUTES = (
    Route("POST", "b/*/o/*/compose", "storage.objects.compose", compose),
    Route("POST", "b/*/o/*/copyTo/b/*/o/*", "storage.objects.copy", copy),
    Route(
        "POST",
        "b/*/o/*/rewriteTo/b/*/o/*",
        "storage.objects.rewrite",
        rewrite,
        note="takes several calls only where `maxBytesRewrittenPerCall` asks for it",
    ),
)
