"""What a run that goes nowhere says of itself: why, who erred, the remedy, and where every thread stands.

A simulation that hangs is worthless, and so is one that only says that it hung. This module words the diagnosis; it
must not know how it was found out.
"""

from __future__ import annotations

import gc
import sysconfig
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

import greenlet
from gevent.hub import Hub

from harness.sim.loop import Stuck
from harness.sim.process import Process, State, current_process, process_of

FRAMES = 25
"""Innermost frames of a stack that are shown."""

_HERE = str(Path(__file__).resolve().parents[2])
_OURS = tuple(f"{_HERE}/{package}/" for package in ("harness", "fakes"))
_STDLIB = f"{sysconfig.get_paths()['stdlib']}/"


class Deadlock(Stuck):
    """Every thread waits for another, and no timer will ever wake one."""

    kind = "deadlock"


class Stall(Stuck):
    """Real time passes and nothing in the simulation moves: code computes without end, or waits for the real world."""

    kind = "stall"


def deadlock(what: str, remedy: str, waiting: Iterable[Process]) -> Deadlock:
    """The error that says all of a deadlock of processes: `what` happened, the remedy, and everybody's stacks."""
    labels = ", ".join(process.label for process in waiting) or "a thread that nobody started"
    head = [f"{Deadlock.kind}: {what}", f"erred: the code under test, in {labels}", f"remedy: {remedy}"]
    return Deadlock("\n".join([*head, *_everybody(None)]))


def explain(kind: type[Stuck], what: str, remedy: str, frame: Any, running: Any = None) -> Stuck:
    """The error that says all: `what` happened, who did it (`frame` is where), the remedy, and everybody's stacks.

    `running` is the greenlet that `frame` belongs to, the current one if absent.
    """
    culprit = greenlet.getcurrent() if running is None else running
    owner = process_of(culprit) if running is not None else current_process()
    who = f"{owner.label}, thread {thread_name(culprit)}" if owner is not None else "the harness"
    lines = [
        f"{kind.kind}: {what}; it was {who}, {_place(frame)}",
        f"erred: {_erred(owner, frame)}",
        f"remedy: {remedy}",
        "",
        f"its stack, innermost last ({who}):",
        *_stack(frame),
        *_everybody(culprit),
    ]
    return kind("\n".join(lines))


def _everybody(running: Any) -> tuple[str, ...]:
    return ("", "all threads of all processes:", stacks(running))


def stacks(running: Any = None) -> str:
    """The stack of every greenlet that may run again, by process and thread; those that agree are told once."""
    by_owner: dict[str, dict[str, list[str]]] = {}
    for child in greenlets():
        owner = process_of(child)
        if owner is not None and owner.state is State.DEAD:
            continue
        label = "the harness" if owner is None else owner.label
        if child is running:
            shown = "  (running)"
        elif child.gr_frame is None:
            shown = "  (not started yet)"
        else:
            shown = "\n".join(_stack(child.gr_frame))
        by_owner.setdefault(label, {}).setdefault(shown, []).append(thread_name(child))
    lines: list[str] = []
    for label in sorted(by_owner, key=lambda label: (label == "the harness", label)):
        lines.append(label)
        for shown, names in by_owner[label].items():
            lines += [f" {', '.join(names)}", shown]
    return "\n".join(lines)


def brief(processes: Iterable[Process]) -> str:
    """Where the threads of the live `processes` stand, a line each: cheap enough to be kept every second."""
    lines: list[str] = []
    for owner in processes:
        if owner.state is State.DEAD:
            continue
        for child in owner.unordered():
            frames = list(_frames(child.gr_frame))[:FRAMES]
            where = " < ".join(f"{f.f_code.co_name} ({f.f_code.co_filename}:{f.f_lineno})" for f in frames)
            lines.append(f"{owner.label} {thread_name(child)}: {where or 'running, or not started'}")
    return "\n".join(lines) + "\n"


def thread_name(child: Any) -> str:
    """What a program calls the thread, or which greenlet it is; asking numbers nobody, so replays are not disturbed."""
    import threading

    number = getattr(child, "__dict__", {}).get("_creation_number")
    thread = threading._active.get(number) if number is not None else None  # type: ignore[attr-defined]  # private to CPython
    if thread is not None:
        return str(thread.name)
    return f"greenlet {number}" if number is not None else "a greenlet"


def greenlets() -> list[Any]:
    """All greenlets that have not ended, whoever made them, oldest first; a look at every object there is."""
    found = [thing for thing in gc.get_objects() if isinstance(thing, greenlet.greenlet) and not isinstance(thing, Hub)]
    alive = [thing for thing in found if not thing.dead]
    return sorted(alive, key=lambda child: getattr(child, "__dict__", {}).get("_creation_number", 1 << 62))


def _stack(frame: FrameType) -> list[str]:
    entries = traceback.StackSummary.extract(traceback.walk_stack(frame), limit=FRAMES)
    entries.reverse()
    return [line for entry in entries.format() for line in entry.rstrip("\n").split("\n")]


def _frames(frame: FrameType | None) -> Iterable[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _own_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame that is neither the interpreter's, nor an installed package's, nor ours."""
    for found in _frames(frame):
        path = found.f_code.co_filename
        if not path.startswith((*_OURS, _STDLIB, "<", "src/")) and "/site-packages/" not in path:
            return found
    return None


def _place(frame: FrameType | None) -> str:
    found = _own_frame(frame) or frame
    if found is None:
        return "nowhere"
    return f"at {found.f_code.co_filename}:{found.f_lineno} in {found.f_code.co_name}"


def _erred(owner: Process | None, frame: FrameType | None) -> str:
    if owner is None:
        return "the harness, or an emulator: please report it"
    if frame is None or _own_frame(frame) is not None:
        return f"the code under test, in {owner.label}"
    innermost = next((f.f_code.co_filename for f in _frames(frame) if "/site-packages/" in f.f_code.co_filename), "")
    package = innermost.partition("/site-packages/")[2].partition("/")[0]
    return f"an installed package, {package}, in {owner.label}" if package else f"the code under test, in {owner.label}"
