"""The control API of a station: health, reset, faults, history and mail over HTTP.

A WSGI app that knows the station and no emulator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, unquote

import orjson

from fakes.seam import Mailbox, StartResponse
from harness.faults.engine import FaultError
from harness.wire import openapi
from harness.wire.admission import REMEDY, Admission
from harness.wire.openapi import STANDING, TEXT, Promise, Shown, many, record
from harness.wire.station import Station

MAX_BODY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Response:
    """A status line, a content type and a body; of 405 also what is allowed, a list of verbs."""

    status: str
    body: bytes
    kind: str = "application/json"
    allow: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What an operation is asked: the last part of its path, its query, and its JSON."""

    name: str
    query: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, with the words its description needs. `path` may end in a `{name}`."""

    verb: str
    path: str
    summary: str
    serve: Callable[[Any, Request], Response]
    promise: Promise = field(default_factory=Promise)
    query: Mapping[str, str] = field(default_factory=dict)
    takes_fault: bool = False
    open: bool = False

    @property
    def shown(self) -> Shown:
        """The operation as it is described."""
        name = self.serve.__name__
        return Shown(self.verb, self.path, name, self.summary, self.promise, self.query, self.takes_fault, self.open)


def _json(value: Any, status: str = "200 OK") -> Response:
    return Response(status, orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _problem(status: str, message: str) -> Response:
    return _json({"error": message}, status)


class Control:
    """The app. With a `token`, requests must show it; `/health` is open to all."""

    def __init__(self, station: Station, token: str = "") -> None:
        self._station = station
        self._admission = Admission(token)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        response = self._answer(environ)
        headers = [("Content-Type", response.kind), ("Content-Length", str(len(response.body)))]
        if response.allow:
            headers.append(("Allow", response.allow))
        start_response(response.status, headers)
        return [response.body]

    def _answer(self, environ: dict[str, Any]) -> Response:
        verb, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        there = [operation for operation in OPERATIONS if _fits(operation, path)]
        operation = next((one for one in there if one.verb == verb), None)
        if not (operation is not None and operation.open) and not self._admission.http(environ):
            return _problem("401 Unauthorized", REMEDY)
        if operation is None:
            if there:
                problem = _problem("405 Method Not Allowed", f"{verb} {path}; see /openapi.json")
                return replace(problem, allow=", ".join(one.verb for one in there))
            return _problem("404 Not Found", f"there is no {path}; see /openapi.json")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY_BYTES:
            return _problem("413 Payload Too Large", f"a body of {length} bytes; at most {MAX_BODY_BYTES} are read")
        raw = environ["wsgi.input"].read(length)
        try:
            body = orjson.loads(raw) if raw else None
        except orjson.JSONDecodeError as error:
            return _problem("400 Bad Request", f"the body is no JSON: {error}")
        query = {name: values[-1] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        unknown = sorted(query.keys() - operation.query.keys())
        if unknown:
            known = ", ".join(operation.query) or "none"
            return _problem("400 Bad Request", f"{verb} {path} has no parameter {unknown[0]!r}; it has {known}")
        stem = operation.path.partition("{")[0]
        return operation.serve(self, Request(unquote(path[len(stem) :]), query, body))

    def page(self, _request: Request) -> Response:
        """What there is, for people."""
        body = openapi.page([one.shown for one in OPERATIONS], self._addresses())
        return Response("200 OK", body.encode(), "text/html; charset=utf-8")

    def health(self, _request: Request) -> Response:
        """Which emulators are up and where."""
        return _json({"status": "ok", "emulators": self._addresses()})

    def environment(self, _request: Request) -> Response:
        """What clients must have in their environment."""
        return _json(self._station.environment())

    def reset(self, request: Request) -> Response:
        """Empty one emulator or all."""
        name = request.query.get("emulator")
        if name is not None and name not in self._station.emulators:
            return self._not_up(name)
        names = [name] if name else list(self._station.emulators)
        self._station.reset(names)
        return _json({"reset": names})

    def faults(self, _request: Request) -> Response:
        """The faults that are up."""
        return _json({"faults": self._station.faults.shown()})

    def put_fault(self, request: Request) -> Response:
        """Put up a fault."""
        if not isinstance(request.body, dict):
            return _problem("400 Bad Request", "the body must be one fault, a JSON object")
        try:
            return _json(self._station.faults.put(request.body), "201 Created")
        except FaultError as error:
            return _problem("400 Bad Request", str(error))

    def drop_fault(self, request: Request) -> Response:
        """Take one fault down."""
        if not self._station.faults.take_down(request.name):
            return _problem("404 Not Found", f"there is no fault {request.name!r}")
        return _json({"removed": request.name})

    def drop_faults(self, _request: Request) -> Response:
        """Take all faults down."""
        self._station.faults.take_down()
        return _json({"faults": []})

    def history(self, request: Request) -> Response:
        """The newest events."""
        since = request.query.get("since", "0")
        if not since.isdecimal():
            return _problem("400 Bad Request", f"since={since!r} is no sequence number")
        body = b"".join(self._station.record.since(int(since), request.query.get("kind", "")))
        return Response("200 OK", body, "application/x-ndjson")

    def clear_history(self, _request: Request) -> Response:
        """Forget the history."""
        self._station.record.clear()
        return _json({})

    def mail(self, request: Request) -> Response:
        """What the emulators that take mail have taken."""
        name = request.query.get("emulator")
        if name is not None and name not in self._station.emulators:
            return self._not_up(name)
        taken = [
            {"emulator": one.name, **mail}
            for one in self._station.emulators.values()
            if name in (None, one.name) and isinstance(one.backend, Mailbox)
            for mail in one.backend.mail()
        ]
        return _json({"mail": sorted(taken, key=lambda mail: mail["at_ns"])})

    def openapi(self, _request: Request) -> Response:
        """The description of the API."""
        return _json(description())

    def _addresses(self) -> dict[str, str]:
        return {one.name: one.address or ", ".join(one.sites.values()) for one in self._station.emulators.values()}

    def _not_up(self, name: str) -> Response:
        return _problem("404 Not Found", f"{name!r} is not up; {', '.join(self._station.emulators)} are")


def _fits(operation: Operation, path: str) -> bool:
    stem, brace, _ = operation.path.partition("{")
    return (path.startswith(stem) and path != stem) if brace else path == operation.path


_NO_EMULATOR = {404: "no such emulator is up"}
_PLACES = {"type": "object", "additionalProperties": TEXT}
_NUMBER = {"type": "integer"}
_MAIL = {
    **dict.fromkeys(("emulator", "id", "sender", "subject", "text", "sha256"), TEXT),
    **dict.fromkeys(("at_ns", "bytes"), _NUMBER),
    "recipients": many(TEXT),
}

OPERATIONS = (
    Operation("GET", "/", "This API, for people", Control.page, Promise(kind="text/html; charset=utf-8")),
    Operation(
        "GET",
        "/health",
        "Which emulators are up, and where",
        Control.health,
        Promise(schema=record({"status": {"const": "ok"}, "emulators": _PLACES})),
        open=True,
    ),
    Operation("GET", "/environment", "The variables a client needs", Control.environment, Promise(schema=_PLACES)),
    Operation(
        "POST",
        "/reset",
        "Empty one emulator or all; addresses stay",
        Control.reset,
        Promise(schema=record({"reset": many(TEXT)}), refusals=_NO_EMULATOR),
        query={"emulator": "the emulator to reset; all without it"},
    ),
    Operation(
        "GET",
        "/faults",
        "The faults that are up, with their counts",
        Control.faults,
        Promise(schema=record({"faults": many(STANDING)})),
    ),
    Operation(
        "POST",
        "/faults",
        "Put up a fault, in the grammar of scenario files",
        Control.put_fault,
        Promise(201, schema=STANDING, refusals={400: "a fault that makes no sense, or whose id is taken"}),
        takes_fault=True,
    ),
    Operation(
        "DELETE",
        "/faults",
        "Take all faults down",
        Control.drop_faults,
        Promise(schema=record({"faults": {"type": "array", "maxItems": 0}})),
    ),
    Operation(
        "DELETE",
        "/faults/{id}",
        "Take one fault down",
        Control.drop_fault,
        Promise(schema=record({"removed": TEXT}), refusals={404: "there is no such fault"}),
    ),
    Operation(
        "GET",
        "/history",
        "The newest events, a line of JSON each, as in history.jsonl",
        Control.history,
        Promise(kind="application/x-ndjson", refusals={400: "since is no sequence number"}),
        query={"since": "only events after this seq", "kind": "only events of this kind"},
    ),
    Operation("DELETE", "/history", "Forget the history", Control.clear_history, Promise(schema=record({}))),
    Operation(
        "GET",
        "/mail",
        "The mail that was sent, oldest first",
        Control.mail,
        Promise(schema=record({"mail": many(record(_MAIL))}), refusals=_NO_EMULATOR),
        query={"emulator": "only what this one took"},
    ),
    Operation("GET", "/openapi.json", "This API, for programs", Control.openapi, Promise(schema={"type": "object"})),
)


def description() -> dict[str, Any]:
    """The API as OpenAPI 3.1 has it, made from the operations themselves."""
    return openapi.description(one.shown for one in OPERATIONS)
