"""Multipart uploads of the XML API: parts in any order, joined at the end.

Source: https://cloud.google.com/storage/docs/multipart-uploads (1 to 10,000 parts, 5 MiB at least but for the last).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from xml.sax.saxutils import escape

from fakes.gcs import xml_api
from fakes.gcs.errors import ApiError, invalid
from fakes.gcs.http import Reply, Request, empty_reply
from fakes.gcs.preconditions import of_headers
from fakes.gcs.service import MultipartUpload, Service

MAX_PARTS = 10_000
MIN_PART_BYTES = 5 * 1024 * 1024
MAX_UPLOADS = 1024
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

_PART = re.compile(r"<Part>(.*?)</Part>", re.DOTALL)
_NUMBER = re.compile(r"<PartNumber>\s*(\d+)\s*</PartNumber>")
_ETAG = re.compile(r"<ETag>\s*(.*?)\s*</ETag>", re.DOTALL)


def handler_of(request: Request) -> Callable[[Service, Request, str, str], Reply] | None:
    """What a request with `uploads` or `uploadId` asks for."""
    if "uploads" in request.query:
        return begin if request.method == "POST" else None
    return {"PUT": put_part, "POST": complete, "DELETE": abort, "GET": list_parts}.get(request.method)


def begin(service: Service, request: Request, bucket: str, name: str) -> Reply:
    """Begin an upload."""
    service.bucket(bucket)
    xml_api.incoming_of(request, b"")
    upload_id = service.token()
    begun = Request(request.method, request.path, request.query, request.headers, b"", request.base)
    service.multipart_uploads[upload_id] = MultipartUpload(bucket, name, begun)
    if len(service.multipart_uploads) > MAX_UPLOADS:
        del service.multipart_uploads[next(iter(service.multipart_uploads))]
    inner = f"<Bucket>{escape(bucket)}</Bucket><Key>{escape(name)}</Key><UploadId>{upload_id}</UploadId>"
    return xml_api.xml_reply("InitiateMultipartUploadResult", inner, NAMESPACE)


def _upload(service: Service, request: Request, bucket: str, name: str) -> MultipartUpload:
    found = service.multipart_uploads.get(request.query["uploadId"])
    if found is None or (found.bucket, found.name) != (bucket, name):
        raise ApiError(404, "The requested upload was not found.", code="NoSuchUpload")
    return found


def put_part(service: Service, request: Request, bucket: str, name: str) -> Reply:
    """Take a part; the same number again replaces it."""
    upload = _upload(service, request, bucket, name)
    number = request.integer("partNumber")
    if number is None or not 1 <= number <= MAX_PARTS:
        raise invalid(f"Invalid partNumber: {number} (1 to {MAX_PARTS})")
    incoming = xml_api.incoming_of(request, request.body)
    incoming.hash()
    etag = hashlib.md5(request.body, usedforsecurity=False).hexdigest()
    upload.parts[number] = (etag, request.body)
    return Reply(200, [("ETag", f'"{etag}"'), ("x-goog-hash", f"crc32c={incoming.crc32c},md5={incoming.md5}")])


def complete(service: Service, request: Request, bucket_name: str, name: str) -> Reply:
    """Join the parts the body lists into the object."""
    upload = _upload(service, request, bucket_name, name)
    listed = [_listed(text) for text in _PART.findall(request.body.decode("utf-8", "replace"))]
    if not listed:
        raise ApiError(400, "The XML you provided lists no part.", code="MalformedXML")
    if sorted({number for number, _ in listed}) != [number for number, _ in listed]:
        raise ApiError(400, "The list of parts was not in ascending order.", code="InvalidPartOrder")
    contents = []
    for number, etag in listed:
        part = upload.parts.get(number)
        if part is None or part[0] != etag:
            raise ApiError(400, f"Part {number} could not be found or its ETag differs.", code="InvalidPart")
        contents.append(part[1])
    if any(len(content) < MIN_PART_BYTES for content in contents[:-1]) and service.bounded:
        raise ApiError(400, f"A part but the last is smaller than {MIN_PART_BYTES} bytes.", code="EntityTooSmall")
    bucket = service.bucket(bucket_name)
    incoming = xml_api.incoming_of(upload.begun, b"".join(contents))
    incoming.components = len(contents)
    incoming.hash()
    incoming = xml_api.with_acl(service, upload.begun, bucket_name, incoming)
    stored = service.store.insert(bucket, name, incoming, of_headers(request.headers))
    del service.multipart_uploads[request.query["uploadId"]]
    inner = (
        f"<Location>{escape(request.base + request.path)}</Location><Bucket>{escape(bucket_name)}</Bucket>"
        f"<Key>{escape(name)}</Key><ETag>{escape(xml_api.xml_etag(stored))}</ETag>"
    )
    reply = xml_api.xml_reply("CompleteMultipartUploadResult", inner, NAMESPACE)
    reply.headers += [pair for pair in xml_api.stored_reply(stored).headers if pair[0].startswith("x-goog")]
    return reply


def _listed(text: str) -> tuple[int, str]:
    number, etag = _NUMBER.search(text), _ETAG.search(text)
    if number is None or etag is None:
        raise ApiError(400, "A Part needs a PartNumber and an ETag.", code="MalformedXML")
    return int(number.group(1)), etag.group(1).replace("&quot;", '"').strip('"')


def abort(service: Service, request: Request, bucket: str, name: str) -> Reply:
    """Forget an upload."""
    _upload(service, request, bucket, name)
    del service.multipart_uploads[request.query["uploadId"]]
    return empty_reply()


def list_parts(service: Service, request: Request, bucket: str, name: str) -> Reply:
    """List the parts so far."""
    upload = _upload(service, request, bucket, name)
    parts = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>&quot;{etag}&quot;</ETag><Size>{len(content)}</Size></Part>"
        for number, (etag, content) in sorted(upload.parts.items())
    )
    inner = f"<Bucket>{escape(bucket)}</Bucket><Key>{escape(name)}</Key><IsTruncated>false</IsTruncated>{parts}"
    return xml_api.xml_reply("ListPartsResult", inner, NAMESPACE)
