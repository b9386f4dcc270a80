"""Uploads of load jobs: multipart and resumable.

https://cloud.google.com/bigquery/docs/reference/api-uploads. Knows the envelope, not what is inside.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from fakes.bigquery import shapes
from fakes.bigquery.errors import ApiError, invalid
from fakes.bigquery.queries import resource_of

if TYPE_CHECKING:
    from fakes.bigquery.front import Request
    from fakes.bigquery.service import Service


class Upload:
    """A resumable upload that has begun: its job, and the bytes so far."""

    def __init__(self, project: str, body: dict[str, Any]) -> None:
        self.project = project
        self.body = body
        self.data = bytearray()
        self.answer: dict[str, Any] | None = None


def resource(service: Service, request: Request) -> str:
    """What an upload is about: its load job's destination."""
    upload_id = request.query.get("upload_id")
    if upload_id:
        upload = service.uploads.get(upload_id)
        body = upload.body if upload else {}
    elif request.query.get("uploadType") == "multipart":
        try:
            body = parts(request)[0]
        except ApiError:
            return request.path[0]
    else:
        body = request.body
    return resource_of(body.get("configuration") or {}, request.path[0])


def upload(service: Service, request: Request) -> Any:
    """POST and PUT on /upload/…/jobs."""
    kind = request.query.get("uploadType", "")
    if request.query.get("upload_id"):
        return _continue(service, request, request.query["upload_id"])
    if kind == "multipart":
        body, data = parts(request)
        return _accept(service, request, body, data)
    if kind == "resumable":
        return _begin(service, request)
    raise invalid(f"Invalid upload type: {kind!r}; use multipart or resumable")


def _accept(service: Service, request: Request, body: dict[str, Any], data: bytes) -> dict[str, Any]:
    from fakes.bigquery import job_methods
    from fakes.bigquery.acceptance import accept

    with service.lock:
        service.settle()
        if "load" not in (body.get("configuration") or {}):
            raise invalid("Uploads are for load jobs: configuration.load is missing")
        job = accept(service, request.path[0], body, caller=request.caller, data=data, sight=request.sight)
        return job_methods.resource(service, job)


def parts(request: Request) -> tuple[dict[str, Any], bytes]:
    """(the job, the media) of a multipart/related body; raises 400 for an envelope that is not the vendor's."""
    kind = request.headers.get("content-type", "")
    found = re.search(r'boundary=(?:"([^"]+)"|([^;\s]+))', kind)
    if not kind.lower().startswith("multipart/") or not found:
        raise invalid(f"Multipart uploads need a multipart/related Content-Type with a boundary, not {kind!r}")
    boundary = b"--" + (found.group(1) or found.group(2)).encode()
    chunks = request.data.split(boundary)
    if len(chunks) < 2 or not chunks[-1].startswith(b"--"):
        raise invalid("Malformed multipart body: the closing boundary is missing")
    bodies = []
    for chunk in chunks[1:-1]:
        text = chunk.removeprefix(b"\r\n").removeprefix(b"\n")
        for blank in (b"\r\n\r\n", b"\n\n"):
            _, mark, rest = text.partition(blank)
            if mark:
                ending = b"\r\n" if rest.endswith(b"\r\n") else b"\n"
                bodies.append(rest.removesuffix(ending))
                break
        else:
            raise invalid("Malformed multipart body: a part has no end of headers")
    if len(bodies) != 2:
        raise invalid(f"Multipart uploads have exactly two parts, the job and the media; found {len(bodies)}")
    try:
        job = orjson.loads(bodies[0])
    except orjson.JSONDecodeError as problem:
        raise invalid(f"Invalid JSON in the first part: {problem}") from None
    if not isinstance(job, dict):
        raise invalid("The first part must be a JSON object")
    return shapes.check(job), bodies[1]


def _begin(service: Service, request: Request) -> Any:
    from fakes.bigquery.front import Reply

    with service.lock:
        service.settle()
        number = service.around.rng("upload ids").getrandbits(64)
        upload_id = f"{number:016x}"
        service.uploads[upload_id] = Upload(request.path[0], request.body)
    location = (
        f"{request.url}/upload/bigquery/v2/projects/{request.path[0]}/jobs?uploadType=resumable&upload_id={upload_id}"
    )
    headers = (("Location", location), ("X-GUploader-UploadID", upload_id))
    return Reply(200, b"", "", headers)


def _continue(service: Service, request: Request, upload_id: str) -> Any:
    from fakes.bigquery.front import Reply

    upload = service.uploads.get(upload_id)
    if upload is None:
        raise ApiError("notFound", f"Not found: upload {upload_id}", status=404)
    if upload.answer is not None:
        return upload.answer
    spec = request.headers.get("content-range", "")
    found = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", spec) if spec else None
    if spec and not found:
        raise invalid(f"Invalid Content-Range: {spec}")
    total: int | None = None
    if found:
        start = found.group(1)
        if start is not None:
            if int(start) > len(upload.data):
                raise invalid(f"Content-Range {spec} leaves a gap after byte {len(upload.data)}")
            upload.data[int(start) :] = request.data
        total = int(found.group(3)) if found.group(3) != "*" else None
    else:
        upload.data[:] = request.data
        total = len(request.data)
    if total is None or len(upload.data) < total:
        headers: tuple[tuple[str, str], ...] = ()
        if upload.data:
            headers = (("Range", f"bytes=0-{len(upload.data) - 1}"),)
        return Reply(308, b"", "", headers)
    upload.answer = _accept(service, request, upload.body, bytes(upload.data))
    return upload.answer
