"""What the service keeps over the end of its process: its entries. It must not know how records are stored."""

from __future__ import annotations

from fakes.journal import Journal
from fakes.logging.entries import Entries, EntryPb


class Keeping:
    """Makes records of entries, and entries of records."""

    def __init__(self, entries: Entries) -> None:
        self._entries = entries
        entries.ledger.keep("entry", self._entry)
        entries.ledger.keep("numbers", self._numbers)

    def _entry(self, timestamp_ns: str, insert_id: str, log_name: str) -> bytes | None:
        return self._entries.get((int(timestamp_ns), insert_id, log_name))

    def _numbers(self) -> bytes:
        return b"%d" % self._entries.numbers

    def restore(self, journal: Journal) -> None:
        """Fill the entries, of which there are none, with what the journal has."""
        with self._entries.ledger.lock:
            for _, value in journal.records("entry"):
                self._entries.restore(EntryPb.FromString(value))
            for _, value in journal.records("numbers"):
                self._entries.numbers = int(value)
