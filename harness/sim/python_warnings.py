"""Warnings that each process is given once, as if no other had been warned.

`warnings` notes in the module that warns what was said already, and looks there before it looks at its filters. Shared
modules are those of all processes: what one had been warned of, another, which makes warnings errors, never heard. Here
each process has notes of its own. Its filters are its own already (`harness.sim.settings`). The harness's greenlets run
under the filters of some process, so what they warn of is dropped. This module must not know who warns.
"""

from __future__ import annotations

import sys
import warnings
from types import FrameType
from typing import Any

from harness.sim.process import current_process
from harness.sim.repoint import repoint


def install() -> None:
    """Put this in place of `warnings.warn`; until a run begins the harness's warnings are shown as ever."""
    core: Any = sys.modules["_warnings"]

    def warn(
        message: Any,
        category: type[Warning] | None = None,
        stacklevel: int = 1,
        source: Any = None,
        *,
        skip_file_prefixes: tuple[str, ...] = (),
    ) -> None:
        process = current_process()
        if process is None or (category is not None and not _is_category(category)):
            more: dict[str, Any] = {"skip_file_prefixes": skip_file_prefixes} if skip_file_prefixes else {}
            real_warn(message, category, stacklevel + 1, source, **more)  # it tells what is wrong with a category
            return
        kind = type(message) if isinstance(message, Warning) else category or UserWarning
        frame = _warned(sys._getframe(1), stacklevel, skip_file_prefixes)
        scope, path, line = sys.__dict__, "<sys>", 0
        if frame is not None:
            scope, path, line = frame.f_globals, frame.f_code.co_filename, frame.f_lineno
        module = scope.get("__name__") or "<string>"
        notes = process.warned.setdefault((path, module), {})
        warnings.warn_explicit(message, kind, path, line, module, notes, scope, source)

    real_warn = repoint(core.warn, warn)


def _is_category(category: Any) -> bool:
    return isinstance(category, type) and issubclass(category, Warning)


def _warned(frame: FrameType | None, stacklevel: int, prefixes: tuple[str, ...]) -> FrameType | None:
    """The frame that a warning is about, found as `warnings.warn` finds it (CPython, Lib/warnings.py)."""
    if prefixes:
        stacklevel = max(2, stacklevel)
    if stacklevel <= 1 or frame is None or _is_internal(frame):
        for _ in range(stacklevel - 1):
            frame = None if frame is None else frame.f_back
        return frame
    for _ in range(stacklevel - 1):
        frame = None if frame is None else frame.f_back
        while frame is not None and (_is_internal(frame) or frame.f_code.co_filename.startswith(prefixes or ("\0",))):
            frame = frame.f_back
    return frame


def _is_internal(frame: FrameType) -> bool:
    path = frame.f_code.co_filename
    return "importlib" in path and "_bootstrap" in path
