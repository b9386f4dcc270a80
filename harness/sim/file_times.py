"""The times of files that a run writes, by the virtual clock: caches grow stale, logs rotate, old files are swept.

This module exists because the file system stamps what is written with the machine's clock, which is months ahead of a
run or behind it, and another in each replay. Files that lay there before the run keep the times they have. A file is as
old as its opening for what was written last; where a file that stays open grew, as the last look at it before; where a
library in C wrote it, as the first. It must not know processes or who reads the times.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable
from ctypes import py_object, pythonapi
from pathlib import Path
from typing import Any

from harness.sim.process import current_process
from harness.sim.repoint import original, repoint

_COARSE_NS = 20_000_000
"""File systems stamp with a clock that lags by a tick of the kernel, which is 10 ms at most (`CONFIG_HZ`)."""

_WRITES = os.O_WRONLY | os.O_RDWR
_UNKNOWN = -1
"""For a size: not looked at since it was opened for writing."""
_SET = -2
"""For a size: the program set the time itself, whatever the size."""


class FileTimes:
    """What is known of the files that the run under way has written: by path, the time (ns), the size, and when
    it was last looked at (ns).
    """

    def __init__(self, wall_ns: Callable[[], int]) -> None:
        self._wall_ns = wall_ns
        self._known: dict[str, tuple[int, int, int]] = {}
        self._opened: dict[str, int] = {}
        self._since_ns = 0

    def begin(self) -> None:
        """Take for written in the run what is written from now on."""
        self._known.clear()
        self._opened.clear()
        self._since_ns = original(time.time_ns)() - _COARSE_NS

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Note what an audit event tells of (docs.python.org/3/library/audit_events.html)."""
        if event == "open":
            path, _, flags = args
            if isinstance(flags, int) and flags & _WRITES and not isinstance(path, int):
                if flags & os.O_TRUNC or not os.path.lexists(path):
                    self._wrote(path, parent_too=True)
                else:  # it may be appended to; opening it is no change
                    self._opened[_key(path)] = self._wall_ns()
        elif event in ("os.mkdir", "sqlite3.connect"):
            self._wrote(args[0], parent_too=True)
        elif event == "os.truncate":
            self._wrote(args[0])
        elif event == "os.rename":
            old, new = _key(args[0]), _key(args[1])
            if old in self._known:
                self._known[new] = self._known.pop(old)
        elif event in ("os.remove", "os.rmdir"):
            self._known.pop(_key(args[0]), None)
        elif event == "os.utime" and os.path.lexists(args[0]):
            path, times, ns = args[:3]
            given_ns = ns[1] if ns else round(times[1] * 1e9) if times else None
            now_ns = self._wall_ns()
            self._known[_key(path)] = (now_ns, _UNKNOWN, now_ns) if given_ns is None else (given_ns, _SET, now_ns)

    def told(self, result: os.stat_result, path: Any) -> os.stat_result:
        """Return `result` of the file at `path` (or of that descriptor) with the times of the run."""
        older = result.st_mtime_ns < self._since_ns
        if older and not self._known:  # imports look at many a file, and most runs write none
            return result
        key, size = _key(path), result.st_size
        if older and key not in self._known:
            return result
        now_ns = self._wall_ns()
        at_ns, was, seen_ns = self._known.get(key, (now_ns, _UNKNOWN, now_ns))
        if was == _UNKNOWN:
            was = size
        elif was not in (size, _SET):
            at_ns, was = max(seen_ns, self._opened.pop(key, 0)), size
        self._known[key] = at_ns, was, now_ns
        parts: Any = result.__reduce__()  # how every structure sequence is pickled
        shown, others = parts[1]
        times = {
            name: at_ns if getattr(result, f"{name}_ns") >= self._since_ns or was == _SET else None
            for name in ("st_atime", "st_mtime", "st_ctime")
        }
        ints = [
            when // 10**9 if when is not None else old for when, old in zip(times.values(), shown[7:10], strict=True)
        ]
        for name, when in times.items():
            if when is not None:
                others = {**others, name: when / 1e9, f"{name}_ns": when}
        return os.stat_result((*shown[:7], *ints), others)

    def _wrote(self, path: Any, *, parent_too: bool = False) -> None:
        key, now_ns = _key(path), self._wall_ns()
        if parent_too and key not in self._known:
            self._known[key.rpartition(os.sep)[0] or os.sep] = now_ns, _UNKNOWN, now_ns
        self._known[key] = now_ns, _UNKNOWN, now_ns


def _key(path: Any) -> str:
    if isinstance(path, int):
        try:
            return str(Path(f"/proc/self/fd/{path}").readlink())
        except OSError:
            return ""
    return os.path.normpath(Path.cwd() / os.fsdecode(path))  # links stay: they have times of their own


def install(wall_ns: Callable[[], int]) -> FileTimes:
    """Let processes ask for the times of files by the virtual clock; `wall_ns()` tells it without moving it."""
    times = FileTimes(wall_ns)

    def hear(event: str, args: tuple[Any, ...]) -> None:
        if (event == "open" or event.startswith("os.") or event == "sqlite3.connect") and current_process() is not None:
            times.hear(event, args)

    def by_virtual_time(function: Callable[..., os.stat_result]) -> None:
        def asked(path: Any, *args: Any, **options: Any) -> os.stat_result:
            result = real(path, *args, **options)
            return result if current_process() is None or options.get("dir_fd") else times.told(result, path)

        real = repoint(function, asked)

    for function in (os.stat, os.lstat, os.fstat):
        by_virtual_time(function)
    of_entry = os.DirEntry.stat

    def stat(self: os.DirEntry[Any], *, follow_symlinks: bool = True) -> os.stat_result:
        result = of_entry(self, follow_symlinks=follow_symlinks)
        return result if current_process() is None else times.told(result, self.path)

    gc.get_referents(os.DirEntry.__dict__)[0]["stat"] = stat
    pythonapi.PyType_Modified(py_object(os.DirEntry))
    sys.addaudithook(hear)
    return times
