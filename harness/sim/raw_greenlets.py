"""Greenlets that are not gevent's: made by hand or by libraries (SQLAlchemy's `greenlet_spawn`), and gevent's pools of
real threads.

This module exists because the kernel knows threads by their greenlets: one that belonged to no process ran on after its
process was killed, and a real thread would never be heard of again. It must not know services or networks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import gevent
import gevent.hub
import gevent.pool
import gevent.threadpool
import greenlet
from gevent.event import AsyncResult

from harness.sim import process as process_module
from harness.sim.process import Process, SimGreenlet, State, current_process
from harness.sim.rebind import rebind

_Plain = greenlet.greenlet
_POOL_SIZE = 10
"""As many threads as a hub's own pool has (`Hub.threadpool_size`)."""


class _StandsForAll(type):
    """Lets gevent's greenlets, whose class was made before, count as instances of what `greenlet.greenlet` is now."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _Plain) if cls is RawGreenlet else super().__instancecheck__(instance)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _Plain) if cls is RawGreenlet else super().__subclasscheck__(subclass)


class RawGreenlet(_Plain, metaclass=_StandsForAll):  # type: ignore[misc,valid-type]  # greenlet ships no types
    """`greenlet.greenlet` that belongs to the process whose code made it, and stops when that one does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.process: Process | None = current_process()
        if self.process is not None:
            self.process.adopt(self)

    def switch(self, *args: Any, **kwargs: Any) -> Any:
        """Run it, unless its process may not run."""
        return self._enter(super().switch, self.switch, args, kwargs)

    def throw(self, *args: Any) -> Any:
        """Raise in it, unless its process may not run."""
        return self._enter(super().throw, self.throw, args, {})

    def _enter(
        self, enter: Callable[..., Any], again: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        process = self.process
        if process is None or process.state is State.RUNNING:
            if process is not None and process is not process_module.shown:
                process_module.on_change(process)
            given = enter(*args, **options)
            # Coming and going among a program's own greenlets is no giving way to others.
            if process is not None and greenlet.getcurrent() is gevent.get_hub():
                process.gave_way()
            return given
        return process.withhold(again, args)


class ThreadPool(gevent.pool.Pool):  # type: ignore[misc]  # gevent ships no types
    """`gevent.threadpool.ThreadPool` whose threads are simulated."""

    def __init__(self, maxsize: int = _POOL_SIZE, hub: Any = None, idle_task_timeout: int = -1) -> None:
        super().__init__(maxsize)
        self.maxsize = maxsize
        self.hub = hub or gevent.get_hub()

    def spawn(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> AsyncResult:
        """Run `func` in a thread as soon as one is free; return what will hold its result."""
        result = AsyncResult()
        super().spawn(self._work, result, func, args, kwargs)
        return result

    @staticmethod
    def _work(result: AsyncResult, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        try:
            value = func(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
            result.set_exception(error, sys.exc_info())
        else:
            result.set(value)


def install() -> None:
    """Let raw greenlets belong to processes, and gevent's thread pools be simulated."""
    greenlet.greenlet = RawGreenlet
    real_pool = gevent.threadpool.ThreadPool
    gevent.threadpool.ThreadPool = ThreadPool
    gevent.config.threadpool = ThreadPool
    real_spawn = gevent.spawn_raw
    gevent.spawn_raw = gevent.hub.spawn_raw = SimGreenlet.spawn
    rebind({id(_Plain): RawGreenlet, id(real_pool): ThreadPool, id(real_spawn): SimGreenlet.spawn}, {})
