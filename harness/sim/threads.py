"""Main threads: each simulated process has one of its own.

This module exists because libraries ask whether they run in the main thread, name it in their logs, and refuse to work
when the answer changes from one call to the next (`multiprocessing.pool.ThreadPool`). It must not know services.
"""

from __future__ import annotations

import threading
from typing import Any

import gevent.threading

from harness.sim import process as process_module
from harness.sim.order import ident
from harness.sim.process import Process, current_process
from harness.sim.rebind import rebind


def _become_main(process: Process) -> None:
    """Make the running greenlet the main thread of `process`."""
    thread: Any = threading.current_thread()
    thread._name = "MainThread"
    thread._daemonic = False
    process.main_thread = thread


def install() -> None:
    """Give every process a main thread, and every greenlet that nobody started as a thread one lasting identity."""
    # gevent keeps its table of foreign threads by address unless told otherwise, and then never finds them again.
    gevent.threading._get_ident = ident
    real = threading.main_thread

    def main_thread() -> threading.Thread:
        process = current_process()
        found = None if process is None else process.main_thread
        return real() if found is None else found

    threading.main_thread = main_thread
    rebind({id(real): main_thread}, {})
    process_module.on_start = _become_main
    _forgive_ends_after_death()


def _forgive_ends_after_death() -> None:
    """A thread may end in the very instant in which its process does: its lock has then been released with the rest."""
    kind: Any = gevent.threading.Thread
    name = "_Thread__greenlet_finished"  # up to 3.12; later threads hold no such lock
    finished = getattr(kind, name, None)
    if finished is None:
        return

    def unless_released(self: Any, ended: Any) -> None:
        if self._tstate_lock is not None and self._tstate_lock.locked():
            finished(self, ended)

    setattr(kind, name, unless_released)
