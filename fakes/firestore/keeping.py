"""What the service keeps over the end of its process: documents as they are, and the time of the last commit.

Open transactions, listeners and the documents' past are not kept. It must not know how records are stored.
"""

from __future__ import annotations

from fakes.firestore.store import Store
from fakes.firestore.writes import DocumentPb
from fakes.journal import Journal, Ledger

_TIME_BYTES = 8


class Keeping:
    """Makes records of a store's documents, and documents of records."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        ledger.keep("document", self._document)
        ledger.keep("clock", self._clock)

    def _document(self, name: str) -> bytes | None:
        document = self._store.get(name)
        if document is None:
            return None
        return self._store.changed_us(name).to_bytes(_TIME_BYTES, "big") + bytes(document.SerializeToString())

    def _clock(self) -> bytes:
        return self._store.last_commit_us.to_bytes(_TIME_BYTES, "big")

    def restore(self, journal: Journal) -> None:
        """Fill the store, which is empty, with what the journal has."""
        found = [
            (int.from_bytes(value[:_TIME_BYTES], "big"), name, value[_TIME_BYTES:])
            for (name,), value in journal.records("document")
        ]
        for commit_us, name, document in sorted(found, key=lambda one: one[:2]):
            self._store.commit({name: DocumentPb.FromString(document)}, commit_us)
        for _, value in journal.records("clock"):
            self._store.last_commit_us = int.from_bytes(value, "big")
