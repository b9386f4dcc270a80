"""Simulated processes: instances of services that can start, crash, pause and restart, and own their memory.

This module exists so that "SIGKILL at this very moment" means something in one OS thread: every greenlet belongs to a
process, and the greenlets of a dead one never run again – no `finally`, no `atexit`. It must not know services,
networks or faults; whoever holds something for a process (sockets, calls) registers with `Process.on_death`.
"""

from __future__ import annotations

import functools
import os
import weakref
from collections.abc import Callable
from enum import Enum
from typing import Any

import gevent
import greenlet

from harness.sim.order import creation_number


def on_start(process: Process) -> None:
    """Called in the first greenlet of each process before anything else; `harness.sim.threads` puts its own here."""


def on_change(process: Process) -> None:
    """Called when code of another process than `shown` is about to run; `harness.sim.packages` puts its own here."""


class State(Enum):
    """Whether the greenlets of a process may run."""

    RUNNING = "running"
    PAUSED = "paused"
    DEAD = "dead"


_RUNNING, _DEAD = State.RUNNING, State.DEAD
"""Before 3.12 a member asked of its class costs ten times a variable, and these are asked for at every switch."""

shown: Process | None = None
"""Whose modules and settings are in place (None: the harness's)."""


class Process:
    """One simulated operating-system process.

    `name` is the service's, `instance` counts from 0 within it and is never used again after a crash, `environ` is its
    environment, `host_name` what `socket.gethostname()` says, `pid` what `os.getpid()` says.
    """

    def __init__(self, name: str, instance: int, pid: int, environ: dict[str, str]) -> None:
        self.name = name
        self.instance = instance
        self.pid = pid
        self.environ = environ
        self.encoded_environ = {os.fsencode(name): os.fsencode(value) for name, value in environ.items()}
        """What its `os.environ` holds by now."""
        self.label = f"{name}#{instance}"
        self.host_name = f"{name}-{instance}"
        self.started_s = 0.0
        """The time of day at its start, in seconds since 1970."""
        self.state = State.RUNNING
        self.modules: dict[str, Any] = {}
        self.signal_handlers: dict[int, Any] = {}
        self.settings: list[dict[str, Any]] | None = None
        """What it has set of the interpreter (`harness.sim.settings`), while others are shown theirs."""
        self.system_state: dict[str, Any] = {}
        self.remembered: dict[str, Any] = {}
        """What it has set that is real while it runs, and what has no effect here (`harness.sim.system_state`)."""
        self.shared_globals: dict[tuple[Any, str], Any] = {}
        """What it has set in installed packages (`harness.sim.shared_globals`)."""
        self.warned: dict[tuple[str, str], dict[Any, Any]] = {}
        """What it has been warned of, by module."""
        self.leaving = False
        """Whether its interpreter is shutting down (`harness.sim.exit_hooks`)."""
        self.exit_hooks: list[functools.partial[Any]] = []
        self.thread_exit_hooks: list[functools.partial[Any]] = []
        self._greenlets: weakref.WeakSet[SimGreenlet] = weakref.WeakSet()
        self._abandoned: list[SimGreenlet] = []
        self._withheld: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self.main_thread: Any = None
        self._main: SimGreenlet | None = None
        self._on_death: list[Callable[[], None]] = []
        self.yields = 0
        """How often one of its greenlets has given way to others, its end included."""
        self._at_yield: list[tuple[int, Callable[[], None]]] = []
        self._next_yield = 0  # the first number in `_at_yield`, 0 for none
        self.ending: Callable[[str], None] = lambda reason: self.die()
        """How it ends by its own doing; whoever started it puts a function here that learns the reason."""
        self.asked: Callable[[], int] | None = None
        """How many requests it is answering, None for a process that is asked nothing and has work of its own."""

    def __repr__(self) -> str:
        return f"<Process {self.label} {self.state.value}>"

    def spawn(self, function: Callable[..., Any], *args: Any) -> SimGreenlet:
        """Run `function(*args)` in a greenlet of this process, from this instant on."""
        if self._main is not None:
            return spawn_in(self, function, *args)
        self._main = spawn_in(self, self._start, function, *args)
        return self._main

    def _start(self, function: Callable[..., Any], *args: Any) -> Any:
        on_start(self)
        return function(*args)

    @property
    def main(self) -> SimGreenlet | None:
        """Its first greenlet: what a program calls its main thread."""
        return self._main

    def adopt(self, child: SimGreenlet) -> None:
        """Count `child` among the greenlets that live and die with this process."""
        self._greenlets.add(child)

    def release(self, child: SimGreenlet) -> None:
        """Count `child` no longer."""
        self._greenlets.discard(child)

    def greenlets(self) -> list[SimGreenlet]:
        """Return its greenlets that have not ended, oldest first."""
        return sorted((g for g in self._greenlets if not g.dead), key=creation_number)

    def unordered(self) -> list[SimGreenlet]:
        """As `greenlets`, in no order: asking for one numbers them, which those who only look must not do."""
        return [child for child in self._greenlets if not child.dead]

    def on_death(self, action: Callable[[], None]) -> None:
        """Run `action` when the process dies, in order of registration; it must not block."""
        self._on_death.append(action)

    def at_yield(self, number: int, action: Callable[[], None]) -> None:
        """Run `action` when the process has given way `number` times in all, before anybody else runs.

        It runs in the hub, where it may kill or pause the process but must not block. Numbers that have passed are
        never reached: ask before the process starts.
        """
        if number > self.yields:
            self._at_yield.append((number, action))
            self._next_yield = min(number for number, _ in self._at_yield)

    def gave_way(self) -> None:
        """Count that one of its greenlets has stopped running."""
        if self.state is _DEAD:
            return
        self.yields += 1
        if self.yields == self._next_yield:
            due = [action for number, action in self._at_yield if number == self.yields]
            self._at_yield = [(number, action) for number, action in self._at_yield if number > self.yields]
            self._next_yield = min((number for number, _ in self._at_yield), default=0)
            for action in due:
                action()

    def exit(self, reason: str) -> None:
        """End by its own doing (`os._exit`, a signal nobody handles). From inside the process it does not return."""
        self.ending(reason)

    def die(self) -> None:
        """Stop at once: its greenlets never run again. Called from inside the process it does not return."""
        if self.state is not State.DEAD:
            self.state = State.DEAD
            # Kept until the run ends: collected, they would run their `finally` blocks.
            self._abandoned = self.greenlets()
            self._withheld.clear()
            for action in self._on_death:
                action()
        if current_process() is self:
            gevent.get_hub().switch()

    def pause(self) -> None:
        """Let no greenlet of this process run until `resume`; what would have woken them is kept."""
        if self.state is State.RUNNING:
            self.state = State.PAUSED
        if current_process() is self:
            gevent.sleep(0)

    def resume(self) -> None:
        """Deliver what was kept since `pause`, in order."""
        if self.state is State.PAUSED:
            self.state = State.RUNNING
            withheld, self._withheld = self._withheld, []
            loop = gevent.get_hub().loop
            for wake, args in withheld:
                loop.run_callback(wake, *args)

    def withhold(self, wake: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Keep a wake-up for later (paused) or for ever (dead)."""
        if self.state is State.PAUSED:
            self._withheld.append((wake, args))


class SimGreenlet(gevent.Greenlet):  # type: ignore[misc]  # gevent ships no types
    """A greenlet that belongs to the process which spawned it (None: to the harness) and stops when that one does."""

    process: Process | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.process = None
        self.belong_to(current_process())

    def belong_to(self, process: Process | None) -> None:
        """Move it, before it starts, to `process`."""
        if self.process is not None:
            self.process.release(self)
        self.process = process
        if process is not None:
            process.adopt(self)

    def switch(self, *args: Any) -> Any:
        """Run it, unless its process may not run."""
        process = self.process
        if process is None:
            return _switch(self, *args)
        if process.state is not _RUNNING:
            return process.withhold(self.switch, args)
        if process is not shown:
            on_change(process)
        given = _switch(self, *args)
        process.gave_way()
        return given

    def throw(self, *args: Any) -> Any:
        """Raise in it, unless its process may not run."""
        process = self.process
        if process is None:
            return super().throw(*args)
        if process.state is not _RUNNING:
            return process.withhold(self.throw, args)
        if process is not shown:
            on_change(process)
        given = super().throw(*args)
        process.gave_way()
        return given


_switch = greenlet.greenlet.switch


def spawn_in(process: Process | None, function: Callable[..., Any], *args: Any) -> SimGreenlet:
    """Run `function(*args)` in a new greenlet of `process` (None: of the harness), whoever asks."""
    child = SimGreenlet(function, *args)
    child.belong_to(process)
    child.start()
    return child


def current_process() -> Process | None:
    """Return the process whose code is running, None in the harness.

    Raw greenlets (made by user libraries, without our class) belong where the greenlet belongs that made them.
    """
    running: Any = greenlet.getcurrent()
    try:
        found: Process | None = running.process
    except AttributeError:
        return process_of(running.parent)
    return found


def process_of(running: Any) -> Process | None:
    """Return the process that a greenlet belongs to, None for the harness's and for None."""
    while running is not None:
        try:
            found: Process | None = running.process
        except AttributeError:
            running = running.parent
        else:
            return found
    return None


def current_label() -> str:
    """Return `name#instance` of the running process, "" in the harness."""
    process = current_process()
    return "" if process is None else process.label


def install() -> None:
    """Make every greenlet of gevent, and so every thread, a `SimGreenlet`."""
    import gevent.baseserver
    import gevent.greenlet
    import gevent.pool
    import gevent.thread
    import gevent.threading

    for module in (gevent, gevent.greenlet, gevent.pool, gevent.thread, gevent.baseserver):
        if getattr(module, "Greenlet", None) is not None:
            module.Greenlet = SimGreenlet
    gevent.pool.Group.greenlet_class = SimGreenlet
    gevent.spawn = SimGreenlet.spawn
    gevent.spawn_later = SimGreenlet.spawn_later
    gevent.greenlet.spawn = SimGreenlet.spawn
