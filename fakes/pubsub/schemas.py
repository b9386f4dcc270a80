"""Schemas: their revisions, and whether a message fits them.

Avro only; a Protocol Buffer schema is refused. It must not know topics or gRPC methods.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import fastavro
from fastavro.schema import SchemaParseException, parse_schema

from fakes.pubsub import avro_json
from fakes.seam import GrpcError

Encoding = Literal["JSON", "BINARY"]

MOST_REVISIONS = 20
"""Revisions of one schema at a time (cloud.google.com/pubsub/quotas)."""

MOST_BYTES = 300 * 1024
"""Size of a definition (ditto)."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition in fastavro's form, and the types it names."""

    schema: Any
    named: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Revision:
    """One definition of a schema."""

    id: str
    definition: str
    created_ns: int
    parsed: Definition = field(compare=False)


@dataclass(slots=True)
class Schema:
    """A schema by full name and its revisions, oldest first; there is always one."""

    name: str
    revisions: list[Revision]

    def latest(self) -> Revision:
        """The newest revision."""
        return self.revisions[-1]

    def revision(self, revision_id: str) -> Revision:
        """The revision of that id; NOT_FOUND."""
        for revision in self.revisions:
            if revision.id == revision_id:
                return revision
        raise GrpcError("NOT_FOUND", f"Resource not found (resource={self.name}@{revision_id}).")

    def within(self, first_id: str, last_id: str) -> list[Revision]:
        """The revisions a topic accepts, newest first: from `first_id` to `last_id`, "" meaning no bound."""
        ids = [revision.id for revision in self.revisions]
        first = ids.index(self.revision(first_id).id) if first_id else 0
        last = ids.index(self.revision(last_id).id) if last_id else len(ids) - 1
        return self.revisions[first : last + 1][::-1]


def parse_definition(definition: str) -> Definition:
    """An Avro definition, parsed; INVALID_ARGUMENT for one that is none or is too long."""
    size = len(definition.encode())
    if size > MOST_BYTES:
        raise GrpcError("INVALID_ARGUMENT", f"Invalid schema: it has {size} bytes, and the maximum is {MOST_BYTES}")
    try:
        named: dict[str, Any] = {}
        return Definition(parse_schema(json.loads(definition), named_schemas=named), named)
    except (ValueError, TypeError, KeyError, AttributeError, SchemaParseException) as error:
        raise GrpcError("INVALID_ARGUMENT", f"Invalid AVRO schema: {type(error).__name__}: {error}") from None


def fits(parsed: Definition, data: bytes, encoding: Encoding) -> bool:
    """Whether `data` is one value of the schema in that encoding, and nothing after it."""
    try:
        if encoding == "JSON":
            return avro_json.fits(parsed.schema, json.loads(data), parsed.named)
        stream = io.BytesIO(data)
        fastavro.schemaless_reader(stream, parsed.schema, None)
        return not stream.read(1)
    except (ValueError, TypeError, KeyError, IndexError, EOFError, AttributeError, StopIteration, OverflowError):
        # What fastavro raises for data that do not fit depends on where they do not.
        return False


def first_fit(schema: Schema, first_id: str, last_id: str, data: bytes, encoding: Encoding) -> Revision:
    """The newest accepted revision that `data` fits; INVALID_ARGUMENT if there is none."""
    for revision in schema.within(first_id, last_id):
        if fits(revision.parsed, data, encoding):
            return revision
    raise GrpcError(
        "INVALID_ARGUMENT",
        f"Invalid data in message: Message failed schema validation (schema={schema.name}, encoding={encoding}).",
    )
