"""The control API's description, made from its operations: OpenAPI 3.1 for programs, a page for people.

It must not know what operations do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from harness.faults.spec import FaultSpec
from harness.timespec import Duration, Moment

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}


def record(properties: Mapping[str, Schema]) -> Schema:
    """The schema of an object that has all of these and no others."""
    names = list(properties)
    return {"type": "object", "properties": dict(properties), "required": names, "additionalProperties": False}


def many(items: Schema) -> Schema:
    """The schema of a list."""
    return {"type": "array", "items": items}


FAULT: Schema = {"$ref": "#/components/schemas/Fault"}
STANDING = record({"fault": FAULT, "fired": {"type": "integer"}, "masked": {"type": "integer"}})
ERROR = record({"error": TEXT})


@dataclass(frozen=True, slots=True)
class Promise:
    """What an operation answers: a status, a content type, the schema of its JSON, and the statuses of refusals."""

    status: int = 200
    kind: str = "application/json"
    schema: Schema | None = None
    refusals: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shown:
    """An operation as it is described. `path` may end in a `{name}`; `query` maps parameters to what they mean."""

    verb: str
    path: str
    name: str
    summary: str
    promise: Promise
    query: Mapping[str, str]
    takes_fault: bool
    open: bool


class _Words(GenerateJsonSchema):
    """Durations, moments and globs are texts to whoever writes them; so are numbers that stand for them."""

    def function_plain_schema(self, schema: Any) -> dict[str, Any]:
        """The schema of a value that a function of ours reads."""
        return {
            "type": ["string", "number"],
            "description": "as scenario files have it: 90s, 15m, 2026-01-16T09:00:00Z",
        }

    def encode_default(self, dft: Any) -> Any:
        """A default as whoever writes one would write it."""
        return dft.text if isinstance(dft, Duration | Moment) else super().encode_default(dft)

    def function_before_schema(self, schema: Any) -> dict[str, Any]:
        """The schema of a value that may be written short: `refuse: 503`."""
        return {"anyOf": [self.generate_inner(schema["schema"]), {"type": "integer", "minimum": 0, "maximum": 599}]}


def description(operations: Iterable[Shown]) -> dict[str, Any]:
    """The document at /openapi.json."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.verb.lower()] = _operation(operation)
    schema = FaultSpec.model_json_schema(ref_template="#/components/schemas/{model}", schema_generator=_Words)
    parts = schema.pop("$defs", {})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Windtunnel control",
            "version": "1",
            "description": "Health, reset, faults, history and mail of the emulators that `windtunnel up` serves.",
        },
        "paths": paths,
        "components": {
            "schemas": {**parts, "Fault": schema},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Shown) -> dict[str, Any]:
    promise = operation.promise
    refusals = {**promise.refusals, **({} if operation.open else {401: "the token is missing or wrong"})}
    content = {promise.kind: {"schema": dict(promise.schema)} if promise.schema is not None else {}}
    responses: dict[str, Any] = {str(promise.status): {"description": operation.summary, "content": content}}
    for status, why in sorted(refusals.items()):
        responses[str(status)] = {"description": why, "content": {"application/json": {"schema": ERROR}}}
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": operation.name,
        "responses": responses,
        "security": [{}] if operation.open else [{"token": []}, {}],
    }
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "query", "description": words, "schema": TEXT} for name, words in operation.query.items()
    ]
    part = operation.path.partition("{")[2].rstrip("}")
    if part:
        parameters.append({"name": part, "in": "path", "required": True, "schema": TEXT})
    if parameters:
        described["parameters"] = parameters
    if operation.takes_fault:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": FAULT}}}
    return described


def page(operations: Iterable[Shown], emulators: Mapping[str, str]) -> str:
    """A page that says what there is, for whoever opens the address in a browser."""
    rows = "".join(
        f"<tr><td><code>{one.verb} {escape(one.path)}</code><td>{escape(one.summary)}"
        + "".join(f"<br><code>{escape(name)}</code>: {escape(words)}" for name, words in one.query.items())
        for one in operations
    )
    served = "".join(f"<tr><td>{escape(name)}<td><code>{escape(at)}</code>" for name, at in emulators.items())
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Windtunnel control</title>"
        "<style>body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
        "td{padding:.2em 1em .2em 0;vertical-align:top}</style>"
        "<h1>Windtunnel control</h1><p>Described for programs at <a href=/openapi.json>/openapi.json</a>; faults are "
        "written as in scenario files (docs/scenarios.md)."
        f"<h2>Emulators</h2><table>{served}</table><h2>Operations</h2><table>{rows}</table></html>\n"
    )
