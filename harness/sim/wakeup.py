"""`signal.set_wakeup_fd` on simulated descriptors: how asyncio hears of signals.

This module exists because `loop.add_signal_handler`, which most asyncio servers call, hands the interpreter a
descriptor to write signal numbers to. It must not know signals' delivery nor asyncio.
"""

from __future__ import annotations

import signal
from collections.abc import Callable

from harness.sim.descriptors import FIRST_FD, TABLE
from harness.sim.end import End
from harness.sim.repoint import repoint

_NONE = -1
_descriptors: dict[str, int] = {}


def install(who: Callable[[], str]) -> None:
    """Keep a wake-up descriptor per process; `who()` names the running one, "" for the harness, which has the real."""

    def set_wakeup_fd(fd: int, /, *, warn_on_full_buffer: bool = True) -> int:
        owner = who()
        if not owner and fd < FIRST_FD:
            before: int = real(fd, warn_on_full_buffer=warn_on_full_buffer)
            return before
        if fd != _NONE:
            TABLE.get(fd)
        was = _descriptors.pop(owner, _NONE)
        if fd != _NONE:
            _descriptors[owner] = fd
        return was

    real = repoint(signal.set_wakeup_fd, set_wakeup_fd)


def clear() -> None:
    """Forget all: another run begins."""
    _descriptors.clear()


def tell(owner: str, number: int) -> None:
    """Write the number of a signal that arrived to the wake-up descriptor of its process, if it has one."""
    end = TABLE.find(_descriptors.get(owner, _NONE))
    if isinstance(end, End):
        try:
            end.write(bytes([number]), 0.0)
        except OSError:  # full or closed: the interpreter only warns
            return
