"""Settings of the interpreter that each process makes for itself: hooks, streams, `sys.path`, warning filters and such.

They live in globals of the standard library, one for the whole interpreter. Here each process has its own values of
them; they are put in place when the process is switched to, beside its modules (`harness.sim.packages`). So whoever
reads them, in C or in Python, reads the process's own, and reading costs nothing. The harness's own greenlets run
with those of whichever process ran last. This module must not know what uses a setting.
"""

from __future__ import annotations

import asyncio.events
import logging
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable
from operator import is_, itemgetter
from types import ModuleType
from typing import Any
from weakref import WeakValueDictionary

from harness.sim import shared_globals, system_state
from harness.sim.process import Process

_NAMES: dict[ModuleType, tuple[str, ...]] = {
    sys: ("argv", "path", "meta_path", "stdin", "stdout", "stderr", "excepthook", "unraisablehook"),
    warnings: ("filters", "onceregistry", "defaultaction", "showwarning", "formatwarning", "_showwarnmsg_impl"),
    logging: (
        "_handlers", "_handlerList", "lastResort", "raiseExceptions", "_loggerClass", "_logRecordFactory",
        "_warnings_showwarning",
    ),
    threading: ("excepthook", "excepthook"),
    tempfile: ("tempdir", "tempdir"),
    asyncio.events: ("_event_loop_policy", "_event_loop_policy"),
}  # fmt: skip
"""By module, the names of what a process sets for itself; two at least, so that `itemgetter` gives a tuple."""


class Settings:
    """Who has set what. A process begins with what the harness has."""

    def __init__(self) -> None:
        self._tables: list[tuple[dict[str, Any], tuple[str, ...], Callable[[dict[str, Any]], tuple[Any, ...]]]] = [
            (vars(module), names, itemgetter(*names)) for module, names in _NAMES.items()
        ]
        self._harness = [dict(zip(names, get(namespace), strict=True)) for namespace, names, get in self._tables]

    def show(self, leaving: Process | None, entering: Process | None) -> None:
        """Keep what is set for `leaving` and set what `entering` has (None: the harness)."""
        kept = self._of(leaving)
        wanted = self._of(entering)
        for number, (namespace, names, get) in enumerate(self._tables):
            values = get(namespace)
            # By identity: a list that equals the one before may be another, as inside `warnings.catch_warnings`.
            if not all(map(is_, values, kept[number].values())):
                kept[number] = dict(zip(names, values, strict=True))
            namespace.update(wanted[number])
        system_state.show(leaving, entering)
        shared_globals.show(leaving, entering)

    def _of(self, process: Process | None) -> list[dict[str, Any]]:
        if process is None:
            return self._harness
        if process.settings is None:
            process.settings = [{name: _copied(value) for name, value in each.items()} for each in self._harness]
            process.settings[0]["argv"] = [process.name]
        return process.settings


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, list | dict | WeakValueDictionary) else value
