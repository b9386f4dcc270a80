"""Batches: up to a hundred JSON calls in one multipart/mixed request, each answered by itself.

Each call passes the gate on its own, as the service charges and refuses them one by one.
Source: https://cloud.google.com/storage/docs/batch.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from fakes.gcs.errors import invalid
from fakes.gcs.http import Reply, Request
from fakes.gcs.uploads import split_parts

MAX_CALLS = 100
BOUNDARY = "batch_windtunnel"

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)


def serve(request: Request, call: Callable[[Request], Reply]) -> Reply:
    """Answer a batch; `call` answers one of its requests. Raises 400 where it is no batch."""
    found = _BOUNDARY.search(request.headers.get("content-type", ""))
    if found is None:
        raise invalid("Missing or invalid boundary in the Content-Type header of the batch.")
    parts = split_parts(request.body, found.group(1).encode())
    if len(parts) > MAX_CALLS:
        raise invalid(f"The batch has {len(parts)} calls; at most {MAX_CALLS} are allowed.")
    body = bytearray()
    for number, (headers, content) in enumerate(parts):
        reply = call(_request_of(request, content))
        content_id = headers.get("content-id", f"<{number}>").strip("<>")
        body += (
            f"--{BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: <response-{content_id}>\r\n\r\n".encode()
        )
        body += _written(reply) + b"\r\n"
    body += f"--{BOUNDARY}--\r\n".encode()
    return Reply(200, [("Content-Type", f"multipart/mixed; boundary={BOUNDARY}")], bytes(body))


def _request_of(batch: Request, content: bytes) -> Request:
    head, _, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    lines = head.decode("latin-1").split("\n")
    words = lines[0].split(" ")
    if len(words) < 2:
        raise invalid(f"A call of the batch begins with no request line: {lines[0][:100]!r}")
    target = urlsplit(words[1])
    # A call inherits the batch's own headers, but for those that describe the batch's body.
    headers = {name: value for name, value in batch.headers.items() if not name.startswith("content-")}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return replace(
        batch,
        method=words[0].upper(),
        path=target.path,
        query=dict(parse_qsl(target.query, keep_blank_values=True)),
        target_query=target.query,
        headers=headers,
        body=body.rstrip(b"\n") if headers.get("content-type", "").startswith("application/json") else body,
    )


def _written(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status_line()}", *(f"{name}: {value}" for name, value in reply.headers)]
    lines.append(f"Content-Length: {len(reply.body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + reply.body
