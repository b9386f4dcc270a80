"""A gevent loop whose clock jumps to the next timer when nothing is runnable.

This module exists to be the only owner of virtual time: integer nanoseconds since the start of the run, moved forward
by timers and, one nanosecond each, by readings of the clock. It knows gevent's loop interface; it must not know the
epoch, the standard library's clocks, processes or faults.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from typing import Any

from gevent import get_hub
from greenlet import getcurrent

NS = 1_000_000_000
"""Nanoseconds in a second."""

READS_PER_INSTANT = 5_000_000
"""Readings of the clock without any timer firing after which code is spinning (about one second of real time)."""

JUMPS_PER_COLLECTION = 8192
"""Advances of the clock between two garbage collections: a power of two. The collector decides when forgotten
connections close, so it runs at fixed points of virtual time and never by itself (finding 6 of the kernel notes)."""

SWITCHES_PER_INSTANT = 1_000_000
"""Callbacks run without any timer firing after which the run is spinning (`while not done: sleep(0)`)."""


class Stuck(BaseException):
    """The run goes nowhere; the message is the diagnosis, `kind` its name for programs.

    Not an `Exception`, so that the pipeline's own retry loops cannot swallow the diagnosis.
    """

    kind = "stuck"


class Livelock(Stuck):
    """Time stands still: code polls the clock, or switches, without anybody ever waiting."""

    kind = "livelock"


class Callback:
    """A call queued for this instant; gevent tests its truth and may `stop` it."""

    __slots__ = ("args", "callback")

    def __init__(self, callback: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.callback: Callable[..., Any] | None = callback
        self.args: tuple[Any, ...] | None = args

    def stop(self) -> None:
        """Forget the call."""
        self.callback = None
        self.args = None

    close = stop

    def __bool__(self) -> bool:
        return self.args is not None

    @property
    def pending(self) -> bool:
        """Whether it still waits to run."""
        return self.callback is not None


class Timer:
    """A gevent timer watcher: one shot `after` seconds from its start, then every `repeat` seconds if that is not 0."""

    __slots__ = ("after_ns", "args", "callback", "due", "loop", "ref", "repeat_ns")

    def __init__(self, loop: VirtualLoop, after: float, repeat: float, ref: bool) -> None:
        self.loop = loop
        self.after_ns = round(after * NS) if after > 0 else 0
        self.repeat_ns = round(repeat * NS) if repeat else 0
        self.ref = ref
        self.callback: Callable[..., Any] | None = None
        self.args: tuple[Any, ...] = ()
        self.due = 0
        """The serial number of its entry in the heap, 0 for none: any other entry is stale."""

    @property
    def active(self) -> bool:
        """Whether it will fire."""
        return self.callback is not None

    @property
    def pending(self) -> bool:
        """Always False: a timer fires in the instant it falls due."""
        return False

    def start(self, callback: Callable[..., Any], *args: Any, update: bool | None = None) -> None:
        """Fire once `after` seconds from now, calling `callback(*args)` in the hub."""
        self.callback = callback
        self.args = args
        self.due = self.loop.push(self.after_ns, self)

    def again(self, callback: Callable[..., Any], *args: Any, update: bool | None = None) -> None:
        """Restart with the repeat interval."""
        self.callback = callback
        self.args = args
        self.due = self.loop.push(self.repeat_ns, self)

    def stop(self) -> None:
        """Never fire."""
        self.callback = None
        self.args = ()
        self.due = 0

    close = stop

    def __enter__(self) -> Timer:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()


class Sleeper:
    """A greenlet that sleeps: in the heap or the queue in place of the watcher and the waiter gevent would make for it.

    It sleeps as long as it has a `callback`, the greenlet's own `switch`, which whoever wakes it takes away first.
    """

    __slots__ = ("args", "callback", "due")

    repeat_ns = 0

    def __init__(self, wake: Callable[[], Any]) -> None:
        self.callback: Callable[[], Any] | None = wake
        self.args: tuple[()] | None = ()
        self.due = 0

    @property
    def pending(self) -> bool:
        """Whether it still sleeps."""
        return self.callback is not None


class IdleWatcher:
    """Stands for watchers of the outside world (signals, children, prepare/check): nothing outside ever happens."""

    ref = False
    active = False
    pending = False

    def start(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Watch for what cannot happen."""

    def stop(self) -> None:
        """Stop watching."""

    close = stop

    def send(self) -> None:
        """Refuse: there is no other OS thread that could be woken."""
        raise RuntimeError("harness: async watchers wake other OS threads, and a simulation has only one")

    send_ignoring_arg = send

    def __enter__(self) -> IdleWatcher:
        return self

    def __exit__(self, *exc_info: object) -> None:
        pass


class VirtualLoop:
    """gevent's loop in virtual time, deterministic: equal times fire in the order in which they were set.

    `now_ns` is the virtual time in nanoseconds since the start. `on_stuck(reason, next_up)` is called when time stands
    still (see `READS_PER_INSTANT`, `SWITCHES_PER_INSTANT`), with the callback that was to run next if it was the hub
    that noticed; it must not return. `on_exhausted()` is called
    when no callback and no timer is left. `steps` counts callbacks, `jumps` counts advances of the clock.
    """

    MAXPRI = 1
    MINPRI = -1
    CALLBACK_CHECK_COUNT = 50
    approx_timer_resolution = 0.0
    ptr = 1
    backend = "virtual"
    backend_int = 0
    pendingcnt = 0
    activecnt = 0
    sigfd = -1
    origflags = ""
    origflags_int = 0

    def __init__(self, flags: object = None, default: bool | None = None) -> None:
        self.default = bool(default)
        self.error_handler: Any = None
        self.now_ns = 0
        self.read_limit_ns = READS_PER_INSTANT
        self.steps = 0
        self.jumps = 0
        self.on_stuck: Callable[[str, Callable[..., Any] | None], None] | None = None
        self.on_collect: Callable[[], object] | None = None
        self.on_exhausted: Callable[[], object] | None = None
        self._callbacks: deque[Callback | Sleeper] = deque()
        self._heap: list[tuple[int, int, Timer | Sleeper]] = []
        self._serial = 0
        self._step_limit = SWITCHES_PER_INSTANT

    # -- the clock

    def read_ns(self) -> int:
        """Read the clock, which advances it by 1 ns: an exact clock livelocks code that tests `now < deadline`."""
        self.now_ns = now_ns = self.now_ns + 1
        if now_ns > self.read_limit_ns:
            self._stuck(f"the clock was read {READS_PER_INSTANT:,} times and nobody waited")
        return now_ns

    def now(self) -> float:
        """Return the virtual time in seconds, without advancing it."""
        return self.now_ns / NS

    def update_now(self) -> None:
        """Do nothing: the time is always up to date."""

    update = update_now

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Forget what readings of the clock in the block moved it, unless something else went on too."""
        before_ns, moves = self.now_ns, self.jumps + self.steps
        yield
        if self.jumps + self.steps == moves:
            self.now_ns = before_ns

    def _stuck(self, reason: str, next_up: Callable[..., Any] | None = None) -> None:
        self.read_limit_ns = self.now_ns + READS_PER_INSTANT
        self._step_limit = self.steps + SWITCHES_PER_INSTANT
        if self.on_stuck is None:
            raise Livelock(reason)
        self.on_stuck(reason, next_up)

    # -- timers and callbacks

    def push(self, after_ns: int, timer: Timer | Sleeper) -> int:
        """Queue `timer` to fire `after_ns` from now; return the serial number of the entry."""
        self._serial = serial = self._serial + 1
        heappush(self._heap, (self.now_ns + after_ns, serial, timer))
        return serial

    def sleep(self, seconds: float = 0, ref: bool = True) -> None:
        """Let the running greenlet wait for `seconds`; for none, let the others have their turn at this instant."""
        after_ns = round(seconds * NS)
        sleeper = Sleeper(getcurrent().switch)
        if after_ns > 0:
            self._serial = sleeper.due = serial = self._serial + 1
            heappush(self._heap, (self.now_ns + after_ns, serial, sleeper))
        else:
            self._callbacks.append(sleeper)
        switch = get_hub().switch
        try:
            while sleeper.callback is not None:
                switch()
        finally:
            sleeper.callback = None
            sleeper.due = 0

    def pending(self) -> list[Timer | Sleeper]:
        """What still waits in the heap to fire, in no order."""
        return [timer for _, serial, timer in self._heap if timer.due == serial]

    def queued(self) -> list[Callback | Sleeper]:
        """What still waits to run at this instant."""
        return [callback for callback in self._callbacks if callback.pending]

    def timer(self, after: float, repeat: float = 0.0, ref: bool = True, priority: int | None = None) -> Timer:
        """Make a timer, not started."""
        return Timer(self, after, repeat, ref)

    def run_callback(self, func: Callable[..., Any], *args: Any) -> Callback:
        """Queue a call for this instant."""
        callback = Callback(func, args)
        self._callbacks.append(callback)
        return callback

    run_callback_threadsafe = run_callback

    def run(self, nowait: bool = False, once: bool = False) -> None:
        """Run callbacks, then jump to the next timer, until neither is left."""
        callbacks = self._callbacks
        heap = self._heap
        while True:
            while callbacks:
                callback = callbacks.popleft()
                func = callback.callback
                if func is None:
                    continue
                args = callback.args
                callback.callback = None
                self.steps = steps = self.steps + 1
                if steps > self._step_limit:
                    self._stuck(f"{SWITCHES_PER_INSTANT:,} switches at one instant and nobody waited", func)
                try:
                    if args:
                        func(*args)
                    else:
                        func()
                except BaseException:  # noqa: BLE001 - gevent's loop contract: report everything, keep running
                    self.handle_error((func, *(args or ())), *sys.exc_info())
                callback.args = None
            if nowait:
                return
            while heap:
                when_ns, serial, timer = heappop(heap)
                if timer.due != serial:
                    continue
                func, args = timer.callback, timer.args
                assert func is not None  # it is due
                if when_ns > self.now_ns:
                    self.now_ns = when_ns
                    self.jumps = jumps = self.jumps + 1
                    self.read_limit_ns = when_ns + READS_PER_INSTANT
                    self._step_limit = self.steps + SWITCHES_PER_INSTANT
                    if not jumps % JUMPS_PER_COLLECTION and self.on_collect is not None:
                        self.on_collect()
                else:
                    self.steps += 1  # a timer of length zero is a switch like any other
                if timer.repeat_ns:
                    timer.due = self.push(timer.repeat_ns, timer)
                else:
                    timer.callback, timer.args, timer.due = None, (), 0
                try:
                    if args:
                        func(*args)
                    else:
                        func()
                except BaseException:  # noqa: BLE001 - gevent's loop contract: report everything, keep running
                    self.handle_error((func, *(args or ())), *sys.exc_info())
                break
            else:
                if self.on_exhausted is not None:
                    self.on_exhausted()
                return
            if once:
                return

    def handle_error(self, context: object, kind: Any, value: Any, traceback: Any) -> None:
        """Pass an error of a callback on to gevent's hub."""
        handler = self.error_handler
        if handler is not None:
            handler.handle_error(context, kind, value, traceback)
        else:
            sys.excepthook(kind, value, traceback)

    # -- the outside world, which does not exist

    def io(self, fd: int, events: int, ref: bool = True, priority: int | None = None) -> None:
        """Refuse to wait for a real descriptor."""
        raise RuntimeError(
            f"harness: waiting for the real file descriptor {fd} inside a simulation; "
            "use a simulated socket, or declare the service as a back end of the world"
        )

    def signal(self, *args: Any, **kwargs: Any) -> IdleWatcher:
        """Give a watcher that never fires."""
        return IdleWatcher()

    idle = prepare = check = fork = async_ = child = stat = signal

    def install_sigchld(self) -> None:
        """Do nothing: a simulation has no children."""

    reset_sigchld = install_sigchld
    reinit = install_sigchld

    def closing_fd(self, fd: int) -> bool:
        """Return False: no watcher holds a descriptor."""
        return False

    def destroy(self) -> None:
        """Drop everything queued."""
        self._heap.clear()
        self._callbacks.clear()

    def debug(self) -> list[object]:
        """Return nothing: gevent prints it in errors."""
        return []

    def _format(self) -> str:
        return f"virtual now={self.now_ns}ns"
