"""One test as a run of the sim engine: the world round it, and the test itself as a process of that world.

It must not know pytest's session, nor how results travel.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gevent
import pytest
from _pytest.outcomes import Exit
from _pytest.reports import TestReport
from gevent.event import Event
from pydantic import ValidationError

from fakes.seam import Backend, Call, Ruling
from harness.faults.engine import NO_RULING, FaultEngine, FaultError, edges_of
from harness.faults.spec import FaultSpec
from harness.history import History
from harness.pytest_plugin.marker import Options
from harness.sim import diagnosis
from harness.sim.engine import RunPlan, RunSummary, Simulation
from harness.sim.launcher import PipelineError
from harness.sim.loop import NS
from harness.sim.process import Process, spawn_in
from harness.sim.program import resolve
from harness.sim.server import Channel
from harness.sim.surroundings import SimSurroundings
from harness.timespec import epoch_ns
from harness.topology import provision
from harness.tunnel import Tunnel
from harness.until import Watch

_OURS = re.compile(
    r' *File "[^"\n]*/(_pytest|pluggy|harness/pytest_plugin|harness/sim)/[^"\n]*", line .*\n(    .*\n)*\n?'
)
"""Frames of a stack between the zygote's main loop and the user's test, which tell the user nothing."""
PROCESS = "test"
"""The name under which the test itself appears in the history."""


class TestSimulation(Simulation):
    """The engine with a test in it.

    `environ` is the worker's environment, `roots` are where the user's code lies, `modules` what is loaded of it.
    """

    __test__ = False  # its name begins as those of test classes do

    def __init__(
        self,
        channel: Channel,
        item: pytest.Item,
        options: Options,
        environ: Mapping[str, str],
        roots: Sequence[Path],
        history: Path,
        modules: Sequence[str],
    ) -> None:
        self._modules = modules
        self._options = options
        self._environ = environ
        self._engines: list[FaultEngine] = []
        self._drive: Callable[[], None] = lambda: None
        self._ended = False
        self.exit_message: str | None = None
        self.process: Process | None = None
        start_ns = epoch_ns(options.start)
        about = {
            "scenario": item.nodeid, "world": PROCESS, "seed": options.seed, "release": "", "engine": "sim",
            "span": str(options.span),
        }  # fmt: skip
        start = {
            **about, "start": options.start.isoformat(), "start_epoch_ns": start_ns, "instants": {},
            "instant_marks": {}, "focus": {"processor": "*", "key": "*"}, "recovery_key": None,
        }  # fmt: skip
        plan = RunPlan(
            world=PROCESS, build="", seed=options.seed, span_ns=options.span.ns, start=start, end=about,
            roots=tuple(map(str, roots)), folder=str(item.config.rootpath), history=str(history), summary="",
        )  # fmt: skip
        super().__init__(plan, channel)

    def execute(self, drive: Callable[[], None] | None = None) -> RunSummary:
        """Build the world, run `drive` in the test's process, and close."""
        if drive is not None:
            self._drive = drive
        return super().execute()

    # -- what the handle asks for

    def in_harness(self, function: Callable[..., Any], *args: Any) -> Any:
        """Do something as the harness, not as the test's process, and wait for it."""
        doing = spawn_in(None, self._guarded, function, args)
        value, error = doing.get()
        if error is not None:
            raise error
        return value

    @staticmethod
    def _guarded(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
        try:
            return function(*args), None
        except Exception as error:  # noqa: BLE001 - it is raised again where it was asked for
            return None, error

    def more_backend(self, name: str, kind: str, options: Mapping[str, Any]) -> Backend:
        """Put a back end into the running world, and tell the test's environment of it."""
        backend, environ = self.open_backend(name, kind, options)
        if self.process is not None:
            self.process.environ.update(environ)
            self.process.__dict__.pop("_encoded_environ", None)
        return backend

    def provision(self, topology: Mapping[str, Any]) -> None:
        """Create what a topology lists; DeclarationError where a back end cannot."""
        provision(self._backends, topology)

    def more_faults(self, spec: Mapping[str, Any]) -> FaultEngine:
        """Plan one more fault, from now on."""
        try:
            read = FaultSpec.model_validate(dict(spec))
        except ValidationError as error:
            told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise FaultError(f"fault {spec.get('id')!r}: {told}") from error
        engine = FaultEngine(
            [read],
            seed=self.plan.seed,
            clock=SimSurroundings("faults", self._kernel, self._record, self._hosts, self._rule, self._backends),
            start_epoch_ns=self.plan.start["start_epoch_ns"],
            control=self._launcher,
            edges=edges_of(self._backends),
        )
        if any(account.id == read.id for other in self._engines for account in other.accounts()):
            raise FaultError(f"two faults are called {read.id!r}; give each an id of its own")
        engine.start()
        self._engines.append(engine)
        return engine

    @property
    def now_ns(self) -> int:
        """Virtual nanoseconds since the test began."""
        return self._kernel.loop.now_ns

    @property
    def start_epoch_ns(self) -> int:
        """The virtual time of day at which it began."""
        return int(self.plan.start["start_epoch_ns"])

    def history(self) -> History:
        """What has happened so far."""
        return self._writer.history()

    @property
    def folder(self) -> Path:
        """What paths are read against: pytest's root folder."""
        return Path(self.plan.folder)

    def wait_for(self, watch: Watch, what: str, within_s: float) -> None:
        """Block until `watch` has seen its event; TimeoutError after `within_s` of virtual time."""
        came = Event()

        def look(seq: int, kind: str, process: str, instance: int, fields: Mapping[str, Any]) -> None:
            if watch.sees(seq, kind, process, instance, fields):
                came.set()

        before, self._record.watch = self._record.watch, look
        try:
            if not came.wait(within_s):
                raise TimeoutError(f"{what} did not come within {within_s:g} s of virtual time")
        finally:
            self._record.watch = before

    def crash(self, process: str, instance: int, reason: str) -> None:
        """Kill an instance of a service or worker."""
        assert self._launcher is not None  # the world runs
        self._launcher.crash(process, instance, reason)

    def hold(self) -> None:
        """Let virtual and real time stand still: somebody sits at a debugger."""
        self._kernel.standstill.stop_watchdog()

    def go_on(self) -> None:
        """End a `hold`."""
        self._kernel.standstill.start_watchdog()

    # -- the engine's steps

    def _install_debugger(self) -> None:
        """Leave it to pytest, which has one of its own."""

    def _declared(self) -> Tunnel:
        tunnel = Tunnel(self.plan.seed, self.start_epoch_ns, Path(self.plan.folder))
        for name, options in self._options.backends.items():
            tunnel.backend(name, **options)
        world = self._options.world
        if world is not None:
            assert self._kernel.packages is not None  # `begin` made it
            with self._kernel.packages.harness_view():
                build = resolve(world) if isinstance(world, str) else world
                build(tunnel)
        if self._options.topology is not None:
            tunnel.topology(self._options.topology)
        return tunnel

    def _arm_faults(self) -> None:
        self._record.observe = self._observe
        for spec in self._options.faults:
            self.more_faults(spec)

    def _rule(self, call: Call) -> Ruling:
        for engine in self._engines:
            ruling = engine.rule(call)
            if ruling is not NO_RULING:
                return ruling
        return NO_RULING

    def _observe(self, kind: str, fields: Mapping[str, Any]) -> None:
        for engine in self._engines:
            engine.observe(kind, fields)

    def _run(self) -> None:
        assert self._launcher is not None  # the world is built
        environ = {**self._environ, "TZ": "UTC", **self._launcher.environ, **self._options.env}
        process = self.process = self._kernel.process(PROCESS, 0, environ)
        self._machine.admit(process)
        assert self._kernel.packages is not None  # `begin` made it
        self._kernel.packages.adopt(process, self._modules)
        process.ending = self._process_ended
        process.spawn(self._run_test)
        try:
            self._stop.get(timeout=max(0.0, (self.plan.span_ns - self._kernel.loop.now_ns) / NS))
        except gevent.Timeout:
            return  # `verdict` says so
        finally:
            for engine in self._engines:
                engine.finish()

    def _run_test(self) -> None:
        try:
            self._drive()
        except (Exit, KeyboardInterrupt) as stop:
            self.exit_message = str(stop) or type(stop).__name__
        except BaseException:  # noqa: BLE001 - pytest reports what tests raise; what comes out here is a bug of somebody's
            self._stop.set_exception(sys.exc_info()[1])
            return
        self._ended = True
        self._stop.set(None)

    def _process_ended(self, reason: str) -> None:
        if not self._stop.ready():
            self._stop.set_exception(PipelineError(f"the test's own process ended before the test did: {reason}"))
        if self.process is not None:
            self.process.die()

    # -- the verdict

    def verdict(self, item: pytest.Item, reports: Sequence[Any], summary: RunSummary) -> list[Any]:
        """The reports to log: pytest's own, and a failure where the run shows less than it seems to.

        A test that passes although a planned fault never struck, or whose world broke, has shown nothing.
        """
        trouble = summary.detail if summary.problem else ""
        if not trouble and not self._ended and self.exit_message is None:
            trouble = (
                f"the test did not end within its span of {self._options.span} of virtual time: it waits for what does "
                f"not come. Remedy: look at what waits below, or give it more with span='…'\n{diagnosis.stacks()}"
            )
        kept = list(reports)
        passed = bool(kept) and all(report.outcome != "failed" and not report.skipped for report in kept)
        if not trouble and passed:
            trouble = "\n".join(
                f"verdict unknown: fault {account.id!r} was planned and fired {account.fired} times, not "
                f"{account.planned}: the test shows nothing about it. Remedy: let the call it is about come, or plan "
                "it with at_least=0"
                for engine in self._engines
                for account in engine.accounts()
                if account.fired < account.planned
            )
        if not trouble:
            return kept
        kept = [report for report in kept if report.when == "setup"]
        if not kept:
            kept = [_report(item, "setup", "passed", None)]
        if kept[-1].outcome != "failed":
            kept.append(_report(item, "call", "failed", f"windtunnel: {_OURS.sub('', trouble)}"))
        return [*kept, _report(item, "teardown", "passed", None)]


def _report(item: pytest.Item, when: Any, outcome: Any, longrepr: str | None) -> TestReport:
    keywords: dict[str, Any] = dict.fromkeys(item.keywords, 1)
    return TestReport(item.nodeid, item.location, keywords, outcome, longrepr, when)
