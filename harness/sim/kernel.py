"""The kernel: turns this interpreter into a simulation, once and for good.

This module exists to know the order in which the parts of `harness.sim` must be put in place; each part knows only its
own matter. It is for processes of our own making (the zygote and its forks), never for a test runner's worker. It must
not know worlds, faults or histories.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gevent
import gevent.event
import greenlet

from harness.sim import (
    addresses,
    chance,
    deadlock,
    exit_hooks,
    file_times,
    hardware,
    imports,
    isolation,
    locks,
    loggers,
    order,
    permits,
    pristine,
    process,
    psutil_figures,
    python_warnings,
    raw_greenlets,
    semaphores,
    shared_classes,
    shared_globals,
    signals,
    system_state,
    threads,
)
from harness.sim.chance import Chance
from harness.sim.clock import Clock
from harness.sim.loop import Stuck, VirtualLoop
from harness.sim.numpy_chance import GlobalGenerators
from harness.sim.packages import Packages
from harness.sim.process import Process, current_label, process_of
from harness.sim.rebind import rebind
from harness.sim.sqlite import connection as sqlite_connection
from harness.sim.sqlite import install as sqlite_install
from harness.sim.standstill import Standstill

YOUNG_PER_FULL_COLLECTION = 32
"""Collections of young objects to one of all: a full one looked at everything for a third of a quiet day's time."""

SHARED_PACKAGES = frozenset({"harness", "fakes", "reports"})
"""Our own packages: loaded once, even where they lie in the user's project folder (as they do in ours)."""


class Kernel:
    """One simulation's virtual time, chance and processes. Make it with `install`, once in an interpreter."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.clock = Clock(loop, 0)
        self.chance = Chance(0)
        self.file_times = file_times.install(self.clock.wall_ns)
        self.on_log: Callable[[Process, logging.LogRecord], None] = lambda process, record: None
        self.on_error: Callable[[Process | None, BaseException], None] = lambda process, error: None
        self.packages: Packages | None = None
        self.processes: list[Process] = []
        self.standstill = Standstill(loop, self.processes)
        self._collections = 0

    def begin(self, *, seed: int, epoch_ns: int, roots: Sequence[Path], private: Sequence[str] = ()) -> None:
        """Start a run in this (forked) interpreter: time zero, streams from `seed`, user packages under `roots`.

        `private` are installed packages that each process loads itself, as it does the user's.
        """
        self.loop.rewind()
        self.clock.epoch_ns = epoch_ns
        self.chance.restart(seed)
        self.file_times.begin()
        self.loop.on_collect = self._collect
        self.standstill.install()
        gc.disable()
        order.restart()
        self.packages = Packages(roots, SHARED_PACKAGES, frozenset(private))
        self.packages.followers.append(GlobalGenerators(self.chance).follow)
        self.packages.install()
        imports.install(self.packages.is_users_name)

    def _collect(self) -> None:
        """Collect the young; now and then, all: what survived is hardly ever garbage, and looking at it is dear."""
        self._collections += 1
        gc.collect(2 if self._collections % YOUNG_PER_FULL_COLLECTION == 0 else 1)

    def process(self, name: str, instance: int, environ: dict[str, str]) -> Process:
        """Make a process; its death frees the locks and thread table entries it held."""
        made = Process(name, instance, 1000 + len(self.processes), environ)
        made.started_s = self.clock.wall_ns() / 1e9
        self.processes.append(made)
        system_state.begin(made)
        made.on_death(lambda: imports.release_held_by(made))
        made.on_death(lambda: locks.release_held_by(made))
        made.on_death(lambda: permits.release_held_by(made))
        made.on_death(lambda: sqlite_connection.release_held_by(made))
        made.on_death(lambda: locks.forget_threads_of(made))
        return made


_kernel: Kernel | None = None


def install() -> Kernel:
    """Make this interpreter a simulation and return its kernel; the second call returns the same one."""
    global _kernel  # noqa: PLW0603 - an interpreter is patched once and cannot be unpatched
    if _kernel is not None:
        return _kernel
    import _thread
    import queue
    import threading

    pristine.keep()
    old = {
        "Lock": threading.Lock,
        "allocate_lock": _thread.allocate_lock,
        "RLock": threading.RLock,
        "CRLock": _thread.RLock,
        "local": threading.local,
        "SimpleQueue": queue.SimpleQueue,
        "get_ident": _thread.get_ident,
        "get_native_id": _thread.get_native_id,
        "start_new_thread": _thread.start_new_thread,
    }
    thread_classes = threading.Thread, threading.Timer
    gevent.config.loop = VirtualLoop
    process.install()
    from gevent import monkey
    from gevent import queue as gevent_queue
    from gevent import thread as gevent_thread
    from gevent import threading as gevent_threading

    gevent_thread.get_ident = gevent_threading.get_ident = order.ident
    old["gevent_lock"] = gevent_thread.LockType
    locks.install()
    monkey.patch_all(
        time=False, socket=False, dns=False, select=False, ssl=False, subprocess=False, os=False, signal=False,
        sys=False, contextvar=False, queue=False,
    )  # fmt: skip
    # The standard library's other queues are Python over locks, with a `mutex` and a `queue` that programs reach for.
    queue.SimpleQueue = gevent_queue.SimpleQueue  # type: ignore[misc]  # replacing it is the purpose
    threads.keep_classes(*thread_classes)
    locks.install()
    _fix_threads(old)
    loop = gevent.get_hub().loop
    if not isinstance(loop, VirtualLoop):
        raise RuntimeError("harness: gevent had made a hub before the kernel was installed; install the kernel first")
    kernel = _kernel = Kernel(loop)
    for harness in (gevent.get_hub(), gevent.get_hub().parent):
        harness.__dict__["process"] = None  # said there, nobody has to look for it
    gevent.sleep = gevent.hub.sleep = loop.sleep
    kernel.clock.install(loop.sleep)
    order.install()
    # What it shows of itself is all that it needs addresses for.
    vars(threading)["id"] = addresses.identity
    addresses.install((locks.Lock, threading._PyRLock, gevent.event.Event, gevent.event.AsyncResult))  # type: ignore[attr-defined]  # private to CPython
    threads.install()
    raw_greenlets.install()
    permits.install()
    semaphores.install()
    chance.install(kernel.chance, current_label)
    sqlite_install.install(kernel.chance, kernel.clock.wall_ns)
    isolation.install()
    system_state.install()
    python_warnings.install()
    shared_globals.install()
    loggers.install(lambda owner, record: kernel.on_log(owner, record))  # noqa: PLW0108 - on_log is set later
    hardware.install()
    psutil_figures.install()
    exit_hooks.install()
    signals.install(loop)
    _report_errors(kernel)
    return kernel


def _fix_threads(old: dict[str, Any]) -> None:
    """Finish what gevent's patching leaves: identities, and references taken before it."""
    import _thread
    import queue
    import threading

    core: Any = _thread
    stdlib: Any = threading  # its private tables are what has to be corrected
    for module in (core, stdlib):
        module.get_ident = module.get_native_id = order.ident
    main: Any = threading.main_thread()
    stdlib._active.pop(main._ident, None)
    main._ident = order.ident(greenlet.getcurrent())
    stdlib._active[main._ident] = main
    rebind(
        {
            id(old["Lock"]): locks.Lock,
            id(old["gevent_lock"]): locks.Lock,
            id(old["allocate_lock"]): locks.Lock,
            id(old["RLock"]): threading.RLock,
            id(old["CRLock"]): stdlib._PyRLock,
            id(old["local"]): threading.local,
            id(old["SimpleQueue"]): queue.SimpleQueue,
            id(old["get_ident"]): order.ident,
            id(old["get_native_id"]): order.ident,
            id(old["start_new_thread"]): _thread.start_new_thread,
        },
        {
            type(old["allocate_lock"]()): locks.Lock,
            old["gevent_lock"]: locks.Lock,
            old["CRLock"]: stdlib._PyRLock,
        },
    )


def _report_errors(kernel: Kernel) -> None:
    """An error nobody caught ends its greenlet and is reported; it never ends the run, `sys.exit()` included."""
    from gevent.hub import GreenletExit, Hub

    Hub.SYSTEM_ERROR = ()
    Hub.NOT_ERROR = (GreenletExit, SystemExit)

    def handle_error(self: Any, context: Any, kind: Any, value: Any, trace: Any) -> None:
        if isinstance(value, Stuck):
            self.parent.throw(value)
        if isinstance(value, Hub.NOT_ERROR):
            return
        if value is not None and value.__traceback__ is None:
            value = value.with_traceback(trace)
        kernel.on_error(_concerned(context), value)

    Hub.handle_error = handle_error


def _concerned(context: Any) -> Process | None:
    """Whose error it is: `context` is a greenlet, or what the hub was about to call for one, with the arguments."""
    for thing in context if isinstance(context, tuple) else (context,):
        for woken in deadlock.woken_by(thing):
            found = woken if isinstance(woken, Process) else process_of(woken)
            if found is not None:
                return found
    return None


def freeze() -> None:
    """Call once the libraries are loaded and before forking: what is here now is never looked at by the collector."""
    shared_classes.note()
    gc.collect()
    gc.freeze()
    gc.disable()
