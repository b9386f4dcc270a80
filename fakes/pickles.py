"""Records of state machines that are a library's: its own objects, pickled, in a journal.

Such a record can be read by the version of the library that wrote it, so the journal says which that was. It must not
know the libraries. Unpickling runs what the file says: a folder of state is as trusted as the program that reads it.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fakes.journal import Journal, JournalError, Key, Ledger

_WRITER = "written by"
_LIVES = "lives"


def dump(value: Any) -> bytes:
    """A record of `value`."""
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


class PickledLedger(Ledger):
    """A ledger kept in the folder `data` (None: nowhere) of objects of `library`, a distribution's name.

    `lives` counts the processes that have used the folder, this one included (0: no folder); chance must not begin
    anew with each of them, or ids would come twice. Raises `JournalError` where the folder cannot be used or another
    version of the library wrote it.
    """

    def __init__(self, data: str | Path | None, library: str) -> None:
        journal = None if data is None else Journal(Path(data))
        super().__init__(journal)
        self.lives = 0
        if journal is None:
            return
        installed = f"{library} {version(library)}"
        found = next((value.decode() for _, value in journal.records(_WRITER)), installed)
        if found != installed:
            journal.close()
            raise JournalError(
                f"{data} was written with {found}, and {installed} is installed; give another folder, or install that"
            )
        self.lives = next((int(value) for _, value in journal.records(_LIVES)), 0) + 1
        journal.write([(_WRITER, (), installed.encode()), (_LIVES, (), b"%d" % self.lives)])

    def records(self, kind: str) -> Iterator[tuple[Key, Any]]:
        """The objects of a kind that were kept, in the order in which each first came."""
        if self.journal is not None:
            for key, value in self.journal.records(kind):
                yield key, pickle.loads(value)  # noqa: S301 - our own file, see the module's docstring

    def close(self) -> None:
        """Close the file, where there is one."""
        if self.journal is not None:
            self.journal.close()
