"""Logging as each process has set it up: levels, handlers, filters, what propagates and what is disabled.

Loggers are found by name in one table, and installed packages keep theirs in globals that all processes share, so the
loggers themselves are shared. What differs is what a process did to them: a library's logger that one set to DEBUG must
be silent in the others. What a shared module sets up as it is loaded, every process would find after its own import,
and so does here. This module knows the standard library's logging and processes, nothing of histories.

A call that logs nothing is on everybody's hot path: its answer is kept in the logger's own cache, by process.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from harness.sim.imports import loads_shared_module
from harness.sim.process import Process, current_process

_OWN = "_by_process"
"""In a logger's `__dict__`: for each process that set it up, what it set. Its own attributes are everybody's."""

_last_resort = logging.lastResort


class _Setting:
    """An attribute that each process sets for itself; until it does, it has everybody's value."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, thing: Any, owner: Any = None) -> Any:
        if thing is None:
            return self
        attributes = thing.__dict__
        own = attributes.get(_OWN)
        if own is not None:
            process = current_process()
            if process is not None:
                try:
                    return own[process][self._name]
                except KeyError:
                    pass
        try:
            return self._shared(thing, attributes[self._name])
        except KeyError:
            raise AttributeError(self._name) from None

    def _shared(self, thing: Any, value: Any) -> Any:
        """What a process gets that has set nothing itself."""
        return value

    def __set__(self, thing: Any, value: Any) -> None:
        attributes = thing.__dict__
        process = current_process()
        # The first value is the constructor's, whoever made the logger.
        shared = process is None or self._name not in attributes or loads_shared_module()
        if shared:
            attributes[self._name] = value
        if process is not None and (not shared or self._name in attributes.get(_OWN, {}).get(process, ())):
            self._keep(thing, process, value)
        if self._name == "disabled":  # the standard library asks it each time, before the cache
            attributes.get("_cache", {}).clear()

    def _keep(self, thing: Any, process: Process, value: Any) -> None:
        thing.__dict__.setdefault(_OWN, {}).setdefault(process, {})[self._name] = value


class _ListSetting(_Setting):
    """A list that each process changes for itself."""

    def _shared(self, thing: Any, value: Any) -> Any:
        process = current_process()
        if process is None or loads_shared_module():
            return value
        copy = list(value)
        self._keep(thing, process, copy)
        return copy


class _RootSettings(dict[Process, dict[str, Any]]):
    """The root logger of each process, which begins without handlers and lets INFO through: to the history."""

    def __missing__(self, process: Process) -> dict[str, Any]:
        made: dict[str, Any] = {"level": logging.INFO, "handlers": [], "filters": [], "disabled": False}
        self[process] = made
        return made


def _seen(logger: logging.Logger, name: str, process: Process | None) -> Any:
    """As the attribute `name`, for one who will not change it."""
    attributes = logger.__dict__
    own = attributes.get(_OWN)
    if own is not None and process is not None:
        try:
            return own[process][name]
        except KeyError:
            pass
    return attributes[name]


def install(capture: Callable[[Process, logging.LogRecord], None]) -> None:
    """Keep set-ups apart; `capture(process, record)` sees every log record that a process lets through."""
    logger_class: Any = logging.Logger
    for name in ("level", "propagate", "disabled"):
        setattr(logger_class, name, _Setting(name))
    for name in ("handlers", "filters"):
        setattr(logger_class, name, _ListSetting(name))
    manager_class: Any = logging.Manager
    for name in ("_disable", "loggerClass", "logRecordFactory"):
        setattr(manager_class, name, _Setting(name))
    logging.root.__dict__[_OWN] = _RootSettings()
    real_handle = logging.Logger.handle

    def handle(self: logging.Logger, record: logging.LogRecord) -> None:
        process = current_process()
        if self.disabled:
            return
        if process is not None:
            capture(process, record)
        if _seen(self, "filters", process):
            real_handle(self, record)
        else:
            self.callHandlers(record)

    def shutdown(handlerList: Any = None) -> None:  # noqa: N803 - the standard library's name
        real_shutdown(logging._handlerList if handlerList is None else handlerList)  # type: ignore[attr-defined]  # private to CPython

    real_shutdown = logging.shutdown
    logging.shutdown = shutdown
    logger_class.handle = handle
    logger_class.isEnabledFor = _is_enabled_for
    logger_class.callHandlers = _call_handlers
    for other in logging.root.manager.loggerDict.values():
        if isinstance(other, logging.Logger):
            other.__dict__.get("_cache", {}).clear()
    logging.raiseExceptions = False


def _is_enabled_for(self: logging.Logger, level: int) -> bool:
    key: Any = (current_process(), level)
    cache: dict[Any, bool] = self._cache  # type: ignore[attr-defined]  # private to CPython, which clears it
    try:
        return cache[key]
    except KeyError:
        found = not self.disabled and self.manager.disable < level and level >= self.getEffectiveLevel()
        cache[key] = found
        return found


def _call_handlers(self: logging.Logger, record: logging.LogRecord) -> None:
    process = current_process()
    logger: logging.Logger | None = self
    handled = False
    while logger is not None:
        for handler in _seen(logger, "handlers", process):
            handled = True
            if record.levelno >= handler.level:
                handler.handle(record)
        logger = logger.parent if _seen(logger, "propagate", process) else None
    last: Any = logging.lastResort
    # The interpreter's own writes warnings to stderr for want of handlers; they are in the history.
    if not handled and last is not None and last is not _last_resort and record.levelno >= last.level:
        last.handle(record)
