"""Hashes by order of creation, where the default hash is an address.

This module exists because sets of futures are iterated in order of their hashes: eight finished futures came out of
`as_completed` in seven different orders in eight runs (finding 5 of the kernel notes). It must not know time or
processes.
"""

from __future__ import annotations

import builtins
import concurrent.futures
import itertools
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
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


_table: dict[int, tuple[weakref.ref[Any], int]] = {}
_roots: list[str] = []
_looking: list[bool] = []
_build_class: Any = builtins.__build_class__


def restart() -> None:
    """Number from `FIRST_OF_RUN` what comes from now on: sets of it have one order, whatever was loaded before."""
    global _numbers  # noqa: PLW0603 - one interpreter, one sequence
    _numbers = itertools.count(FIRST_OF_RUN)


def _number(thing: Any) -> int:
    """The number of an object that must not be marked: its attributes are the user's own."""
    key = id(thing)
    found = _table.get(key)
    if found is None:
        found = _table[key] = (weakref.ref(thing, lambda gone: _table.pop(key, None)), next(_numbers))
    return found[1]


def _described(thing: Any) -> str:
    kind = type(thing)
    number = 0 if _looking and id(thing) not in _table else _number(thing)
    return f"<{kind.__module__}.{kind.__qualname__} object at 0x{number:012x}>"


@contextmanager
def unnumbered() -> Iterator[None]:
    """Give no object a number for being shown in the block: a debugger that shows variables must not change a run."""
    _looking.append(True)
    try:
        yield
    finally:
        _looking.pop()


def _class_with_order(body: Any, name: str, *bases: Any, **options: Any) -> Any:
    made = _build_class(body, name, *bases, **options)
    place = str(body.__globals__.get("__file__", ""))
    if not isinstance(made, type) or issubclass(made, type) or not place.startswith(tuple(_roots)):
        return made
    if "/site-packages/" not in place and made.__weakrefoffset__:
        for method, plain, ours in (("__hash__", object.__hash__, _number), ("__repr__", object.__repr__, _described)):
            if getattr(made, method) is plain:
                setattr(made, method, ours)
    return made


def number_classes(roots: Sequence[Path]) -> None:
    """Let objects of classes that the user's code under `roots` defines from now on hash by order of first asking, and
    call that number their address: sets of them, and texts about them, are then the same in every replay.

    Only where neither class nor bases say otherwise, and the objects can be referred to weakly.
    """
    _roots[:] = [f"{root.resolve()}/" for root in roots]
    builtins.__build_class__ = _class_with_order  # type: ignore[assignment]  # the stub spells its arguments out


def install() -> None:
    """Make futures and threads hash by creation number."""
    for cls in (concurrent.futures.Future, threading.Thread):
        cls.__hash__ = creation_number  # type: ignore[method-assign, assignment]  # replacing it is the purpose


def ident(thread: greenlet.greenlet | None = None) -> int:
    """Return the thread identity of a greenlet (default: the running one): small, unique, the same in every replay."""
    return creation_number(greenlet.getcurrent() if thread is None else thread)


__all__ = ["creation_number", "ident", "install"]
