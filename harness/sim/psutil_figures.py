"""What psutil says of a simulated process and its machine: virtual figures, the same in every replay.

This module exists because many a pipeline notes its memory as it goes (`psutil.Process().memory_info().rss`), and
psutil reads `/proc`, which knows no simulated process and tells of the real machine. It must not know who asks.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from harness.sim import hardware
from harness.sim.process import current_process

MEMORY_BYTES = 512 * 1024**2
"""A Cloud Run service's default (https://cloud.google.com/run/docs/configuring/services/memory-limits)."""

_OF_THE_MACHINE = (
    "cpu_times", "cpu_count_logical", "cpu_count_cores", "virtual_memory", "swap_memory", "pids", "pid_exists",
)  # fmt: skip
_OF_A_PROCESS = ("memory_info", "cpu_times")


def install() -> None:
    """Answer for simulated processes, where psutil is installed; the harness goes on to see the real machine."""
    try:
        import psutil  # type: ignore[import-untyped]  # its stubs are a package that only checkers need
    except ImportError:
        return
    platform: Any = psutil._psplatform  # what it asks of the system, on each system
    figures = _Machine(platform)
    for name in _OF_THE_MACHINE:
        setattr(platform, name, _chosen(getattr(platform, name), getattr(figures, name)))
    of_system = platform.Process
    example = of_system(os.getpid())
    shapes = {name: getattr(example, name)() for name in _OF_A_PROCESS}
    platform.Process = lambda pid: of_system(pid) if current_process() is None else _Process(psutil, shapes, pid)


def _chosen(real: Any, simulated: Any) -> Any:
    return lambda *args: real(*args) if current_process() is None else simulated(*args)


def _shaped(example: Any, **values: Any) -> Any:
    """A tuple of the kind of `example`, whose fields differ by system, with `values` and nothing else in it."""
    return example._make(values.get(name, 0) for name in example._fields)


class _Machine:
    """Of the machine: one processor, and as much memory as such a container has."""

    def __init__(self, platform: Any) -> None:
        self._memory = platform.virtual_memory()
        self._swap = platform.swap_memory()
        self._times = platform.cpu_times()

    def cpu_count_logical(self) -> int:
        return hardware.CPUS

    def cpu_count_cores(self) -> int:
        return hardware.CPUS

    def cpu_times(self) -> Any:
        return _shaped(self._times, user=time.process_time())

    def virtual_memory(self) -> Any:
        used = hardware.MOST_MEMORY_KIB * 1024
        left = MEMORY_BYTES - used
        percent = 100 * used / MEMORY_BYTES
        return _shaped(self._memory, total=MEMORY_BYTES, used=used, available=left, free=left, percent=percent)

    def swap_memory(self) -> Any:
        return _shaped(self._swap)

    def pids(self) -> list[int]:
        return [1, os.getpid()]

    def pid_exists(self, pid: int) -> bool:
        return pid in self.pids()


class _Process:
    """Of the process that asks; of others there is nothing to be seen, and nothing here is seen of what is not told."""

    def __init__(self, psutil: Any, shapes: dict[str, Any], pid: int) -> None:
        self.pid = pid
        self._psutil = psutil
        process = current_process()
        if process is None or pid != process.pid:
            raise psutil.NoSuchProcess(pid)
        self._simulated = process
        self._shapes = shapes

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise self._psutil.AccessDenied(self.pid, self._simulated.name, f"a simulated process has no {name}")

    def oneshot_enter(self) -> None:
        """Nothing is read ahead."""

    def oneshot_exit(self) -> None:
        """As above."""

    def create_time(self, monotonic: bool = False) -> float:
        return self._simulated.started_s

    def memory_info(self) -> Any:
        held = hardware.MOST_MEMORY_KIB * 1024
        return _shaped(self._shapes["memory_info"], rss=held, vms=held)

    def cpu_times(self) -> Any:
        return _shaped(self._shapes["cpu_times"], user=time.process_time())

    def name(self) -> str:
        return self._simulated.name

    def cmdline(self) -> list[str]:
        return [self._simulated.name]

    def cwd(self) -> str:
        return str(Path.cwd())

    def environ(self) -> dict[str, str]:
        return dict(os.environ)

    def num_threads(self) -> int:
        return threading.active_count()

    def ppid(self) -> int:
        return 1

    def status(self) -> str:
        return str(self._psutil.STATUS_RUNNING)
