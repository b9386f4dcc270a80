"""A station: emulators served on loopback, each on a port of its own, sharing faults, history and neighbours.

It loads emulators and servers by name, as a world does, and knows none of them.
"""

from __future__ import annotations

import inspect
import pkgutil
import shutil
import threading
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from fakes.seam import Backend, StartResponse
from harness.wire.faultboard import FaultBoard
from harness.wire.record import Record


class StationError(ValueError):
    """What was asked for cannot be served; the message names it and the remedy."""


class Emulator:
    """One back end with the servers in front of it. `address` is `host:port` of the one its clients use."""

    def __init__(self, name: str, backend: Backend) -> None:
        self.name = name
        self.backend = backend
        self.address = ""
        self.http_server: Any = None
        self.grpc_server: Any = None
        self.surroundings: Any = None

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Hand a request to the app of the host it names; one app serves whatever it is called."""
        apps = self.backend.http()
        only = set(map(id, apps.values()))
        host = environ.get("HTTP_HOST", "").partition(":")[0]
        app = apps.get(host) or (next(iter(apps.values())) if len(only) == 1 else None)
        if app is None:
            body = f"{self.name} answers for the hosts {', '.join(sorted(apps))}; Host says {host!r}\n".encode()
            start_response("421 Misdirected Request", [("Content-Length", str(len(body)))])
            return [body]
        return app(environ, start_response)


def available() -> list[str]:
    """The emulators that can be served as they come: packages below `fakes` with a `create` of defaults only."""
    fakes = import_module("fakes")
    names = [module.name for module in pkgutil.iter_modules(fakes.__path__) if module.ispkg]
    return [name for name in names if _required(import_module(f"fakes.{name}")) == []]


def _required(module: Any) -> list[str] | None:
    create = getattr(module, "create", None)
    if create is None:
        return None
    parameters = list(inspect.signature(create).parameters.values())[1:]
    return [one.name for one in parameters if one.default is one.empty and one.kind is not one.VAR_KEYWORD]


class Station:
    """Emulators up and running; `close` stops them.

    `options` are each emulator's own, `ports` the ports to take (0 or absent: any), `data` the folder in which
    emulators that can keep their state keep it. Raises `StationError` for a name or an option nobody has, `OSError`
    for a port that is taken.
    """

    def __init__(
        self,
        names: Iterable[str],
        *,
        host: str = "127.0.0.1",
        ports: Mapping[str, int] | None = None,
        options: Mapping[str, Mapping[str, Any]] | None = None,
        topology: Mapping[str, Any] | None = None,
        data: Path | None = None,
        seed: int = 0,
    ) -> None:
        self._host = host
        self._ports = dict(ports or {})
        self._options = options or {}
        self._topology = topology
        self._data = data
        self._seed = seed
        self._lock = threading.Lock()
        surroundings = import_module("fakes.wire.surroundings")
        import_module("fakes.wire.memory").return_what_is_freed()
        self._clock = surroundings.RealSurroundings("windtunnel", seed=seed)
        self.record = Record(self._clock.now_ns())
        self.faults = FaultBoard(seed, self._clock.now_ns, self._clock.call_later, self.record)
        self.emulators: dict[str, Emulator] = {}
        self._peers: dict[str, Backend] = {}
        try:
            for name in dict.fromkeys(names):
                self._add(name, surroundings.RealSurroundings)
        except BaseException:
            self.close()
            raise

    def _add(self, name: str, make: Any) -> None:
        def record(kind: str, fields: Mapping[str, Any]) -> None:
            self.record.append(self._clock.now_ns(), name, kind, fields)

        around = make(name, seed=self._seed, rule=self.faults.rule, record=record, peers=self._peers)
        emulator = Emulator(name, self._create(name, around))
        emulator.surroundings = around
        self.emulators[name] = emulator
        self._peers[name] = emulator.backend
        port = self._ports.get(name, 0)
        methods = any(emulator.backend.grpc().values())
        if emulator.backend.http():
            server = import_module("fakes.wire.http_server").HttpServer
            emulator.http_server = server(emulator, self._host, 0 if methods else port)
            emulator.address = emulator.http_server.address
        if methods:
            self._serve_grpc(emulator, port)

    def _serve_grpc(self, emulator: Emulator, port: int) -> None:
        server = import_module("fakes.wire.grpc_server").GrpcServer
        emulator.grpc_server = server([emulator.backend], self._host, port)
        emulator.address = emulator.grpc_server.address

    def _create(self, name: str, around: Any) -> Backend:
        try:
            module = import_module(f"fakes.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"fakes.{name}":
                raise
            raise StationError(f"there is no emulator {name!r}; there are {', '.join(available())}") from error
        required = _required(module)
        if required is None or required:
            raise StationError(f"{name!r} cannot be served on its own; there are {', '.join(available())}")
        options = dict(self._options.get(name, {}))
        known = inspect.signature(module.create).parameters
        if self._data is not None and "data" in known:
            options["data"] = self._data / name
        for option in options:
            if option not in known:
                raise StationError(f"{name} has no option {option!r}; it has {', '.join(list(known)[1:])}")
        try:
            backend: Backend = module.create(around, **options)
        except ValueError as error:
            raise StationError(f"{name}: {error}") from error
        if self._topology is not None:
            backend.provision(self._topology)
        return backend

    def forgetful(self) -> list[str]:
        """The emulators that keep nothing in `data`."""
        parameters = {
            name: inspect.signature(import_module(f"fakes.{name}").create).parameters for name in self.emulators
        }
        return [name for name, known in parameters.items() if "data" not in known]

    def environment(self) -> dict[str, str]:
        """What a client's process must have in its environment to come here."""
        merged: dict[str, str] = {}
        for emulator in self.emulators.values():
            merged.update(emulator.backend.environment(emulator.address))
        return merged

    def reset(self, names: Iterable[str]) -> None:
        """Begin anew with these emulators: empty, as provisioned. Clients keep their addresses."""
        with self._lock:
            for name in names:
                emulator = self.emulators[name]
                emulator.backend.close()
                if self._data is not None:
                    shutil.rmtree(self._data / name, ignore_errors=True)
                emulator.backend = self._create(name, emulator.surroundings)
                self._peers[name] = emulator.backend
                if emulator.grpc_server is not None:
                    port = int(emulator.address.rpartition(":")[2])
                    emulator.grpc_server.close()
                    self._serve_grpc(emulator, port)

    def close(self) -> None:
        """Stop serving and free what is held."""
        for emulator in self.emulators.values():
            for server in (emulator.http_server, emulator.grpc_server):
                if server is not None:
                    server.close()
            emulator.backend.close()
            emulator.surroundings.close()
        self._clock.close()
