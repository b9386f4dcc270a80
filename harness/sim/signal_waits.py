"""Waiting for a signal: `signal.pause`, `sigwait` and their kin, for the threads of a simulated process.

This module exists because the real ones stop the only OS thread; `signal.pause()` is how many a worker keeps its main
thread alive. It must not know where signals come from.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import gevent
from gevent.event import AsyncResult

from harness.sim.process import Process, current_process
from harness.sim.repoint import repoint


@dataclass(slots=True, eq=False)
class _Wait:
    """A thread that waits for one of `numbers`; None: for any that has a handler."""

    numbers: frozenset[int] | None
    arrived: AsyncResult = field(default_factory=AsyncResult)


_waits: dict[Process, list[_Wait]] = {}


def consume(process: Process, number: int) -> bool:
    """Give a signal to a thread that waits for it by number, if there is one; no handler is to see it then."""
    for wait in _waits.get(process, []):
        if wait.numbers is not None and number in wait.numbers and not wait.arrived.ready():
            wait.arrived.set(number)
            return True
    return False


def handled(process: Process) -> None:
    """A handler of `process` ran: whoever pauses goes on."""
    for wait in _waits.get(process, []):
        if wait.numbers is None and not wait.arrived.ready():
            wait.arrived.set(0)


def _wait(process: Process, numbers: Iterable[int] | None, timeout_s: float | None) -> int | None:
    wait = _Wait(None if numbers is None else frozenset(int(number) for number in numbers))
    waits = _waits.setdefault(process, [])
    waits.append(wait)
    try:
        number: int = wait.arrived.get(timeout=timeout_s)
    except gevent.Timeout:
        return None
    finally:
        waits.remove(wait)
    return number


def _information(number: int | None) -> signal.struct_siginfo | None:
    return None if number is None else signal.struct_siginfo((number, 0, 0, 0, 0, 0, 0))


def install() -> None:
    """Let processes wait in virtual time; the harness keeps the real calls."""
    core: Any = sys.modules["_signal"]

    def pause() -> None:
        process = current_process()
        if process is None:
            real_pause()
        else:
            _wait(process, None, None)

    def sigwait(numbers: Any, /) -> Any:
        process = current_process()
        return real_sigwait(numbers) if process is None else _wait(process, numbers, None)

    def sigwaitinfo(numbers: Any, /) -> Any:
        process = current_process()
        return real_sigwaitinfo(numbers) if process is None else _information(_wait(process, numbers, None))

    def sigtimedwait(numbers: Any, timeout: float, /) -> Any:
        process = current_process()
        if process is None:
            return real_sigtimedwait(numbers, timeout)
        return _information(_wait(process, numbers, float(timeout)))

    real_pause = repoint(core.pause, pause)
    real_sigwait = repoint(core.sigwait, sigwait)
    real_sigwaitinfo = repoint(core.sigwaitinfo, sigwaitinfo)
    real_sigtimedwait = repoint(core.sigtimedwait, sigtimedwait)
