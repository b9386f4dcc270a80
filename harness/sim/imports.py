"""Imports under way when a process dies, and two processes that import a module of the same name.

The interpreter has one table of module locks, by name, where real processes have one each. A process killed in the
middle of an import left its lock held and half a module in `sys.modules`, and everybody who imported that later waited
for ever. Here each process locks its own modules only, and of an installed package, which all share, a dead process
leaves neither lock nor half a module behind: the next one imports it anew. This module must not know what is imported.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

from harness.sim.order import creation_number
from harness.sim.process import Process, current_label

_bootstrap: Any = importlib._bootstrap  # where the locks are


def _nobodys(name: str) -> bool:
    return False


_is_users: Callable[[str], bool] = _nobodys  # until a run begins, everything is loaded for all


def install(is_users: Callable[[str], bool]) -> None:
    """Keep the locks of modules apart for which `is_users(name)` holds, that is which each process loads itself."""
    global _is_users  # noqa: PLW0603 - there is one table of modules
    _is_users = is_users
    real = _bootstrap._get_module_lock

    def get_module_lock(name: str) -> Any:
        owner = current_label()
        return real(f"{name} of {owner}" if owner and is_users(name) else name)

    _bootstrap._get_module_lock = get_module_lock


def is_users(name: str) -> bool:
    """Whether each process loads the module of that name itself."""
    return _is_users(name)


def loads_shared_module() -> bool:
    """Whether whoever asks was called by a module of an installed package, or of the standard library, as that is
    loaded: what it sets up then, every process would have set up by its own import.
    """
    frame = sys._getframe(1)
    while frame is not None:
        scope = frame.f_globals
        if frame.f_code.co_name == "<module>" and getattr(scope.get("__spec__"), "_initializing", False):
            return not _is_users(scope["__name__"])
        frame = frame.f_back  # type: ignore[assignment]  # None at the end
    return False


def release_held_by(process: Process) -> None:
    """Let others import what the dead `process` was importing."""
    dead = {creation_number(child) for child in process.greenlets()}
    for name, reference in list(_bootstrap._module_locks.items()):
        lock = reference()
        if lock is None:
            continue
        # Held on behalf of all who wait for the module: whoever imports it releases it, not the one who took it.
        lock.wakeup.owner = None
        if lock.owner not in dead:
            continue
        lock.owner = None
        lock.count = type(lock.count)()  # an int, from 3.12 on a list
        if lock.waiters:
            lock.waiters = type(lock.waiters)()
            lock.wakeup.release()
        _forget(name)


def _forget(name: str) -> None:
    """Take a module that is half imported out of the table, with the submodules that hang on it."""
    module = sys.modules.get(name)
    if module is None or not getattr(module.__spec__, "_initializing", False):
        return
    for other in [found for found in sys.modules if found == name or found.startswith(f"{name}.")]:
        del sys.modules[other]
