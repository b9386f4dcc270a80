"""Schemas: what a topic takes, and the life of their revisions."""

import io
import json

import fastavro
import pytest
from google.pubsub_v1 import types
from google.pubsub_v1.types import schema as schema_types

from fakes.seam import GrpcError
from tests.fakes.pubsub.desk import PROJECT, TOPIC, Desk, EmptyType

NAME = f"projects/{PROJECT}/schemas/scraper-run"
FIRST = {
    "type": "record",
    "name": "ScraperRun",
    "fields": [{"name": "scraper", "type": "string"}, {"name": "rows", "type": "int"}],
}
SECOND = {**FIRST, "fields": [*FIRST["fields"], {"name": "status", "type": ["null", "string"], "default": None}]}


def schema_of(definition, kind="AVRO"):
    return types.Schema(type_=types.Schema.Type[kind], definition=json.dumps(definition))


def create(desk, definition=FIRST, kind="AVRO"):
    request = types.CreateSchemaRequest(
        parent=f"projects/{PROJECT}", schema_id="scraper-run", schema=schema_of(definition, kind)
    )
    return desk.rpc.call("CreateSchema", request, types.Schema)


def commit(desk, definition):
    request = types.CommitSchemaRequest(name=NAME, schema=schema_of(definition))
    return desk.rpc.call("CommitSchema", request, types.Schema)


@pytest.mark.parametrize("encoding", ["JSON", "BINARY"])
def test_a_topic_with_a_schema_takes_what_fits_and_says_by_which_revision(encoding):
    desk = Desk()
    made = create(desk)
    desk.topic(schema_settings={"schema": NAME, "encoding": encoding})
    desk.subscription()
    if encoding == "JSON":
        data = b'{"scraper": "espn", "rows": 30}'
    else:
        stream = io.BytesIO()
        fastavro.schemaless_writer(stream, fastavro.parse_schema(FIRST), {"scraper": "espn", "rows": 30})
        data = stream.getvalue()
    desk.publish(data)
    for bad in (b'{"scraper": "espn"}', b'{"scraper": 1, "rows": 2}', b"nonsense", data + b"{"):
        with pytest.raises(GrpcError, match="schema validation") as refused:
            desk.publish(bad)
        assert refused.value.code == "INVALID_ARGUMENT"
    [got] = desk.pull()
    assert dict(got.message.attributes) == {
        "googclient_schemaencoding": encoding,
        "googclient_schemaname": NAME,
        "googclient_schemarevisionid": made.revision_id,
    }


def test_revisions_are_tried_newest_first_within_the_topics_range():
    desk = Desk()
    first = create(desk)
    second = commit(desk, SECOND)
    assert first.revision_id != second.revision_id
    settings = {"schema": NAME, "encoding": "JSON", "last_revision_id": first.revision_id}
    desk.topic(schema_settings=settings)
    desk.subscription()
    desk.publish(b'{"scraper": "espn", "rows": 30}')
    assert desk.pull()[0].message.attributes["googclient_schemarevisionid"] == first.revision_id


def test_revisions_are_listed_rolled_back_and_deleted():
    desk = Desk()
    first = create(desk)
    second = commit(desk, SECOND)
    rollback = types.RollbackSchemaRequest(name=NAME, revision_id=first.revision_id)
    third = desk.rpc.call("RollbackSchema", rollback, types.Schema)
    assert third.definition == first.definition
    request = types.DeleteSchemaRevisionRequest(name=f"{NAME}@{second.revision_id}")
    desk.rpc.call("DeleteSchemaRevision", request, types.Schema)
    found = desk.rpc.call(
        "ListSchemaRevisions", types.ListSchemaRevisionsRequest(name=NAME), types.ListSchemaRevisionsResponse
    )
    assert [one.revision_id for one in found.schemas] == [third.revision_id, first.revision_id]


def test_a_schema_is_deleted_by_name():
    desk = Desk()
    create(desk)
    desk.rpc.call("DeleteSchema", types.DeleteSchemaRequest(name=NAME), EmptyType)
    with pytest.raises(GrpcError) as gone:
        desk.topic(schema_settings={"schema": NAME, "encoding": "JSON"})
    assert gone.value.code == "NOT_FOUND"
    assert TOPIC not in desk.backend.broker.topics


@pytest.mark.parametrize("definition", [{"type": "record"}, {"type": "nonsense"}, 7])
def test_a_definition_that_is_no_avro_is_refused(definition):
    with pytest.raises(GrpcError) as refused:
        create(Desk(), definition)
    assert refused.value.code == "INVALID_ARGUMENT"


PROTO = """
syntax = "proto3";
package nba;
message Run { string scraper = 1; int32 rows = 2; optional Status status = 3; enum Status { OK = 0; FAILED = 1; } }
"""


def proto(definition):
    return types.Schema(type_=types.Schema.Type.PROTOCOL_BUFFER, definition=definition)


def create_proto(desk, definition=PROTO):
    request = types.CreateSchemaRequest(parent=f"projects/{PROJECT}", schema_id="scraper-run", schema=proto(definition))
    return desk.rpc.call("CreateSchema", request, types.Schema)


@pytest.mark.parametrize(
    ("encoding", "good", "bad"),
    [
        ("JSON", b'{"scraper": "espn", "rows": 30, "status": "FAILED"}', b'{"scraper": "espn", "lines": 30}'),
        ("JSON", b"{}", b'{"rows": "many"}'),
        ("BINARY", b"\x0a\x04espn\x10\x1e", b"\x0a\x09espn"),
    ],
)
def test_a_topic_with_a_protocol_buffer_schema_takes_what_fits(encoding, good, bad):
    desk = Desk()
    made = create_proto(desk)
    assert made.type_ == types.Schema.Type.PROTOCOL_BUFFER
    desk.topic(schema_settings={"schema": NAME, "encoding": encoding})
    desk.subscription()
    desk.publish(good)
    with pytest.raises(GrpcError, match="schema validation"):
        desk.publish(bad)
    assert desk.pull()[0].message.attributes["googclient_schemarevisionid"] == made.revision_id


def test_a_required_field_of_proto2_must_be_there():
    desk = Desk()
    create_proto(desk, 'syntax = "proto2"; message Run { required string scraper = 1; }')
    desk.topic(schema_settings={"schema": NAME, "encoding": "JSON"})
    desk.publish(b'{"scraper": "espn"}')
    with pytest.raises(GrpcError, match="schema validation"):
        desk.publish(b"{}")


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ('syntax = "proto3"; message A { B b = 1; }', '"B" is not defined'),
        ('syntax = "proto3"; message A {} message B {}', "exactly one top-level message; there is A, B"),
        ('syntax = "proto3"; enum E { X = 0; }', "there is none"),
        ('syntax = "proto3"; import "google/protobuf/any.proto"; message A {}', "google/protobuf/any.proto"),
        ("not a schema", "Expected top-level statement"),
    ],
)
def test_a_protocol_buffer_definition_the_service_does_not_take_is_refused(definition, words):
    with pytest.raises(GrpcError, match="Invalid PROTOCOL_BUFFER schema") as refused:
        create_proto(Desk(), definition)
    assert refused.value.code == "INVALID_ARGUMENT"
    assert words in refused.value.details


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        (PROTO.replace("int32 rows", "int64 rows"), "field rows of Run was changed"),
        (PROTO.replace("int32 rows", "repeated int32 rows"), "field rows of Run was changed"),
        (PROTO.replace("int32 rows = 2", "repeated int32 lines = 9"), "field lines of Run is not optional"),
        (json.dumps(FIRST), "is of type PROTOCOL_BUFFER"),
    ],
)
def test_a_protocol_buffer_revision_may_add_and_remove_optional_fields_only(definition, words):
    desk = Desk()
    create_proto(desk)
    kind = "AVRO" if definition.startswith("{") else "PROTOCOL_BUFFER"
    change = types.Schema(type_=types.Schema.Type[kind], definition=definition)
    desk.rpc.call(
        "CommitSchema",
        types.CommitSchemaRequest(
            name=NAME, schema=proto(PROTO.replace("string scraper = 1", "string scraper = 1; string host = 7"))
        ),
        types.Schema,
    )
    with pytest.raises(GrpcError) as refused:
        desk.rpc.call("CommitSchema", types.CommitSchemaRequest(name=NAME, schema=change), types.Schema)
    assert refused.value.code == "INVALID_ARGUMENT"
    assert words in refused.value.details


def of_field(kind, **more):
    return {"type": "record", "name": "ScraperRun", "fields": [{"name": "x", "type": kind, **more}]}


NODE = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (FIRST, SECOND, ""),
        (NODE, NODE, ""),
        (FIRST, {**FIRST, "fields": [*FIRST["fields"], {"name": "status", "type": "string"}]}, "status"),
        (SECOND, FIRST, ""),
        (FIRST, {**FIRST, "fields": FIRST["fields"][:1]}, "rows"),
        (of_field("int"), of_field("long"), "the old, the new: field x of ScraperRun: long is no int"),
        (of_field("string"), of_field("bytes"), ""),
        (of_field(["null", "int"]), of_field(["null", "string"]), "no branch of the union reads int"),
        (
            of_field({"type": "enum", "name": "E", "symbols": ["A"]}),
            of_field({"type": "enum", "name": "E", "symbols": ["A", "B"]}),
            "E lacks the symbols B",
        ),
        (
            of_field({"type": "enum", "name": "E", "symbols": ["A"], "default": "A"}),
            of_field({"type": "enum", "name": "E", "symbols": ["A", "B"], "default": "A"}),
            "",
        ),
        (
            of_field({"type": "array", "items": {"type": "fixed", "name": "F", "size": 2}}),
            of_field({"type": "array", "items": {"type": "fixed", "name": "F", "size": 3}}),
            "F has another size",
        ),
        (FIRST, {**FIRST, "name": "Other"}, "ScraperRun is not Other"),
    ],
)
def test_an_avro_revision_must_resolve_both_ways(before, after, words):
    desk = Desk()
    create(desk, before)
    if not words:
        assert commit(desk, after).revision_id
        return
    with pytest.raises(GrpcError, match="Incompatible schema revision") as refused:
        commit(desk, after)
    assert refused.value.code == "INVALID_ARGUMENT"
    assert words in refused.value.details


def test_a_topic_cannot_be_given_a_schema_that_is_not_there():
    desk = Desk()
    desk.topic()
    settings = {"schema": NAME, "encoding": "JSON"}
    request = types.UpdateTopicRequest(
        topic=types.Topic(name=TOPIC, schema_settings=settings), update_mask={"paths": ["schema_settings"]}
    )
    with pytest.raises(GrpcError) as refused:
        desk.rpc.call("UpdateTopic", request, types.Topic)
    assert refused.value.code == "NOT_FOUND"


def test_a_message_is_validated_against_an_ad_hoc_schema():
    desk = Desk()
    request = schema_types.ValidateMessageRequest(
        parent=f"projects/{PROJECT}",
        schema=schema_of(FIRST),
        message=b'{"scraper": "espn", "rows": "many"}',
        encoding=schema_types.Encoding.JSON,
    )
    with pytest.raises(GrpcError, match="schema validation"):
        desk.rpc.call("ValidateMessage", request, schema_types.ValidateMessageResponse)
