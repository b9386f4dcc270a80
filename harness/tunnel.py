"""The tunnel: what a world's `build(tunnel)` declares.

A published format (docs/worlds.md): worlds of other people's are written against it. A tunnel only takes declarations
and checks them; an engine (`harness.sim.engine`) makes them real. It must not know any back end or service by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from harness.compute import ServiceTime
from harness.timespec import duration_ns


class DeclarationError(ValueError):
    """A declaration that cannot be carried out: the world's author erred. The message names value and remedy."""


@dataclass(frozen=True, slots=True)
class BackendDeclaration:
    """A back end: `name` in the world, `kind` the emulator, `options` the emulator's own."""

    name: str
    kind: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ProgramDeclaration:
    """Code to run in processes: `entry` is `module:function`, `compute` maps request paths or call sites to times.

    `may_fail`: that it cannot be started is something the world is about, and no error of the pipeline's.
    """

    name: str
    entry: str
    environ: Mapping[str, str]
    compute: Mapping[str, ServiceTime]
    may_fail: bool = False


@dataclass(frozen=True, slots=True)
class RevisionDeclaration:
    """What one revision of a service runs (an app, or what makes it), and how long an instance takes to listen."""

    program: ProgramDeclaration
    cold_start_s: float


@dataclass(frozen=True, slots=True)
class ServiceDeclaration:
    """A service behind the platform's front: its revisions in order, and how the first one is deployed."""

    revisions: list[RevisionDeclaration]
    deployment: Mapping[str, Any]

    @property
    def program(self) -> ProgramDeclaration:
        """What the last revision runs."""
        return self.revisions[-1].program


@dataclass(frozen=True, slots=True)
class WorkerDeclaration:
    """Processes that run `main()` until it returns; they are started again `restart_s` after they die."""

    program: ProgramDeclaration
    instances: int
    restart_s: float


@dataclass
class Tunnel:
    """Takes a world's declarations.

    `seed` and `start_epoch_ns` are the run's; `folder` is the project's, against which paths are read.
    """

    seed: int
    start_epoch_ns: int
    folder: Path
    backends: dict[str, BackendDeclaration] = field(default_factory=dict)
    services: dict[str, ServiceDeclaration] = field(default_factory=dict)
    workers: dict[str, WorkerDeclaration] = field(default_factory=dict)
    preparations: list[ProgramDeclaration] = field(default_factory=list)
    schedules: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    rollouts: list[Mapping[str, Any]] = field(default_factory=list)
    topologies: list[Mapping[str, Any]] = field(default_factory=list)

    def backend(self, name: str, *, kind: str = "", **options: Any) -> None:
        """Put an emulated service into the world.

        `name` is one of the emulators that ship with Windtunnel (`bigquery`, `gcs`, `pubsub`, `upstreams`, …), or any
        name with `kind` saying which emulator it is: another of those, or a module of the user's with a
        `create(around, **options)` (`fakes.seam.Backend`). Options are the emulator's own.
        """
        self._fresh(name, self.backends, "back end")
        self.backends[name] = BackendDeclaration(name, kind or name, options)

    def service(
        self,
        name: str,
        *,
        app: str,
        env: Mapping[str, str] | None = None,
        min_instances: int = 0,
        max_instances: int = 100,
        concurrency: int = 80,
        request_timeout_s: float = 300.0,
        cold_start_s: float = 4.0,
        compute: Mapping[str, str] | None = None,
        **deployment: Any,
    ) -> None:
        """Run a WSGI or ASGI app behind a platform like Cloud Run; `name` is its host name.

        `app` is `module:name` of the app, or of what makes it when it is called without arguments, once in each
        instance. An ASGI app is served as by uvicorn: lifespan, streams, disconnects; no WebSockets. `compute` says
        what code costs in virtual time: a request path (`/process`) or a call site (`module:function`,
        `module:Class.method`) -> `90 s ± 10`. The defaults are Cloud Run's
        (https://cloud.google.com/run/docs/configuring); a cold start of 4 s is ours. `deployment` are the platform's
        other settings (`memory_mib`, `memory`, `cpu`, `startup_probe`, `liveness_probe`, `lifetime_s`, `events`):
        docs/emulated/cloudrun.md.
        """
        self._fresh(name, self.services, "service")
        self.services[name] = ServiceDeclaration(
            [RevisionDeclaration(self._program(name, app, "app", env, compute), cold_start_s)],
            {
                "min_instances": min_instances,
                "max_instances": max_instances,
                "concurrency": concurrency,
                "request_timeout_s": request_timeout_s,
                "cold_start_s": cold_start_s,
                **deployment,
            },
        )

    def rollout(
        self,
        service: str,
        *,
        at: str,
        app: str | None = None,
        env: Mapping[str, str] | None = None,
        compute: Mapping[str, str] | None = None,
        traffic: int = 100,
        **deployment: Any,
    ) -> None:
        """Deploy a new revision of `service` when `at` (`2h`) has passed since the start.

        What is not given stays as in the revision before it; `env` is the whole environment of the new one. Once an
        instance of it is up, `traffic` per cent of the requests go to it; if none comes up, the revision before it
        goes on serving, and the history says so (mark `rollout`).
        """
        declared = self._declared_service(service, "rollout")
        after_s = self._after_s(service, at)
        last = declared.revisions[-1]
        old = last.program
        program = self._program(service, app or old.entry, "app", old.environ if env is None else env, compute)
        if compute is None:
            program = replace(program, compute=old.compute)
        cold_start_s = float(deployment.get("cold_start_s", last.cold_start_s))
        declared.revisions.append(RevisionDeclaration(replace(program, may_fail=True), cold_start_s))
        self.rollouts.append({"service": service, "after_s": after_s, "fields": deployment, "traffic": traffic})

    def traffic(self, service: str, *, at: str, split: Mapping[int, int]) -> None:
        """Split the traffic of `service` anew when `at` has passed: revision (from 1) -> per cent, 100 in all. A
        rollback is `split={1: 100}`.
        """
        self._declared_service(service, "traffic")
        self.rollouts.append({"service": service, "after_s": self._after_s(service, at), "split": dict(split)})

    def _declared_service(self, service: str, what: str) -> ServiceDeclaration:
        if service not in self.services:
            raise DeclarationError(f"{what}: no service {service!r} is declared; declare it first")
        return self.services[service]

    def _after_s(self, service: str, at: str) -> float:
        try:
            after_s = duration_ns(at) / 1e9
        except ValueError as error:
            raise DeclarationError(f"rollout of {service!r}: at: {error}") from error
        if any(change["service"] == service and change["after_s"] > after_s for change in self.rollouts):
            raise DeclarationError(f"rollout of {service!r}: at={at!r} comes before one declared earlier; put in order")
        return after_s

    def worker(
        self,
        name: str,
        *,
        main: str,
        instances: int = 1,
        env: Mapping[str, str] | None = None,
        compute: Mapping[str, str] | None = None,
        restart_s: float = 10.0,
    ) -> None:
        """Run `main` (`module:function`, called without arguments) in `instances` processes (>= 1).

        A process whose `main` returns is done; one that raises or crashes is started again after `restart_s` seconds
        with fresh memory and the next instance number.
        """
        self._fresh(name, self.workers, "worker")
        if instances < 1:
            raise DeclarationError(f"worker {name!r}: instances={instances!r}; need at least 1")
        self.workers[name] = WorkerDeclaration(self._program(name, main, "main", env, compute), instances, restart_s)

    def prepare(self, main: str, *, env: Mapping[str, str] | None = None) -> None:
        """Run `main` (`module:function`) in a process of its own before any service starts: rows and objects that the
        world begins with, written through the real clients. Preparations run one after the other, at time zero.
        """
        name = f"prepare-{len(self.preparations) + 1}"
        self.preparations.append(self._program(name, main, "main", env, None))

    def schedule(
        self,
        name: str,
        *,
        cron: str,
        post: str,
        zone: str = "UTC",
        body: Any = None,
        attempt_deadline_s: float = 180.0,
        retries: int = 0,
        **settings: Any,
    ) -> None:
        """POST `body` (JSON) to `service/path` at the times of a cron line of five fields, in an IANA time zone.

        `settings` are the scheduler's other fields (`min_backoff_s`, `max_backoff_s`, `max_doublings`,
        `max_retry_duration_s`, `oidc`, `headers`, `paused`): docs/emulated/scheduler.md.
        """
        self._fresh(name, self.schedules, "schedule")
        url = post if "://" in post else f"https://{post}"
        self.schedules[name] = {
            "name": name,
            "cron": cron,
            "zone": zone,
            "url": url,
            "body": body,
            "attempt_deadline_s": attempt_deadline_s,
            "retries": retries,
            **settings,
        }

    def topology(self, source: str | Mapping[str, Any]) -> None:
        """Create what a topology file (docs/worlds.md) lists – topics, subscriptions, buckets, tables – in the back
        ends. `source` is a path from the project's folder, or the mapping itself.
        """
        if not isinstance(source, str):
            self.topologies.append(source)
            return
        path = self.folder / source
        try:
            document = YAML(typ="safe").load(path.read_text("utf-8"))
        except OSError as error:
            raise DeclarationError(f"topology {source!r} cannot be read: {error.strerror} ({path})") from error
        except YAMLError as error:
            raise DeclarationError(f"topology {source!r} is no YAML: {error}") from error
        if not isinstance(document, dict):
            raise DeclarationError(f"topology {source!r} must be a mapping with topics, buckets or datasets")
        self.topologies.append(document)

    def _program(
        self,
        name: str,
        entry: str,
        parameter: str,
        env: Mapping[str, str] | None,
        compute: Mapping[str, str] | None,
    ) -> ProgramDeclaration:
        module, colon, function = entry.partition(":")
        if not (module and colon and function):
            raise DeclarationError(f"{name!r}: {parameter}={entry!r}; write it as 'package.module:function'")
        environ = dict(env or {})
        for key, value in environ.items():
            if not isinstance(value, str):
                raise DeclarationError(f"{name!r}: env {key}={value!r} is no text; environment variables are strings")
        times: dict[str, ServiceTime] = {}
        for where, text in (compute or {}).items():
            if not where.startswith("/") and ":" not in where:
                raise DeclarationError(
                    f"{name!r}: compute {where!r} is neither a path (/process) nor a site (module:function)"
                )
            try:
                times[where] = ServiceTime.parse(text)
            except ValueError as error:
                raise DeclarationError(f"{name!r}: compute {where}: {error}") from error
        return ProgramDeclaration(name, entry, environ, times)

    @staticmethod
    def _fresh(name: str, taken: Mapping[str, Any], what: str) -> None:
        if not name or name in taken:
            raise DeclarationError(f"{what} {name!r} is declared twice" if name else f"a {what} needs a name")
