"""Avro definitions: read by fastavro, and whether data are a value of them.

It must not know revisions or topics.
"""

from __future__ import annotations

import io
import json
from typing import Any

import fastavro
from fastavro.schema import SchemaParseException, parse_schema

from fakes.pubsub import avro_json
from fakes.pubsub.avro_resolution import Resolution
from fakes.pubsub.definition import Encoding
from fakes.seam import GrpcError


class AvroDefinition:
    """A definition in fastavro's form, and the types it names; INVALID_ARGUMENT for one that is none."""

    def __init__(self, text: str) -> None:
        self._named: dict[str, Any] = {}
        try:
            self._schema = parse_schema(json.loads(text), named_schemas=self._named)
        except (ValueError, TypeError, KeyError, AttributeError, SchemaParseException) as error:
            raise GrpcError("INVALID_ARGUMENT", f"Invalid AVRO schema: {type(error).__name__}: {error}") from None

    def fits(self, data: bytes, encoding: Encoding) -> bool:
        """Whether `data` is one value of it in that encoding, and nothing after it."""
        try:
            if encoding == "JSON":
                return avro_json.fits(self._schema, json.loads(data), self._named)
            stream = io.BytesIO(data)
            fastavro.schemaless_reader(stream, self._schema, None)
            return not stream.read(1)
        except (ValueError, TypeError, KeyError, IndexError, EOFError, AttributeError, StopIteration, OverflowError):
            # What fastavro raises for data that do not fit depends on where they do not.
            return False

    def clash(self, newer: AvroDefinition) -> str:
        """Why `newer` is no revision: it must resolve "as if it were both the reader schema and the writer schema"."""
        for reader, writer, way in ((newer, self, "the new cannot read the old"), (self, newer, "the old, the new")):
            problem = Resolution(reader._named, writer._named).problem(reader._schema, writer._schema)
            if problem:
                return f"{way}: {problem}"
        return ""
