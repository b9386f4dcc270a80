"""Keeps an emulator's state in a file that outlives the process, kill -9 included: one way for every emulator.

A `Journal` is records of bytes under a kind and a key. A `Ledger` notes which of them an emulator's state machine has
changed, and its lock writes those in one transaction as it is let go: before the caller hears of success, and before
anybody else can see the change. The file is SQLite's with its write-ahead log, which is what a journal has to be:
appended to, checksummed frame by frame, cut at the last whole transaction when it is opened, and compacted as it
grows (sqlite.org/wal.html). This module must not know what the records mean.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

Key = tuple[str, ...]
Change = tuple[str, Key, bytes | None]
"""A kind, a key, and the record as it is now; None where there is none any more."""

Lock = AbstractContextManager[Any]
"""What guards a state machine: used with `with` only."""

FORMAT = 1
"""The `user_version` of the files this code writes and reads."""

_LOOSE_SHARE = 0.5
"""A file is compacted when it is opened with more of its pages free than this."""

_TABLE = """
CREATE TABLE IF NOT EXISTS record (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, UNIQUE (kind, key)
)
"""


class JournalError(OSError):
    """The folder cannot be written, belongs to another process, or holds something else; says which."""


class Journal:
    """The file `journal.sqlite` in `folder`, which is made. Raises `JournalError`. Safe for several threads.

    What is written has been handed to the system: it outlives the process, not a machine that loses power, which may
    lose the last transactions but no order among them.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / "journal.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=0, check_same_thread=False, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise JournalError(f"{folder} cannot be made or written ({error}); give a folder that can") from error
        try:
            self._prepare(path)
        except sqlite3.Error as error:
            self._file.close()
            taken = "locked" in str(error)
            remedy = "another process keeps its state there; stop it" if taken else "it is not a journal of ours"
            raise JournalError(f"{path} cannot be used ({error}): {remedy}, or give another folder") from error
        except JournalError:
            self._file.close()
            raise
        self._lock = threading.Lock()
        self.closed = False

    def _prepare(self, path: Path) -> None:
        # Exclusive: two processes on one folder would each overwrite what the other keeps.
        for setting in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=NORMAL"):
            self._file.execute(f"PRAGMA {setting}")
        self._file.execute(_TABLE)
        self._check_format(path)
        free, pages = (self._file.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_count"))
        if free > pages * _LOOSE_SHARE:
            self._file.execute("VACUUM")

    def _check_format(self, path: Path) -> None:
        found = self._file.execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            self._file.execute(f"PRAGMA user_version={FORMAT}")
        elif found != FORMAT:
            raise JournalError(
                f"{path} has format {found}, this version writes {FORMAT}; give another folder, or use the version of "
                "Windtunnel that made it"
            )

    def records(self, kind: str) -> Iterator[tuple[Key, bytes]]:
        """The records of a kind, in the order in which each first came."""
        rows = self._file.execute("SELECT key, value FROM record WHERE kind = ? ORDER BY number", (kind,))
        for key, value in rows.fetchall():
            yield tuple(orjson.loads(key)), value

    def write(self, changes: Iterable[Change]) -> None:
        """Make all `changes`, or none where the process dies meanwhile. Raises `JournalError` where the disk is full.

        Once the journal is closed this does nothing: timers of a state machine may outlive it.
        """
        with self._lock:
            if self.closed:
                return
            try:
                self._file.execute("BEGIN")
                for kind, key, value in changes:
                    self._write_one(kind, orjson.dumps(key), value)
                self._file.execute("COMMIT")
            except sqlite3.Error as error:
                if self._file.in_transaction:
                    self._file.execute("ROLLBACK")
                raise JournalError(f"what changed cannot be kept: {error}") from error

    def _write_one(self, kind: str, key: bytes, value: bytes | None) -> None:
        if value is None:
            self._file.execute("DELETE FROM record WHERE kind = ? AND key = ?", (kind, key))
        else:
            self._file.execute(
                "INSERT INTO record (kind, key, value) VALUES (?, ?, ?) "
                "ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
                (kind, key, value),
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self.closed = True
            self._file.close()


class Ledger:
    """Which records of a state machine have changed; `lock` writes them as it is let go.

    Without a journal (in virtual time, or where nobody asked) noting does nothing and the lock is a plain one.
    """

    def __init__(self, journal: Journal | None = None) -> None:
        self.journal = journal
        self.lock: Lock = threading.RLock() if journal is None else KeepingLock(self.commit)
        self._dumps: dict[str, Callable[..., bytes | None]] = {}
        self._noted: dict[tuple[str, Key], None] = {}

    def keep(self, kind: str, dump: Callable[..., bytes | None]) -> None:
        """Say how a record of `kind` is made: `dump(*key)` gives the present one, None where there is none."""
        self._dumps[kind] = dump

    def note(self, kind: str, *key: str) -> None:
        """That record has changed, come or gone; with the lock held."""
        if self.journal is not None:
            self._noted[kind, key] = None

    def commit(self) -> None:
        """Write what was noted since the last time, as it is now; with the lock held."""
        if self._noted and self.journal is not None:
            noted, self._noted = self._noted, {}
            try:
                self.journal.write([(kind, key, self._dumps[kind](*key)) for kind, key in noted])
            except JournalError:
                # The state goes on; the next change tries again.
                self._noted = {**noted, **self._noted}
                raise


class KeepingLock:
    """A lock that one thread may take several times, and that calls `commit` as it is let go for good."""

    def __init__(self, commit: Callable[[], None]) -> None:
        self._commit = commit
        self._lock = threading.RLock()
        self._depth = 0

    def __enter__(self) -> bool:
        self._lock.acquire()
        self._depth += 1
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._depth -= 1
        try:
            if not self._depth:
                self._commit()
        finally:
            self._lock.release()
