"""Globals of installed packages that a process sets (`requests.get = mine`), kept to that process.

Installed packages are loaded once, and all processes share their modules; real processes would not. What a program sets
in one of them from outside is put in place while that program's process runs and taken back when another comes. What a
package does to itself, and what anybody does while it is being loaded, is everybody's: a cache that fills, a registry.
This module must not know what a global means.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

from harness.sim.imports import is_users, loads_shared_module
from harness.sim.process import Process, current_process

_bootstrap: Any = importlib._bootstrap  # what makes modules

_NOT_WATCHED = frozenset({"harness", "fakes", "reports", "gevent", "greenlet", "zope"}) | sys.stdlib_module_names
"""Ours, and what the kernel is made of, whose globals are read all the time: reading a watched module's is dearer."""

_ABSENT = object()

_everybodys: dict[tuple[ModuleType, str], Any] = {}
"""What the globals that some process has set are for the others."""


class WatchedModule(ModuleType):
    """A module of an installed package."""

    def __setattr__(self, name: str, value: Any) -> None:
        _note(self, name, value)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        _note(self, name, None)
        super().__delattr__(name)


def _note(module: ModuleType, name: str, value: Any) -> None:
    process = current_process()
    # The import system sets dunders, and binds submodules in their packages.
    if process is None or name.startswith("__") or isinstance(value, ModuleType):
        return
    key = (module, name)
    if key in process.shared_globals:
        return
    writer = sys._getframe(2).f_globals.get("__name__", "")
    if writer.partition(".")[0] == module.__name__.partition(".")[0] or loads_shared_module():
        return
    _everybodys.setdefault(key, vars(module).get(name, _ABSENT))
    process.shared_globals[key] = _ABSENT  # read anew when the process is left


def show(leaving: Process | None, entering: Process | None) -> None:
    """Take back what `leaving` has set, and put in place what `entering` has (None: the harness)."""
    if leaving is not None and leaving.shared_globals:
        for module, name in leaving.shared_globals:
            leaving.shared_globals[module, name] = vars(module).get(name, _ABSENT)
            _put(module, name, _everybodys[module, name])
    if entering is not None and entering.shared_globals:
        for (module, name), value in entering.shared_globals.items():
            _put(module, name, value)


def _put(module: ModuleType, name: str, value: Any) -> None:
    if value is _ABSENT:
        vars(module).pop(name, None)
    else:
        vars(module)[name] = value


def install() -> None:
    """Watch the modules of installed packages that are loaded, and that will be."""
    for name, module in list(sys.modules.items()):
        if type(module) is ModuleType and _is_watched(name):
            module.__class__ = WatchedModule

    def new_module(name: str) -> ModuleType:
        return WatchedModule(name) if _is_watched(name) else ModuleType(name)

    _bootstrap._new_module = new_module


def _is_watched(name: str) -> bool:
    return name.partition(".")[0] not in _NOT_WATCHED and name != "__main__" and not is_users(name)
