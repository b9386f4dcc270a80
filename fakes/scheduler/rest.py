"""The REST API of Cloud Scheduler: list, get, create, change and delete jobs, run, pause and resume them.

Imitated: https://cloud.google.com/scheduler/docs/reference/rest, as google-cloud-scheduler uses it with
`transport="rest"`. It must not know how jobs are carried out.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from fakes.gate import Front, Gate, Seen
from fakes.paging import page
from fakes.scheduler import job_json
from fakes.seam import Call, ConnectionLost, GrpcError, Refuse, StartResponse

if TYPE_CHECKING:
    from fakes.scheduler.scheduler import Scheduled, Scheduler

METHODS = (
    *("jobs.list", "jobs.get", "jobs.create", "jobs.patch", "jobs.delete"),
    *("jobs.run", "jobs.pause", "jobs.resume"),
)
MOST_PER_PAGE = 500
STATUSES = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 409: "ALREADY_EXISTS", 429: "RESOURCE_EXHAUSTED",
            501: "UNIMPLEMENTED", 403: "PERMISSION_DENIED", 503: "UNAVAILABLE", 500: "INTERNAL",
            412: "FAILED_PRECONDITION"}  # fmt: skip

_PATH = re.compile(r"^/v1/(?P<parent>projects/[^/]+/locations/[^/]+)/jobs(?:/(?P<job>[^/:]+)(?::(?P<verb>[a-z]+))?)?$")

_NAME = re.compile(r"(?P<parent>projects/[^/]+/locations/[^/]+)/jobs/(?P<job>[A-Za-z0-9_-]{1,500})")

Reply = tuple[int, bytes]


class Rest:
    """The API as a WSGI app."""

    def __init__(self, scheduler: Scheduler, gate: Gate, project: str, location: str) -> None:
        self._scheduler = scheduler
        self._gate = gate
        self._parent = f"projects/{project}/locations/{location}"

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        match = _PATH.match(environ.get("PATH_INFO", "/"))
        verb = environ["REQUEST_METHOD"]
        method = _method(verb, match) if match else f"{verb} {environ.get('PATH_INFO', '/')}"
        call = Call(
            service="scheduler",
            method=method,
            resource=f"{match['parent']}/jobs/{match['job'] or ''}".rstrip("/") if match else "",
            caller=environ.get("windtunnel.caller", ""),
            headers={k[5:].lower().replace("_", "-"): v for k, v in environ.items() if k.startswith("HTTP_")},
            bytes_in=int(environ.get("CONTENT_LENGTH") or 0),
        )
        length = int(environ.get("CONTENT_LENGTH") or 0)
        data = environ["wsgi.input"].read(length) if length else b""
        query = {key: values[0] for key, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        status, body = self._gate.through(call, lambda: self._serve(method, match, query, data), FRONT)
        phrase = HTTPStatus(status).phrase
        headers = [("Content-Type", "application/json; charset=UTF-8"), ("Content-Length", str(len(body)))]
        start_response(f"{status} {phrase}", headers)
        return [body]

    def _serve(self, method: str, match: re.Match[str] | None, query: dict[str, str], data: bytes) -> Reply:
        if match is None or method not in METHODS:
            return error(501, f"{method}: not supported by this emulator")
        if match["parent"] != self._parent:
            return error(404, f"no location {match['parent']} here; there is {self._parent}")
        if method == "jobs.list":
            try:
                size = int(query.get("pageSize", "0"))
                shown, token = page(
                    list(self._scheduler.jobs.values()), size, query.get("pageToken", ""), most=MOST_PER_PAGE
                )
            except (GrpcError, ValueError) as problem:
                return error(400, str(problem))
            listed: dict[str, Any] = {"jobs": [self._job(each) for each in shown]}
            return _json(listed | ({"nextPageToken": token} if token else {}))
        if method == "jobs.create":
            return self._create(data)
        scheduled = self._scheduler.jobs.get(match["job"] or "")
        if scheduled is None:
            return error(404, f"Job not found: {match['parent']}/jobs/{match['job']}")
        if method == "jobs.patch":
            return self._change(scheduled, data, query.get("updateMask", ""))
        if method == "jobs.delete":
            self._scheduler.delete(scheduled)
            return _json({})
        act = {
            "jobs.run": self._scheduler.run_now, "jobs.pause": self._scheduler.pause,
            "jobs.resume": self._scheduler.resume,
        }.get(method)  # fmt: skip
        if act is not None:
            act(scheduled)
        return _json(self._job(scheduled))

    def _create(self, data: bytes) -> Reply:
        try:
            asked = _object(data)
            name = asked.get("name") or f"{self._parent}/jobs/{self._free_name()}"
            match = _NAME.fullmatch(str(name))
            if match is None or match["parent"] != self._parent:
                raise ValueError(f"Job name {name!r} must be {self._parent}/jobs/JOB_ID")
            if match["job"] in self._scheduler.jobs:
                return error(409, f"Job {name} already exists.")
            return _json(self._job(self._scheduler.put(job_json.read(match["job"], asked))))
        except ValueError as problem:
            return _problem(problem)

    def _free_name(self) -> str:
        """What a job is called that nobody named; the service draws it, here it is a number."""
        return next(name for name in map("job-{}".format, itertools.count(1)) if name not in self._scheduler.jobs)

    def _change(self, scheduled: Scheduled, data: bytes, mask: str) -> Reply:
        try:
            body = job_json.merged(job_json.shown(scheduled.job), _object(data), mask)
            return _json(self._job(self._scheduler.put(job_json.read(scheduled.job.name, body))))
        except ValueError as problem:
            return _problem(problem)

    def _job(self, scheduled: Scheduled) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "name": f"{self._parent}/jobs/{scheduled.job.name}",
            **job_json.shown(scheduled.job),
            "state": "PAUSED" if scheduled.paused else "ENABLED",
        }
        if scheduled.due is not None:
            shown["scheduleTime"] = _zulu(scheduled.due)
        if scheduled.last_attempt is not None:
            shown["lastAttemptTime"] = _zulu(scheduled.last_attempt)
            shown["status"] = {"code": scheduled.last_code} if scheduled.last_code else {}
        return shown


def _object(data: bytes) -> dict[str, Any]:
    found = json.loads(data or b"{}")
    if not isinstance(found, dict):
        raise ValueError("the body must be a job")
    return found


def _problem(problem: ValueError) -> Reply:
    return error(501 if isinstance(problem, job_json.UnsupportedFieldError) else 400, str(problem))


def _method(verb: str, match: re.Match[str]) -> str:
    if match["verb"]:
        return f"jobs.{match['verb']}" if verb == "POST" else f"{verb} jobs:{match['verb']}"
    if match["job"]:
        return {"GET": "jobs.get", "PATCH": "jobs.patch", "DELETE": "jobs.delete"}.get(verb, verb)
    return {"GET": "jobs.list", "POST": "jobs.create"}.get(verb, verb)


def error(status: int, message: str) -> Reply:
    """An error as Google's APIs word it."""
    body = {"error": {"code": status, "message": message, "status": STATUSES.get(status, "UNKNOWN")}}
    return status, json.dumps(body).encode()


def _json(body: dict[str, Any]) -> Reply:
    return 200, json.dumps(body).encode()


def _zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _see(reply: Reply) -> Seen:
    unsupported = str(json.loads(reply[1])["error"]["message"]) if reply[0] == HTTPStatus.NOT_IMPLEMENTED else ""
    ok = reply[0] < 400
    return Seen(reply[0], ok=ok, applied=ok, bytes_out=len(reply[1]), unsupported=unsupported)


def _truncate(reply: Reply, after_bytes: int) -> Reply:
    head = f"HTTP/1.1 {reply[0]} {HTTPStatus(reply[0]).phrase}\r\nContent-Length: {len(reply[1])}\r\n\r\n"
    raise ConnectionLost(head.encode() + reply[1][:after_bytes])


def _refuse(refusal: Refuse) -> Reply:
    return error(refusal.status, refusal.message or refusal.reason or "refused")


FRONT: Front[Reply] = Front(refuse=_refuse, see=_see, truncate=_truncate)
