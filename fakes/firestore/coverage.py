"""What the Firestore emulator does of the service: the remarks for docs/emulated/firestore.md."""

from __future__ import annotations

from fakes.coverage import Coverage, Remark

COVERAGE = Coverage(
    title="Firestore",
    introduction=(
        "Native mode, gRPC only; `FIRESTORE_EMULATOR_HOST` brings every server client library of the vendor's here. "
        "Databases come to be when they are written to."
    ),
    library="google.cloud.firestore_v1",
    services=("Firestore",),
    methods={
        "Firestore/ListDocuments": Remark("approximated", "by name only; any other order_by is refused"),
        "Firestore/RunQuery": Remark("approximated", "refuses find_nearest and explain_options by name"),
        "Firestore/RunAggregationQuery": Remark("approximated", "refuses explain_options by name"),
        "Firestore/Listen": Remark("approximated", "a resumed target starts again with RESET; filters are not sent"),
        "Firestore/Write": Remark("refused", "UNIMPLEMENTED; server client libraries commit instead"),
        "Firestore/PartitionQuery": Remark("approximated", "parts of equal size (the service cuts where it likes)"),
    },
    behaviours={
        "transactions": Remark(
            "approximated",
            "pessimistic: a read locks its documents exclusively, first come first served (the service lets readers "
            "share until one writes); optimistic on request or by `concurrency`: ABORTED at the commit",
        ),
        "contention": Remark("supported", "ABORTED after 20 s of waiting, and at once to end a deadlock"),
        "idle transactions": Remark("supported", "end after 60 s without use and 270 s in all; their locks are free"),
        "queries in transactions": Remark(
            "approximated", "what they found is checked again at the commit: no phantoms"
        ),
        "preconditions": Remark("supported", "exists and update_time"),
        "field transforms": Remark("supported", "server time, increment, maximum, minimum, array union and removal"),
        "commit times": Remark(
            "supported", "microseconds, strictly rising; a write that changes nothing keeps the old"
        ),
        "reads in the past": Remark(
            "supported", "for one hour and the last 10,000 changes or 16 MB; stale-read faults use them"
        ),
        "value order": Remark("supported", "across types, integers and doubles by value"),
        "indexes": Remark("approximated", "never missing: no query fails for want of a composite index"),
        "combined filters": Remark(
            "supported", "refused as the service does: 30 disjunctions, one NOT_EQUAL or NOT_IN"
        ),
        "limits": Remark(
            "supported", "1 MiB a document, 10 MiB a commit; 20 levels, no arrays in arrays, no reserved names"
        ),
        "security rules": Remark("refused", "server libraries pass them by; PERMISSION_DENIED is a fault's business"),
        "one write a second to a document": Remark("refused", "soft at the service; a fault stands for it"),
        "REST": Remark("refused", "gRPC only"),
    },
)
