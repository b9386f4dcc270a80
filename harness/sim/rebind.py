"""Rewrites references that libraries took before the kernel was there.

This module exists because `from threading import Lock` in an early import keeps the real lock, and a real lock that
two greenlets contend for stops the only OS thread for ever. The kernel loads first in our own zygote; this is for what
the interpreter itself had loaded by then, and for kernels started late.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

OURS = ("gevent", "greenlet", "harness.sim", "_thread", "builtins", "sys")
"""Modules that need the real things to build the simulated ones."""


def rebind(replacements: Mapping[int, Any], remade: Mapping[type, Callable[[], Any]]) -> int:
    """Replace references in module globals and class attributes; return how many.

    `replacements` maps the `id` of an old object to what stands for it now; `remade` maps a type to a factory, for
    module-level instances (a real lock) that are made anew.
    """
    count = 0
    for name, module in list(sys.modules.items()):
        if name.startswith(OURS) or not isinstance(module, types.ModuleType):
            continue
        count += _rebind_in(module, vars(module), replacements, remade)
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__module__ == name:
                count += _rebind_in(value, vars(value), replacements, remade)
    return count


def _rebind_in(
    owner: Any,
    attributes: Mapping[str, Any],
    replacements: Mapping[int, Any],
    remade: Mapping[type, Callable[[], Any]],
) -> int:
    count = 0
    for name, value in list(attributes.items()):
        new = replacements.get(id(value))
        if new is None and type(value) in remade:
            new = remade[type(value)]()
        if new is not None and new is not value:
            try:
                setattr(owner, name, new)
            except (AttributeError, TypeError):
                continue  # a built-in type's attribute: nobody looks it up there
            count += 1
    return count
