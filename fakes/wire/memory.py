"""Keeps a long-running server's memory near what it holds.

Threads that handle large bodies leave glibc's arenas full of holes; with fixed thresholds large blocks go back to the
system when they are freed.
"""

from __future__ import annotations

import ctypes
import sys

_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
"""Parameters of mallopt(3)."""

_LARGE_BYTES = 256 * 1024
_ARENAS = 2


def return_what_is_freed() -> bool:
    """Tell the allocator; whether it listened (glibc does, others need not)."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)) and bool(mallopt(_M_ARENA_MAX, _ARENAS))
