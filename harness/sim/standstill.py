"""Ends a run that goes nowhere, with a diagnosis: spinning, deadlock, a stretch without end.

Never a hang: time that stands still in virtual time is told by the loop, in real time by the watchdog, and threads that
wait for one another are looked for. This module must not know what a run is for, nor what becomes of its diagnoses.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gevent
import greenlet

from harness.sim import deadlock, diagnosis, locks
from harness.sim.loop import Livelock, Stuck, VirtualLoop
from harness.sim.process import Process, State, current_process
from harness.sim.watchdog import Watchdog

WATCHDOG_S = 30.0
"""Seconds without a single switch after which code is stuck (`while True: pass`)."""

_DEADLOCK_REMEDY = "give waits a time-out, and see that whoever is waited for is still there to answer"


class Standstill:
    """What is watched in one run of the `processes` (a list that grows).

    `on_deadlock(process, diagnosis)` hears of a process that can never go on while others do.
    """

    def __init__(self, loop: VirtualLoop, processes: Sequence[Process]) -> None:
        self._loop = loop
        self._processes = processes
        self.on_deadlock: Callable[[Process, str], None] = lambda process, text: None
        self.watchdog: Watchdog | None = None
        self._told: set[Process] = set()

    def install(self) -> None:
        """Hear of time that stands still, of a loop with nothing left to run, and of threads that wait for a lock."""
        self._loop.on_stuck = self._stuck
        self._loop.on_exhausted = self._exhausted
        locks.on_wait = self._crosswise

    def start_watchdog(self, patience_s: float = WATCHDOG_S, traces: Path | None = None) -> None:
        """Watch, in real time, that the run moves; `traces` is where a last resort may write (see `Watchdog`)."""
        if self.watchdog is None:
            self.watchdog = Watchdog(
                patience_s, lambda: self._loop.steps + self._loop.jumps, self._stalled, self._threads_now, traces
            )
        self.watchdog.start()

    def stop_watchdog(self) -> None:
        """Watch no longer: the run is over, or somebody sits at a debugger; starting again needs no settings."""
        if self.watchdog is not None:
            self.watchdog.stop()

    def _threads_now(self) -> str:
        return diagnosis.brief(self._processes)

    def _stalled(self, seconds: float, computing: bool) -> None:
        spent = "of computing" if computing else "of real time, hardly computing,"
        remedy = (
            "end the loop; work that is meant to take so long needs a longer [tool.windtunnel] watchdog"
            if computing
            else "wait only for what is in the simulation: threads, sockets and files made by Python code in it"
        )
        what = f"{seconds:.0f} s {spent} went by in one stretch and nothing else could run"
        self._end(diagnosis.explain(diagnosis.Stall, what, remedy, sys._getframe(2)))

    def _stuck(self, reason: str, next_up: Callable[..., Any] | None = None) -> None:
        """End the run with a diagnosis: never returns to the code that spins.

        Found by the hub, the culprit is not running but about to: `next_up` is what would have woken it.
        """
        frame: Any = sys._getframe(1)
        woken: Any = getattr(next_up, "__self__", None)
        woken = getattr(woken, "greenlet", woken)  # a gevent Waiter stands for the greenlet that waits
        culprit = None
        if getattr(woken, "gr_frame", None) is not None:
            culprit, frame = woken, woken.gr_frame
        remedy = "wait instead of asking again: time.sleep, or a wait with a time-out on what is awaited"
        self._end(diagnosis.explain(Livelock, reason, remedy, frame, culprit))

    def _exhausted(self) -> None:
        """No timer is left and nobody can run: only the thread that runs the run still waits."""
        what = "nothing can happen any more: no timer is set, and every thread waits for another"
        alive = [process for process in self._processes if process.state is State.RUNNING]
        self._end(diagnosis.deadlock(what, _DEADLOCK_REMEDY, alive))

    def _end(self, error: Stuck) -> None:
        main = gevent.get_hub().parent
        if greenlet.getcurrent() is main:
            raise error
        main.throw(error)

    def look_for_deadlocks(self) -> None:
        """Report each process that can never go on, once; end the run if nothing else goes on either.

        Call it from a thread of the harness, which is not counted among those that go on.
        """
        waiting = deadlock.waiting_for_ever(self._processes, self._loop)
        if not waiting:
            return
        harness = (gevent.get_hub().parent, greenlet.getcurrent())
        labels = ", ".join(process.label for process in waiting)
        if all(woken in harness for woken in deadlock.due(self._loop)):
            what = f"nothing can happen any more, and all threads of {labels} wait for one another"
            self._end(diagnosis.deadlock(what, _DEADLOCK_REMEDY, waiting))
        for found in waiting:
            if found not in self._told and found.asked is None:
                self._told.add(found)
                what = f"all threads of {found.label} wait for one another, and nothing can wake them"
                self.on_deadlock(found, str(diagnosis.deadlock(what, _DEADLOCK_REMEDY, [found])))

    def _crosswise(self, lock: locks.Lock) -> None:
        circle = deadlock.cycle(lock)
        owner = current_process()
        if not circle or owner is None or owner in self._told:
            return
        self._told.add(owner)
        names = ", ".join(diagnosis.thread_name(child) for child in circle)
        what = f"threads {names} of {owner.label} hold locks and wait for each other's"
        remedy = "take locks in the same order everywhere, or with a time-out"
        self.on_deadlock(owner, str(diagnosis.explain(diagnosis.Deadlock, what, remedy, sys._getframe(2))))
