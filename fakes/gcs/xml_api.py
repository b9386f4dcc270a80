"""The XML API: `/BUCKET` and `/BUCKET/OBJECT`, which signed URLs and multipart uploads go to.

Source: https://cloud.google.com/storage/docs/xml-api/reference-methods.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

from fakes.gcs import access, json_uploads, objects, xml_multipart
from fakes.gcs.content import hashes_of_header
from fakes.gcs.errors import ApiError, invalid, unsupported
from fakes.gcs.http import Reply, Request, empty_reply
from fakes.gcs.listing import Query, list_objects
from fakes.gcs.media import check_key, key_of, media_reply
from fakes.gcs.objects import StoredObject
from fakes.gcs.preconditions import of_headers
from fakes.gcs.service import Service
from fakes.gcs.stamps import rfc3339
from fakes.gcs.store import Incoming

Handler = Callable[[Service, Request, str, str], Reply]
XML_TYPE = ("Content-Type", "application/xml; charset=UTF-8")
PREDEFINED = {
    "authenticated-read": "authenticatedRead",
    "bucket-owner-full-control": "bucketOwnerFullControl",
    "bucket-owner-read": "bucketOwnerRead",
    "private": "private",
    "project-private": "projectPrivate",
    "public-read": "publicRead",
    "public-read-write": "publicReadWrite",
}
FIELDS = {
    "cacheControl": "cache-control",
    "contentDisposition": "content-disposition",
    "contentEncoding": "content-encoding",
    "contentLanguage": "content-language",
    "contentType": "content-type",
    "customTime": "x-goog-custom-time",
    "storageClass": "x-goog-storage-class",
}


def route(request: Request) -> tuple[str, Handler, str, str] | None:
    """(JSON-API method id, handler, bucket, object) of a request; None where it is none of the XML API's."""
    bucket, _, name = request.path.lstrip("/").partition("/")
    bucket, name = unquote(bucket), unquote(name)
    if not bucket:
        return None
    found = (_of_object(request) if name else _of_bucket(request)) or ("storage.objects.get", _refuse)
    return (*found, bucket, name)


def _of_bucket(request: Request) -> tuple[str, Handler] | None:
    plain = not {"acl", "cors", "lifecycle", "location", "uploads", "versioning", "website"} & request.query.keys()
    return {
        ("GET", True): ("storage.objects.list", list_),
        ("HEAD", True): ("storage.buckets.get", head_bucket),
        ("PUT", True): ("storage.buckets.insert", put_bucket),
        ("DELETE", True): ("storage.buckets.delete", delete_bucket),
    }.get((request.method, plain))


def _of_object(request: Request) -> tuple[str, Handler] | None:
    query, method = request.query, request.method
    if "acl" in query or "tagging" in query:
        return None
    if "uploadId" in query or "uploads" in query:
        handler = xml_multipart.handler_of(request)
        return ("storage.objects.insert", handler) if handler else None
    if method in ("GET", "HEAD"):
        return "storage.objects.get", get
    if method == "DELETE":
        return ("storage.objects.delete", cancel) if "upload_id" in query else ("storage.objects.delete", delete)
    if method == "PUT" and "upload_id" in query:
        return "storage.objects.insert", resume
    if method == "PUT":
        return "storage.objects.insert", put
    if method == "POST" and request.headers.get("x-goog-resumable") == "start":
        return "storage.objects.insert", begin
    return None


def _refuse(service: Service, request: Request, bucket: str, name: str) -> Reply:
    raise unsupported(f"{request.method} {request.path[:200]} of the XML API", "Use the JSON API.")


def list_(service: Service, request: Request, bucket_name: str, name: str) -> Reply:
    """List a bucket's objects."""
    bucket = service.bucket(bucket_name)
    query = request.query
    second = query.get("list-type") == "2"
    limit = request.integer("max-keys")
    if limit is not None and not limit > 0:
        raise invalid(f"Invalid max-keys: {limit}")
    page = list_objects(
        bucket,
        Query(
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            start=query.get("start-after" if second else "marker", ""),
            limit=min(limit or 1000, 1000),
            page_token=query.get("continuation-token", ""),
        ),
    )
    after = query.get("start-after" if second else "marker", "")
    parts = [f"<Name>{escape(bucket_name)}</Name><Prefix>{escape(query.get('prefix', ''))}</Prefix>"]
    parts.append(f"<IsTruncated>{'true' if page.next_page_token else 'false'}</IsTruncated>")
    if page.next_page_token:
        tag = "NextContinuationToken" if second else "NextMarker"
        parts.append(f"<{tag}>{escape(page.next_page_token if second else page.last[0])}</{tag}>")
    parts += [_contents(stored) for stored in page.items if stored.name != after]
    parts += [f"<CommonPrefixes><Prefix>{escape(one)}</Prefix></CommonPrefixes>" for one in page.prefixes]
    return xml_reply("ListBucketResult", "".join(parts))


def _contents(stored: StoredObject) -> str:
    return (
        f"<Contents><Key>{escape(stored.name)}</Key><Generation>{stored.generation}</Generation>"
        f"<MetaGeneration>{stored.metageneration}</MetaGeneration>"
        f"<LastModified>{rfc3339(stored.updated_ns)}</LastModified><ETag>{escape(xml_etag(stored))}</ETag>"
        f"<Size>{len(stored.content)}</Size><StorageClass>{stored.fields['storageClass']}</StorageClass></Contents>"
    )


def xml_reply(root: str, inner: str, namespace: str = "http://doc.s3.amazonaws.com/2006-03-01") -> Reply:
    """An XML answer; listings and multipart uploads differ in the namespace they inherited."""
    text = f"<?xml version='1.0' encoding='UTF-8'?><{root} xmlns='{namespace}'>{inner}</{root}>"
    return Reply(200, [XML_TYPE], text.encode())


def xml_etag(stored: StoredObject) -> str:
    """The XML API's etag: the MD5 in hexadecimal where there is one."""
    return f'"{base64.b64decode(stored.md5).hex()}"' if stored.md5 else f'"{stored.etag}"'


def head_bucket(service: Service, request: Request, bucket: str, name: str) -> Reply:
    """Say whether a bucket is there."""
    service.bucket(bucket)
    return Reply(200)


def put_bucket(service: Service, request: Request, bucket: str, name: str) -> Reply:
    """Create a bucket."""
    acl = request.headers.get("x-goog-acl")
    service.store.create_bucket(
        request.headers.get("x-goog-project-id", "windtunnel"), {"name": bucket}, acl=_predefined(acl) if acl else ""
    )
    return Reply(200)


def delete_bucket(service: Service, request: Request, bucket: str, name: str) -> Reply:
    """Delete an empty bucket."""
    service.store.delete_bucket(service.bucket(bucket))
    return empty_reply()


def _predefined(acl: str) -> str:
    if acl not in PREDEFINED:
        raise invalid(f"Invalid x-goog-acl: {acl!r} (one of {', '.join(PREDEFINED)})")
    return PREDEFINED[acl]


def get(service: Service, request: Request, bucket_name: str, name: str) -> Reply:
    """Download an object."""
    bucket = service.bucket(bucket_name)
    stored = service.store.get(bucket, name, request.integer("generation"), of_headers(request.headers))
    check_key(stored, key_of(request))
    reply = media_reply(request, stored)
    for field in ("type", "disposition", "encoding", "language"):
        override = request.query.get(f"response-content-{field}")
        if override and override.isascii() and override.isprintable():
            header = f"Content-{field.title()}"
            reply.headers = [pair for pair in reply.headers if pair[0] != header] + [(header, override)]
    return reply


def incoming_of(request: Request, content: bytes) -> Incoming:
    """What a request's headers say of an object whose bytes are `content`; not hashed yet."""
    headers = request.headers
    asked = {field: headers[header] for field, header in FIELDS.items() if headers.get(header)}
    meta = {key[len("x-goog-meta-") :]: value for key, value in headers.items() if key.startswith("x-goog-meta-")}
    fields = objects.writable({**asked, **({"metadata": meta} if meta else {})})
    if headers.get("x-goog-encryption-kms-key-name"):
        fields["kmsKeyName"] = headers["x-goog-encryption-kms-key-name"]
    hashes = hashes_of_header(headers.get("x-goog-hash", ""))
    if headers.get("content-md5"):
        try:
            base64.b64decode(headers["content-md5"], validate=True)
        except binascii.Error:
            raise ApiError(400, "The Content-MD5 you specified was invalid.", code="InvalidDigest") from None
        hashes["md5"] = headers["content-md5"]
    return Incoming(content=content, fields=fields, hashes=hashes, key_sha256=key_of(request))


def with_acl(service: Service, request: Request, bucket_name: str, incoming: Incoming) -> Incoming:
    """`incoming` with the access control list its request asks for."""
    acl = request.headers.get("x-goog-acl")
    if acl:
        bucket = service.bucket(bucket_name)
        if bucket.uniform:
            raise access.uniform_refused("insert legacy ACL for an object")
        incoming.acl = access.predefined(_predefined(acl), bucket.project_number, bucket=False)
    return incoming


def stored_reply(stored: StoredObject, *, status: int = 200) -> Reply:
    """What the XML API says of an object just written."""
    hashes = f"crc32c={stored.crc32c}" + (f",md5={stored.md5}" if stored.md5 else "")
    return Reply(
        status,
        [
            ("ETag", xml_etag(stored)),
            ("x-goog-generation", str(stored.generation)),
            ("x-goog-metageneration", str(stored.metageneration)),
            ("x-goog-hash", hashes),
            ("x-goog-stored-content-length", str(len(stored.content))),
        ],
    )


def put(service: Service, request: Request, bucket_name: str, name: str) -> Reply:
    """Write an object, or copy one (`x-goog-copy-source`)."""
    if "x-goog-copy-source" in request.headers:
        return _copy(service, request, bucket_name, name)
    incoming = incoming_of(request, request.body)
    incoming.hash()
    bucket = service.bucket(bucket_name)
    incoming = with_acl(service, request, bucket_name, incoming)
    return stored_reply(service.store.insert(bucket, name, incoming, of_headers(request.headers)))


def _copy(service: Service, request: Request, bucket_name: str, name: str) -> Reply:
    source_bucket, _, source_name = unquote(request.headers["x-goog-copy-source"]).lstrip("/").partition("/")
    source = service.store.get(service.bucket(source_bucket), source_name)
    incoming = incoming_of(request, source.content)
    if request.headers.get("x-goog-metadata-directive", "COPY") == "COPY":
        holds = ("eventBasedHold", "temporaryHold", "retention")
        incoming.fields = {key: value for key, value in source.fields.items() if key not in holds}
    incoming.components, incoming.crc32c, incoming.md5 = source.components, source.crc32c, source.md5
    target = service.bucket(bucket_name)
    incoming = with_acl(service, request, bucket_name, incoming)
    stored = service.store.insert(target, name, incoming, of_headers(request.headers))
    inner = f"<LastModified>{rfc3339(stored.updated_ns)}</LastModified><ETag>{escape(xml_etag(stored))}</ETag>"
    return xml_reply("CopyObjectResult", inner)


def delete(service: Service, request: Request, bucket_name: str, name: str) -> Reply:
    """Delete an object."""
    bucket = service.bucket(bucket_name)
    service.store.delete(bucket, name, request.integer("generation"), of_headers(request.headers))
    return empty_reply()


def begin(service: Service, request: Request, bucket_name: str, name: str) -> Reply:
    """Begin a resumable upload."""
    asked = {field: request.headers[header] for field, header in FIELDS.items() if request.headers.get(header)}
    service.bucket(bucket_name)
    as_json = Request(
        method="POST",
        path=f"/upload/storage/v1/b/{quote(bucket_name, safe='')}/o",
        query={"uploadType": "resumable", "name": name},
        headers=request.headers,
        body=b"",
        base=request.base,
        target_query=f"uploadType=resumable&name={quote(name, safe='')}",
    )
    session = json_uploads.open_session(service, as_json, bucket_name, name, asked)
    separator = "&" if request.target_query else "?"
    query = f"?{request.target_query}" if request.target_query else ""
    location = f"{request.base}{request.path}{query}{separator}upload_id={session.id}"
    return Reply(201, [("Location", location), ("X-GUploader-UploadID", session.id)])


def resume(service: Service, request: Request, bucket_name: str, name: str) -> Reply:
    """Go on with a resumable upload."""
    return json_uploads.resume(service, request, bucket_name)


def cancel(service: Service, request: Request, bucket_name: str, name: str) -> Reply:
    """Forget a resumable upload."""
    return json_uploads.cancel(service, request, bucket_name)
