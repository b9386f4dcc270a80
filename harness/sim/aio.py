"""asyncio where many simulated threads share one OS thread.

asyncio keeps its mark of the running loop per OS thread and, in C, out of reach; its sets of tasks are ordered by
address. Here the mark belongs to the greenlet, tasks and futures are the standard library's own pure-Python ones, and
they hash by creation. Time, selectors and sockets need nothing from here: they are the kernel's and the network's. This
module must not know them, nor processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import weakref
from asyncio import base_events, events, futures, tasks
from collections.abc import Callable, Iterator
from typing import Any

import greenlet
from gevent.hub import Hub

from harness.sim.order import creation_number
from harness.sim.rebind import rebind
from harness.sim.repoint import repoint

_NOTHING: tuple[Any, int | None] = (None, None)


class _RunningLoop:
    """Stands in for `asyncio.events._running_loop`: which loop runs, per greenlet.

    A raw greenlet (SQLAlchemy runs synchronous code in one) is part of whichever greenlet made it, so the mark is
    looked for up the chain of parents, as far as the hub.
    """

    @property
    def loop_pid(self) -> tuple[Any, int | None]:
        running: Any = greenlet.getcurrent()
        while running is not None and not isinstance(running, Hub):
            mark: tuple[Any, int | None] | None = running.__dict__.get("_running_loop")
            if mark is not None:
                return mark
            running = running.parent
        return _NOTHING

    @loop_pid.setter
    def loop_pid(self, mark: tuple[Any, int | None]) -> None:
        running = greenlet.getcurrent()
        if mark[0] is None:
            running.__dict__.pop("_running_loop", None)
        else:
            running.__dict__["_running_loop"] = mark


class _InOrder:
    """A weak set that remembers the order of arrival: asyncio closes forgotten generators in the order of this set."""

    def __init__(self) -> None:
        self._members: weakref.WeakKeyDictionary[Any, None] = weakref.WeakKeyDictionary()

    def add(self, member: Any) -> None:
        self._members[member] = None

    def discard(self, member: Any) -> None:
        self._members.pop(member, None)

    def clear(self) -> None:
        self._members.clear()

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._members))


def install() -> None:
    """Make asyncio fit for a simulation, as early as possible; a second call does nothing."""
    if isinstance(events._running_loop, _RunningLoop):  # type: ignore[attr-defined]  # the standard library's own mark
        return
    events._running_loop = _RunningLoop()  # type: ignore[attr-defined]  # the standard library's own mark
    _use_python_functions()
    _use_python_futures()
    _keep_default_loops_apart()
    _keep_generator_hooks_apart()
    _order_generators()
    _order_awaitables()


def _use_python_functions() -> None:
    """Make the functions written in C do what their Python twins do: theirs know only the mark of the OS thread."""
    for module in (events, tasks):
        for name, accelerated in list(vars(module).items()):
            if name.startswith("_c_"):
                repoint(accelerated, vars(module)[f"_py_{name.removeprefix('_c_')}"])


def _use_python_futures() -> None:
    """Replace tasks and futures, wherever they are referred to, by those whose hash can be ours."""
    future: Any = futures._PyFuture  # type: ignore[attr-defined]  # what CPython tests asyncio with
    task: Any = tasks._PyTask  # type: ignore[attr-defined]  # likewise
    gathering: Any = tasks._GatheringFuture  # type: ignore[attr-defined]  # made from the C future at import
    for kind in (future, gathering):
        kind.__hash__ = creation_number
    replacements = {id(asyncio.Future): future, id(asyncio.Task): task}
    eager = getattr(tasks, "eager_task_factory", None)
    if eager is not None:  # from 3.12 on; made from the C task at import
        replacements[id(eager)] = tasks.create_eager_task_factory(task)  # type: ignore[attr-defined]  # new in 3.12, we check from 3.11
    rebind(replacements, {})
    futures.Future = asyncio.Future = future  # type: ignore[misc]  # replacing it is the purpose
    tasks.Task = asyncio.Task = task  # type: ignore[misc]  # replacing it is the purpose


def _keep_default_loops_apart() -> None:
    """Give each simulated thread its own default loop, also where asyncio was loaded before threads were simulated."""
    policy_class: Any = events.BaseDefaultEventLoopPolicy

    class Local(threading.local):
        _loop = None
        _set_called = False

    policy_class._Local = Local
    policy: Any = events._event_loop_policy  # type: ignore[attr-defined]  # private to CPython
    if policy is not None:
        policy._local = Local()


def _keep_generator_hooks_apart() -> None:
    """Give each greenlet its own `sys.set_asyncgen_hooks`: the interpreter keeps them per OS thread, and a loop that
    ran beside another closed the other's generators.
    """
    nothing = real_get = sys.get_asyncgen_hooks  # told apart from None, which takes a hook away
    finalizers: dict[int, Callable[[Any], object] | None] = {}

    def hooks() -> Any:
        running: Any = greenlet.getcurrent()
        while running is not None and not isinstance(running, Hub):
            found = running.__dict__.get("_asyncgen_hooks")
            if found is not None:
                return found
            running = running.parent
        return struct((None, None))

    def set_hooks(firstiter: Any = nothing, finalizer: Any = nothing) -> None:
        before = hooks()
        greenlet.getcurrent().__dict__["_asyncgen_hooks"] = struct(
            (
                before.firstiter if firstiter is nothing else firstiter,
                before.finalizer if finalizer is nothing else finalizer,
            )
        )

    def begin(generator: Any) -> None:
        mine = hooks()
        finalizers[id(generator)] = mine.finalizer  # it cannot be hashed for long: weak references die before it
        if mine.firstiter is not None:
            mine.firstiter(generator)

    def end(generator: Any) -> None:
        finalizer = finalizers.pop(id(generator), None)
        if finalizer is not None:
            finalizer(generator)
            return
        with contextlib.suppress(StopIteration, StopAsyncIteration, GeneratorExit):
            generator.aclose().send(None)  # as the interpreter closes one that no loop knows of

    struct: Any = type(real_get())
    repoint(sys.set_asyncgen_hooks, set_hooks)(firstiter=begin, finalizer=end)
    repoint(sys.get_asyncgen_hooks, hooks)


def _order_generators() -> None:
    loop_class: Any = base_events.BaseEventLoop
    initialise: Callable[..., None] = loop_class.__init__

    def __init__(self: Any, *arguments: Any, **options: Any) -> None:  # noqa: N807 - it is one
        initialise(self, *arguments, **options)
        self._asyncgens = _InOrder()

    loop_class.__init__ = __init__


def _order_awaitables() -> None:
    """Let `as_completed` start coroutines in the order given: they go through a set, where they lie by address."""

    def in_order(*given: Any) -> Any:
        return dict.fromkeys(*given) if given else set()

    tasks.set = in_order  # type: ignore[attr-defined]  # shadows the built-in, in that module alone
