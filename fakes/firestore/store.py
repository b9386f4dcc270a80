"""Documents with their past: what is there, and what was there at a time.

Stored documents are never changed, only replaced. It must not know transactions, queries or writes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from fakes.firestore.names import collection_of
from fakes.seam import GrpcError

MOST_REPLACED = 10_000
MOST_REPLACED_BYTES = 16 * 1024 * 1024
"""What is kept of the past, whichever bound comes first, `history_s` included (ours: the service keeps all of it); an
older state is refused."""

Version = tuple[int, Any | None]
"""Commit time in microseconds since the epoch, and the document or None where it was deleted."""


class Store:
    """Documents by full name. Commit times are strictly increasing; versions older than `history_s` are let go, and the
    oldest where there are too many. Reading what is forgotten for their number raises UNIMPLEMENTED.
    """

    def __init__(self, history_s: float) -> None:
        self._history_us = round(history_s * 1e6)
        self._versions: dict[str, list[Version]] = {}
        self._collections: dict[str, dict[str, None]] = {}
        self._replaced: deque[tuple[int, str, int]] = deque()
        self._replaced_bytes = 0
        self._forgotten_us = 0
        self.last_commit_us = 0

    def get(self, name: str, at_us: int | None = None) -> Any | None:
        """The document as it is, or as it was at `at_us`; None if it is not there."""
        self._check(at_us)
        versions = self._versions.get(name)
        if not versions:
            return None
        if at_us is None:
            return versions[-1][1]
        for commit_us, document in reversed(versions):
            if commit_us <= at_us:
                return document
        return None

    def changed_us(self, name: str) -> int:
        """When it was last written or deleted; 0 if that is beyond the history."""
        versions = self._versions.get(name)
        return versions[-1][0] if versions else 0

    def in_collection(self, collection: str, at_us: int | None = None) -> Iterator[Any]:
        """The documents right in a collection, in no order anyone may rely on."""
        self._check(at_us)
        for name in self._collections.get(collection, ()):
            document = self.get(name, at_us)
            if document is not None:
                yield document

    def collections_under(self, parent: str) -> list[str]:
        """The full names of all collections at any depth below `parent`, sorted."""
        prefix = parent + "/"
        return sorted(name for name in self._collections if name.startswith(prefix))

    def commit(self, changes: Mapping[str, Any | None], commit_us: int) -> None:
        """Replace documents, all at `commit_us`."""
        self.last_commit_us = commit_us
        for name, document in changes.items():
            versions = self._versions.setdefault(name, [])
            if versions or document is None:
                before = versions[-1][1] if versions else None
                size = 0 if before is None else int(before.ByteSize())
                self._replaced.append((commit_us, name, size))
                self._replaced_bytes += size
            versions.append((commit_us, document))
            self._collections.setdefault(collection_of(name), {})[name] = None
        self._forget(commit_us - self._history_us)

    def clear(self) -> None:
        """Forget everything."""
        self._versions.clear()
        self._collections.clear()
        self._replaced.clear()
        self._replaced_bytes = 0

    def _check(self, at_us: int | None) -> None:
        if at_us is not None and at_us < self._forgotten_us:
            raise GrpcError(
                "UNIMPLEMENTED",
                f"unsupported by the emulator: after more than {MOST_REPLACED:,} changes, or large ones, what was "
                "before them is forgotten; read a time less long ago",
            )

    def _forget(self, before_us: int) -> None:
        while self._replaced:
            replaced_us, name, size = self._replaced[0]
            if replaced_us >= before_us:
                if len(self._replaced) <= MOST_REPLACED and self._replaced_bytes <= MOST_REPLACED_BYTES:
                    break
                self._forgotten_us = replaced_us
            self._replaced.popleft()
            self._replaced_bytes -= size
            self._let_go(name, max(before_us, replaced_us + 1))

    def _let_go(self, name: str, before_us: int) -> None:
        versions = self._versions.get(name, [])
        while len(versions) > 1 and versions[1][0] < before_us:
            del versions[0]
        if len(versions) == 1 and versions[0][1] is None:
            del self._versions[name]
            collection = self._collections[collection_of(name)]
            del collection[name]
            if not collection:
                del self._collections[collection_of(name)]
