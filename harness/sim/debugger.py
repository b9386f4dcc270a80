"""pdb inside a simulation: on the user's terminal, while virtual time stands still.

A run is one OS thread: while somebody types, nothing of it moves, and only the watchdog has to be told. This module
exists so that `--until EVENT --pdb` and `breakpoint()` open the same debugger. It must not know worlds or histories.
"""

from __future__ import annotations

import os
import pdb
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import gevent
import greenlet

from harness.sim import addresses, terminal
from harness.sim.kernel import Kernel
from harness.sim.loop import NS
from harness.sim.process import current_label

HELP = "virtual time stands still; n(ext), s(tep), c(ontinue), q(uit) ends the run with verdict unknown"


class DebuggerStop(BaseException):
    """The run ends here because somebody quit the debugger, or nobody could be asked.

    Not an `Exception`, so that the pipeline's own retry loops cannot swallow it.
    """


@dataclass(frozen=True, slots=True)
class Seen:
    """The event of the history at which to stop."""

    seq: int
    kind: str
    process: str
    instance: int
    fields: Mapping[str, Any]

    def __str__(self) -> str:
        shown = " ".join(f"{key}={value!r}" for key, value in self.fields.items() if value not in (None, "", {}))
        return f"event {self.seq}: {self.kind} of {self.process}#{self.instance} {shown[:300]}"


@contextmanager
def looking(kernel: Kernel) -> Iterator[None]:
    """Let nothing move while somebody looks: not the watchdog's patience, not the clock that is read, not the numbers
    that stand for addresses in what is shown.
    """
    kernel.standstill.stop_watchdog()
    with kernel.loop.stopped(), addresses.unnumbered():
        yield
    kernel.standstill.start_watchdog()


class Debugger:
    """Opens pdb in the user's code. `tell` reports to whoever owns the terminal; `roots` are where that code lies."""

    def __init__(self, kernel: Kernel, tell: Callable[..., None], roots: Sequence[Path]) -> None:
        self._kernel = kernel
        self._tell = tell
        self._roots = tuple(f"{root.resolve()}/" for root in roots)

    def install(self) -> None:
        """Let `breakpoint()` and `pdb.set_trace()` open it."""
        default = sys.breakpointhook

        def breakpointhook(*args: Any, **kwargs: Any) -> Any:
            # Another debugger that the user asked for, or none: the interpreter's own hook reads the variable.
            if os.environ.get("PYTHONBREAKPOINT") not in (None, "", "pdb.set_trace"):
                return default(*args, **kwargs)
            return self._break(sys._getframe(1), "breakpoint()")

        def set_trace(*, header: str | None = None, **kwargs: Any) -> None:
            self._break(sys._getframe(1), header or "pdb.set_trace()")

        sys.breakpointhook = breakpointhook
        pdb.set_trace = set_trace

    def stop_at_event(self, text: str, seen: Seen | None) -> None:
        """Stop where `--until` said; raises `DebuggerStop` in the run if the user quits."""
        frame = self._users_frame(sys._getframe(1))
        live = frame is not None
        if frame is None and seen is not None:
            frame = self._frame_of(str(seen.fields.get("caller") or f"{seen.process}#{seen.instance}"))
        if frame is None:
            frame = next((found for found in map(self._users_frame, self._parked()) if found), sys._getframe(1))
        lines = [f"--until {text}", *([str(seen)] if seen is not None else [])]
        if not live:
            lines.append("no code of yours runs at this moment: this frame waits, and can be looked at but not stepped")
        self._interact(frame, lines, live=live)

    def _break(self, frame: FrameType, what: str) -> None:
        self._interact(frame, [f"{what} in {current_label() or 'the harness'}"], live=True)

    def _interact(self, frame: FrameType, about: list[str], *, live: bool) -> None:
        if not terminal.is_there():
            where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
            self._end(
                f"{about[0]} at {where} wants a debugger, and this run has no terminal: run it by hand on one, or set "
                "PYTHONBREAKPOINT=0 in the environment of the service to pass over breakpoints"
            )
            return
        self._tell("debugger", open=True)
        with looking(self._kernel), terminal.attached():
            now_ns = self._kernel.loop.now_ns
            debugger = _Pdb(self._kernel)
            debugger.message(f"\n--- windtunnel stopped at {now_ns / NS:.9f} s: {about[0]}")
            for line in (*about[1:], HELP):
                debugger.message(f"    {line}")
            debugger.ask(frame)
        self._tell("debugger", open=False)
        if debugger.quitting:
            self._end(f"the user quit the debugger at {about[0]}")
        if live:
            debugger.follow(frame)

    def _end(self, reason: str) -> None:
        stop = DebuggerStop(reason)
        main = gevent.get_hub().parent
        if greenlet.getcurrent() is main:
            raise stop
        main.throw(stop)

    # -- frames

    def _users_frame(self, frame: FrameType | None) -> FrameType | None:
        """The innermost frame from `frame` outwards that is the user's own code."""
        while frame is not None:
            name = frame.f_code.co_filename
            ours = str(frame.f_globals.get("__name__", "")).partition(".")[0] in ("harness", "fakes", "reports")
            if not ours and name.startswith(self._roots) and "/site-packages/" not in name:
                return frame
            frame = frame.f_back
        return None

    def _frame_of(self, label: str) -> FrameType | None:
        frames = map(self._users_frame, self._parked(label))
        return next((frame for frame in frames if frame is not None), None)

    def _parked(self, label: str = "") -> Iterator[FrameType]:
        for process in self._kernel.processes:
            if not label or process.label == label:
                for child in process.greenlets():
                    if child.gr_frame is not None:
                        yield child.gr_frame


class _Pdb(pdb.Pdb):
    """pdb that asks at once, instead of at the next line, and steps only through the frame it was opened in."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(nosigint=True)
        self._kernel = kernel

    def ask(self, frame: FrameType) -> None:
        """Take commands about `frame`."""
        self.reset()
        self.botframe: FrameType | None = frame
        while self.botframe is not None and self.botframe.f_back is not None:
            self.botframe = self.botframe.f_back
        self.interaction(frame, None)

    def follow(self, frame: FrameType) -> None:
        """Go on as the last command said: `next`, `until` and breakpoints need the interpreter's tracing."""
        if self.stoplineno == -1 and not self.breaks:
            return  # continue
        if self.stopframe is None:
            self.set_next(frame)  # a step out of our own frames would lead through them
        above: FrameType | None = frame
        while above is not None:
            above.f_trace = self.trace_dispatch
            above = above.f_back
        sys.settrace(self.trace_dispatch)

    def user_line(self, frame: FrameType) -> None:
        """Ask at a line that was stepped to."""
        with looking(self._kernel), terminal.attached():
            super().user_line(frame)

    def user_return(self, frame: FrameType, return_value: Any) -> None:
        """Ask at a return that was stepped to."""
        with looking(self._kernel), terminal.attached():
            super().user_return(frame, return_value)
