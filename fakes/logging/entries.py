"""Log entries: taking them in as the service does, and finding them again.

It must not know gRPC methods.
"""

from __future__ import annotations

import bisect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from google.cloud.logging_v2.types import LogEntry
from google.protobuf.json_format import Error, MessageToDict

from fakes.journal import Ledger
from fakes.seam import GrpcError

EntryPb = LogEntry.pb()
_DAY_NS = 86_400 * 10**9
_LOG_NAME = re.compile(r"(projects|organizations|folders|billingAccounts)/([^/]+)/logs/([^/]{1,511})")
_LOG_ID = re.compile(r"[A-Za-z0-9/_.\-]+")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the service refuses or lets go (cloud.google.com/logging/quotas, and `WriteLogEntriesRequest`)."""

    entry_bytes: int = 256 * 1_024
    retention_days: int = 30
    future_hours: int = 24
    most_entries: int = 100_000
    """Ours: the service keeps all within the retention, an emulator's memory ends. The oldest go first, in tenths."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry, and its JSON form, which filters look at; both written out, which takes a fifth of what objects do."""

    key: tuple[int, str, str]
    """Timestamp in nanoseconds, insert id, log name: the order of the service's answers, and what makes a double."""
    data: bytes
    json: str

    @property
    def pb(self) -> Any:
        """The `google.logging.v2.LogEntry`, a copy."""
        return EntryPb.FromString(self.data)

    @property
    def fields(self) -> Mapping[str, Any]:
        """Its JSON form, a copy."""
        shown: Mapping[str, Any] = orjson.loads(self.json)
        return shown

    @property
    def log_name(self) -> str:
        """`projects/{project}/logs/{id}`."""
        return self.key[2]

    @property
    def parent(self) -> str:
        """`projects/{project}`."""
        return "/".join(self.log_name.split("/")[:2])


class Entries:
    """All entries, oldest first; those beyond the retention go as new ones come."""

    def __init__(self, limits: Limits, ledger: Ledger | None = None) -> None:
        self.limits = limits
        self.ledger = ledger or Ledger()
        self._entries: list[Stored] = []
        self._by_key: dict[tuple[int, str, str], Stored] = {}
        self.numbers = 0

    def add(self, pb: Any, now_ns: int) -> None:
        """Take in a `google.logging.v2.LogEntry`, completed; a double of one that is there is dropped silently.

        INVALID_ARGUMENT for a log name, a size or a time the service refuses.
        """
        entry = EntryPb()
        entry.CopyFrom(pb)
        if not entry.HasField("timestamp"):
            entry.timestamp.seconds, entry.timestamp.nanos = divmod(now_ns, 10**9)
        entry.receive_timestamp.seconds, entry.receive_timestamp.nanos = divmod(now_ns, 10**9)
        if not entry.insert_id:
            self.numbers += 1
            self.ledger.note("numbers")
            entry.insert_id = f"w{self.numbers:015d}"
        timestamp_ns = self.check(entry, now_ns)
        key = (timestamp_ns, entry.insert_id, entry.log_name)
        if key in self._by_key:
            return
        self._insert(_stored(key, entry))
        self._forget(now_ns)

    def restore(self, pb: Any) -> None:
        """Put back an entry that was taken in before the process died."""
        timestamp_ns = int(pb.timestamp.seconds) * 10**9 + int(pb.timestamp.nanos)
        self._insert(_stored((timestamp_ns, pb.insert_id, pb.log_name), pb))

    def get(self, key: tuple[int, str, str]) -> bytes | None:
        """The entry of that key as it is sent, None without one."""
        stored = self._by_key.get(key)
        return None if stored is None else stored.data

    def _insert(self, stored: Stored) -> None:
        key = stored.key
        self._by_key[key] = stored
        self._note(key)
        if self._entries and self._entries[-1].key > key:
            bisect.insort(self._entries, stored, key=lambda one: one.key)
        else:
            self._entries.append(stored)

    def _note(self, key: tuple[int, str, str]) -> None:
        self.ledger.note("entry", str(key[0]), *key[1:])

    def check(self, entry: Any, now_ns: int) -> int:
        """Refuse what the service refuses; gives the entry's time in nanoseconds since the epoch."""
        match = _LOG_NAME.fullmatch(entry.log_name)
        if match is None or not _LOG_ID.fullmatch(match[3].replace("%2F", "/").replace("%2f", "/")):
            raise GrpcError(
                "INVALID_ARGUMENT",
                f"Invalid log name {entry.log_name!r}; it must be projects/{{project}}/logs/{{id}}, the id URL-encoded",
            )
        size = entry.ByteSize()
        if size > self.limits.entry_bytes:
            raise GrpcError(
                "INVALID_ARGUMENT", f"Log entry with size {size:,} exceeds maximum size of {self.limits.entry_bytes:,}"
            )
        timestamp_ns = now_ns
        if entry.HasField("timestamp"):
            timestamp_ns = int(entry.timestamp.seconds) * 10**9 + int(entry.timestamp.nanos)
        if timestamp_ns > now_ns + self.limits.future_hours * 3_600 * 10**9:
            raise GrpcError("INVALID_ARGUMENT", "Log entry timestamp is more than 24 hours in the future.")
        if timestamp_ns < now_ns - self.limits.retention_days * _DAY_NS:
            raise GrpcError("INVALID_ARGUMENT", "Log entry timestamp is older than the log's retention.")
        return timestamp_ns

    def find(self, parents: set[str], matches: Callable[[Mapping[str, Any]], bool]) -> Iterator[Stored]:
        """The entries of those projects (and the like) that match, oldest first."""
        return (one for one in self._entries if one.parent in parents and matches(one.fields))

    def log_names(self, parents: set[str]) -> list[str]:
        """The logs that have entries, sorted."""
        return sorted({one.log_name for one in self._entries if one.parent in parents})

    def delete_log(self, log_name: str) -> bool:
        """Delete all entries of a log; whether there were any."""
        gone = [one.key for one in self._entries if one.log_name == log_name]
        self._entries = [one for one in self._entries if one.log_name != log_name]
        self._drop(gone)
        return bool(gone)

    def _drop(self, keys: Iterable[tuple[int, str, str]]) -> None:
        for key in keys:
            del self._by_key[key]
            self._note(key)

    def _forget(self, now_ns: int) -> None:
        before_ns = now_ns - self.limits.retention_days * _DAY_NS
        if self._entries[0].key[0] < before_ns:
            self._drop_oldest(bisect.bisect_left(self._entries, before_ns, key=lambda one: one.key[0]))
        if len(self._entries) > self.limits.most_entries:
            self._drop_oldest(max(1, self.limits.most_entries // 10))

    def _drop_oldest(self, count: int) -> None:
        self._drop([one.key for one in self._entries[:count]])
        del self._entries[:count]


def _stored(key: tuple[int, str, str], entry: Any) -> Stored:
    at_ns, insert_id, log_name = key
    return Stored(
        (at_ns, insert_id, sys.intern(log_name)),
        entry.SerializeToString(),
        orjson.dumps(_in_json(entry)).decode(),  # the bytes keep the buffer of 4 KB they were written into
    )


def _in_json(entry: Any) -> dict[str, Any]:
    shown = EntryPb()
    shown.CopyFrom(entry)
    type_url = entry.proto_payload.type_url
    try:
        fields: dict[str, Any] = MessageToDict(shown)
    except TypeError:
        # A payload of a type nobody here knows: only its name can be filtered on.
        shown.ClearField("proto_payload")
        fields = {**_in_json(shown), "protoPayload": {"@type": type_url}}
    except (ValueError, Error) as error:
        raise GrpcError("INVALID_ARGUMENT", f"Log entry has a value JSON cannot hold: {error}") from None
    fields.setdefault("severity", "DEFAULT")
    return fields
