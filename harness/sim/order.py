"""Hashes by order of creation, where the default hash is an address.

This module exists because sets of futures are iterated in order of their hashes: eight finished futures came out of
`as_completed` in seven different orders in eight runs (finding 5 of the kernel notes). It must not know time or
processes.
"""

from __future__ import annotations

import concurrent.futures
import itertools
import threading
from typing import Any

import greenlet

FIRST_OF_RUN = 1 << 20
"""More than are ever numbered while libraries are loaded; a power of two, so that the first comes first in sets."""

_numbers = itertools.count(1)


def creation_number(thing: Any) -> int:
    """Return the number of `thing`, given at its first asking; in a deterministic run that moment is deterministic."""
    try:
        number: int = thing.__dict__["_creation_number"]
    except KeyError:
        number = thing.__dict__["_creation_number"] = next(_numbers)
    return number


def restart() -> None:
    """Number from `FIRST_OF_RUN` what comes from now on: sets of it have one order, whatever was loaded before."""
    global _numbers  # noqa: PLW0603 - one interpreter, one sequence
    _numbers = itertools.count(FIRST_OF_RUN)


def next_number() -> int:
    """Return the number of something that keeps it elsewhere."""
    return next(_numbers)


def install() -> None:
    """Make futures and threads hash by creation number."""
    for cls in (concurrent.futures.Future, threading.Thread):
        cls.__hash__ = creation_number  # type: ignore[method-assign, assignment]  # replacing it is the purpose


def ident(thread: greenlet.greenlet | None = None) -> int:
    """Return the thread identity of a greenlet (default: the running one): small, unique, the same in every replay."""
    return creation_number(greenlet.getcurrent() if thread is None else thread)


__all__ = ["creation_number", "ident", "install"]
