"""Uploads in several steps: resumable sessions as the JSON API has them, and the parts of a multipart/related body.

Source: https://cloud.google.com/storage/docs/performing-resumable-uploads and
https://cloud.google.com/storage/docs/resumable-uploads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from fakes.gcs.errors import ApiError, invalid
from fakes.gcs.http import Reply, Request

QUANTUM = 256 * 1024
"""Chunks are persisted in multiples of this many bytes, but for the last one."""
LIFETIME_S = 7 * 86_400
"""A session's life."""

_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+|\*)|(\*))/(\d+|\*)$")
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)


@dataclass(slots=True)
class Session:
    """A resumable upload: the request that began it, and the bytes persisted so far.

    `total` is the declared size in bytes, None while unknown. `outcome` is the answer to the final request once the
    object is there: the session repeats it to whoever asks again.
    """

    id: str
    bucket: str
    name: str
    begun: Request
    asked: dict[str, Any]
    created_ns: int
    total: int | None = None
    received: bytearray = field(default_factory=bytearray)
    outcome: Reply | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a request adds: `first` is its offset (None: a status query); `total` the final size (None: unknown)."""

    first: int | None
    total: int | None


def chunk_of(request: Request) -> Chunk:
    """Read a session request's `Content-Range`. Raises 400 where it contradicts itself or the body."""
    header = request.headers.get("content-range")
    size = len(request.body)
    if header is None:
        return Chunk(0, size)
    found = _CONTENT_RANGE.match(header.strip())
    if found is None:
        raise invalid(f"Failed to parse Content-Range header: {header!r}")
    first_text, last_text, star, total_text = found.groups()
    total = None if total_text == "*" else int(total_text)
    if star:
        if size and total is not None:
            return Chunk(0, total)
        return Chunk(None, total)
    first = int(first_text)
    last = first + size - 1 if last_text == "*" else int(last_text)
    if last - first + 1 != size:
        raise invalid(f"Invalid request. Content-Range says {last - first + 1} bytes, the body has {size}.")
    if total is not None and last >= total:
        raise invalid(f"Invalid request. Content-Range {header!r} ends past its own total.")
    return Chunk(first, total)


def accept(session: Session, chunk: Chunk, body: bytes, *, stop_at: int | None = None) -> bool:
    """Persist what `body` adds to `session`; whether the object is now complete.

    Bytes that are there already are skipped. `stop_at` is the size at which an injected fault ends the connection: what
    comes before it is persisted and the upload stays incomplete.
    """
    if chunk.total is not None:
        if session.total is not None and session.total != chunk.total:
            raise invalid(f"Invalid request. The total was {session.total} bytes before and is {chunk.total} now.")
        if chunk.total < len(session.received):
            raise invalid(f"Invalid request. {len(session.received)} bytes are persisted, the total is {chunk.total}.")
        session.total = chunk.total
    if chunk.first is None:
        return chunk.total is not None and chunk.total == len(session.received)
    have = len(session.received)
    if chunk.first > have:
        raise ApiError(
            503,
            f"Invalid request.  According to the Content-Range header, the upload offset is {chunk.first} byte(s), "
            f"which exceeds already uploaded size of {have} byte(s).",
            reason="backendError",
        )
    end = chunk.first + len(body)
    if session.total is not None and end > session.total:
        raise invalid(f"Invalid request. The body ends at {end} bytes, past the total of {session.total}.")
    final = session.total is not None and end == session.total
    if not final and stop_at is None:
        if len(body) < QUANTUM:
            raise invalid(
                f"Invalid request.  The number of bytes uploaded is required to be equal or greater than {QUANTUM}, "
                "except for the final request (it's recommended to be the exact multiple of "
                f"{QUANTUM}).  The received request contained {len(body)} bytes, which does not meet this requirement."
            )
        end -= end % QUANTUM
    if stop_at is not None:
        end, final = min(end, stop_at), False
    if end > have:
        session.received += memoryview(body)[have - chunk.first : end - chunk.first]
    return final


def status_reply(session: Session, *, no_308: bool = False) -> Reply:
    """How far the session is: 308 with `Range`, or a 200 that says so where the caller cannot take a 308."""
    headers = [("X-GUploader-UploadID", session.id)]
    if session.received:
        headers.append(("Range", f"bytes=0-{len(session.received) - 1}"))
    if no_308:
        return Reply(200, [*headers, ("X-HTTP-Status-Code-Override", "308")])
    return Reply(308, headers)


def parts_of(request: Request) -> tuple[dict[str, Any], str, bytes]:
    """(metadata, content type, media) of a multipart/related body. Raises 400 where it is none."""
    if request.parts is None:
        request.parts = _taken_apart(request)
    return request.parts


def _taken_apart(request: Request) -> tuple[dict[str, Any], str, bytes]:
    found = _BOUNDARY.search(request.headers.get("content-type", ""))
    if found is None:
        raise invalid("Missing or invalid boundary in the Content-Type header.")
    parts = split_parts(request.body, found.group(1).encode())
    if len(parts) != 2:
        raise invalid(f"A multipart upload has two parts, metadata and media; this one has {len(parts)}.")
    (_, metadata), (headers, media) = parts
    try:
        asked = orjson.loads(metadata) if metadata.strip() else {}
    except orjson.JSONDecodeError:
        raise invalid("Parse Error", reason="parseError") from None
    if not isinstance(asked, dict):
        raise invalid("Parse Error: the metadata part is no JSON object", reason="parseError")
    return asked, headers.get("content-type", ""), media


def split_parts(body: bytes, boundary: bytes) -> list[tuple[dict[str, str], bytes]]:
    """(headers, content) of each part between `--boundary` lines."""
    marker = b"--" + boundary
    at = body.find(marker)
    if at < 0:
        raise invalid("The body does not contain the boundary its Content-Type names.")
    parts = []
    while not body.startswith(b"--", at + len(marker)):
        start = body.find(b"\n", at)
        following = body.find(b"\n" + marker, start)
        if start < 0 or following < 0:
            raise invalid("The multipart body breaks off before its final boundary.")
        end = following - 1 if body[following - 1 : following] == b"\r" else following
        parts.append(_part(body, start + 1, end))
        at = following + 1
    return parts


def _part(body: bytes, start: int, end: int) -> tuple[dict[str, str], bytes]:
    if body.startswith((b"\r\n", b"\n"), start):
        return {}, body[start + (2 if body[start : start + 1] == b"\r" else 1) : end]
    blank, width = min(
        ((at, len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (at := body.find(mark, start, end)) >= 0),
        default=(-1, 0),
    )
    if blank < 0:
        raise invalid("A part of the multipart body has no blank line behind its headers.")
    headers = {}
    for line in body[start:blank].decode("latin-1").splitlines():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers, body[blank + width : end]
