"""What the Pub/Sub emulator does of the service: the remarks for docs/emulated/pubsub.md."""

from __future__ import annotations

from fakes.coverage import Coverage, Remark


def _same(text: str = "") -> Remark:
    return Remark("supported", text)


def _roughly(text: str) -> Remark:
    return Remark("approximated", text)


def _not(text: str) -> Remark:
    return Remark("refused", text)


COVERAGE = Coverage(
    title="Pub/Sub",
    introduction=(
        "The service as it behaves, not as the vendor's emulator does. gRPC only; `PUBSUB_EMULATOR_HOST` brings every "
        "client library of the vendor's here."
    ),
    library="google.pubsub_v1",
    services=("Publisher", "Subscriber", "SchemaService"),
    methods={
        "Publisher/CreateTopic": _roughly("refuses ingestion_data_source_settings and message_transforms by name"),
        "Publisher/UpdateTopic": _roughly("as CreateTopic"),
        "Subscriber/CreateSubscription": _roughly(
            "refuses bigquery_config, cloud_storage_config, bigtable_config and message_transforms by name"
        ),
        "Subscriber/UpdateSubscription": _roughly("as CreateSubscription; topic, filter and ordering cannot change"),
        "Subscriber/Pull": _same("waits up to 90 s for a first message, less if the caller's deadline is nearer"),
        "Subscriber/StreamingPull": _roughly(
            "keep-alive answers (protocol_version) and transfers by client_id are not made"
        ),
        "SchemaService/CreateSchema": _same(
            "Avro, and Protocol Buffers (one top-level message, no imports) with `pip install 'windtunnel[protobuf]'`"
        ),
        "SchemaService/CommitSchema": _same(
            "a revision must be compatible: Avro resolves both ways, Protocol Buffers gain or lose optional fields only"
        ),
        "IAMPolicy/SetIamPolicy": _roughly("kept and shown, never enforced"),
        "IAMPolicy/GetIamPolicy": _roughly("as SetIamPolicy"),
        "IAMPolicy/TestIamPermissions": _roughly("every permission is held"),
    },
    behaviours={
        "ack deadline": _same("10 s unless given, 10..600 s; an extension counts from now"),
        "ack after expiry": _roughly(
            "counts while the message was not delivered again; afterwards it is no error and does nothing"
        ),
        "retry policy": _same("minimum, doubled to maximum, after a nack and after an expiry; no jitter"),
        "no retry policy": _same("redelivery at once for pull"),
        "push": _same("the service's body and headers; 102, 200, 201, 202 and 204 acknowledge, anything else does not"),
        "push time-out": _same("the ack deadline"),
        "push back-off": _roughly(
            "100 ms..60 s for the whole subscription where it has no retry policy; doubled by a failure, halved by a "
            "success (the service documents the bounds only)"
        ),
        "push window": _roughly("starts at 3, +1 a success up to 3,000, then +1 a round, halved by a failure"),
        "push authentication": _roughly("an OIDC token with the service's claims, signed by nobody"),
        "push without wrapper": _same("with write_metadata as x-goog-pubsub-* headers and attributes as headers"),
        "dead letters": _same(
            "after 5..100 attempts, attempts being 1 + nacks + expiries; to a topic that is gone nothing is forwarded "
            "and the message comes again"
        ),
        "ordering": _same("a failure brings the message and all later ones of its key again, acknowledged ones too"),
        "exactly-once": _same(
            "ack ids that are spent, expired or superseded fail: INVALID_ARGUMENT, EXACTLY_ONCE_ACKID_FAILURE; also "
            "where an acknowledgement is repeated because its answer was lost; out-of-order ones fail as transient"
        ),
        "filters": _same("the whole language, validated when the subscription is made"),
        "flow control": _same("max_outstanding_messages and max_outstanding_bytes of a stream are honoured"),
        "a closed stream": _same("what it had comes again at its deadline"),
        "retention": _same("10 min..31 d; acknowledged messages kept on request, topics too"),
        "seek": _roughly("to a time or a snapshot, at once; every lease ends (the service takes up to a minute)"),
        "duplicates, reordering, delay": _same("legal weather, off unless asked for: `weather={duplicate: 0.01}`"),
        "a topic without subscription": _same("the message vanishes; the history says `unrouted`"),
        "limits": _same(
            "1,000 messages and 10 MB a publish, 512 KiB an acknowledgement; attributes, keys, filters, labels, "
            "schemas, and resources a project"
        ),
        "expiration policy": _same("31 d without use unless given; a topology file's subscriptions never expire"),
        "REST": _not("gRPC only"),
        "throughput quotas": _not("a fault with a rate stands for them"),
    },
    more=tuple(f"google.iam.v1.IAMPolicy/{name}" for name in ("SetIamPolicy", "GetIamPolicy", "TestIamPermissions")),
)
