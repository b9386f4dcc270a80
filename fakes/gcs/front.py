"""The WSGI front end: one request in, through the gate, one answer out.

It must not know what any method does: it finds the route, names the call, and words refusals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from fakes.gate import Front, Gate, Seen
from fakes.gcs import (
    batch,
    json_access,
    json_buckets,
    json_copies,
    json_notifications,
    json_objects,
    json_projects,
    json_uploads,
    signed_urls,
    xml_api,
)
from fakes.gcs.errors import ApiError
from fakes.gcs.http import Reply, Request, error_reply, request_of, segments, send
from fakes.gcs.routes import Route, Table
from fakes.gcs.service import Service
from fakes.gcs.uploads import parts_of
from fakes.seam import Call, ConnectionLost, Refuse, Ruling, StartResponse, Surroundings

JSON = Table(
    (
        *json_buckets.ROUTES,
        *json_objects.ROUTES,
        *json_uploads.ROUTES,
        *json_copies.ROUTES,
        *json_access.ROUTES,
        *json_notifications.ROUTES,
        *json_projects.ROUTES,
    )
)
UPLOAD = Table(json_uploads.UPLOAD_ROUTES)
DOWNLOAD = Table(json_objects.DOWNLOAD_ROUTES)
TABLES = (
    ("/storage/v1/", JSON),
    ("/upload/storage/v1/", UPLOAD),
    ("/download/storage/v1/", DOWNLOAD),
    ("/resumable/upload/storage/v1/", UPLOAD),
)
METHODS = frozenset(route.method for _, table in TABLES for route in table.routes)

_READING = frozenset({"GET", "HEAD"})
"""What can be answered from the past: a stale write is nothing that happens."""

_LAST_CHUNK = re.compile(r"bytes \d+-(\d+)/(\d+)$")


class Asking:
    """The surroundings as the gate sees them: retry tests are asked before the faults of the harness."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service.around, name)

    def rule(self, call: Call) -> Ruling:
        """What becomes of `call`: a retry test's word, or the harness's."""
        found = self._service.retry_tests.ruling(call, final_chunk=_ends_upload(call))
        return self._service.around.rule(call) if found is None else found


def _ends_upload(call: Call) -> bool:
    found = _LAST_CHUNK.match(call.headers.get("content-range", ""))
    return found is None or int(found.group(1)) + 1 == int(found.group(2))


def _seen(reply: Reply) -> Seen:
    ok = reply.status < 400
    refused = reply.body[:500].decode(errors="replace") if reply.status == 501 else ""  # one of our own
    return Seen(reply.status, ok=ok, applied=ok, reason=reply.reason, bytes_out=len(reply.body), unsupported=refused)


def _truncated(reply: Reply, after_bytes: int) -> Reply:
    return replace(reply, break_at=after_bytes)


def _refusal(refusal: Refuse, *, xml: bool) -> Reply:
    status = refusal.status or 503
    error = ApiError(
        status,
        refusal.message or f"Service answered {status} on purpose.",
        reason=refusal.reason,
        headers=tuple(refusal.headers.items()),
    )
    return error_reply(error, xml=xml)


JSON_FRONT: Front[Reply] = Front(lambda refusal: _refusal(refusal, xml=False), _seen, _truncated)
XML_FRONT: Front[Reply] = Front(lambda refusal: _refusal(refusal, xml=True), _seen, _truncated)


class App:
    """The WSGI app of `storage.googleapis.com`. `gate` is the back end's one gate."""

    def __init__(self, service: Service) -> None:
        self._service = service
        around: Surroundings = Asking(service)
        self.gate = Gate(around)
        service.retry_tests.methods = METHODS

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        try:
            request = request_of(environ)
            reply = self.serve(request)
        except ApiError as refusal:
            reply = error_reply(refusal)
        if reply.break_at is not None and not reply.pauses and environ["REQUEST_METHOD"] != "HEAD":
            raise ConnectionLost(_head(reply) + reply.body[: reply.break_at])
        return send(reply, environ["REQUEST_METHOD"], start_response, self._service.around.sleep)

    def serve(self, request: Request) -> Reply:
        """Answer one request. Raises `ConnectionLost` where the gate says so."""
        override = request.headers.get("x-http-method-override")
        if override and request.method == "POST":
            request.method = override.upper()
        for prefix, table in TABLES:
            if request.path.startswith(prefix):
                return self._json(request, table, segments(request.path[len(prefix) :]))
        control = self._service.retry_tests.serve(request)
        if control is not None:
            return control
        if request.path in ("/", "") and request.method in ("GET", "HEAD"):
            return Reply(200, [("Content-Type", "text/plain; charset=utf-8")], b"OK")
        if request.path.startswith("/batch") and request.method == "POST":
            return batch.serve(request, self._one_of_batch)
        found = xml_api.route(request)
        if found is None:
            return error_reply(ApiError(404, f"Not found: {request.method} {request.path[:200]}"), xml=True)
        return self._xml(request, *found)

    def _one_of_batch(self, request: Request) -> Reply:
        for prefix, table in TABLES[:1]:
            if request.path.startswith(prefix):
                return self._json(request, table, segments(request.path[len(prefix) :]))
        return error_reply(ApiError(404, f"Not found in a batch: {request.path[:200]}"))

    def _xml(self, request: Request, method: str, handler: xml_api.Handler, bucket: str, name: str) -> Reply:
        service = self._service

        def answer(age_s: float = 0.0) -> Reply:
            try:
                with service.lock, service.store.as_of(age_s):
                    signed_urls.check(request, service.around.now_ns(), service.hmac_secrets)
                    reply = handler(service, request, bucket, name)
                    if request.method not in ("GET", "HEAD"):
                        service.keep()
                    return reply
            except ApiError as refusal:
                return error_reply(refusal, xml=True)

        call = self._call(request, method, f"{bucket}/{name}" if name else bucket)
        return self.gate.through(call, answer, XML_FRONT, aged=answer if request.method in _READING else None)

    def _call(self, request: Request, method: str, resource: str) -> Call:
        return Call(
            service="gcs",
            method=method,
            resource=resource,
            caller=request.caller,
            headers=request.headers,
            bytes_in=len(request.body),
        )

    def _json(self, request: Request, table: Table, parts: list[str]) -> Reply:
        found = table.find("GET" if request.method == "HEAD" else request.method, parts)
        if found is None:
            if table.knows(parts):
                return error_reply(ApiError(405, f"Method Not Allowed: {request.method} {request.path[:200]}"))
            return error_reply(ApiError(404, f"Not found: {request.path[:200]}"))
        route, names = found
        call = self._call(request, route.method, self._resource(request, table, names))
        answer = partial(self._answer, route, request, names)
        return self.gate.through(call, answer, JSON_FRONT, aged=answer if request.method in _READING else None)

    def _answer(self, route: Route, request: Request, names: tuple[str, ...], age_s: float = 0.0) -> Reply:
        service = self._service
        try:
            if age_s:
                with service.lock, service.store.as_of(age_s):
                    reply = route.handler(service, request, *names)
            elif route.locked:
                with service.lock:
                    reply = route.handler(service, request, *names)
            else:
                reply = route.handler(service, request, *names)
            if request.method != "GET":
                service.keep()
        except ApiError as refusal:
            return error_reply(refusal)
        except RecursionError:
            return error_reply(ApiError(400, "Parse Error: nested too deeply", reason="parseError"))
        return service.retry_tests.stall(reply, request.headers, route.method)

    def _resource(self, request: Request, table: Table, names: tuple[str, ...]) -> str:
        if table is not UPLOAD:
            return "/".join(names[:2])
        upload_id = request.query.get("upload_id")
        if upload_id:
            session = self._service.sessions.get(upload_id)
            return f"{session.bucket}/{session.name}" if session else names[0]
        name = request.query.get("name")
        if name is None:
            try:
                asked = parts_of(request)[0] if request.query.get("uploadType") == "multipart" else request.json()
            except ApiError:
                return names[0]
            name = asked.get("name")
        return f"{names[0]}/{name}" if isinstance(name, str) else names[0]


def _head(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status_line()}", *(f"{name}: {value}" for name, value in reply.headers)]
    lines.append(f"Content-Length: {len(reply.body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
