"""Serving an object's bytes: headers, ranges, transcoding, and the stateless fault instructions of a download.

Sources: https://cloud.google.com/storage/docs/transcoding and, for `x-goog-emulator-instructions`, storage-testbench's
README and `gcs/object.py`.
"""

from __future__ import annotations

from urllib.parse import quote

from fakes.gcs.content import byte_range, gunzip, takes_gzip
from fakes.gcs.errors import ApiError, invalid
from fakes.gcs.http import Reply, Request
from fakes.gcs.objects import StoredObject
from fakes.gcs.stamps import http_date

KIB = 1024
STALL_S = 10.0


def instruction_of(request: Request) -> str:
    """The stateless fault instruction of a request, "" for none."""
    return request.headers.get("x-goog-emulator-instructions") or request.headers.get(
        "x-goog-testbench-instructions", ""
    )


def media_reply(request: Request, stored: StoredObject) -> Reply:
    """The object's bytes, or the range of them asked for. Raises 416 for a range outside it."""
    fields = stored.fields
    encoding = fields.get("contentEncoding", "")
    content = stored.content
    headers = [
        ("Content-Type", fields.get("contentType") or "application/octet-stream"),
        ("ETag", f'"{stored.etag}"' if request.path.startswith("/storage") else stored.etag),
        ("Last-Modified", http_date(stored.updated_ns)),
        ("X-Goog-Generation", str(stored.generation)),
        ("X-Goog-Metageneration", str(stored.metageneration)),
        ("X-Goog-Hash", f"crc32c={stored.crc32c}" + (f",md5={stored.md5}" if stored.md5 else "")),
        ("X-Goog-Storage-Class", fields["storageClass"]),
        ("X-Goog-Stored-Content-Encoding", encoding or "identity"),
        ("X-Goog-Stored-Content-Length", str(len(content))),
        ("Accept-Ranges", "bytes"),
    ]
    for name, field in (
        ("Cache-Control", "cacheControl"),
        ("Content-Disposition", "contentDisposition"),
        ("Content-Language", "contentLanguage"),
    ):
        if fields.get(field):
            headers.append((name, _latin1(fields[field])))
    for key, value in (fields.get("metadata") or {}).items():
        headers.append((f"X-Goog-Meta-{_token(key)}", _latin1(value)))
    no_transform = "no-transform" in fields.get("cacheControl", "")
    if encoding == "gzip" and not no_transform and not takes_gzip(request.headers.get("accept-encoding", "")):
        headers += [("X-Guploader-Response-Body-Transformations", "gunzipped"), ("Vary", "Accept-Encoding")]
        return _instructed(request, Reply(200, headers, gunzip(content)), first=0)
    if encoding:
        headers.append(("Content-Encoding", _latin1(encoding)))
    asked = byte_range(request.headers.get("range"), len(content))
    if asked is None:
        return _instructed(request, Reply(200, headers, content), first=0)
    first, end = asked
    headers.append(("Content-Range", f"bytes {first}-{end - 1}/{len(content)}"))
    return _instructed(request, Reply(206, headers, content[first:end]), first=first)


def _latin1(value: str) -> str:
    return value if value.isascii() else quote(value, safe=" /;=,:\"'()[]{}<>@!?&+$*|")


def _token(name: str) -> str:
    return quote(name, safe="!#$&'*+^`|~")


def _instructed(request: Request, reply: Reply, *, first: int) -> Reply:
    instruction = instruction_of(request)
    if not instruction:
        return reply
    size = len(reply.body)
    if instruction == "return-corrupted-data":
        reply.body = corrupted(reply.body)
    elif instruction == "return-broken-stream":
        # 64 KiB pieces, a tenth of a second each, until 1 MiB is out.
        reply.pauses = tuple((at, 0.1) for at in range(0, min(size, 1024 * KIB), 64 * KIB))
        if size > 1024 * KIB:
            reply.break_at = 1024 * KIB
    elif instruction == "stall-always":
        reply.pauses = ((0, STALL_S),)
    elif instruction == "stall-at-256KiB" and first == 0:
        reply.pauses = ((256 * KIB, STALL_S),) if size > 256 * KIB else ()
    elif instruction.startswith(("return-503-after-256K", "break-after-256K")):
        if first == 0:
            reply.break_at = 256 * KIB if size > 256 * KIB else None
        elif instruction.endswith(("/retry-1", "/retry-2")):
            raise ApiError(503, "Service Unavailable")
    return reply


def corrupted(content: bytes) -> bytes:
    """`content` with its first byte wrong; something where there should be nothing."""
    return (b"B" if content[:1] == b"A" else b"A") + content[1:]


def key_of(request: Request, prefix: str = "x-goog-encryption") -> str:
    """The SHA-256 (base64) of the customer-supplied key a request carries, "" for none. Raises 400 for a bad one."""
    import base64
    import binascii
    import hashlib

    key = request.headers.get(f"{prefix}-key")
    if key is None:
        return ""
    try:
        raw = base64.b64decode(key, validate=True)
    except binascii.Error:
        raw = b""
    digest = base64.b64encode(hashlib.sha256(raw).digest()).decode()
    algorithm = request.headers.get(f"{prefix}-algorithm", "AES256")
    if len(raw) != 32 or algorithm != "AES256" or request.headers.get(f"{prefix}-key-sha256", digest) != digest:
        raise ApiError(
            400,
            "Missing a SHA256 hash of the encryption key, or it is not base64 encoded, or it does not match the "
            "encryption key.",
            reason="customerEncryptionKeySha256IsInvalid",
        )
    return digest


def check_key(stored: StoredObject, key_sha256: str) -> None:
    """Raise 400 unless the customer-supplied key is the one the object was written with."""
    if stored.key_sha256 == key_sha256:
        return
    if not stored.key_sha256:
        raise invalid(
            "The target object is not encrypted by a customer-supplied encryption key.",
            reason="resourceNotEncryptedWithCustomerEncryptionKey",
        )
    raise ApiError(
        400,
        "The target object is encrypted by a customer-supplied encryption key.",
        reason="resourceIsEncryptedWithCustomerEncryptionKey",
    )
