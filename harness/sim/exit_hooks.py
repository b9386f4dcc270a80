"""How a simulated process ends by its own doing: what a Python interpreter does before it is gone.

This module exists because much work is finished only then: executors drain, threads that are not daemons are waited
for, `atexit` hooks flush what was buffered. A crash does none of it. It must not know services, nor why a process ends.
"""

from __future__ import annotations

import atexit
import concurrent.futures.thread as executors
import functools
import logging
import threading
import weakref
from collections.abc import Callable
from typing import Any

from harness.sim.imports import loads_shared_module
from harness.sim.process import Process, current_process
from harness.sim.repoint import repoint
from harness.sim.threads import threads_of

_log = logging.getLogger("windtunnel.process.exit")
_log.propagate = False  # for the history: an interpreter says it on stderr, past the program's own handlers

_Hook = Callable[[], Any]


class _Leaving:
    """True in a process whose interpreter shuts down, as the flags of `threading` and `concurrent.futures` are."""

    def __bool__(self) -> bool:
        process = current_process()
        return process is not None and process.leaving


def leave(process: Process) -> None:
    """Do what the interpreter of `process` does when its main thread is done; called in that thread, it may wait.

    In CPython's order: hooks of `threading` (executors finish what they were given), threads that are no daemons,
    `atexit` hooks, log handlers. What a hook raises is logged, and the next one runs.
    """
    process.leaving = True
    for hook in reversed(process.thread_exit_hooks):
        _run(hook)
    _run(functools.partial(_drain_executors, process))
    while waited_for := [thread for thread in _threads(process) if not thread.daemon]:
        for thread in waited_for:
            thread.join()
    _run_exit_hooks(process)
    logging.shutdown(logging._handlerList)  # type: ignore[attr-defined]  # the default is the harness's own list


def _run_exit_hooks(process: Process) -> None:
    while process.exit_hooks:
        _run(process.exit_hooks.pop())


def _run(hook: _Hook) -> None:
    try:
        hook()
    except SystemExit:
        pass  # the process is ending as it is
    except Exception:  # noqa: BLE001 - a hook may raise anything
        _log.exception("a hook raised as the process ended")


def _threads(process: Process) -> list[threading.Thread]:
    """The threads that the process has started, besides the one that runs."""
    apart = (threading.current_thread(), process.main_thread)
    return [thread for thread in threads_of(process) if thread not in apart and _started(thread)]


def _started(thread: Any) -> bool:
    return not isinstance(thread, threading._DummyThread)


def _drain_executors(process: Process) -> None:
    """`concurrent.futures.thread._python_exit`, for the threads of one process."""
    module: Any = executors
    ours = _threads(process)
    with module._global_shutdown_lock:
        items = [(thread, queue) for thread, queue in module._threads_queues.items() if thread in ours]
    for _, queue in items:
        queue.put(None)
    for thread, _ in items:
        thread.join()


def install() -> None:
    """Keep exit hooks per process.

    A module that all processes share registers hooks as it is loaded, in whichever process loads it first: such hooks
    are the interpreter's own, and run for none of them.
    """
    module: Any = executors
    stdlib: Any = threading
    module._shutdown = stdlib._SHUTTING_DOWN = _Leaving()
    finalizers = weakref.finalize._exitfunc.__func__  # type: ignore[attr-defined]  # one hook for everybody's objects

    def is_shared(hook: Any) -> bool:
        return getattr(hook, "__func__", None) is finalizers or loads_shared_module()

    def register(func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        process = current_process()
        if process is None:
            return real_register(func, *args, **kwargs)
        if not is_shared(func):
            process.exit_hooks.append(functools.partial(func, *args, **kwargs))
        return func

    def unregister(func: Callable[..., Any], /) -> None:
        process = current_process()
        if process is None:
            real_unregister(func)
        else:
            process.exit_hooks[:] = [hook for hook in process.exit_hooks if hook.func != func]

    def register_with_threads(func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        process = current_process()
        if process is None:
            real_register_with_threads(func, *args, **kwargs)
        elif process.leaving:
            raise RuntimeError("can't register atexit after shutdown")
        elif not is_shared(func):
            process.thread_exit_hooks.append(functools.partial(func, *args, **kwargs))

    def run_exit_functions() -> None:
        process = current_process()
        if process is None:
            real_run_exit_functions()
        else:
            _run_exit_hooks(process)

    real_run_exit_functions = repoint(atexit._run_exitfuncs, run_exit_functions)
    real_register = repoint(atexit.register, register)
    real_unregister = repoint(atexit.unregister, unregister)
    real_register_with_threads = stdlib._register_atexit
    stdlib._register_atexit = register_with_threads
