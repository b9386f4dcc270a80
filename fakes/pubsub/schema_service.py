"""The RPCs of `google.pubsub.v1.SchemaService`, and the registry they fill.

The registry is what topics ask; it must not know topics.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1 import types
from google.pubsub_v1.types import schema as schema_types

from fakes.journal import Ledger
from fakes.paging import page
from fakes.pubsub.definition import Encoding
from fakes.pubsub.methods import Table
from fakes.pubsub.names import checked, project_of
from fakes.pubsub.schemas import MOST_REVISIONS, MOST_SCHEMAS, Kind, Revision, Schema, first_fit, parse_definition
from fakes.rpc import Rpc
from fakes.seam import GrpcContext, GrpcError, GrpcMethod, Surroundings

_KINDS: Mapping[int, Kind] = {1: "PROTOCOL_BUFFER", 2: "AVRO"}
_FULL_VIEW = 2
_ENCODINGS: Mapping[int, Encoding] = {1: "JSON", 2: "BINARY"}
DELETED_SCHEMA = "_deleted-schema_"


class SchemaRegistry:
    """Schemas by full name; every method is called with `lock` held."""

    def __init__(self, around: Surroundings, ledger: Ledger) -> None:
        self.ledger = ledger
        self.lock = ledger.lock
        self.schemas: dict[str, Schema] = {}
        self._around = around

    def schema(self, name: str) -> Schema:
        """The schema of that full name, a revision id after `@` ignored; NOT_FOUND."""
        schema = self.schemas.get(checked(name.partition("@")[0], "schemas"))
        if schema is None:
            raise GrpcError("NOT_FOUND", f"Resource not found (resource={name.rsplit('/', 1)[-1]}).")
        return schema

    def named(self, name: str) -> tuple[Schema, Revision]:
        """The schema and the revision that `name` means: the one after `@`, or the latest."""
        schema = self.schema(name)
        revision_id = name.partition("@")[2]
        return schema, schema.revision(revision_id) if revision_id else schema.latest()

    def add(self, name: str, pb: Any) -> Schema:
        """A new schema from its `google.pubsub.v1.Schema`; ALREADY_EXISTS."""
        checked(name, "schemas")
        if name in self.schemas:
            raise GrpcError("ALREADY_EXISTS", f"Resource already exists in the project (resource={name}).")
        project = project_of(name)
        if sum(1 for other in self.schemas if project_of(other) == project) >= MOST_SCHEMAS:
            raise GrpcError(
                "RESOURCE_EXHAUSTED", f"Your project {project} has exceeded a limit: {MOST_SCHEMAS} schemas."
            )
        schema = self.schemas[name] = Schema(name, _kind(pb), [self._revision(name, pb, 0)])
        self.ledger.note("schema", name)
        return schema

    def commit(self, name: str, pb: Any) -> Revision:
        """A new revision; INVALID_ARGUMENT for a bad definition or one that is not compatible with the latest
        ("Rules for schema evolution"), FAILED_PRECONDITION beyond the limit.
        """
        schema = self.schema(name)
        if _kind(pb) != schema.kind:
            raise GrpcError("INVALID_ARGUMENT", f"{name} is of type {schema.kind}; a revision cannot be {_kind(pb)}")
        if len(schema.revisions) >= MOST_REVISIONS:
            raise GrpcError("FAILED_PRECONDITION", f"{name} has {MOST_REVISIONS} revisions; delete one first")
        revision = self._revision(name, pb, len(schema.revisions))
        clash = schema.latest().parsed.clash(revision.parsed)
        if clash:
            raise GrpcError("INVALID_ARGUMENT", f"Incompatible schema revision of {name}: {clash}")
        schema.revisions.append(revision)
        self.ledger.note("schema", schema.name)
        return revision

    def check(self, settings: Any, data: bytes) -> Mapping[str, str]:
        """Validate a message against a topic's `google.pubsub.v1.SchemaSettings`; the attributes the service adds."""
        if settings.schema == DELETED_SCHEMA:
            raise GrpcError("FAILED_PRECONDITION", "The topic's schema was deleted; update its schema_settings.")
        encoding = _encoding(settings.encoding)
        schema = self.schema(settings.schema)
        revision = first_fit(schema, settings.first_revision_id, settings.last_revision_id, data, encoding)
        return {
            "googclient_schemaencoding": encoding,
            "googclient_schemaname": schema.name,
            "googclient_schemarevisionid": revision.id,
        }

    def _revision(self, name: str, pb: Any, number: int) -> Revision:
        parsed = parse_definition(_kind(pb), pb.definition)
        created_ns = self._around.now_ns()
        # An id as the service's, 8 hexadecimal digits; it must differ between equal definitions.
        digest = hashlib.sha256(f"{name}/{number}/{created_ns}/{pb.definition}".encode()).hexdigest()
        return Revision(digest[:8], pb.definition, created_ns, parsed)


class SchemaService:
    """Serves schemas."""

    def __init__(self, registry: SchemaRegistry) -> None:
        self._registry = registry

    def methods(self, rpc: Rpc) -> Mapping[str, GrpcMethod]:
        """Full method path -> RPC."""
        table = Table(rpc, "google.pubsub.v1.SchemaService")
        table.unary("CreateSchema", schema_types.CreateSchemaRequest, "parent", self.create)
        table.unary("GetSchema", schema_types.GetSchemaRequest, "name", self.get)
        table.unary("ListSchemas", schema_types.ListSchemasRequest, "parent", self.list)
        table.unary("ListSchemaRevisions", schema_types.ListSchemaRevisionsRequest, "name", self.list_revisions)
        table.unary("CommitSchema", schema_types.CommitSchemaRequest, "name", self.commit)
        table.unary("RollbackSchema", schema_types.RollbackSchemaRequest, "name", self.rollback)
        table.unary("DeleteSchemaRevision", schema_types.DeleteSchemaRevisionRequest, "name", self.delete_revision)
        table.unary("DeleteSchema", schema_types.DeleteSchemaRequest, "name", self.delete)
        table.unary("ValidateSchema", schema_types.ValidateSchemaRequest, "parent", self.validate)
        table.unary("ValidateMessage", schema_types.ValidateMessageRequest, "parent", self.validate_message)
        return table.methods

    def create(self, request: Any, _context: GrpcContext) -> Any:
        """CreateSchema."""
        name = f"projects/{project_of(request.parent)}/schemas/{request.schema_id}"
        with self._registry.lock:
            schema = self._registry.add(name, request.schema)
            return _pb(schema, schema.latest())

    def get(self, request: Any, _context: GrpcContext) -> Any:
        """GetSchema, the latest or the revision after `@`."""
        with self._registry.lock:
            return _pb(*self._registry.named(request.name), full=request.view in (0, _FULL_VIEW))

    def list(self, request: Any, _context: GrpcContext) -> Any:
        """ListSchemas of a project, in the order of their names."""
        project = project_of(request.parent)
        with self._registry.lock:
            found = [one for name, one in sorted(self._registry.schemas.items()) if project_of(name) == project]
            part, token = page(found, request.page_size, request.page_token)
            pbs = [_pb(one, one.latest(), full=request.view == _FULL_VIEW) for one in part]
        return types.ListSchemasResponse.pb()(schemas=pbs, next_page_token=token)

    def list_revisions(self, request: Any, _context: GrpcContext) -> Any:
        """ListSchemaRevisions, newest first."""
        with self._registry.lock:
            schema = self._registry.schema(request.name)
            part, token = page(schema.revisions[::-1], request.page_size, request.page_token)
            pbs = [_pb(schema, one, full=request.view == _FULL_VIEW) for one in part]
        return types.ListSchemaRevisionsResponse.pb()(schemas=pbs, next_page_token=token)

    def commit(self, request: Any, _context: GrpcContext) -> Any:
        """CommitSchema: a new revision."""
        with self._registry.lock:
            revision = self._registry.commit(request.name, request.schema)
            return _pb(self._registry.schema(request.name), revision)

    def rollback(self, request: Any, _context: GrpcContext) -> Any:
        """RollbackSchema: a new revision that says what an old one said."""
        with self._registry.lock:
            schema = self._registry.schema(request.name)
            old = schema.revision(request.revision_id)
            revision = self._registry.commit(request.name, _pb(schema, old))
            return _pb(schema, revision)

    def delete_revision(self, request: Any, _context: GrpcContext) -> Any:
        """DeleteSchemaRevision; the last one cannot go."""
        with self._registry.lock:
            schema, revision = self._registry.named(
                request.name if "@" in request.name else f"{request.name}@{request.revision_id}"
            )
            if len(schema.revisions) == 1:
                raise GrpcError("FAILED_PRECONDITION", f"{schema.name} has one revision only; delete the schema")
            schema.revisions.remove(revision)
            self._registry.ledger.note("schema", schema.name)
            return _pb(schema, revision)

    def delete(self, request: Any, _context: GrpcContext) -> Any:
        """DeleteSchema."""
        with self._registry.lock:
            name = self._registry.schema(request.name).name
            del self._registry.schemas[name]
            self._registry.ledger.note("schema", name)
        return Empty()

    def validate(self, request: Any, _context: GrpcContext) -> Any:
        """ValidateSchema: an empty answer or INVALID_ARGUMENT."""
        parse_definition(_kind(request.schema), request.schema.definition)
        return types.ValidateSchemaResponse.pb()()

    def validate_message(self, request: Any, _context: GrpcContext) -> Any:
        """ValidateMessage against a schema by name or an ad hoc one."""
        if request.WhichOneof("schema_spec") == "schema":
            parsed = parse_definition(_kind(request.schema), request.schema.definition)
        else:
            with self._registry.lock:
                parsed = self._registry.named(request.name)[1].parsed
        if not parsed.fits(request.message, _encoding(request.encoding)):
            raise GrpcError("INVALID_ARGUMENT", "Invalid data in message: Message failed schema validation.")
        return schema_types.ValidateMessageResponse.pb()()


def _kind(pb: Any) -> Kind:
    kind = _KINDS.get(pb.type_)
    if kind is None:
        raise GrpcError("INVALID_ARGUMENT", f"Invalid schema type {pb.type_}; give {' or '.join(_KINDS.values())}")
    return kind


def _encoding(number: int) -> Encoding:
    encoding = _ENCODINGS.get(number)
    if encoding is None:
        raise GrpcError("INVALID_ARGUMENT", f"Invalid encoding {number}; give JSON or BINARY")
    return encoding


def _pb(schema: Schema, revision: Revision, *, full: bool = True) -> Any:
    pb = types.Schema.pb()(name=schema.name, type_=types.Schema.Type[schema.kind], revision_id=revision.id)
    if full:
        pb.definition = revision.definition
    pb.revision_create_time.seconds, pb.revision_create_time.nanos = divmod(revision.created_ns, 1_000_000_000)
    return pb
