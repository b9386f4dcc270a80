"""One instance of a service: its app served inside a process, as the platform sees it (`fakes.seam.Instance`).

This module exists so that an answer, streamed or whole, leaves the process that makes it by value, and breaks off when
that process dies. It must not know platforms, nor how processes are made.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import gevent
from gevent.event import AsyncResult

from fakes.seam import InstanceGone, WebReply
from harness.compute import ServiceTime
from harness.sim import program
from harness.sim.asgi import AsgiServer, is_asgi
from harness.sim.exit_hooks import leave
from harness.sim.locks import Lock
from harness.sim.pieces import Pieces
from harness.sim.process import Process, State, spawn_in
from harness.sim.signals import deliver
from harness.tunnel import ProgramDeclaration, RevisionDeclaration

_log = logging.getLogger("windtunnel.process")


class Host(Protocol):
    """What an instance asks of whoever launched it."""

    def load_app(self, process: Process, declared: ProgramDeclaration) -> Any:
        """Load the app of the service; None if that failed (the process is then gone)."""

    def draw_s(self, process: Process, site: str, time: ServiceTime) -> float:
        """How long one call of a site takes."""

    def note(self, process: Process, event: str, reason: str) -> None:
        """Record what happened to a process."""

    def end(self, process: Process, event: str, reason: str) -> None:
        """Record and carry out the end of a process."""

    def fail(self, process: Process, declared: ProgramDeclaration, error: Exception) -> None:
        """The program cannot be started: end the process, and the run if it never could."""


class AppInstance:
    """One instance of a revision. It stands for the container with its web server: on SIGTERM the server finishes what
    is in flight, as gunicorn does, unless the program has a handler of its own; then it is up to that.
    """

    def __init__(self, host: Host, process: Process, revision: RevisionDeclaration) -> None:
        self._host = host
        self.process = process
        self._program = revision.program
        self._cold_start_s = revision.cold_start_s
        self._paths = {path: time for path, time in revision.program.compute.items() if path.startswith("/")}
        self._stopping = ""
        self._throttled = False
        self._asgi: AsgiServer | None = None
        self._wsgi: Callable[..., Any] | None = None
        self._in_flight: dict[int, AsyncResult] = {}
        process.asked = lambda: len(self._in_flight)
        self._streamed: list[Pieces] = []
        self._requests = 0
        self._over = Lock()  # held until the main thread of a WSGI server has no more to wait for
        self._over.acquire()

    def boot(self, on_ready: Callable[[], None]) -> None:
        """Start up, in the main thread of the process itself; the server has it until it is stopped."""
        gevent.sleep(self._cold_start_s)
        app = self._host.load_app(self.process, self._program)
        if app is None:
            return

        def ready() -> None:
            self._host.note(self.process, "ready", "")
            spawn_in(None, on_ready)

        if not is_asgi(app):
            self._wsgi = app
            ready()
            self._wait_for_the_end()
            return
        self._asgi = AsgiServer(app)
        try:
            self._asgi.run(ready)
        except Exception as error:  # noqa: BLE001 - whatever the app raises at its start or end, the run must say so
            self._host.fail(self.process, self._program, error)
        else:
            self._leave("the app ended by itself")

    def _wait_for_the_end(self) -> None:
        status = ""
        try:
            self._over.acquire()
        except SystemExit as stop:  # out of a signal handler of the program's own
            status = f"exit status {stop.code or 0}"
        self._leave(status)

    def _leave(self, reason: str) -> None:
        leave(self.process)
        self._host.end(self.process, "exit", self._stopping or reason)

    def handle(self, environ: dict[str, Any]) -> WebReply:
        """Let the app answer in a greenlet of its process; raises `InstanceGone` if that dies first."""
        if self.process.state is State.DEAD:
            raise InstanceGone("crash")
        self._requests += 1
        number = self._requests
        result = self._in_flight[number] = AsyncResult()
        self.process.spawn(self._serve, environ, result)
        try:
            reply: WebReply = result.get()
        finally:
            self._in_flight.pop(number, None)
            if self._stopping and self._asgi is None and not self._in_flight and not self._handles_sigterm():
                self._end_serving()
        return reply

    def _serve(self, environ: dict[str, Any], result: AsyncResult) -> None:
        path = environ["PATH_INFO"]
        time = self._paths.get(path)
        if time is not None:
            gevent.sleep(self._host.draw_s(self.process, path, time))
        if self._asgi is not None:
            reply = self._asgi.answer(environ)
        else:
            assert self._wsgi is not None  # the platform sends requests after `on_ready`
            reply = program.answer(self._wsgi, environ)
        if isinstance(reply.body, bytes):
            result.set(reply)
            return
        made = reply.body
        pieces = made if isinstance(made, Pieces) else Pieces()
        self._streamed = [*(other for other in self._streamed if not other.over), pieces]
        result.set(replace(reply, body=pieces))
        if made is not pieces:
            self._pump(made, pieces, path)

    @staticmethod
    def _pump(made: Any, pieces: Pieces, path: str) -> None:
        try:
            pieces.pump(made)
        except Exception:  # noqa: BLE001 - an app may raise anything; the answer has begun and can only break off
            _log.exception("the app raised in the middle of its answer to %s", path)
        finally:
            close = getattr(made, "close", None)
            if close is not None:
                close()

    def _handles_sigterm(self) -> bool:
        return callable(self.process.signal_handlers.get(signal.SIGTERM))

    def stop(self, grace_s: float, reason: str) -> None:
        """SIGTERM; what is left after `grace_s` is killed: requests in flight, threads, exit hooks that take longer."""
        if self.process.state is State.DEAD or self._stopping:
            return
        self._stopping = reason
        if self._asgi is not None:
            self._asgi.stop()
        elif self._handles_sigterm():
            deliver(self.process, signal.SIGTERM, self.process.main)
        elif not self._in_flight:
            self._end_serving()
        spawn_in(None, self._kill_late, grace_s)

    def _end_serving(self) -> None:
        if self._over.locked():
            self._over.release()

    def _kill_late(self, grace_s: float) -> None:
        gevent.sleep(grace_s)
        self.kill("exit", f"{self._stopping}, and killed after {grace_s:g} s")

    def kill(self, event: str, reason: str) -> None:
        """SIGKILL."""
        self._host.end(self.process, event, reason)

    def throttle(self, on: bool) -> None:
        """Nothing of it runs while it has no CPU; one that a fault has paused stays paused."""
        if on and self.process.state is State.RUNNING:
            self._throttled = True
            self.process.pause()
        elif not on and self._throttled:
            self._throttled = False
            self.process.resume()

    def died(self, reason: str) -> None:
        """Tell everybody who waits for an answer, or for the rest of one."""
        for result in self._in_flight.values():
            result.set_exception(InstanceGone(reason))
        for pieces in self._streamed:
            pieces.fail()
