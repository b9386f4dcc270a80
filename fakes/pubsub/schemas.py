"""Schemas: their revisions, and whether a message fits one of them.

It must not know topics or gRPC methods, nor how a definition is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fakes.pubsub.avro_schema import AvroDefinition
from fakes.pubsub.definition import Definition, Encoding
from fakes.pubsub.proto_schema import ProtoDefinition
from fakes.seam import GrpcError

Kind = Literal["AVRO", "PROTOCOL_BUFFER"]

MOST_SCHEMAS = 10_000
"""Of one project (cloud.google.com/pubsub/quotas)."""

MOST_REVISIONS = 20
"""Revisions of one schema at a time (ditto)."""

MOST_BYTES = 300 * 1024
"""Size of a definition (ditto)."""

_READERS: Mapping[Kind, Callable[[str], Definition]] = {"AVRO": AvroDefinition, "PROTOCOL_BUFFER": ProtoDefinition}


@dataclass(frozen=True, slots=True)
class Revision:
    """One definition of a schema."""

    id: str
    definition: str
    created_ns: int
    parsed: Any = field(compare=False)
    """Its `Definition`."""


@dataclass(slots=True)
class Schema:
    """A schema by full name and its revisions, oldest first; there is always one."""

    name: str
    kind: Kind
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


def parse_definition(kind: Kind, definition: str) -> Definition:
    """A definition, read; INVALID_ARGUMENT for one that is none or is too long."""
    size = len(definition.encode())
    if size > MOST_BYTES:
        raise GrpcError("INVALID_ARGUMENT", f"Invalid schema: it has {size} bytes, and the maximum is {MOST_BYTES}")
    return _READERS[kind](definition)


def first_fit(schema: Schema, first_id: str, last_id: str, data: bytes, encoding: Encoding) -> Revision:
    """The newest accepted revision that `data` fits; INVALID_ARGUMENT if there is none."""
    for revision in schema.within(first_id, last_id):
        if revision.parsed.fits(data, encoding):
            return revision
    raise GrpcError(
        "INVALID_ARGUMENT",
        f"Invalid data in message: Message failed schema validation (schema={schema.name}, encoding={encoding}).",
    )
