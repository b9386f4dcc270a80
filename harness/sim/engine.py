"""The sim engine: makes a declared world real in virtual time, lets it run for its span, and leaves its history.

Runs in a child forked from the zygote. It must not know what is checked afterwards, nor any back end by name: they are
loaded by convention (`fakes.NAME`) or from the module that the world names.
"""

from __future__ import annotations

import importlib
import json
import logging
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gevent
from gevent.event import AsyncResult

from fakes.seam import PASS, Backend, Call, Ruling, StreamBackend
from harness.durable import write_whole
from harness.faults.engine import FaultEngine, FaultError, edges_of
from harness.faults.spec import FaultSpec
from harness.history import WRITTEN_BYTES, HistoryWriter
from harness.measure import Measure
from harness.sim import clock as sim_clock
from harness.sim import guest, shared_classes
from harness.sim.debug_server import DebugServer
from harness.sim.debugger import Debugger, DebuggerStop, Seen
from harness.sim.kernel import Kernel
from harness.sim.launcher import Launcher, PipelineError
from harness.sim.loop import NS, Stuck
from harness.sim.process import Process, spawn_in
from harness.sim.program import resolve
from harness.sim.record import Record
from harness.sim.server import Channel
from harness.sim.standstill import WATCHDOG_S
from harness.sim.surroundings import Hosts, SimSurroundings
from harness.topology import provision
from harness.tunnel import DeclarationError, Tunnel
from harness.until import Until, Watch

EXIT_OK = 0
EXIT_PIPELINE = 1
EXIT_USAGE = 64
EXIT_BUG = 70

PROGRESS_STEPS = 200
"""How many times a run tells how far it is."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """All that a child needs to run one world: plain values, sent as JSON.

    `start` and `end` are the fields of the events `run.start` and `run.end`; `faults` are `FaultSpec`s as JSON; `roots`
    are the folders of the user's project, `folder` the one that paths in the world are relative to; `until` is where to
    stop (`harness.until`), "" for the end of the span; with `pdb` the debugger opens there. `watchdog_s` is how long
    nothing may move, in real seconds, and `traces` where a child that must be ended from outside leaves its stacks.
    `private` are installed packages that each process loads itself. `measure` says how to measure coverage
    (`harness.measure`), None for not at all; `debugpy` is the port
    on which to wait for a debugger, None for no such.
    """

    world: str
    build: str
    seed: int
    span_ns: int
    start: Mapping[str, Any]
    end: Mapping[str, Any]
    roots: tuple[str, ...]
    folder: str
    history: str
    summary: str
    faults: tuple[Mapping[str, Any], ...] = ()
    until: str = ""
    pdb: bool = False
    buffer_bytes: int = WRITTEN_BYTES
    watchdog_s: float = WATCHDOG_S
    traces: str = ""
    private: tuple[str, ...] = ()
    measure: Mapping[str, Any] | None = None
    debugpy: int | None = None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What the child leaves beside the history. `yields` counts, by process (`name#instance`), how often it gave way:
    the moments a crash sweep goes through. `problem` is "" or what stopped the run early (`livelock`, `deadlock`,
    `stall`, `debugger`, `pipeline`, `world` or `harness`) with `detail` for people; `doubts` are diagnoses of parts of
    a run that went on to its end.
    """

    history_sha256: str
    events: int
    virtual_s: float
    wall_s: float
    jumps: int
    steps: int
    accounts: tuple[Mapping[str, Any], ...]
    yields: Mapping[str, int]
    problem: str = ""
    detail: str = ""
    doubts: tuple[str, ...] = ()


def main(channel: Channel, **plan: Any) -> int:
    """Run the world that `plan` (the fields of `RunPlan`) describes; return the exit code."""
    measured = Measure.start(plan.get("measure"))
    server = DebugServer(plan["debugpy"]) if plan.get("debugpy") else None
    run = Simulation(RunPlan(**plan), channel)
    if server is not None:
        server.attach(run.kernel)
    summary = run.execute()
    if server is not None:
        server.close()
    if measured is not None:
        measured.stop()
    write_whole(Path(run.plan.summary), json.dumps(asdict(summary), sort_keys=True).encode())
    return {"pipeline": EXIT_PIPELINE, "world": EXIT_USAGE, "harness": EXIT_BUG}.get(summary.problem, EXIT_OK)


class Simulation:
    """One world, from its declaration to its history."""

    def __init__(self, plan: RunPlan, channel: Channel) -> None:
        self.plan = plan
        self._channel = channel
        self._machine = guest.machine()
        kernel = self._kernel = self._machine.kernel
        kernel.begin(
            seed=plan.seed,
            epoch_ns=plan.start["start_epoch_ns"],
            roots=[Path(root) for root in plan.roots],
            private=plan.private,
        )
        self._machine.begin()
        self._writer = HistoryWriter(Path(plan.history), plan.buffer_bytes)
        self._record = Record(self._writer, kernel.clock)
        self._hosts = Hosts()
        self._backends: dict[str, Backend] = {}
        self._faults: FaultEngine | None = None
        self._launcher: Launcher | None = None
        self._stop: AsyncResult = AsyncResult()
        self._cut_short = False
        self._doubts: list[str] = []
        kernel.standstill.on_deadlock = self._deadlocked
        self._debugger = Debugger(kernel, channel.tell, [Path(root) for root in plan.roots])
        kernel.on_log = self._log
        kernel.on_error = self._uncaught

    def execute(self) -> RunSummary:
        """Build, run and close; whatever happens, the history up to then is kept."""
        began_ns = sim_clock.real_monotonic_ns()
        plan = self.plan
        problem, detail = "", ""
        self._record.event("run.start", "harness", 0, dict(plan.start))
        self._writer.flush()
        try:
            self._kernel.standstill.start_watchdog(plan.watchdog_s, Path(plan.traces) if plan.traces else None)
            self._install_debugger()
            self._watch_for_the_end()
            self._build()
            self._run()
        except Stuck as stuck:
            problem, detail = stuck.kind, str(stuck)
        except DebuggerStop as stopped:
            problem, detail = "debugger", str(stopped)
        except (DeclarationError, FaultError) as error:
            problem, detail = "world", str(error)
        except PipelineError as error:
            problem, detail = "pipeline", str(error)
        except Exception:  # noqa: BLE001 - a bug of ours: it is reported with the history so far
            problem, detail = "harness", traceback.format_exc()
        self._kernel.standstill.stop_watchdog()
        assert self._kernel.packages is not None  # `begin` made it
        self._kernel.packages.end()
        self._look_for_changed_classes()
        if self._faults is not None:
            self._faults.finish()
        if not problem and not self._cut_short:
            self._record.event("run.end", "harness", 0, dict(plan.end))
        sha256 = self._writer.close()
        return RunSummary(
            history_sha256=sha256,
            events=self._writer.events,
            virtual_s=self._kernel.loop.now_ns / NS,
            wall_s=(sim_clock.real_monotonic_ns() - began_ns) / NS,
            jumps=self._kernel.loop.jumps,
            steps=self._kernel.loop.steps,
            accounts=tuple(account.model_dump(mode="json") for account in self._faults.accounts())
            if self._faults
            else (),
            yields={process.label: process.yields for process in self._kernel.processes},
            problem=problem,
            detail=detail,
            doubts=tuple(self._doubts),
        )

    @property
    def kernel(self) -> Kernel:
        """The kernel of the machine it runs on."""
        return self._kernel

    # -- building

    def _declared(self) -> Tunnel:
        tunnel = Tunnel(self.plan.seed, self.plan.start["start_epoch_ns"], Path(self.plan.folder))
        assert self._kernel.packages is not None  # `begin` made it
        with self._kernel.packages.harness_view():
            try:
                build = resolve(self.plan.build)
            except (ImportError, AttributeError) as error:
                raise DeclarationError(
                    f"world {self.plan.world!r}: build {self.plan.build!r} cannot be loaded: {error!r}"
                ) from error
            try:
                build(tunnel)
            except DeclarationError:
                raise
            except Exception as error:
                raise PipelineError(
                    f"world {self.plan.world!r}: {self.plan.build} raised\n{traceback.format_exc()}"
                ) from error
        return tunnel

    def _build(self) -> None:
        tunnel = self._declared()
        environ: dict[str, str] = {}
        for name, declared in tunnel.backends.items():
            backend = self._create(name, declared.kind, declared.options)
            environ.update(backend.environment(None))
        for topology in tunnel.topologies:
            provision(self._backends, topology)
        launcher = self._launcher = Launcher(
            self._kernel,
            self._record,
            tunnel.services,
            tunnel.workers,
            environ,
            self._stop.set_exception,
            self._machine.admit,
        )
        platform: Any = self._create(
            "cloudrun",
            "cloudrun",
            {"services": {name: s.deployment for name, s in tunnel.services.items()}, "launcher": launcher,
             "rollouts": tunnel.rollouts, **_project_of(tunnel)},
        )  # fmt: skip
        launcher.on_memory = platform.reported
        launcher.give(platform.environment(None))
        scheduler: Any = self._create(
            "scheduler", "scheduler", {"jobs": list(tunnel.schedules.values()), **_project_of(tunnel)}
        )
        for backend in self._backends.values():
            self._hosts.apps.update(backend.http())
            self._machine.serve_rpc(backend.grpc())
            if isinstance(backend, StreamBackend):
                self._machine.serve_streams(backend.streams())
        self._machine.serve_http(self._hosts.apps)
        for preparation in tunnel.preparations:
            launcher.run_to_end(preparation)
        self._arm_faults()
        platform.start()
        scheduler.start()
        launcher.start_workers()

    def open_backend(self, name: str, kind: str, options: Mapping[str, Any]) -> tuple[Backend, Mapping[str, str]]:
        """Put one more back end into the world that runs; return it and the environment its clients need."""
        backend = self._create(name, kind, options)
        apps = backend.http()
        self._hosts.apps.update(apps)
        self._machine.serve_http(apps)
        self._machine.serve_rpc(backend.grpc())
        environ = backend.environment(None)
        assert self._launcher is not None  # the world runs
        self._launcher.give(environ)
        return backend, environ

    def _create(self, name: str, kind: str, options: Mapping[str, Any]) -> Backend:
        around = SimSurroundings(name, self._kernel, self._record, self._hosts, self._rule, self._backends)
        own = kind.isidentifier()  # one of ours; a module of the user's has a dot or a colon
        module, _, function = kind.partition(":")
        try:
            create = getattr(importlib.import_module(f"fakes.{kind}" if own else module), function or "create")
        except (ImportError, AttributeError) as error:
            raise DeclarationError(f"back end {name!r}: no emulator {kind!r} can be loaded: {error}") from error
        try:
            backend: Backend = create(around, **options)
        except (TypeError, ValueError) as error:
            raise DeclarationError(f"back end {name!r}: {error}") from error
        self._backends[name] = backend
        return backend

    def _arm_faults(self) -> None:
        specs = [FaultSpec.model_validate(fault) for fault in self.plan.faults]
        clock = SimSurroundings("faults", self._kernel, self._record, self._hosts, self._rule, self._backends)
        faults = FaultEngine(
            specs,
            seed=self.plan.seed,
            clock=clock,
            start_epoch_ns=self.plan.start["start_epoch_ns"],
            control=self._launcher,
            instants=self.plan.start["instants"],
            edges=edges_of(self._backends),
        )
        self._record.observe = self._observe
        faults.start()
        self._faults = faults

    def _rule(self, call: Call) -> Ruling:
        return Ruling(PASS) if self._faults is None else self._faults.rule(call)

    def _observe(self, kind: str, fields: Mapping[str, Any]) -> None:
        if self._faults is not None:
            self._faults.observe(kind, fields)

    # -- running

    def _install_debugger(self) -> None:
        if self.plan.debugpy is None:  # it has put itself behind breakpoint()
            self._debugger.install()

    def _watch_for_the_end(self) -> None:
        """Arrange for the moment that `until` names."""
        if not self.plan.until:
            return
        until = Until.parse(self.plan.until)
        start = self.plan.start
        t_ns = until.t_ns(start["start_epoch_ns"], start.get("instants") or {})
        if t_ns is not None:
            left_s = (t_ns - self._kernel.loop.now_ns) / NS
            if left_s < 0:
                raise DeclarationError(f"--until {until.text} is before the run begins, at {start['start']}")
            self._kernel.loop.timer(left_s).start(spawn_in, None, self._reached, until.text, None)
            return
        watch = Watch(until)

        def look(seq: int, kind: str, process: str, instance: int, fields: Mapping[str, Any]) -> None:
            if watch.sees(seq, kind, process, instance, fields):
                self._reached(until.text, Seen(seq, kind, process, instance, fields))

        self._record.watch = look

    def _reached(self, text: str, seen: Seen | None) -> None:
        if self.plan.pdb:
            self._debugger.stop_at_event(text, seen)  # does not return if the user quits
            return
        self._cut_short = True
        if not self._stop.ready():
            self._stop.set(None)

    def _run(self) -> None:
        span_s = self.plan.span_ns / NS
        spawn_in(None, self._tell_progress, span_s)
        left_s = max(0.0, (self.plan.span_ns - self._kernel.loop.now_ns) / NS)
        try:
            self._stop.get(timeout=left_s)
        except gevent.Timeout:
            return

    def _tell_progress(self, span_s: float) -> None:
        step_s = span_s / PROGRESS_STEPS
        for _ in range(PROGRESS_STEPS + 1):
            self._channel.tell("progress", t_ns=self._kernel.loop.now_ns, events=self._writer.events)
            self._writer.flush()
            gevent.sleep(step_s)
            self._kernel.standstill.look_for_deadlocks()

    def _deadlocked(self, process: Process, diagnosis: str) -> None:
        self._doubts.append(diagnosis)
        head = diagnosis.partition("\n")[0].partition("; it was")[0]  # the places are those of one machine
        self._record.event(
            "log",
            process.name,
            process.instance,
            {"level": "ERROR", "logger": "windtunnel.process", "message": head, "fields": {}},
        )

    def _look_for_changed_classes(self) -> None:
        processes = self._kernel.processes
        if len(processes) > 1 and (found := shared_classes.changes(processes)):
            self._doubts.append(shared_classes.explain(found))

    def _log(self, process: Process, record: logging.LogRecord) -> None:
        mib = record.__dict__.get("memory_mib")
        if mib is None:
            self._record.log(process, record)
        elif self._launcher is not None:
            self._launcher.on_memory(process.name, process.instance, float(mib))  # may kill it, and not return

    def _uncaught(self, process: Process | None, error: BaseException) -> None:
        if process is None:
            # A greenlet of ours failed: the run means nothing any more.
            text = "".join(traceback.format_exception(error))
            self._stop.set_exception(RuntimeError(f"harness: uncaught in a greenlet of the harness\n{text}"))
            return
        text = "".join(traceback.format_exception(error))
        self._record.event(
            "log",
            process.name,
            process.instance,
            {
                "level": "ERROR",
                "logger": "windtunnel.process",
                "message": f"uncaught {type(error).__name__} in a thread: {error}",
                "fields": {"traceback": text},
            },
        )


def _project_of(tunnel: Tunnel) -> dict[str, str]:
    for topology in tunnel.topologies:
        if topology.get("project"):
            return {"project": str(topology["project"])}
    return {}
