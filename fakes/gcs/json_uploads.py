"""The JSON API's uploads: media, multipart and resumable, behind `/upload/storage/v1/b/BUCKET/o`.

Bytes are hashed outside the lock; only what they change is done under it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fakes.gcs import access, objects
from fakes.gcs.buckets import Bucket
from fakes.gcs.content import hashes_of_header
from fakes.gcs.errors import ApiError, invalid, required
from fakes.gcs.http import Reply, Request, unzipped
from fakes.gcs.json_objects import show
from fakes.gcs.media import corrupted, instruction_of, key_of
from fakes.gcs.preconditions import of_query
from fakes.gcs.routes import Route
from fakes.gcs.service import Service
from fakes.gcs.store import Incoming
from fakes.gcs.uploads import Session, accept, chunk_of, parts_of, status_reply

METHOD = "storage.objects.insert"
AFTER_256K = 256 * 1024


def upload(service: Service, request: Request, bucket_name: str) -> Reply:
    """Write an object, begin a resumable upload, or go on with one (`upload_id`)."""
    if "upload_id" in request.query:
        return resume(service, request, bucket_name)
    kind = request.query.get("uploadType")
    if kind is None:
        raise required("uploadType")
    if kind == "resumable":
        return begin(service, request, bucket_name)
    if kind == "media":
        asked: dict[str, Any] = {}
        content_type, media = request.headers.get("content-type", ""), request.body
    elif kind == "multipart":
        asked, content_type, media = parts_of(request)
    else:
        raise invalid(f"Invalid value for uploadType: {kind!r}", location="uploadType")
    name = named(request, asked)
    fault = service.retry_tests.upload_fault(request.headers, METHOD)
    if fault is not None and len(media) >= fault.after_bytes:
        fault.done()
        if fault.status:
            raise ApiError(fault.status, "Fault injected during a single-shot upload")
        service.around.sleep(fault.stall_s)
    incoming = incoming_of(request, asked, content_type, media)
    with service.lock:
        bucket = service.bucket(bucket_name)
        stored = service.store.insert(bucket, name, complete(incoming, bucket, request, asked), of_query(request.query))
        return show(request, bucket, stored)


def insert_metadata(service: Service, request: Request, bucket_name: str) -> Reply:
    """Write an empty object from its metadata alone (`POST /storage/v1/b/BUCKET/o`)."""
    asked = request.json()
    incoming = incoming_of(request, asked, "", b"")
    with service.lock:
        bucket = service.bucket(bucket_name)
        conditions = of_query(request.query)
        stored = service.store.insert(
            bucket, named(request, asked), complete(incoming, bucket, request, asked), conditions
        )
        return show(request, bucket, stored)


def named(request: Request, asked: dict[str, Any]) -> str:
    """The object's name, from the metadata or the query."""
    name = asked.get("name") or request.query.get("name") or ""
    if not isinstance(name, str):
        raise invalid(f"Invalid value for name: {name!r}", location="name")
    if not name:
        raise required("name")
    return name


def incoming_of(request: Request, asked: dict[str, Any], content_type: str, media: bytes) -> Incoming:
    """What is about to be written, validated and hashed."""
    fields = objects.writable(asked)
    if not fields.get("contentType") and content_type:
        fields["contentType"] = content_type
    if request.query.get("contentEncoding"):
        fields["contentEncoding"] = request.query["contentEncoding"]
    if request.query.get("kmsKeyName"):
        fields["kmsKeyName"] = request.query["kmsKeyName"]
    hashes = {"crc32c": asked.get("crc32c") or "", "md5": asked.get("md5Hash") or ""}
    hashes |= hashes_of_header(request.headers.get("x-goog-hash", ""))
    if instruction_of(request) == "inject-upload-data-error":
        media = corrupted(media)
    incoming = Incoming(content=media, fields=fields, hashes=hashes, key_sha256=key_of(request))
    incoming.hash()
    return incoming


def complete(incoming: Incoming, bucket: Bucket, request: Request, asked: dict[str, Any]) -> Incoming:
    """`incoming` with the access control list it is to have in `bucket`."""
    predefined = request.query.get("predefinedAcl")
    if bucket.uniform and (predefined or asked.get("acl")):
        raise access.uniform_refused("insert legacy ACL for an object")
    if predefined:
        incoming.acl = access.predefined(predefined, bucket.project_number, bucket=False)
    elif asked.get("acl"):
        incoming.acl = access.pairs_of(asked["acl"], bucket=False)
    return incoming


def begin(service: Service, request: Request, bucket_name: str) -> Reply:
    """Begin a resumable upload: its address comes back as `Location`."""
    asked = replace(request, body=unzipped(request)).json()
    session = open_session(service, request, bucket_name, named(request, asked), asked)
    query = f"{request.target_query}&upload_id={session.id}"
    return Reply(
        200,
        [
            ("Location", f"{request.base}{request.path}?{query}"),
            ("X-GUploader-UploadID", session.id),
            ("Content-Type", "text/plain; charset=utf-8"),
        ],
    )


def open_session(service: Service, request: Request, bucket_name: str, name: str, asked: dict[str, Any]) -> Session:
    """Make the session of a resumable upload that `request` begins."""
    objects.writable(asked)
    key_of(request)
    declared = request.headers.get("x-upload-content-length")
    if declared is not None and not declared.isdecimal():
        raise invalid(f"Invalid X-Upload-Content-Length: {declared!r}")
    with service.lock:
        bucket = service.bucket(bucket_name)
        service.store.check_write(bucket, name, of_query(request.query))
        session = Session(
            id=service.token(),
            bucket=bucket_name,
            name=name,
            begun=replace(request, body=b""),
            asked=asked,
            created_ns=service.around.now_ns(),
            total=int(declared) if declared else None,
        )
        service.open_session(session)
    return session


def resume(service: Service, request: Request, bucket_name: str) -> Reply:
    """Take a chunk of a resumable upload, or say how far it is."""
    upload_id = request.query.get("upload_id")
    if not upload_id:
        raise required("upload_id")
    chunk = chunk_of(request)
    fault = service.retry_tests.upload_fault(request.headers, METHOD)
    if fault is not None and fault.stall_s and chunk.first is not None:
        have = len(service.session(upload_id).received)
        if have <= fault.after_bytes < have + len(request.body):
            fault.done()
            service.around.sleep(fault.stall_s)
    with service.lock:
        session = service.session(upload_id)
        if session.outcome is not None:
            return session.outcome
        stop_at, status = (fault.after_bytes, fault.status) if fault is not None and fault.status else (None, 0)
        if instruction_of(request) == "return-503-after-256K":
            stop_at, status = AFTER_256K, 503
        if stop_at is not None and chunk.first is not None:
            reached = len(session.received) < stop_at <= chunk.first + len(request.body)
            if reached:
                accept(session, chunk, request.body, stop_at=stop_at)
            if reached or len(session.received) >= stop_at:
                # The stateless instruction strikes once per session, or no retry could ever get past it.
                if fault is not None and fault.status:
                    fault.done()
                if reached or fault is not None:
                    raise ApiError(status, "Fault injected during a resumable upload")
        if not accept(session, chunk, request.body):
            return status_reply(session, no_308=request.headers.get("x-guploader-no-308") == "yes")
        return _finish(service, request, session)


def _finish(service: Service, request: Request, session: Session) -> Reply:
    begun = replace(session.begun, headers={**session.begun.headers, **_final_hash(request)}, base=request.base)
    declared_type = begun.headers.get("x-upload-content-type", "")
    incoming = incoming_of(begun, session.asked, declared_type, bytes(session.received))
    bucket = service.bucket(session.bucket)
    incoming = complete(incoming, bucket, begun, session.asked)
    stored = service.store.insert(bucket, session.name, incoming, of_query(begun.query))
    session.outcome = show(begun, bucket, stored)
    session.received = bytearray()
    return session.outcome


def _final_hash(request: Request) -> dict[str, str]:
    return {"x-goog-hash": request.headers["x-goog-hash"]} if "x-goog-hash" in request.headers else {}


def cancel(service: Service, request: Request, bucket_name: str) -> Reply:
    """Forget a resumable upload: 499, as the service says it."""
    session = service.session(request.query.get("upload_id", ""))
    if session.outcome is None:
        del service.sessions[session.id]
    return Reply(499, [("X-GUploader-UploadID", session.id)])


ROUTES = (Route("POST", "b/*/o", METHOD, insert_metadata, locked=False),)
UPLOAD_ROUTES = (
    Route("POST", "b/*/o", METHOD, upload, note="media, multipart and resumable", locked=False),
    Route("PUT", "b/*/o", METHOD, resume, note="a request cut off in its body persists nothing", locked=False),
    Route("DELETE", "b/*/o", "storage.objects.delete", cancel, note="cancels a resumable upload"),
)
