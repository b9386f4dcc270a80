"""debugpy inside a simulation: a server of the Debug Adapter Protocol, for editors, while virtual time stands still.

At a breakpoint the simulation's only OS thread waits, so nothing of it moves; debugpy's own threads, sockets and clocks
are real ones (`harness.sim.pristine`). To it a run is one thread, whose stack is that of the simulated thread which
runs. This module must not know worlds or histories.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from harness.sim import pristine
from harness.sim.debugger import looking
from harness.sim.guard import real_io_allowed
from harness.sim.kernel import Kernel

HOST = "127.0.0.1"
_GOODBYE_S = 1.0
"""How long the run waits at its end, in real seconds, for what debugpy has still to send."""


class DebugServer:
    """Listens on `port` of the loopback device until a client has attached and set its breakpoints."""

    def __init__(self, port: int) -> None:
        # With it debugpy would take greenlets for threads, and the kernel's place in greenlet.settrace.
        os.environ.pop("GEVENT_SUPPORT", None)
        with pristine.imported(), real_io_allowed():
            import debugpy

            endpoint = debugpy.listen((HOST, port), in_process_debug_adapter=True)
            import pydevd  # type: ignore[import-not-found]  # debugpy brings it along, found once it is needed

            debugpy.wait_for_client()
        self._debugger: Any = pydevd.get_global_debugger()
        # What the user's code asks of it has been done.
        debugpy.listen = debugpy.connect = lambda *args, **options: endpoint
        debugpy.wait_for_client = lambda: None

    def attach(self, kernel: Kernel) -> None:
        """Let nothing of the simulation move while somebody looks."""
        wait = self._debugger.do_wait_suspend

        def do_wait_suspend(*args: Any, **options: Any) -> Any:
            with looking(kernel):
                return wait(*args, **options)

        self._debugger.do_wait_suspend = do_wait_suspend

    def close(self) -> None:
        """Stop tracing and say goodbye."""
        sys.settrace(None)
        self._debugger.dispose_and_kill_all_pydevd_threads(wait=True, timeout=_GOODBYE_S)
