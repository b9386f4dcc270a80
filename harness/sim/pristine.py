"""The standard library as it is outside a simulation, for the one guest that lives in real time: a debugger.

Its threads must run while the simulation's only OS thread stands at a breakpoint, its sockets must be real and its
clocks must not move virtual time. This module knows which modules the kernel changes; it must not know debuggers.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from harness.sim.repoint import original

_IN_C = ("_thread", "time", "select", "_socket")
_OVER_THEM = ("threading", "selectors", "socket", "queue")
"""Modules in Python that keep references to those; each is loaded anew, in this order."""

_before: dict[str, dict[str, Any]] = {}


def keep() -> None:
    """Note how things are; call it before anything is patched."""
    for name in _IN_C:
        _before[name] = dict(vars(importlib.import_module(name)))


@contextmanager
def imported() -> Iterator[None]:
    """Let what is imported in the block bind the real modules; the block must not switch greenlets."""
    simulated = {name: sys.modules[name] for name in (*_IN_C, *_OVER_THEM)}
    try:
        for name in _IN_C:
            made = sys.modules[name] = ModuleType(name)
            made.__dict__.update((key, original(value)) for key, value in _before[name].items())
        for name in _OVER_THEM:
            spec = simulated[name].__spec__
            assert spec is not None and spec.loader is not None  # they are files
            sys.modules[name] = made = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(made)
        yield
    finally:
        sys.modules.update(simulated)
