"""A station: emulators served on loopback, each on a port of its own, sharing faults, history and neighbours.

It loads emulators and servers by name, as a world does, and knows none of them.
"""

from __future__ import annotations

import inspect
import pkgutil
import re
import shutil
import threading
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from fakes.seam import Backend, MissingPackageError, StartResponse, Stream, StreamBackend, WsgiApp
from harness.topology import provision
from harness.wire.admission import REMEDY, Admission, Guarded
from harness.wire.faultboard import FaultBoard
from harness.wire.record import Record


class StationError(ValueError):
    """What was asked for cannot be served; the message names it and the remedy."""


class Emulator:
    """One back end with the servers in front of it.

    `address` is `host:port` of the one its clients use, "" where each of its hosts has one: `sites`, by host name.
    """

    def __init__(self, name: str, backend: Backend, surroundings: Any) -> None:
        self.name = name
        self.backend = backend
        self.surroundings = surroundings
        self.address = ""
        self.sites: dict[str, str] = {}
        self.http_servers: list[Any] = []
        self.grpc_server: Any = None
        self.stream_server: Any = None

    def environment(self) -> dict[str, str]:
        """What a client's process must have in its environment to come here."""
        sites = {f"UPSTREAM_{_shouted(host)}_URL": f"http://{address}" for host, address in self.sites.items()}
        return {**self.backend.environment(self.address), **sites}

    def converse(self, stream: Stream) -> None:
        """Hand a connection to the back end as it is now."""
        assert isinstance(self.backend, StreamBackend)  # or there is no server to connect to
        next(iter(self.backend.streams().values()))(stream)

    def close(self) -> None:
        """Stop the servers, then the back end."""
        for server in (*self.http_servers, self.grpc_server, self.stream_server):
            if server is not None:
                server.close()
        self.backend.close()
        self.surroundings.close()


class _Site:
    """The app of one host name, whichever back end there is at the moment."""

    def __init__(self, emulator: Emulator, host: str, admission: Admission) -> None:
        self._emulator = emulator
        self._host = host
        self._admission = admission

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Serve a request, whatever host it names."""
        if not self._admission.http(environ):
            body = f"{REMEDY}\n".encode()
            start_response("401 Unauthorized", [("Content-Length", str(len(body)))])
            return [body]
        apps = self._emulator.backend.http()
        # One app may answer on several names and look at which: the client's own word counts where it is one of them.
        named = environ.get("HTTP_HOST", "").partition(":")[0]
        app: WsgiApp = apps.get(named) or apps[self._host]
        return app(environ, start_response)


def _shouted(host: str) -> str:
    return re.sub(r"\W", "_", host).upper()


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
    emulators that can keep their state keep it, `token` what clients must show. With `lenient`, an emulator whose
    packages are not installed is left out (`left_out`: name -> why). Raises `StationError` for a name or an option
    nobody has, `OSError` for a port that is taken; a folder that cannot be used is
    a `StationError` too.
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
        token: str = "",
        lenient: bool = False,
    ) -> None:
        self._host = host
        self._ports = dict(ports or {})
        self._options = options or {}
        self._topology = topology
        self._data = data
        self._seed = seed
        self._token = token
        self._admission = Admission(token)
        self._lock = threading.Lock()
        surroundings = import_module("fakes.wire.surroundings")
        import_module("fakes.wire.memory").return_what_is_freed()
        self._clock = surroundings.RealSurroundings("windtunnel", seed=seed)
        self.record = Record(self._clock.now_ns())
        self._peers: dict[str, Backend] = {}
        self.faults = FaultBoard(seed, self._clock.now_ns, self._clock.call_later, self.record, self._peers)
        self.emulators: dict[str, Emulator] = {}
        self.left_out: dict[str, str] = {}
        try:
            for name in dict.fromkeys(names):
                try:
                    self._add(name, surroundings.RealSurroundings)
                except MissingPackageError as error:
                    if not lenient:
                        raise StationError(str(error)) from error
                    self.left_out[name] = str(error)
        except BaseException:
            self.close()
            raise

    def _add(self, name: str, make: Any) -> None:
        def record(kind: str, fields: Mapping[str, Any]) -> None:
            self.record.append(self._clock.now_ns(), name, kind, fields)

        around = make(name, seed=self._seed, rule=self.faults.rule, record=record, peers=self._peers)
        emulator = Emulator(name, self._create(name, around), around)
        self.emulators[name] = emulator
        self._peers[name] = emulator.backend
        port = self._ports.get(name, 0)
        methods = any(emulator.backend.grpc().values())
        self._serve_http(emulator, 0 if methods else port)
        if methods:
            self._serve_grpc(emulator, port)
        if isinstance(emulator.backend, StreamBackend):
            server = import_module("fakes.wire.stream_server").StreamServer
            emulator.stream_server = server(emulator.converse, self._host, port)
            emulator.address = emulator.stream_server.address

    def _serve_http(self, emulator: Emulator, port: int) -> None:
        apps = emulator.backend.http()
        if not apps:
            return
        server = import_module("fakes.wire.http_server").HttpServer
        if len({id(app) for app in apps.values()}) == 1:
            emulator.http_servers.append(server(_Site(emulator, next(iter(apps)), self._admission), self._host, port))
            emulator.address = emulator.http_servers[0].address
            return
        if port:
            raise StationError(
                f"{emulator.name} answers for {len(apps)} hosts, each on a port of its own; leave --port out"
            )
        for host in apps:
            made = server(_Site(emulator, host, self._admission), self._host, 0)
            emulator.http_servers.append(made)
            emulator.sites[host] = made.address

    def _serve_grpc(self, emulator: Emulator, port: int) -> None:
        server = import_module("fakes.wire.grpc_server").GrpcServer
        served: Any = Guarded(emulator.backend, self._admission) if self._admission.asks else emulator.backend
        emulator.grpc_server = server([served], self._host, port)
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
        if self._token and "password" in known:
            options["password"] = self._token
        for option in options:
            if option not in known:
                raise StationError(f"{name} has no option {option!r}; it has {', '.join(list(known)[1:]) or 'none'}")
        try:
            backend: Backend = module.create(around, **options)
            if self._topology is not None:
                provision({name: backend}, self._topology)
        except MissingPackageError:
            raise
        except (TypeError, ValueError, OSError) as error:
            raise StationError(f"{name}: {error}") from error
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
            merged.update(emulator.environment())
        if self._token and "AWS_ACCESS_KEY_ID" in merged:
            merged["AWS_ACCESS_KEY_ID"] = self._token
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
                if emulator.stream_server is not None:
                    emulator.stream_server.hang_up()
                if emulator.grpc_server is not None:
                    port = int(emulator.address.rpartition(":")[2])
                    emulator.grpc_server.close()
                    self._serve_grpc(emulator, port)

    def close(self) -> None:
        """Stop serving and free what is held."""
        for emulator in self.emulators.values():
            emulator.close()
        self._clock.close()
