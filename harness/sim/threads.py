"""Threads: the standard library's own class for them, and a main one for each simulated process.

This module exists because libraries ask whether they run in the main thread, name it in their logs, and refuse to work
when the answer changes from one call to the next (`multiprocessing.pool.ThreadPool`). It must not know services.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import gevent.threading
import greenlet

from harness.sim import process as process_module
from harness.sim.order import creation_number, ident
from harness.sim.process import Process, SimGreenlet, current_process
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

    real_enumerate, real_count = threading.enumerate, threading.active_count

    def enumerate() -> list[threading.Thread]:
        process = current_process()
        return real_enumerate() if process is None else threads_of(process)

    def active_count() -> int:
        return len(enumerate())

    threading.main_thread, threading.enumerate, threading.active_count = main_thread, enumerate, active_count
    rebind({id(real): main_thread, id(real_enumerate): enumerate, id(real_count): active_count}, {})
    process_module.on_start = _become_main


def threads_of(process: Process) -> list[threading.Thread]:
    """The threads of `process` that are alive, oldest first: no other process's, and no interpreter's main one."""
    active: dict[int, threading.Thread] = threading._active  # type: ignore[attr-defined]  # private to CPython
    found = (active.get(creation_number(child)) for child in process.greenlets())
    return [thread for thread in found if thread is not None]


def keep_classes(thread: Any, timer: Any) -> None:
    """Leave the standard library its own `Thread` and `Timer`, which libraries loaded early have and inherit from.

    gevent puts classes of its own in their place. All that the standard library's lack is somebody who releases the
    lock that stands for a running thread (up to 3.12): C does so when a thread state goes, which here none does.
    """
    threading.Thread, threading.Timer = thread, timer  # type: ignore[misc]  # replacing it is the purpose
    if not hasattr(thread, "_set_tstate_lock"):
        return
    set_lock: Callable[[Any], None] = thread._set_tstate_lock

    def _set_tstate_lock(self: Any) -> None:
        set_lock(self)
        running = greenlet.getcurrent()
        if isinstance(running, SimGreenlet):  # the interpreter's own first thread ends with it
            running.rawlink(lambda ended: _release(self))

    thread._set_tstate_lock = _set_tstate_lock


def _release(thread: Any) -> None:
    # A thread may end in the very instant in which its process does: its lock has then been released with the rest.
    if thread._tstate_lock is not None and thread._tstate_lock.locked():
        thread._tstate_lock.release()
        thread._stop()
