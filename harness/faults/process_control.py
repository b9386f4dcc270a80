"""What the fault engine asks of whoever runs the processes. It must not know faults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class ProcessControl(Protocol):
    """Power over the processes of a world. `process` is a service's or worker's name, `instance` one of its instances.

    Any of these may not return when the victim is the one running: do your own accounting first.
    """

    def instances(self, process: str) -> Sequence[int]:
        """The live instances of `process`, in ascending order; empty where there is none or no such process."""

    def crash(self, process: str, instance: int, reason: str) -> None:
        """Kill it at once: no cleanup, sockets reset."""

    def pause(self, process: str, instance: int, reason: str) -> None:
        """Let nothing of it run until `resume`."""

    def resume(self, process: str, instance: int, reason: str) -> None:
        """Let it run on; does nothing if it has died meanwhile."""

    def restart(self, process: str, instance: int, reason: str) -> None:
        """Start it from scratch after a crash, under the same number; does nothing if it lives."""
