"""What the Cloud Logging emulator does of the service: the remarks for docs/emulated/logging.md."""

from __future__ import annotations

from fakes.coverage import Coverage, Remark

COVERAGE = Coverage(
    title="Cloud Logging",
    introduction=(
        "Entries written, listed and filtered, gRPC only. The client library reads no emulator variable: in a "
        "simulation its own channel arrives here, on the wire it must be given one."
    ),
    library="google.cloud.logging_v2",
    services=("LoggingServiceV2",),
    methods={
        "LoggingServiceV2/TailLogEntries": Remark("refused", "UNIMPLEMENTED; list instead"),
        "LoggingServiceV2/ListMonitoredResourceDescriptors": Remark("refused", "UNIMPLEMENTED"),
        "LoggingServiceV2/WriteLogEntries": Remark(
            "approximated", "partial_success tells of the first bad entry, without WriteLogEntriesPartialErrors"
        ),
    },
    behaviours={
        "filters": Remark(
            "approximated",
            "the whole language, with log_id, sample, ip_in_net and SEARCH (by words); cast, regexp_extract "
            "and source are refused by name",
        ),
        "doubles": Remark("supported", "the same log, timestamp and insert_id make one entry"),
        "order": Remark("supported", "by timestamp, then insert_id"),
        "retention": Remark("approximated", "30 days, the newest 100,000 entries (option `limits`: `most_entries`)"),
        "limits": Remark("supported", "256 KB an entry; timestamps within 24 h ahead and the retention back"),
        "delay": Remark("approximated", "an entry is found at once (the service takes seconds)"),
        "sinks, metrics, buckets, views": Remark("refused", "their services are not served"),
        "REST": Remark("refused", "gRPC only"),
    },
)
