"""Alarms, signals and abrupt exits, on virtual time and within one process.

This module exists because `signal.alarm` is how much code in the field writes a time-out, and the real one would ring
in real time in the only OS thread; because `os.kill(os.getpid(), …)` with a simulated pid would hit some innocent real
process; and because a real `os._exit` would end the whole run. It must not know services or faults.

A handler runs in a greenlet of its process; what it raises is raised in the greenlet that set the alarm, which is the
main thread in every program that could set a handler at all.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import greenlet

from harness.sim import signal_waits, wakeup
from harness.sim.loop import NS, VirtualLoop
from harness.sim.order import creation_number
from harness.sim.process import Process, current_process, spawn_in
from harness.sim.repoint import repoint

real_setitimer: Callable[..., Any] = signal.setitimer
"""The real `signal.setitimer`, for the kernel's own watchdog; `install` replaces it by the preserved original."""

IGNORED_BY_DEFAULT = frozenset({signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH})
"""signal(7)."""


class _Alarm:
    """The real-interval timer of one process."""

    def __init__(self, loop: VirtualLoop, process: Process) -> None:
        self._loop = loop
        self.process = process
        self._timer: Any = None
        self._due_ns = 0
        self._interval_s = 0.0
        self._owner: Any = None

    def left(self) -> tuple[float, float]:
        """Return the seconds to the next ring (0.0: none is set) and the interval."""
        if self._timer is None:
            return 0.0, 0.0
        return max(0.0, (self._due_ns - self._loop.now_ns) / NS), self._interval_s

    def set(self, seconds: float, interval_s: float) -> tuple[float, float]:
        """Ring after `seconds` (0: never), then every `interval_s`; return what was set before."""
        before = self.left()
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._interval_s = interval_s
        self._owner = greenlet.getcurrent()
        if seconds > 0:
            self._arm(seconds)
        return before

    def _arm(self, seconds: float) -> None:
        self._due_ns = self._loop.now_ns + round(seconds * NS)
        self._timer = self._loop.timer(seconds)
        self._timer.start(self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._interval_s > 0:
            self._arm(self._interval_s)
        deliver(self.process, signal.SIGALRM, self._owner)


def default_handler(number: int) -> Any:
    """What a Python program starts with (https://docs.python.org/3/library/signal.html)."""
    if number == signal.SIGINT:
        return signal.default_int_handler
    return signal.SIG_IGN if number in (signal.SIGPIPE, signal.SIGXFSZ) else signal.SIG_DFL


def deliver(process: Process, number: int, main: Any) -> None:
    """Let `process` handle a signal; without a handler most end it. What the handler raises is raised in `main`,
    at once if that is the running greenlet.
    """
    handler = process.signal_handlers.get(number, default_handler(number))
    if number != signal.SIGKILL and signal_waits.consume(process, number):
        return
    if number == signal.SIGKILL or (handler == signal.SIG_DFL and number not in IGNORED_BY_DEFAULT):
        process.exit(f"killed by {signal.Signals(number).name}")
        return
    if handler in (signal.SIG_IGN, signal.SIG_DFL, None):
        return
    wakeup.tell(process.label, number)
    if main is greenlet.getcurrent():
        handler(number, None)
        signal_waits.handled(process)
        return

    def handle() -> None:
        try:
            handler(number, None)
        except BaseException as error:  # noqa: BLE001 - a handler's exception surfaces in the main thread
            main.throw(error)
        else:
            signal_waits.handled(process)

    handling = spawn_in(process, handle)
    # Python runs handlers in the main thread, which may hold what they lock again, and which they ask for by name.
    handling.__dict__["_creation_number"] = creation_number(main)


def install(loop: VirtualLoop) -> None:
    """Put alarms on virtual time and keep handlers per process."""
    alarms: dict[Process, _Alarm] = {}

    def alarm_of(process: Process) -> _Alarm:
        if process not in alarms:
            alarms[process] = _Alarm(loop, process)
        return alarms[process]

    def setitimer(which: int, seconds: float, interval: float = 0.0, /) -> tuple[float, float]:
        process = current_process()
        if process is None:
            return (0.0, 0.0)
        return alarm_of(process).set(float(seconds), float(interval))

    def getitimer(which: int, /) -> tuple[float, float]:
        process = current_process()
        return (0.0, 0.0) if process is None else alarm_of(process).left()

    def alarm(seconds: int, /) -> int:
        left_s, _ = setitimer(signal.ITIMER_REAL, seconds)
        return -int(-left_s // 1)  # rounded up, as the system call does

    def set_handler(number: int, handler: Any, /) -> Any:
        process = current_process()
        if process is None:
            return real_signal(number, handler)
        before = process.signal_handlers.get(number, default_handler(number))
        process.signal_handlers[number] = handler
        return before

    def get_handler(number: int, /) -> Any:
        process = current_process()
        if process is None:
            return real_getsignal(number)
        return process.signal_handlers.get(number, default_handler(number))

    def send(process: Process, number: int) -> None:
        if number:
            deliver(process, signal.Signals(number), process.main)

    def kill(pid: int, number: int, /) -> None:
        process = current_process()
        if process is None:
            real_kill(pid, number)
        elif pid in (process.pid, 0, -process.pid):
            send(process, number)
        else:
            raise ProcessLookupError(errno.ESRCH, "No such process")  # a container sees no processes but its own

    def kill_group(group: int, number: int, /) -> None:
        if current_process() is None:
            real_kill_group(group, number)
        else:
            kill(-group if group else 0, number)

    def raise_signal(number: int, /) -> None:
        process = current_process()
        if process is None:
            real_raise_signal(number)
        else:
            send(process, number)

    def pthread_kill(thread: int, number: int, /) -> None:
        process = current_process()
        if process is None:
            real_pthread_kill(thread, number)
        else:
            send(process, number)

    def exit_at_once(status: int) -> None:
        process = current_process()
        if process is None:
            real_exit(status)
        else:
            process.exit(f"exit status {status}")

    def abort() -> None:
        process = current_process()
        if process is None:
            real_abort()
        else:
            process.exit("killed by SIGABRT")

    real_kill = repoint(os.kill, kill)
    real_kill_group = repoint(os.killpg, kill_group)
    real_raise_signal = repoint(signal.raise_signal, raise_signal)
    real_pthread_kill = repoint(sys.modules["_signal"].pthread_kill, pthread_kill)
    real_exit = repoint(os._exit, exit_at_once)
    real_abort = repoint(os.abort, abort)
    signal_waits.install()
    core: Any = sys.modules["_signal"]  # what the Python functions of `signal` call
    global real_setitimer  # noqa: PLW0603 - the original is preserved where its user looks for it
    real_setitimer = repoint(signal.setitimer, setitimer)
    repoint(signal.getitimer, getitimer)
    repoint(signal.alarm, alarm)
    real_signal = repoint(core.signal, set_handler)
    real_getsignal = repoint(core.getsignal, get_handler)
