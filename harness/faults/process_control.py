"""What the fault engine asks of whoever runs the processes. It must not know faults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

    def at_yield(self, process: str, number: int, action: Callable[[int], None]) -> None:
        """Call `action(instance)` when an instance of `process` gives way for the `number`-th time, if it ever does.

        A process gives way whenever one of its threads waits or ends: between two such moments nothing else runs, so
        these are all the moments at which a crash can make a difference to others. Instances are counted from their
        start, each by itself. `action` may crash, pause or restart the instance; it runs outside the process.
        """
