"""The machine a simulated process believes to run on: the same one wherever the simulation runs.

This module exists because `ThreadPoolExecutor()` takes its number of threads from the number of processors, so that a
laptop and a build agent would see different histories. It must not know processes, services or faults.
"""

from __future__ import annotations

import functools
import os
import platform
import resource
import socket
import time
from collections.abc import Callable

from harness.sim.repoint import repoint

CPUS = 1
"""A Cloud Run service's default (https://cloud.google.com/run/docs/configuring/services/cpu)."""

KERNEL = ("Linux", "4.4.0", "#1 SMP Sun Jan 10 15:06:54 PST 2016")
"""System, release and version as gVisor, Cloud Run's first sandbox, reports them. The machine type stays the real one:
libraries choose their compiled parts by it."""


MOST_MEMORY_KIB = 64 * 1024
"""What every process is told that it has held at most: how much it really holds is no matter of virtual time."""

real_getrusage: Callable[[int], resource.struct_rusage] = resource.getrusage
"""What this OS process has really used, for watchdogs; `install` replaces it by the preserved original."""


def install() -> None:
    """Answer questions about the hardware with these figures; the isolation of processes comes first."""
    global real_getrusage  # noqa: PLW0603 - the original is preserved where its users look for it
    real_getrusage = repoint(resource.getrusage, _usage)
    repoint(os.cpu_count, lambda: CPUS)
    if hasattr(os, "sched_getaffinity"):
        repoint(os.sched_getaffinity, lambda pid, /: set(range(CPUS)))
    if hasattr(os, "getloadavg"):
        repoint(os.getloadavg, lambda: (0.0, 0.0, 0.0))

    machine = os.uname().machine

    def uname() -> os.uname_result:
        system, release, version = KERNEL
        return os.uname_result((system, socket.gethostname(), release, version, machine))

    repoint(os.uname, uname)
    # The standard library asks once and remembers, so the host name would be that of whichever process asked first.
    asked_once = platform.uname

    @functools.wraps(asked_once)
    def asked_each_time() -> platform.uname_result:
        platform._uname_cache = None  # type: ignore[attr-defined]  # what it remembers
        return asked_once()

    platform.uname = asked_each_time
    # It would run `uname -p`, which on Debian's images says "unknown"; platform then takes "".
    platform._Processor.from_subprocess = staticmethod(lambda: "")  # type: ignore[attr-defined]  # private to CPython
    platform.node = socket.gethostname


def _usage(who: int, /) -> resource.struct_rusage:
    of_own_code = who != resource.RUSAGE_CHILDREN
    return resource.struct_rusage((time.process_time() * of_own_code, 0.0, MOST_MEMORY_KIB * of_own_code, *[0] * 13))
