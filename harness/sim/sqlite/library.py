"""The SQLite library that `sqlite3` is linked with, reached in C: its clock, and whether it would have waited.

This module exists because SQLite reads the time (`CURRENT_TIMESTAMP`, `datetime('now')`) and waits for locks in C,
where waiting stops the one thread that the holder of the lock needs. It knows SQLite's public structures and where
CPython's `sqlite3.Connection` keeps its handle; it must not know processes or kernels.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import sqlite3
from collections.abc import Callable
from typing import Any

_JULIAN_EPOCH_MS = 210_866_760_000_000
"""The Unix epoch in SQLite's count of milliseconds, from noon of 24 November 4714 BC (`sqlite3.c`, `unixEpoch`)."""

_CURRENT_TIME = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_double))
_CURRENT_TIME_INT64 = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int64))
_BUSY_HANDLER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_DAY_MS = 86_400_000.0


class _Vfs(ctypes.Structure):
    """`sqlite3_vfs` of `sqlite3.h`, version 2."""

    _fields_ = (
        ("iVersion", ctypes.c_int),
        ("szOsFile", ctypes.c_int),
        ("mxPathname", ctypes.c_int),
        ("pNext", ctypes.c_void_p),
        ("zName", ctypes.c_char_p),
        ("pAppData", ctypes.c_void_p),
        *((name, ctypes.c_void_p) for name in ("xOpen", "xDelete", "xAccess", "xFullPathname")),
        *((name, ctypes.c_void_p) for name in ("xDlOpen", "xDlError", "xDlSym", "xDlClose")),
        *((name, ctypes.c_void_p) for name in ("xRandomness", "xSleep", "xCurrentTime", "xGetLastError")),
        ("xCurrentTimeInt64", ctypes.c_void_p),
    )


class Library:
    """SQLite's functions. RuntimeError where they cannot be reached: a run would depend on a clock of the machine."""

    def __init__(self) -> None:
        try:
            self._functions = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
            self._functions.sqlite3_vfs_find.restype = ctypes.c_void_p
            self._functions.sqlite3_busy_handler.argtypes = [ctypes.c_void_p, _BUSY_HANDLER, ctypes.c_void_p]
        except (OSError, AttributeError) as error:
            raise RuntimeError(
                f"harness: this Python hides the functions of its SQLite ({error}), which must get their time from the "
                "run; use a Python whose _sqlite3 is a module of its own, as python.org's, pyenv's and Debian's are"
            ) from error
        self._asked: set[int] = set()
        self._note = _BUSY_HANDLER(self._refuse)
        self._kept: list[Any] = []  # what C holds pointers to

    def tell_time(self, wall_ns: Callable[[], int]) -> None:
        """Let SQLite read `wall_ns()`, nanoseconds since the Unix epoch, wherever it reads the time of day."""

        def current_ms(vfs: int, told: Any) -> int:
            told[0] = _JULIAN_EPOCH_MS + wall_ns() // 1_000_000
            return 0

        def current_days(vfs: int, told: Any) -> int:
            told[0] = (_JULIAN_EPOCH_MS + wall_ns() // 1_000_000) / _DAY_MS
            return 0

        functions = _CURRENT_TIME(current_days), _CURRENT_TIME_INT64(current_ms)
        self._kept.extend(functions)
        address = self._functions.sqlite3_vfs_find(None)
        while address:
            vfs = _Vfs.from_address(address)
            vfs.xCurrentTime = ctypes.cast(functions[0], ctypes.c_void_p)
            if vfs.iVersion > 1:
                vfs.xCurrentTimeInt64 = ctypes.cast(functions[1], ctypes.c_void_p)
            address = vfs.pNext

    def watch(self, connection: sqlite3.Connection, number: int) -> None:
        """Never wait in C for `connection`, but note under `number` where SQLite would have."""
        handle = ctypes.c_void_p.from_address(id(connection) + object.__basicsize__).value
        self._functions.sqlite3_busy_handler(handle, self._note, number)

    def would_have_waited(self, number: int) -> bool:
        """Whether it would, for the connection of that number, since this was asked last."""
        if number not in self._asked:
            return False
        self._asked.remove(number)
        return True

    def _refuse(self, number: int, attempts: int) -> int:
        self._asked.add(number)
        return 0
