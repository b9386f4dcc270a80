"""The instances that run: starts, probes, feeds, throttles and ends them, as the state machines say.

Between the pure `Service` (who gets what) and the `Launcher` (processes). It must not know what a request asks for, nor
how it is answered: a request is whatever `Waiting` is, with a `path` and an answer.

Imitated: https://cloud.google.com/run/docs/container-contract (SIGTERM, ten seconds, SIGKILL),
https://cloud.google.com/run/docs/configuring/healthchecks (probes), …/configuring/services/memory-limits (an instance
over its limit is killed), …/configuring/billing-settings (no CPU outside requests).
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from fakes.cloudrun.deployment import GRACE_S, STARTUP_LIMIT_S, Probe
from fakes.cloudrun.revision import Plan, Revision
from fakes.cloudrun.service import Service
from fakes.cloudrun.waiting import Streamed, Waiting, plain
from fakes.seam import Instance, InstanceGone, Launcher, Surroundings, Timer

SWEEP_S = 60.0
"""How often idle instances are looked for."""

MALFORMED = (
    b"The request failed because either the HTTP response was malformed or connection to the instance had an error."
)
NOT_STARTED = b"The request failed because the instance could not start successfully."


class _Running:
    """One instance: what it is, what holds memory in it, and the timers that are about it."""

    def __init__(self, instance: Instance, revision: Revision[Waiting]) -> None:
        self.instance = instance
        self.revision = revision
        self.reported_mib: float | None = None
        self.held: dict[int, float] = {}
        self.misses = 0
        self.timers: list[Timer] = []

    def mib(self) -> float:
        """What it holds now: what it said last or what an idle one holds, and its requests."""
        idle = self.revision.spec.memory.get("", 0.0) if self.reported_mib is None else self.reported_mib
        return idle + sum(self.held.values())


class Fleet:
    """All instances of all services. `start()` is called once the world stands."""

    def __init__(self, around: Surroundings, services: Mapping[str, Service[Waiting]], launcher: Launcher) -> None:
        self._around = around
        self._services = services
        self._launcher = launcher
        self._running: dict[tuple[str, int], _Running] = {}
        self._closed = False
        self.on_ready: Callable[[str, int], None] = lambda service, revision: None
        self.on_failed: Callable[[str, int], None] = lambda service, revision: None

    def start(self) -> None:
        """Start what `min_instances` asks for, and begin to look for idle instances."""
        for name, service in self._services.items():
            for number in service.revisions:
                self.carry_out(name, service.revisions[number].warm_up())
        self._around.call_later(SWEEP_S, self._sweep)

    def close(self) -> None:
        """Stop every instance."""
        self._closed = True
        for running in self._running.values():
            running.instance.stop(0.0, "closed")
        self._running.clear()

    # -- requests

    def carry_out(self, name: str, plan: Plan[Waiting]) -> None:
        """Do what a plan says."""
        for request in plan.failed:
            request.answer(plain(503, NOT_STARTED))
        for number in plan.starts:
            self._launch(name, number)
        for request, number in plan.requests:
            request.number = number
            self._around.call_later(0.0, partial(self._work, name, number, request))
        if plan.retry_s is not None:
            self._around.call_later(plan.retry_s, partial(self._retry, name))

    def ended(self, name: str, request: Waiting) -> None:
        """The request is over for its caller: its slot is free, though the handler may go on working."""
        if request.number is None or request.ended:
            return
        request.ended = True
        service, number = self._services[name], request.number
        revision = service.revisions[service.revision_of(number)]
        self.carry_out(name, revision.finished(number, self._around.now_ns()))
        slot = revision.slots.get(number)
        if slot is not None and not slot.active:
            if not revision.serving and slot.ready:
                self.retire(name, number, "revision without traffic")
            else:
                self._throttle(name, number)

    def _work(self, name: str, number: int, request: Waiting) -> None:
        running = self._running.get((name, number))
        if running is None:
            request.answer(plain(503, MALFORMED))
            self.ended(name, request)
            return
        spec = running.revision.spec
        if spec.cpu == "request":
            running.instance.throttle(False)
        key = id(request)
        running.held[key] = spec.memory.get(request.path, 0.0)
        if self._over_limit(name, number, running):
            request.answer(plain(503, MALFORMED))
            self.ended(name, request)
            return
        try:
            reply = running.instance.handle(request.environ)
        except InstanceGone:
            reply = plain(503, MALFORMED)

        def over() -> None:
            running.held.pop(key, None)
            self.ended(name, request)

        if isinstance(reply.body, bytes):
            request.answer(reply)
            over()
            return
        streamed = Streamed(reply.body, over)
        if not request.answer(replace(reply, body=streamed)):
            streamed.close()

    def _throttle(self, name: str, number: int) -> None:
        running = self._running.get((name, number))
        if running is not None and running.revision.spec.cpu == "request":
            running.instance.throttle(True)

    # -- memory

    def reported(self, name: str, number: int, mib: float) -> None:
        """The code of an instance says how much it holds, its requests aside."""
        running = self._running.get((name, number))
        if running is not None:
            running.reported_mib = mib
            self._over_limit(name, number, running)

    def _over_limit(self, name: str, number: int, running: _Running) -> bool:
        limit, used = running.revision.spec.memory_mib, running.mib()
        if used <= limit:
            return False
        reason = (
            f"Memory limit of {limit:g} MiB exceeded with {used:g} MiB used. Consider increasing the memory limit, see "
            "https://cloud.google.com/run/docs/configuring/memory-limits"
        )
        running.instance.kill("oom", reason)
        return True

    # -- starting and ending

    def _launch(self, name: str, number: int) -> None:
        service = self._services[name]
        revision_number = service.revision_of(number)
        revision = service.revisions[revision_number]
        spec = revision.spec
        settled = threading.Event()

        def ready() -> None:
            if (name, number) not in self._running or settled.is_set():
                return
            if spec.startup_probe is not None:
                self._probe_start(name, number, spec.startup_probe, 0, up)
            else:
                up()

        def up() -> None:
            running = self._running.get((name, number))
            if running is None or settled.is_set():
                return
            settled.set()
            self.carry_out(name, revision.ready(number, self._around.now_ns()))
            slot = revision.slots.get(number)
            if slot is not None and not slot.active:
                self._throttle(name, number)
            if spec.liveness_probe is not None:
                self._later(running, spec.liveness_probe.initial_delay_s + spec.liveness_probe.period_s,
                            partial(self._probe_life, name, number, spec.liveness_probe))  # fmt: skip
            if spec.lifetime_s is not None:
                self._later(running, spec.lifetime_s, partial(self.retire, name, number, "end of its lifetime"))
            self.on_ready(name, revision_number)

        def gone(reason: str) -> None:
            running = self._running.pop((name, number), None)
            if running is not None:
                for timer in running.timers:
                    timer.cancel()
            self.carry_out(name, revision.gone(number))
            if not settled.is_set():
                settled.set()
                self.on_failed(name, revision_number)

        instance = self._launcher.launch(name, revision_number, number, ready, gone)
        running = self._running[name, number] = _Running(instance, revision)
        self._later(running, STARTUP_LIMIT_S, partial(self._not_listening, settled, running))

    def _not_listening(self, settled: threading.Event, running: _Running) -> None:
        if not settled.is_set():
            running.instance.kill("exit", f"failed to listen on its port within {STARTUP_LIMIT_S:.0f} s")

    def retire(self, name: str, number: int, reason: str) -> None:
        """Take an instance out of service: SIGTERM, and SIGKILL ten seconds later."""
        service = self._services[name]
        running = self._running.get((name, number))
        if running is None:
            return
        self._stop(running, reason)
        self.carry_out(name, service.revisions[service.revision_of(number)].retire(number))

    def withdraw(self, name: str, revision_number: int) -> None:
        """Let a revision that lost its traffic go."""
        for number in self._services[name].revisions[revision_number].withdraw():
            running = self._running.get((name, number))
            if running is not None:
                self._stop(running, "revision without traffic")

    def _stop(self, running: _Running, reason: str) -> None:
        running.instance.throttle(False)  # CPU is there during the shutdown
        running.instance.stop(GRACE_S, reason)

    def _retry(self, name: str) -> None:
        for revision in self._services[name].revisions.values():
            self.carry_out(name, revision.warm_up())

    def _sweep(self) -> None:
        if self._closed:
            return
        for name, service in self._services.items():
            for revision in service.revisions.values():
                for number in revision.idle(self._around.now_ns()):
                    running = self._running.get((name, number))
                    if running is not None:
                        self._stop(running, "scaled in")
        self._around.call_later(SWEEP_S, self._sweep)

    # -- probes

    def _probe_start(self, name: str, number: int, probe: Probe, failures: int, up: Callable[[], None]) -> None:
        running = self._running.get((name, number))
        if running is None:
            return
        if self._well(running, probe):
            up()
        elif failures + 1 >= probe.failure_threshold:
            running.instance.kill("exit", f"the start-up probe {probe.path} failed {failures + 1} times")
        else:
            self._later(running, probe.period_s, partial(self._probe_start, name, number, probe, failures + 1, up))

    def _probe_life(self, name: str, number: int, probe: Probe) -> None:
        running = self._running.get((name, number))
        if running is None:
            return
        running.misses = 0 if self._well(running, probe) else running.misses + 1
        if running.misses >= probe.failure_threshold:
            running.instance.kill("exit", f"the liveness probe {probe.path} failed {running.misses} times")
            return
        self._later(running, probe.period_s, partial(self._probe_life, name, number, probe))

    def _well(self, running: _Running, probe: Probe) -> bool:
        """Whether the instance answers the probe in time; what comes after the time-out is not waited for."""
        asked = Waiting(probe_environ(probe.path))

        def ask() -> None:
            try:
                asked.answer(running.instance.handle(asked.environ))
            except InstanceGone:
                asked.answer(plain(503, MALFORMED))

        running.instance.throttle(False)  # a probe has CPU
        timer = self._around.call_later(probe.timeout_s, asked.expire)
        self._around.call_later(0.0, ask)
        reply = asked.wait()
        timer.cancel()
        if running.revision.spec.cpu == "request" and not running.held:
            running.instance.throttle(True)
        return 200 <= int(reply.status[:3]) < 400

    def _later(self, running: _Running, seconds: float, action: Callable[[], None]) -> None:
        running.timers.append(self._around.call_later(seconds, action))


def probe_environ(path: str) -> dict[str, Any]:
    """The request of a probe, as kubelets and Cloud Run send it."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost:8080",
        "HTTP_USER_AGENT": "GoogleHC/1.0",
        "CONTENT_LENGTH": "0",
        "REMOTE_ADDR": "169.254.1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "windtunnel.caller": "",
    }
