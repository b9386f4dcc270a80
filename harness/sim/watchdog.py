"""Watches, in real time, that a run moves; a run in which nothing moves ends in a diagnosis instead of hanging.

Two watchers, since code that is stuck may let nobody look. An alarm signal interrupts Python code, and calls that wait
for the real world, once in a while. Should even its handler not get to run, a thread of the interpreter's own, which
needs no lock (`faulthandler`), writes down where the code is and ends the process: a call into C that never returns.
What all other threads did is then known from the last look, at most a moment before. This module must not know what a
run is.
"""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from harness.sim import clock, hardware, signals
from harness.traces import THREADS

BUSY_SHARE = 0.1
"""Share of a core above which standing still is computing, and below which it is waiting."""
WALL_PER_CPU = 4.0
"""A machine may be as busy as that: code that computes gets so many real seconds for each second of its patience."""


class Watchdog:
    """Calls `on_stall(seconds, computing)` when `moves()` has been the same for `patience_s` (seconds, > 0).

    Seconds are of processor time for code that computes and of real time for code that waits. `traces` is where the
    last resort writes its stack, `threads()` what stands beside it; None for no last resort.
    """

    def __init__(
        self,
        patience_s: float,
        moves: Callable[[], int],
        on_stall: Callable[[float, bool], None],
        threads: Callable[[], str],
        traces: Path | None,
    ) -> None:
        self._patience_s = patience_s
        self._moves = moves
        self._on_stall = on_stall
        self._threads = threads
        self._traces = traces
        self._file: IO[bytes] | None = None
        self._seen = -1
        self._since_s = 0.0
        self._cpu_s = 0.0

    def start(self) -> None:
        """Watch from now on."""
        self._seen = -1
        if self._traces is not None and self._file is None:
            self._file = self._traces.open("wb")
            faulthandler.enable(self._file)
        signal.signal(signal.SIGALRM, self._look)  # the real one: this is the harness, not a process
        step_s = min(1.0, self._patience_s / 4)
        signals.real_setitimer(signal.ITIMER_REAL, step_s, step_s)
        self._arm()

    def stop(self) -> None:
        """Look no more: the run is over, or somebody debugs it."""
        signals.real_setitimer(signal.ITIMER_REAL, 0.0, 0.0)
        if self._file is not None:
            faulthandler.cancel_dump_traceback_later()

    def _arm(self) -> None:
        if self._file is not None:
            faulthandler.dump_traceback_later(self._patience_s * WALL_PER_CPU, exit=True, file=self._file)

    def _look(self, signum: int, frame: Any) -> None:
        self._arm()
        now_s = clock.real_monotonic_ns() / 1e9
        cpu_s = _cpu_s()
        moves = self._moves()
        if moves != self._seen:
            self._seen, self._since_s, self._cpu_s = moves, now_s, cpu_s
            if self._traces is not None:
                self._keep(self._threads())
            return
        real_s, used_s = now_s - self._since_s, cpu_s - self._cpu_s
        computing = used_s > BUSY_SHARE * real_s
        if used_s >= self._patience_s or real_s >= self._patience_s * (WALL_PER_CPU if computing else 1):
            self._on_stall(used_s if computing else real_s, computing)

    def _keep(self, threads: str) -> None:
        assert self._traces is not None
        beside = self._traces.with_name(self._traces.name + THREADS)
        # Through a descriptor of its own: the code that is interrupted may be in the middle of anything.
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.write(descriptor, threads.encode(errors="replace"))
        os.close(descriptor)


def _cpu_s() -> float:
    used = hardware.real_getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
