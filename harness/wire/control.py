"""The control API of a station: health, reset, faults and history over HTTP, described by OpenAPI.

A WSGI app that knows the station and no emulator.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

import orjson
from pydantic.json_schema import GenerateJsonSchema

from fakes.seam import StartResponse
from harness.faults.engine import FaultError
from harness.faults.spec import FaultSpec
from harness.wire.station import Station

MAX_BODY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Response:
    """A status line, a content type and a body."""

    status: str
    body: bytes
    kind: str = "application/json"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, with the words its description needs. `path` may end in a `{name}`."""

    verb: str
    path: str
    summary: str
    serve: Callable[[Any, str, dict[str, str], Any], Response]
    query: Mapping[str, str] | None = None
    body: str = ""


def _json(value: Any, status: str = "200 OK") -> Response:
    return Response(status, orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def _problem(status: str, message: str) -> Response:
    return _json({"error": message}, status)


class Control:
    """The app. With a `token`, requests must carry `Authorization: Bearer TOKEN`; `/health` is open to all."""

    def __init__(self, station: Station, token: str = "") -> None:
        self._station = station
        self._token = token

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        response = self._answer(environ)
        headers = [("Content-Type", response.kind), ("Content-Length", str(len(response.body)))]
        start_response(response.status, headers)
        return [response.body]

    def _answer(self, environ: dict[str, Any]) -> Response:
        verb, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if path != "/health" and not self._allowed(environ.get("HTTP_AUTHORIZATION", "")):
            return _problem("401 Unauthorized", "send Authorization: Bearer and the token that `up` was given")
        query = {name: values[-1] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY_BYTES:
            return _problem("413 Payload Too Large", f"a body of {length} bytes; at most {MAX_BODY_BYTES} are read")
        raw = environ["wsgi.input"].read(length)
        known = False
        for operation in OPERATIONS:
            stem, brace, _ = operation.path.partition("{")
            if (path.startswith(stem) and path != stem) if brace else path == operation.path:
                known = True
                if verb == operation.verb:
                    try:
                        body = orjson.loads(raw) if raw else None
                    except orjson.JSONDecodeError as error:
                        return _problem("400 Bad Request", f"the body is no JSON: {error}")
                    return operation.serve(self, unquote(path[len(stem) :]), query, body)
        if known:
            return _problem("405 Method Not Allowed", f"{verb} {path}; see /openapi.json")
        return _problem("404 Not Found", f"there is no {path}; see /openapi.json")

    def _allowed(self, header: str) -> bool:
        return not self._token or hmac.compare_digest(header.encode(), f"Bearer {self._token}".encode())

    def health(self, _name: str, _query: dict[str, str], _body: Any) -> Response:
        """Which emulators are up and where."""
        emulators = {one.name: one.address for one in self._station.emulators.values()}
        return _json({"status": "ok", "emulators": emulators})

    def environment(self, _name: str, _query: dict[str, str], _body: Any) -> Response:
        """What clients must have in their environment."""
        return _json(self._station.environment())

    def reset(self, _name: str, query: dict[str, str], _body: Any) -> Response:
        """Empty one emulator or all."""
        name = query.get("emulator")
        if name is not None and name not in self._station.emulators:
            return _problem("404 Not Found", f"{name!r} is not up; {', '.join(self._station.emulators)} are")
        names = [name] if name else list(self._station.emulators)
        self._station.reset(names)
        return _json({"reset": names})

    def faults(self, _name: str, _query: dict[str, str], _body: Any) -> Response:
        """The faults that are up."""
        return _json({"faults": self._station.faults.shown()})

    def put_fault(self, _name: str, _query: dict[str, str], body: Any) -> Response:
        """Put up a fault."""
        if not isinstance(body, dict):
            return _problem("400 Bad Request", "the body must be one fault, a JSON object")
        try:
            return _json(self._station.faults.put(body), "201 Created")
        except FaultError as error:
            return _problem("400 Bad Request", str(error))

    def drop_fault(self, name: str, _query: dict[str, str], _body: Any) -> Response:
        """Take one fault down."""
        if not self._station.faults.take_down(name):
            return _problem("404 Not Found", f"there is no fault {name!r}")
        return _json({"removed": name})

    def drop_faults(self, _name: str, _query: dict[str, str], _body: Any) -> Response:
        """Take all faults down."""
        self._station.faults.take_down()
        return _json({"faults": []})

    def history(self, _name: str, query: dict[str, str], _body: Any) -> Response:
        """The newest events."""
        since = query.get("since", "0")
        if not since.isdecimal():
            return _problem("400 Bad Request", f"since={since!r} is no sequence number")
        body = b"".join(self._station.record.since(int(since), query.get("kind", "")))
        return Response("200 OK", body, "application/x-ndjson")

    def clear_history(self, _name: str, _query: dict[str, str], _body: Any) -> Response:
        """Forget the history."""
        self._station.record.clear()
        return _json({})

    def openapi(self, _name: str, _query: dict[str, str], _body: Any) -> Response:
        """The description of the API."""
        return _json(description())


OPERATIONS = (
    Operation("GET", "/health", "Which emulators are up, and where", Control.health),
    Operation("GET", "/environment", "The variables a client needs", Control.environment),
    Operation(
        "POST",
        "/reset",
        "Empty one emulator or all; addresses stay",
        Control.reset,
        query={"emulator": "the emulator to reset; all without it"},
    ),
    Operation("GET", "/faults", "The faults that are up, with their counts", Control.faults),
    Operation("POST", "/faults", "Put up a fault, in the grammar of scenario files", Control.put_fault, body="Fault"),
    Operation("DELETE", "/faults", "Take all faults down", Control.drop_faults),
    Operation("DELETE", "/faults/{id}", "Take one fault down", Control.drop_fault),
    Operation(
        "GET",
        "/history",
        "The newest events, a line of JSON each, as in history.jsonl",
        Control.history,
        query={"since": "only events after this seq", "kind": "only events of this kind"},
    ),
    Operation("DELETE", "/history", "Forget the history", Control.clear_history),
    Operation("GET", "/openapi.json", "This description", Control.openapi),
)


class _Words(GenerateJsonSchema):
    """Durations, moments and globs are texts to whoever writes them."""

    def function_plain_schema(self, schema: Any) -> dict[str, Any]:
        """The schema of a value that a function of ours reads."""
        return {"type": "string", "description": "as scenario files have it: 90s, 15m, 2026-01-16T09:00:00Z"}


def description() -> dict[str, Any]:
    """The API as OpenAPI 3.1 has it, made from the operations themselves."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        parameters: list[dict[str, Any]] = [
            {"name": name, "in": "query", "description": words, "schema": {"type": "string"}}
            for name, words in (operation.query or {}).items()
        ]
        name = operation.path.partition("{")[2].rstrip("}")
        if name:
            parameters.append({"name": name, "in": "path", "required": True, "schema": {"type": "string"}})
        shown: dict[str, Any] = {
            "summary": operation.summary,
            "operationId": operation.serve.__name__,
            "responses": {
                "201" if operation.serve is Control.put_fault else "200": {"description": "done"},
                "4XX": {"description": "refused: `error` says why and what to do instead"},
            },
        }
        if parameters:
            shown["parameters"] = parameters
        if operation.body:
            content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{operation.body}"}}}
            shown["requestBody"] = {"required": True, "content": content}
        if operation.path != "/health":
            shown["security"] = [{"token": []}, {}]
        paths.setdefault(operation.path, {})[operation.verb.lower()] = shown
    schema = FaultSpec.model_json_schema(ref_template="#/components/schemas/{model}", schema_generator=_Words)
    parts = schema.pop("$defs", {})
    return {
        "openapi": "3.1.0",
        "info": {"title": "Windtunnel control", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {**parts, "Fault": schema},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
