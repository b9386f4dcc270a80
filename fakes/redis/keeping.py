"""What Redis keeps over the end of its process: the keys of all databases with their expiry.

Scripts, functions, users and time series are not kept. A record is a whole value,
written before the command that changed it is answered, as with `appendfsync always`. fakeredis tells nobody what a
command changes, so its databases get dictionaries that do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from fakeredis import FakeServer

# Private modules of fakeredis; the lock pins them.
from fakeredis._core._database import Database, Item
from fakeredis.model import TimeSeries, XStream

from fakes.pickles import PickledLedger, dump

_KEY = "key"

_READS_GROUPS = frozenset(
    {b"XREADGROUP", b"XACK", b"XCLAIM", b"XAUTOCLAIM", b"XGROUP", b"XSETID", b"XACKDEL", b"XDELEX"}
    | {b"EXEC", b"EVAL", b"EVALSHA", b"FCALL"}
)
"""Commands that change what groups of a stream have read, which fakeredis does not count as a change of the key."""


class _Items(dict[bytes, Any]):
    """A database's items by key; `note(key)` hears which come and go."""

    def __init__(self, note: Callable[[bytes], None]) -> None:
        super().__init__()
        self._note = note

    def __setitem__(self, key: bytes, item: Any) -> None:
        self._note(key)
        super().__setitem__(key, item)

    def __delitem__(self, key: bytes) -> None:
        self._note(key)
        super().__delitem__(key)

    def clear(self) -> None:
        for key in self:
            self._note(key)
        super().clear()


class _KeptDatabase(Database):
    """A database that tells which keys change."""

    def __init__(self, lock: Any, note: Callable[[bytes], None]) -> None:
        super().__init__(lock)
        self._dict = _Items(note)
        self._note = note

    def notify_watch(self, key: bytes) -> None:
        """A value was changed where it lies, or is about to be."""
        self._note(key)
        super().notify_watch(key)

    def swap(self, other: Database) -> None:
        """SWAPDB: what is in either is in the other now."""
        mine, others = dict(self._dict), dict(other._dict)
        for database, items in ((self, others), (other, mine)):
            database._dict.clear()
            for key, item in items.items():
                database._dict[key] = item
        self._expiry_heap, other._expiry_heap = other._expiry_heap, self._expiry_heap
        self.time, other.time = other.time, self.time


class _KeptDatabases(defaultdict[int, Database]):
    """Databases by number, made as they are asked for."""

    def __init__(self, make: Callable[[int], Database]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, number: int) -> Database:
        made = self[number] = self._make(number)
        return made


class Keeping:
    """Keeps a server's keys in a ledger; makes them what the ledger has to begin with."""

    def __init__(self, server: FakeServer, ledger: PickledLedger) -> None:
        self._server = server
        self._ledger = ledger
        if ledger.journal is None:
            return
        ledger.keep(_KEY, self._dump)
        server.dbs = _KeptDatabases(self._database)
        for (number, name), (value, expireat) in ledger.records(_KEY):
            item = Item(value)
            item.expireat = expireat
            server.dbs[int(number)][name.encode("latin-1")] = item

    def commit(self, name: bytes) -> None:
        """Write what has changed since the last time; called before the command `name` is answered."""
        if self._ledger.journal is not None:
            # All changes are made with this lock held.
            with self._server.lock:
                if name in _READS_GROUPS:
                    self._note_groups()
                self._ledger.commit()

    def _note_groups(self) -> None:
        for number, database in self._server.dbs.items():
            for key, item in database._dict.items():
                if isinstance(item.value, XStream) and item.value._groups:
                    self._ledger.note(_KEY, str(number), key.decode("latin-1"))

    def _database(self, number: int) -> Database:
        return _KeptDatabase(self._server.lock, lambda key: self._ledger.note(_KEY, str(number), key.decode("latin-1")))

    def _dump(self, number: str, name: str) -> bytes | None:
        item = self._server.dbs[int(number)]._dict.get(name.encode("latin-1"))
        # A time series holds on to its database.
        if item is None or isinstance(item.value, TimeSeries):
            return None
        return dump((item.value, item.expireat))
