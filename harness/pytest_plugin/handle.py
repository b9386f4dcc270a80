"""What a test holds in its hand: the world round it, by the fixture `windtunnel`.

A published interface (docs/pytest.md). It must not know how the world is made.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from harness.glob import Glob
from harness.history import Event, History
from harness.timespec import Duration
from harness.tunnel import Tunnel
from harness.until import Until, UntilError, Watch

if TYPE_CHECKING:
    from harness.faults.engine import FaultEngine
    from harness.pytest_plugin.simulation import TestSimulation


class PlannedHere:
    """A fault that the test planned; `fired` and `masked` count what it did so far."""

    def __init__(self, engine: FaultEngine) -> None:
        self._engine = engine

    @property
    def fired(self) -> int:
        """How many calls or processes it struck."""
        return self._engine.accounts()[0].fired

    def __repr__(self) -> str:
        return f"<fault {self._engine.accounts()[0].id}, fired {self.fired} times>"


class Windtunnel:
    """The world round a test: everything in it is in virtual time, and the test's alone."""

    def __init__(self, simulation: TestSimulation) -> None:
        self._simulation = simulation
        self._faults = 0

    # -- what there is

    def backend(self, name: str, *, kind: str = "", **options: Any) -> Any:
        """Put an emulated service into the world and return it; its clients find it by themselves.

        As `Tunnel.backend` (docs/worlds.md). Raises DeclarationError for an emulator or options nobody has.
        """
        return self._simulation.in_harness(self._simulation.more_backend, name, kind or name, options)

    def topology(self, source: str | Mapping[str, Any]) -> None:
        """Create topics, buckets and tables, from a mapping or a file (path from pytest's root folder)."""
        tunnel = Tunnel(self.seed, self._simulation.start_epoch_ns, self._simulation.folder)
        tunnel.topology(source)
        for topology in tunnel.topologies:
            self._simulation.in_harness(self._simulation.provision, topology)

    def fault(self, id: str = "", **spec: Any) -> PlannedHere:
        """Plan a fault from now on, in the words of scenario files: `fault(call={"service": "gcs"}, refuse=503)`.

        A test that passes although a fault it planned never struck fails, unless the fault has `at_least=0`. Raises
        FaultError for what is no fault.
        """
        self._faults += 1
        named = {"id": id or f"fault-{self._faults}", **spec}
        return PlannedHere(self._simulation.in_harness(self._simulation.more_faults, named))

    def crash(self, process: str, instance: int = 0) -> None:
        """Kill an instance of a service or worker of the world, as SIGKILL does."""
        self._simulation.in_harness(self._simulation.crash, process, instance, "the test")

    # -- time

    @property
    def seed(self) -> int:
        """The seed of all chance in this test."""
        return self._simulation.plan.seed

    @property
    def elapsed_s(self) -> float:
        """Virtual seconds since the test began; asking takes no time."""
        return self._simulation.now_ns / 1e9

    def now(self) -> datetime:
        """The virtual time of day, UTC; asking takes no time."""
        now_ns = self._simulation.start_epoch_ns + self._simulation.now_ns
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=now_ns // 1000)

    def run_for(self, length: float | str) -> None:
        """Let `length` of virtual time pass, in seconds or with a unit (`"15m"`)."""
        time.sleep(_seconds(length))

    def run_until(self, event: str, within: float | str = "1h") -> None:
        """Let the world run on until `event` comes: a time (`"45m"` since the start, or of day), `mark:NAME`,
        `breaker:NAME:open`, `call:bigquery.jobs.insert:3`, `process:NAME:crash`, … (`harness.until`); events count from
        now on. Raises TimeoutError if it does not come `within` that much virtual time, UntilError for no event.
        """
        until = Until.parse(event)
        t_ns = until.t_ns(self._simulation.start_epoch_ns, {})
        if t_ns is not None:
            left_s = (t_ns - self._simulation.now_ns) / 1e9
            if left_s < 0:
                raise UntilError(f"{event!r} is over: the test has run for {self.elapsed_s:.3f} s")
            time.sleep(left_s)
            return
        self._simulation.wait_for(Watch(until), event, _seconds(within))

    # -- what happened

    @property
    def history(self) -> History:
        """Everything that has happened so far (docs/history.md)."""
        return self._simulation.history()

    def calls(self, service: str = "*", method: str = "*", resource: str = "*") -> list[Event]:
        """The calls so far that fit these shell patterns, in the order in which they ended."""
        return list(self.history.calls(service, method, resource))

    def marks(self, name: str = "*") -> list[Event]:
        """The marks so far whose name fits the shell pattern."""
        return list(self.history.marks(name))

    def logs(self, level: str = "*", logger: str = "*") -> list[Event]:
        """The log records so far (INFO and above) of that level and logger, both shell patterns."""
        return list(_fitting(self.history.of("log"), level, logger))


def _seconds(length: float | str) -> float:
    return Duration.parse(length).seconds if isinstance(length, str) else length


def _fitting(events: Iterable[Event], level: str, logger: str) -> Iterable[Event]:
    levels, loggers = Glob(level), Glob(logger)
    return (one for one in events if levels.matches(one["level"]) and loggers.matches(one["logger"]))
