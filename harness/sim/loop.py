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
"""Readings of the clock without anybody waiting after which code spins for ever (a second or two of real time)."""

FREE_PER_INSTANT = 1 << 15
"""Readings, or switches, at one instant that are ordinary use; beyond it code polls, and time begins to pass."""

DEAREST_POLL_DOUBLINGS = 14
"""A reading of the clock costs code that polls 2**14 ns (16 µs) at most: of the order of what it does in between."""

JUMPS_PER_COLLECTION = 8192
"""Advances of the clock between two garbage collections: a power of two. The collector decides when forgotten
connections close, so it runs at fixed points of virtual time and never by itself (finding 6 of the kernel notes)."""

POLLS_AT_ONCE = 4
"""Readings of code that polls between two looks at who else may run; those in between cost a nanosecond."""

SWITCHES_PER_INSTANT = 500_000
"""Callbacks run without anybody waiting after which the run spins for ever (`while not done: sleep(0)`)."""


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
        self.read_limit_ns = FREE_PER_INSTANT
        self.steps = 0
        self.jumps = 0
        self.on_stuck: Callable[[str, Callable[..., Any] | None], None] | None = None
        self.on_collect: Callable[[], object] | None = None
        self.on_exhausted: Callable[[], object] | None = None
        self._callbacks: deque[Callback | Sleeper] = deque()
        self._heap: list[tuple[int, int, Timer | Sleeper]] = []
        self._serial = 0
        self._step_limit = FREE_PER_INSTANT
        self._polls = 0

    # -- the clock

    def rewind(self) -> None:
        """Begin at zero: a run of its own in an interpreter that has been used to load libraries."""
        self.now_ns = 0
        self._moved()

    def read_ns(self) -> int:
        """Read the clock, which advances it by 1 ns: an exact clock livelocks code that tests `now < deadline`."""
        self.now_ns = now_ns = self.now_ns + 1
        if now_ns > self.read_limit_ns:
            return self._poll_clock()
        return now_ns

    def _poll_clock(self) -> int:
        """Read the clock for code that asks it again and again: it moves faster, and others get their turn.

        Real threads would be interrupted. Here one that never waits keeps all others from running, and a second would
        take it a thousand million readings: `while time.monotonic() < deadline: pass`, as limiters of rates do.
        """
        self._let_pass(POLLS_AT_ONCE)
        self.read_limit_ns = self.now_ns + POLLS_AT_ONCE - 1
        if self._polls > READS_PER_INSTANT:
            self._stuck(f"the clock was read {READS_PER_INSTANT:,} times and nobody waited")
        if (self._callbacks or self._is_due()) and getcurrent() is not get_hub():
            polls = self._polls
            self.sleep(1 / NS)
            self._polls = polls  # what the others did is no wait of the one that polls
            self.read_limit_ns = self.now_ns + POLLS_AT_ONCE - 1
        return self.now_ns

    def _poll_by_turns(self) -> bool:
        """Let time pass where everybody only hands on to the next (`sleep(0)`); tell whether a timer is due by now."""
        self._let_pass(READS_PER_INSTANT // SWITCHES_PER_INSTANT)
        self._step_limit = self.steps + 1
        if self._polls > READS_PER_INSTANT:
            next_up = next((queued.callback for queued in self._callbacks if queued.pending), None)
            self._stuck(f"{SWITCHES_PER_INSTANT:,} switches and nobody waited", next_up)
        return self._is_due()

    def _let_pass(self, polls: int) -> None:
        """Move the clock by what so many polls cost: twice as much each after every `FREE_PER_INSTANT` of them."""
        self._polls += polls
        self.now_ns += polls << min(self._polls // FREE_PER_INSTANT, DEAREST_POLL_DOUBLINGS)

    def _is_due(self) -> bool:
        heap = self._heap
        while heap and heap[0][2].due != heap[0][1]:
            heappop(heap)  # stopped in the meantime
        return bool(heap) and heap[0][0] <= self.now_ns

    def _moved(self) -> None:
        """Begin to count anew: somebody waited."""
        self.read_limit_ns = self.now_ns + FREE_PER_INSTANT
        self._step_limit = self.steps + FREE_PER_INSTANT
        self._polls = 0

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
        self._moved()
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
                if self.steps >= self._step_limit and self._poll_by_turns():
                    break
                callback = callbacks.popleft()
                func = callback.callback
                if func is None:
                    continue
                args = callback.args
                callback.callback = None
                self.steps += 1
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
                    self.read_limit_ns = when_ns + FREE_PER_INSTANT
                    self._step_limit = self.steps + FREE_PER_INSTANT
                    self._polls = 0
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
