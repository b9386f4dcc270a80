"""Processes whose threads all wait for one another, and locks taken crosswise.

A thread that waits for the network, a signal or a time can be woken from outside; one that waits for a lock, a queue,
an event or another thread, without a time-out, only by its own process. A process in which all threads wait so has come
to its end without ending. This module finds such; it must not know what becomes of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import greenlet
from gevent.hub import Waiter

from harness.sim.descriptors import Pollable, Sleeper
from harness.sim.diagnosis import greenlets
from harness.sim.end import End
from harness.sim.interest import Interest
from harness.sim.locks import Lock
from harness.sim.loop import VirtualLoop
from harness.sim.process import Process, State, process_of

_SIM = f"{Path(__file__).resolve().parent}/"
_LOCKS = (f"{_SIM}locks.py", f"{_SIM}semaphores.py")
"""Waiting in these is waiting for a thread of one's own; in all other modules of ours, for the outside."""
_ON_THE_WAY = f"{_SIM}packages.py"
"""Every wait passes through here until a raw greenlet has waited: it says nothing of what is waited for."""
_HARNESS = f"{Path(__file__).resolve().parents[1]}/"


def waiting_for_ever(processes: Sequence[Process], loop: VirtualLoop) -> list[Process]:
    """The live processes that nothing of their own can ever wake again, in order of their making.

    A server that waits so in the middle of a request may still be helped by another request, if one comes.
    """
    woken = {id(found) for found in due(loop)}
    suspects = [process for process in processes if process.state is State.RUNNING and not _is_idle(process)]
    suspects = [process for process in suspects if _is_hopeless(process, process.greenlets(), woken)]
    if not suspects:
        return []
    everybody = greenlets()  # dear to find, but a library's greenlets are not in the process's own list
    return [
        process
        for process in suspects
        if _is_hopeless(process, [child for child in everybody if process_of(child) is process], woken)
    ]


def due(loop: VirtualLoop) -> list[Any]:
    """The greenlets and processes that a timer or a queued callback will wake."""
    found: list[Any] = []
    for waiting in (*loop.pending(), *loop.queued()):
        found.extend(woken_by(waiting.callback))
        for argument in waiting.args or ():
            found.extend(woken_by(argument))
    return found


def cycle(lock: Lock) -> list[Any]:
    """The threads that wait for one another in a circle, should the running one wait for `lock`; [] for no circle.

    A thread may wait for a lock that it took itself and another is to release (as conditions do): that is no circle.
    """
    me = greenlet.getcurrent()
    circle: list[Any] = [me]
    holder = lock.owner
    while holder is not None and holder not in circle:
        circle.append(holder)
        wanted: Lock | None = holder.__dict__.get("waits_for")
        holder = None if wanted is None else wanted.owner
    return circle if holder is me and len(circle) > 1 else []


def _is_idle(process: Process) -> bool:
    """Whether it may wait for ever: a server that nobody asks anything."""
    return process.asked is not None and not process.asked()


def _is_hopeless(process: Process, threads: Sequence[Any], woken: set[int]) -> bool:
    if not threads or id(process) in woken:
        return False
    return all(id(child) not in woken and _waits_inside(child, process) for child in threads)


def _waits_inside(child: Any, process: Process) -> bool:
    frame = child.gr_frame
    if frame is not None and frame.f_code.co_filename == _ON_THE_WAY:
        frame = frame.f_back
    if frame is None:
        return False  # running, or about to start
    path = frame.f_code.co_filename
    if path in _LOCKS:
        holder = process_of(getattr(frame.f_locals.get("self"), "owner", None))
        return holder is None or holder is process
    if not path.startswith(_HARNESS):
        return True
    pollables = None if frame.f_back is None else _waited_for(frame.f_back.f_locals)
    return pollables is not None and all(_is_own_pair(pollable) for pollable in pollables)


def _waited_for(waiting: Mapping[str, Any]) -> list[Pollable] | None:
    """The descriptors' ends that are waited for by a call of ours with these variables; None if it waits otherwise."""
    waiter = waiting.get("self")
    if isinstance(waiter, Interest):
        return waiter.watched()
    if isinstance(waiter, Pollable):
        return [waiter]
    if (wanted := waiting.get("wanted")) is not None:  # of `descriptors.wait_for_any`
        return [pollable for pollable, _ in wanted]
    return None


def _is_own_pair(pollable: Any) -> bool:
    """Whether only the process itself can write to it: a pipe, or a pair of sockets as a loop wakes itself with."""
    return isinstance(pollable, End) and pollable.outgoing is not None and pollable.outgoing.connection.is_pair


def woken_by(thing: Any) -> Iterator[Any]:
    """The greenlet, or the process, that a callback or one of its arguments is about; nothing for any other."""
    owner = getattr(thing, "__self__", thing)
    if isinstance(owner, Sleeper | Waiter):
        owner = owner.greenlet
    if isinstance(owner, greenlet.greenlet | Process):
        yield owner
    elif isinstance(process := getattr(owner, "process", None), Process):
        yield process
