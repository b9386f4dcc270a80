"""What the operating system and C libraries keep for a process: working directory, umask, locale, time zone and such.

All simulated processes share one real process, so what one of them sets is really set while it runs, and set back when
another comes (`harness.sim.settings` says when): a relative path is opened where the process believes to be. A process
that sets nothing costs nothing. What has no effect in a simulation, as the garbage collector's switch, is only
remembered. This module must not know who else runs.
"""

from __future__ import annotations

import _locale
import _socket
import contextlib
import gc
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.sim import isolation
from harness.sim.process import Process, current_process
from harness.sim.repoint import repoint

_setters: dict[str, Callable[[Any], object]] = {}
_initial: dict[str, Any] = {}
"""What is real while no process that has set it runs."""


def show(leaving: Process | None, entering: Process | None) -> None:
    """Set what `entering` has set, and set back what only `leaving` has (None: the harness)."""
    theirs = {} if entering is None else entering.system_state
    gone = () if leaving is None else leaving.system_state.keys() - theirs.keys()
    for name in sorted(gone):
        _set(name, _initial[name])
    for name, value in theirs.items():
        _set(name, value)


def begin(process: Process) -> None:
    """Let a process begin in the time zone of its environment."""
    zone = process.environ.get("TZ", "UTC")
    if zone != _initial["zone"]:
        process.system_state["zone"] = zone


def _set(name: str, value: Any) -> None:
    # The folder may be gone, the stack deeper than the limit: then it stays as it is.
    with contextlib.suppress(OSError, RecursionError):
        _setters[name](value)


def _keep(name: str, before: Any, value: Any) -> None:
    process = current_process()
    if process is not None:
        _initial.setdefault(name, before)
        process.system_state[name] = value


def install() -> None:
    """Let each process have its own."""
    _install_folder()
    _install_umask()
    _install_recursion_limit()
    _install_locale()
    _install_zone()
    _remember(_socket.getdefaulttimeout, _socket.setdefaulttimeout, "time-out")
    _remember(gc.get_threshold, gc.set_threshold, "threshold")
    _install_collector()


def _install_folder() -> None:
    def changing(name: str) -> Callable[[Any], None]:
        def change(path: Any) -> None:
            before = Path.cwd()
            real(path)
            _keep("folder", before, Path.cwd())

        real = repoint(getattr(os, name), change)
        return real

    _setters["folder"] = changing("chdir")
    changing("fchdir")


def _install_umask() -> None:
    def umask(mask: int, /) -> int:
        before: int = real(mask)
        _keep("umask", before, mask)
        return before

    real = _setters["umask"] = repoint(os.umask, umask)


def _install_recursion_limit() -> None:
    def set_limit(limit: int, /) -> None:
        before = sys.getrecursionlimit()
        real(limit)
        _keep("recursion limit", before, limit)

    real = _setters["recursion limit"] = repoint(sys.setrecursionlimit, set_limit)


def _install_locale() -> None:
    def setlocale(category: int, locale: str | None = None, /) -> Any:
        before = real(_locale.LC_ALL)
        done = real(category, locale)
        if locale is not None:
            _keep("locale", before, real(_locale.LC_ALL))
        return done

    real = repoint(_locale.setlocale, setlocale)
    _setters["locale"] = lambda value: real(_locale.LC_ALL, value)


def _install_zone() -> None:
    def set_zone(zone: str) -> None:
        isolation.real_putenv("TZ", zone)
        real_tzset()

    def tzset() -> None:
        zone = os.environ.get("TZ", "UTC")
        _keep("zone", _initial["zone"], zone)
        set_zone(zone)

    real_tzset = repoint(time.tzset, tzset)
    _initial["zone"] = os.environ.get("TZ", "UTC")
    _setters["zone"] = set_zone


def _remember(getter: Callable[[], Any], setter: Callable[..., None], name: str) -> None:
    """Let a process see what it has set, without any effect."""

    def get() -> Any:
        process = current_process()
        return real_get() if process is None else process.remembered.get(name, real_get())

    def set_it(*value: Any) -> None:
        process = current_process()
        if process is None:
            real_set(*value)
        else:
            before = real_get()
            real_set(*value)  # it tells what is wrong with a value
            process.remembered[name] = real_get()
            real_set(*(before if isinstance(before, tuple) else (before,)))

    real_get = repoint(getter, get)
    real_set = repoint(setter, set_it)


def _install_collector() -> None:
    """Collection happens at fixed points of virtual time, whatever a process switches on."""

    def switch(name: str, on: bool) -> None:
        def do() -> None:
            process = current_process()
            if process is None:
                real()
            else:
                process.remembered["collecting"] = on

        real = repoint(getattr(gc, name), do)

    def is_enabled() -> bool:
        process = current_process()
        return bool(real_is_enabled()) if process is None else bool(process.remembered.get("collecting", True))

    switch("enable", on=True)
    switch("disable", on=False)
    real_is_enabled = repoint(gc.isenabled, is_enabled)
    for name in ("freeze", "unfreeze"):
        _ignored(name)


def _ignored(name: str) -> None:
    def do() -> None:
        if current_process() is None:
            real()

    real = repoint(getattr(gc, name), do)
