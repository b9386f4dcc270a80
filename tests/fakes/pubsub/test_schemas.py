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


def test_a_protocol_buffer_schema_is_refused_as_not_emulated():
    with pytest.raises(GrpcError, match="PROTOCOL_BUFFER") as refused:
        create(Desk(), FIRST, "PROTOCOL_BUFFER")
    assert refused.value.code == "UNIMPLEMENTED"


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
