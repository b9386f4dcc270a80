"""What an operating system keeps apart for each process: environment, pid, host name, logging set-up, signals.

This module exists so that two services in one interpreter cannot see each other. It must not know services, networks
or faults.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from harness.sim.process import Process, current_process
from harness.sim.repoint import repoint


class _Environment(MutableMapping[Any, Any]):
    """What `os.environ` wraps: the environment of the running process, the real one in the harness."""

    def __init__(self, real: dict[bytes, bytes]) -> None:
        self._real = real

    def _here(self) -> dict[bytes, bytes]:
        process = current_process()
        if process is None:
            return self._real
        found: dict[bytes, bytes] | None = process.__dict__.get("_encoded_environ")
        if found is None:
            found = {os.fsencode(k): os.fsencode(v) for k, v in process.environ.items()}
            process.__dict__["_encoded_environ"] = found
        return found

    def __getitem__(self, key: bytes) -> bytes:
        return self._here()[key]

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._here()[key] = value

    def __delitem__(self, key: bytes) -> None:
        del self._here()[key]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._here())

    def __len__(self) -> int:
        return len(self._here())


class _LogState:
    """The logging set-up of one process."""

    def __init__(self) -> None:
        self.level = logging.INFO
        self.handlers: list[logging.Handler] = []
        self.filters: list[Any] = []
        self.disabled = False


_harness_state = _LogState()


def _log_state() -> _LogState:
    process = current_process()
    if process is None:
        return _harness_state
    if process.log_state is None:
        process.log_state = _LogState()
    state: _LogState = process.log_state
    return state


class _Root(logging.RootLogger):
    """The root logger: one object, but the level, handlers and filters of the running process."""

    capture: logging.Handler | None = None

    @property
    def level(self) -> int:
        return _log_state().level

    @level.setter
    def level(self, value: int) -> None:
        _log_state().level = value

    @property
    def filters(self) -> list[Any]:
        return _log_state().filters

    @filters.setter
    def filters(self, value: list[Any]) -> None:
        _log_state().filters = value

    @property
    def disabled(self) -> bool:
        return _log_state().disabled

    @disabled.setter
    def disabled(self, value: bool) -> None:
        _log_state().disabled = value

    @property
    def handlers(self) -> list[logging.Handler]:
        return _log_state().handlers

    @handlers.setter
    def handlers(self, value: list[logging.Handler]) -> None:
        _log_state().handlers = value

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the standard library's name
        return self.manager.disable < level and level >= self.level


def install(capture: Callable[[Process, logging.LogRecord], None]) -> None:
    """Keep processes apart; `capture(process, record)` sees every log record that a process lets through."""
    os.environ._data = _Environment(os.environ._data)  # type: ignore[attr-defined]  # the dict behind it
    real_putenv = repoint(os.putenv, lambda key, value: None if current_process() else real_putenv(key, value))
    real_unsetenv = repoint(os.unsetenv, lambda key: None if current_process() else real_unsetenv(key))

    def getpid() -> int:
        process = current_process()
        return real_getpid() if process is None else process.pid

    real_getpid = repoint(os.getpid, getpid)

    def gethostname() -> str:
        process = current_process()
        return "localhost" if process is None else process.host_name

    repoint(socket.gethostname, gethostname)
    _install_logging(capture)


def _install_logging(capture: Callable[[Process, logging.LogRecord], None]) -> None:
    state = _harness_state
    root = logging.root
    state.level, state.handlers, state.filters = root.level, root.handlers, root.filters
    for name in ("level", "handlers", "filters", "disabled"):
        root.__dict__.pop(name, None)
    root.__class__ = _Root
    real_handle = logging.Logger.handle

    def handle(self: logging.Logger, record: logging.LogRecord) -> None:
        process = current_process()
        if process is not None and not self.disabled:
            capture(process, record)
        real_handle(self, record)

    logging.Logger.handle = handle  # type: ignore[method-assign]  # replacing it is the purpose
    # Levels are cached per logger, and the root's differs from process to process.
    logging.Logger.isEnabledFor = _is_enabled_for  # type: ignore[method-assign]  # replacing it is the purpose
    # Without handlers of its own a process writes warnings to stderr through this one; they are in the history.
    logging.lastResort = None
    logging.raiseExceptions = False


def _is_enabled_for(self: logging.Logger, level: int) -> bool:
    return not self.disabled and self.manager.disable < level and level >= self.getEffectiveLevel()
