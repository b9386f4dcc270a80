"""Starts, feeds, kills and restarts the processes of a simulated world.

It is the platform's `Launcher` for services, runs the workers by itself, and is what process faults act on. It must
not know back ends, faults' plans or the network (which hears of deaths through `on_death`).
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gevent.event import AsyncResult

from harness.compute import ServiceTime
from harness.sim import program
from harness.sim.app_instance import AppInstance
from harness.sim.exit_hooks import leave
from harness.sim.kernel import Kernel
from harness.sim.process import Process, spawn_in
from harness.sim.record import Record
from harness.tunnel import ProgramDeclaration, ServiceDeclaration, WorkerDeclaration

_log = logging.getLogger("windtunnel.process")


class PipelineError(Exception):
    """The code under test could not be run at all: a program that cannot be loaded, or whose app factory raises.

    The message is the traceback.
    """


class Launcher:
    """All processes of a world. `environ` is what every process gets, before its own `env`.

    `on_pipeline_error` hears of code that cannot be run; `on_process(process)` of each new process, so that others can
    register for its death.
    """

    def __init__(
        self,
        kernel: Kernel,
        record: Record,
        services: Mapping[str, ServiceDeclaration],
        workers: Mapping[str, WorkerDeclaration],
        environ: Mapping[str, str],
        on_pipeline_error: Callable[[PipelineError], None],
        on_process: Callable[[Process], None],
    ) -> None:
        self._kernel = kernel
        self._record = record
        self._services = services
        self._workers = workers
        self._environ = dict(environ)
        self._on_pipeline_error = on_pipeline_error
        self._on_process = on_process
        self._live: dict[tuple[str, int], Process] = {}
        self._exits: dict[Process, Callable[[str], None]] = {}
        self._started: dict[str, int] = {}
        self._were_ready: set[str] = set()
        self.on_memory: Callable[[str, int, float], None] = lambda name, instance, mib: None
        self._yield_watches: dict[str, list[tuple[int, Callable[[int], None]]]] = {}

    @property
    def environ(self) -> Mapping[str, str]:
        """What every process gets."""
        return self._environ

    def give(self, environ: Mapping[str, str]) -> None:
        """Add to what every process gets from now on."""
        self._environ.update(environ)

    # -- programs

    def load(self, process: Process, declared: ProgramDeclaration) -> Any:
        """Load a program in its process and charge its call sites; None if that failed (the process is then gone)."""
        try:
            made = program.resolve(declared.entry)
            program.charge_call_sites(declared.compute, lambda site: self._dice(process, site))
            if declared.name in self._services:
                made = program.application(made)
        except Exception as error:  # noqa: BLE001 - whatever the user's code raises, the run must say so
            self._fail(process, declared, error)
            return None
        return made

    def _fail(self, process: Process, declared: ProgramDeclaration, error: Exception) -> None:
        """End a process that cannot be started.

        A program that has never been started before and fails is a bug of the pipeline and ends the run; later ones
        fail like containers do.
        """
        text = "".join(traceback.format_exception(error))
        _log.error("%s could not be started\n%s", declared.entry, text)
        if declared.name not in self._were_ready and not declared.may_fail:
            self._on_pipeline_error(PipelineError(f"pipeline: {declared.entry} could not be started\n{text}"))
        self.end(process, "exit", f"could not start: {error!r}")

    # -- what an instance of a service asks (`harness.sim.app_instance.Host`)

    def load_app(self, process: Process, declared: ProgramDeclaration) -> Any:
        """Load the app of a service; None if that failed (the process is then gone)."""
        return self.load(process, declared)

    def fail(self, process: Process, declared: ProgramDeclaration, error: Exception) -> None:
        """The app of a service loaded but would not start, or did not end well."""
        self._fail(process, declared, error)

    def draw_s(self, process: Process, site: str, time: ServiceTime) -> float:
        """Return how long one call of a site takes, from the site's own dice in that process."""
        return time.draw(self._dice(process, site))

    def _dice(self, process: Process, site: str) -> Any:
        return self._kernel.chance.stream(f"compute/{process.label}/{site}")

    # -- the platform's side

    def launch(
        self, service: str, revision: int, number: int, on_ready: Callable[[], None], on_exit: Callable[[str], None]
    ) -> AppInstance:
        """Start instance `number` of a revision of a service."""
        declaration = self._services[service].revisions[revision - 1]
        process = self._make(declaration.program, number, revision)
        instance = AppInstance(self, process, declaration)

        def gone(reason: str) -> None:
            instance.died(reason)
            on_exit(reason)

        self._exits[process] = gone
        process.spawn(instance.boot, on_ready)
        return instance

    # -- workers and preparations

    def start_workers(self) -> None:
        """Start every instance of every worker."""
        for name, declaration in self._workers.items():
            for _ in range(declaration.instances):
                self._start_worker(name)

    def _start_worker(self, name: str) -> None:
        declaration = self._workers[name]
        number = self._started.get(name, 0)
        self._started[name] = number + 1
        process = self._make(declaration.program, number)

        def again(reason: str) -> None:
            if reason != "done":
                timer = self._kernel.loop.timer(declaration.restart_s)
                timer.start(self._start_worker_again, name, declaration.instances)

        self._exits[process] = again
        process.spawn(self._run_worker, process, declaration.program)

    def _start_worker_again(self, name: str, wanted: int) -> None:
        if len(self.instances(name)) < wanted:
            self._start_worker(name)

    def _run_worker(self, process: Process, declared: ProgramDeclaration) -> None:
        main = self.load(process, declared)
        if main is None:
            return
        self.note(process, "ready", "")
        reason = "done"
        try:
            main()
        except SystemExit as stop:
            reason = "done" if stop.code in (None, 0) else f"exit status {stop.code}"
        except Exception as error:  # noqa: BLE001 - a worker may raise anything; it is restarted
            _log.exception("%s raised", declared.entry)
            reason = f"raised {error!r}"
        leave(process)
        self.end(process, "exit", reason)

    def run_to_end(self, declared: ProgramDeclaration) -> None:
        """Run a preparation and wait for it; raises `PipelineError` if it raises."""
        process = self._make(declared, 0)
        result: AsyncResult = AsyncResult()

        def run() -> None:
            try:
                program.resolve(declared.entry)()
            except Exception:  # noqa: BLE001 - whatever the user's code raises, the run must say so
                result.set_exception(PipelineError(f"pipeline: {declared.entry} raised\n{traceback.format_exc()}"))
            else:
                leave(process)
                result.set(None)
            self.end(process, "exit", "done")

        process.spawn(run)
        result.get()

    # -- process faults (harness.faults.process_control.ProcessControl)

    def instances(self, process: str) -> Sequence[int]:
        """Return the live instances of a service or worker, ascending."""
        return sorted(number for name, number in self._live if name == process)

    def crash(self, process: str, instance: int, reason: str) -> None:
        """Kill an instance as SIGKILL does."""
        found = self._live.get((process, instance))
        if found is not None:
            self.end(found, "crash", reason)

    def pause(self, process: str, instance: int, reason: str) -> None:
        """Stop an instance as SIGSTOP does."""
        found = self._live.get((process, instance))
        if found is not None:
            self.note(found, "pause", reason)
            found.pause()

    def resume(self, process: str, instance: int, reason: str) -> None:
        """Let a paused instance run on."""
        found = self._live.get((process, instance))
        if found is not None:
            self.note(found, "resume", reason)
            found.resume()

    def restart(self, process: str, instance: int, reason: str) -> None:  # the port's signature
        """Start a worker again at once; the platform starts services when it needs them."""
        declaration = self._workers.get(process)
        if declaration is not None:
            self._start_worker_again(process, declaration.instances)

    def at_yield(self, process: str, number: int, action: Callable[[int], None]) -> None:
        """Call `action(instance)` at the `number`-th yield of each instance that lives or will live."""
        self._yield_watches.setdefault(process, []).append((number, action))
        for (name, _), live in self._live.items():
            if name == process:
                self._watch(live, number, action)

    @staticmethod
    def _watch(process: Process, number: int, action: Callable[[int], None]) -> None:
        process.at_yield(number, lambda: action(process.instance))

    # -- life and death

    def _make(self, declared: ProgramDeclaration, number: int, revision: int = 1) -> Process:
        environ = {
            "PORT": "8080",
            "K_SERVICE": declared.name,
            "K_REVISION": f"{declared.name}-{revision:05d}",
            "HOME": "/home",
            "PATH": "/usr/bin",
            "TZ": "UTC",
            **self._environ,
            **declared.environ,
        }
        process = self._kernel.process(declared.name, number, environ)
        process.ending = lambda reason: self.end(process, "exit", reason)
        self._live[declared.name, number] = process
        for at, action in self._yield_watches.get(declared.name, ()):
            self._watch(process, at, action)
        self._on_process(process)
        self.note(process, "start", "")
        return process

    def note(self, process: Process, event: str, reason: str) -> None:
        """Record what happened to a process."""
        if event == "ready":
            self._were_ready.add(process.name)
        self._record.event("process", process.name, process.instance, {"event": event, "reason": reason})

    def end(self, process: Process, event: str, reason: str) -> None:
        """Record and carry out the end of a process; called from inside it, this does not return."""
        if self._live.pop((process.name, process.instance), None) is None:
            return
        self.note(process, event, reason)
        exit_action = self._exits.pop(process, None)
        if exit_action is not None:
            spawn_in(None, exit_action, "done" if reason == "done" else event)
        process.die()
