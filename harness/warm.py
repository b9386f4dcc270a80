"""The zygotes that this process keeps warm for its next run.

This module exists because most who run one world run another: the scenarios of one command, the mutants of a campaign,
the tests of a session. Libraries are then loaded once. It must not know what is run.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Sequence

from harness.zygote import Zygote

_kept: dict[tuple[tuple[str, ...], bool, bool], Zygote] = {}
_keeping = threading.Lock()


def zygote(preload: Sequence[str] = (), *, terminal: bool = False, fix_addresses: bool = True) -> Zygote:
    """The zygote with these settings (see `Zygote`), started if there is none alive; ended with this process.

    Whoever starts a job in it says with `roots` where the job is at home. Raises `ZygoteError` if it cannot start.
    """
    key = tuple(preload), terminal, fix_addresses
    with _keeping:
        kept = _kept.get(key)
        if kept is None or not kept.is_alive:
            kept = _kept[key] = Zygote((), preload, terminal=terminal, fix_addresses=fix_addresses).__enter__()
        return kept


def _end_all() -> None:
    for kept in _kept.values():
        kept.__exit__(None, None, None)
    _kept.clear()


atexit.register(_end_all)
