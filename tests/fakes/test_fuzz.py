"""Requests nobody would send: each RPC answers or refuses, none breaks, and the state stays usable."""

import importlib
import itertools
import os
import random
import shutil

import orjson
import pytest
from google.cloud import firestore_v1, logging_v2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.pubsub_v1 import types as pubsub_types

from fakes.seam import GRPC_CODES, GrpcError
from fakes.wire.surroundings import RealSurroundings
from tests.fakes.direct import DirectContext

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "1500"))
"""A service; 20,000 before a release."""

DATABASE = "projects/p12345/databases/(default)"
WORDS = {
    "pubsub": [
        "projects/p12345",
        "projects/p12345/topics/one",
        "projects/p12345/topics/two",
        "projects/p12345/subscriptions/sub",
        "projects/p12345/subscriptions/other",
        "projects/p12345/snapshots/snap",
        "projects/p12345/schemas/schema",
        "https://endpoint/push",
        "attributes:key",
        "7000000000000001.1",
        "labels",
        "push_config",
        "ack_deadline_seconds",
        '{"type": "record", "name": "R", "fields": []}',
    ],
    "firestore": [
        DATABASE,
        f"{DATABASE}/documents",
        f"{DATABASE}/documents/a/b",
        f"{DATABASE}/documents/a/c",
        f"{DATABASE}/documents/a/b/c/d",
        "a",
        "n",
        "n.m",
        "`x y`",
        "__name__",
    ],
    "logging": [
        "projects/p12345",
        "projects/p12345/logs/a",
        "severity>=ERROR",
        "timestamp desc",
        "jsonPayload.a:b",
        "global",
    ],
}
FITTING = {
    "topic": "/topics/",
    "Topic.name": "/topics/",
    "dead_letter_topic": "/topics/",
    "subscription": "/subscriptions/",
    "Subscription.name": "/subscriptions/",
    "snapshot": "/snapshots/",
    "Snapshot.name": "/snapshots/",
    "CreateSnapshotRequest.name": "/snapshots/",
    "project": "projects/p12345",
    "filter": "attributes:key",
    "push_endpoint": "https",
    "ack_ids": "7000",
    "log_name": "/logs/",
    "database": "(default)",
    "parent": "/documents",
    "documents": "/documents/a/",
    "Document.name": "/documents/a/",
    "GetDocumentRequest.name": "/documents/a/",
    "DeleteDocumentRequest.name": "/documents/a/",
    "delete": "/documents/a/",
    "collection_id": "a",
    "resource_names": "projects/p12345",
    "order_by": "timestamp desc",
    "Schema.name": "/schemas/",
    "GetSchemaRequest.name": "/schemas/",
    "CommitSchemaRequest.name": "/schemas/",
    "RollbackSchemaRequest.name": "/schemas/",
    "ListSchemaRevisionsRequest.name": "/schemas/",
    "DeleteSchemaRequest.name": "/schemas/",
    "definition": "record",
    "schema_id": "schema",
    "field_path": "n",
}
"""What a field's text usually has in it, so that some requests get somewhere."""

TOPOLOGY = {
    "project": "p12345",
    "topics": {
        "one": {
            "subscriptions": {
                "sub": {"ordering": True, "retain_acked": True, "dead_letter": {"topic": "two"}},
                "other": {"exactly_once": True},
            }
        },
        "two": {"subscriptions": {}},
    },
}

WANTED = {
    *FITTING,
    "name",
    "data",
    "messages",
    "entries",
    "writes",
    "update",
    "structured_query",
    "from_",
    "where",
    "field_filter",
    "value",
    "op",
    "structured_aggregation_query",
    "aggregations",
    "schema",
    "type_",
    "update_mask",
    "paths",
    "document",
    "stream_ack_deadline_seconds",
    "max_messages",
    "add_target",
    "query",
    "target_id",
    "topic",
    "time",
}
"""Fields without which a request is refused at the door."""

OPTIONS = {
    "pubsub": {"limits": {"pull_wait_s": 0.0}},
    "firestore": {"limits": {"lock_wait_s": 0.0}},
    "logging": {},
}
STATES = {
    "pubsub": lambda made: (
        {name: topic.pb.SerializeToString(deterministic=True) for name, topic in made.broker.topics.items()},
        {name: pb.SerializeToString(deterministic=True) for name, pb in made.broker.subscription_pbs.items()},
        {name: [one.message_id for one in each.backlog()] for name, each in made.broker.subscriptions.items()},
        {name: [one.message_id for one in each.acked_and_kept()] for name, each in made.broker.subscriptions.items()},
        sorted(made.broker.live_snapshots(), key=lambda one: one.name) and sorted(made.broker.snapshots),
        sorted(made.broker.schemas.schemas),
    ),
    "firestore": lambda made: {
        name: document.SerializeToString(deterministic=True)
        for collection in made.database.store.collections_under("projects")
        for document in made.database.store.in_collection(collection)
        for name in [document.name]
    },
    "logging": lambda made: sorted(orjson.dumps(one, option=orjson.OPT_SORT_KEYS) for one in made.entries()),
}
"""What must be the same after the process was killed and its journal read."""

TYPES = {"pubsub": pubsub_types, "firestore": firestore_v1.types, "logging": logging_v2.types}


class Arbitrary:
    """Protobuf messages of any type, from a seed: mostly of plausible words, with any value elsewhere."""

    def __init__(self, rng: random.Random, words: list[str]) -> None:
        self.rng = rng
        self.words = words

    def fill(self, message: Message, depth: int = 0) -> Message:
        for field in message.DESCRIPTOR.fields:
            rarely = field.message_type is not None and field.name not in WANTED
            if self.rng.random() < (0.9 if depth > 5 else 0.8 if rarely else 0.15 if field.name in WANTED else 0.4):
                continue
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                values = getattr(message, field.name)
                value_field = field.message_type.fields_by_name["value"]
                for _ in range(self.rng.randrange(3)):
                    key = self.text(field)
                    if value_field.message_type is not None:
                        self.fill(values[key], depth + 1)
                    else:
                        values[key] = self.scalar(value_field)
            elif field.is_repeated:
                values = getattr(message, field.name)
                for _ in range(self.rng.randrange(3)):
                    if field.message_type is not None:
                        self.fill(values.add(), depth + 1)
                    else:
                        values.append(self.scalar(field))
            elif field.message_type is not None:
                inner = getattr(message, field.name)
                inner.SetInParent()
                self.fill(inner, depth + 1)
            else:
                setattr(message, field.name, self.scalar(field))
        return message

    def scalar(self, field: FieldDescriptor) -> object:
        rng = self.rng
        match field.cpp_type:
            case FieldDescriptor.CPPTYPE_BOOL:
                return rng.random() < 0.5
            case FieldDescriptor.CPPTYPE_FLOAT | FieldDescriptor.CPPTYPE_DOUBLE:
                return rng.choice([0.0, 1.5, -1e300, float("nan"), float("inf")])
            case FieldDescriptor.CPPTYPE_ENUM:
                return rng.choice([value.number for value in field.enum_type.values])
            case FieldDescriptor.CPPTYPE_STRING:
                if field.type == FieldDescriptor.TYPE_BYTES:
                    return rng.choice([b"", b"windtunnel-txn-1", b"\x00\xff", self.text(field).encode()])
                return self.text(field)
        bits = 31 if field.cpp_type in (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_UINT32) else 63
        choice = rng.choice([0, 0, 1, 2, 10, 10, 10, 60, 600, 86_400])
        if rng.random() < 0.05:
            choice = rng.choice([2**bits - 1, -1, -(2**bits)])
        unsigned = field.cpp_type in (FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_UINT64)
        return abs(choice) % 2**bits if unsigned else choice

    def text(self, field: FieldDescriptor) -> str:
        wanted = FITTING.get(f"{field.containing_type.name}.{field.name}", FITTING.get(field.name, ""))
        if self.rng.random() < 0.9:
            fitting = [word for word in self.words if wanted in word]
            return self.rng.choice(fitting or self.words)
        return "".join(self.rng.choices('ab.:/"`\\()=é\x00', k=self.rng.randrange(8)))


def request_types(module):
    """Every request type of a service, by name; CreateTopic and CreateSubscription take the resource itself."""
    found = {}
    for name in dir(module):
        made = getattr(module, name)
        if hasattr(made, "pb") and hasattr(made, "serialize"):
            found[name] = made.pb()
    return found


@pytest.mark.parametrize("backend", sorted(WORDS))
def test_any_request_is_answered_or_refused_and_what_is_kept_is_what_is_there(backend, tmp_path):
    rng = random.Random(f"fuzz/{backend}")
    arbitrary = Arbitrary(rng, WORDS[backend])
    around = RealSurroundings(backend)
    made = importlib.import_module(f"fakes.{backend}").create(
        around, project="p12345", data=tmp_path / "live", **OPTIONS[backend]
    )
    [methods] = made.grpc().values()
    messages = request_types(TYPES[backend])
    special = {"CreateTopic": "Topic", "CreateSubscription": "Subscription"}
    paths = sorted(path for path in methods if "IAMPolicy" not in path)
    outcomes = dict.fromkeys(paths, 0)
    for number in range(REQUESTS):
        if number % 25 == 0:
            # What earlier requests deleted is there again.
            made.provision(TOPOLOGY)
        path = rng.choice(paths)
        name = path.rsplit("/", 1)[1]
        request = arbitrary.fill(messages[special.get(name, f"{name}Request")]())
        data = request.SerializeToString()
        if rng.random() < 0.05:
            data = bytes(rng.randrange(256) for _ in range(rng.randrange(20)))
        context = DirectContext()
        try:
            if methods[path].kind == "unary_unary":
                methods[path].serve(data, context)
            elif methods[path].kind == "unary_stream":
                list(itertools.islice(methods[path].serve(data, context), 10))
            else:
                context.hang_up()
                list(itertools.islice(methods[path].serve(iter([data]), context), 10))
        except GrpcError as error:
            assert error.code in GRPC_CODES
            assert error.code != "INTERNAL" or "does not parse" in error.details
        else:
            outcomes[path] += 1
        context.hang_up()
    if backend == "logging":
        # Arbitrary words make no entry.
        sane = {"log_name": "projects/p12345/logs/a", "text_payload": "x", "resource": {"type": "global"}}
        request = logging_v2.types.WriteLogEntriesRequest(entries=[sane])
        write = methods["/google.logging.v2.LoggingServiceV2/WriteLogEntries"]
        write.serve(type(request).serialize(request), DirectContext())
    # A fuzzer that is always refused tests nothing.
    assert sum(outcomes.values()) > REQUESTS / 20
    # Killed: nothing is closed.
    shutil.copytree(tmp_path / "live", tmp_path / "killed")
    create = importlib.import_module(f"fakes.{backend}").create
    again = create(around, project="p12345", data=tmp_path / "killed", **OPTIONS[backend])
    there = STATES[backend](made)
    assert any(there) if isinstance(there, tuple) else there
    assert STATES[backend](again) == there
    for one in (made, again):
        one.close()
    around.close()
