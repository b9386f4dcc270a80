"""The whole simulated machine of one interpreter: kernel, network, RPC channel, guard – in the order that works.

This module exists so that the zygote, the test plugin and the benchmarks install the same thing. It must not know
worlds or back ends.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from fakes.seam import GrpcMethod, StreamApp, WsgiApp
from harness.sim import aio, guard, http_server, kernel, pipes, stream_server
from harness.sim import install as network_install
from harness.sim.kernel import Kernel
from harness.sim.network import Network
from harness.sim.process import Process, current_label, spawn_in
from harness.sim.rpc import install as rpc_install
from harness.sim.rpc.fabric import Fabric

HTTP_PORTS = (80, 443)


class Machine:
    """A simulated machine: its kernel, and the network and RPC fabric of the run under way."""

    def __init__(self, made: Kernel) -> None:
        self.kernel = made
        self.network = self._new_network()
        self._rpc: dict[str, Mapping[str, GrpcMethod]] = {}
        self.fabric: Fabric = rpc_install.install(
            self._rpc.get, current_label, spawn=lambda serve: spawn_in(None, serve)
        )
        network_install.install(self.network)
        pipes.install()
        aio.install()
        guard.lower_guard()

    def begin(self) -> None:
        """Give the run a network of its own and refuse real I/O from now on."""
        self.network = self._new_network()
        self._rpc.clear()
        network_install.install(self.network)

    def serve_http(self, apps: Mapping[str, WsgiApp]) -> None:
        """Let `apps` (by host name) answer over HTTP and HTTPS."""
        for host, app in apps.items():
            http_server.serve(self.network, host, HTTP_PORTS, app, _spawn)

    def serve_streams(self, apps: Mapping[tuple[str, int], StreamApp]) -> None:
        """Let `apps` (by host name and port) converse over TCP."""
        for (host, port), app in apps.items():
            stream_server.serve_stream(self.network, host, port, app, _spawn)

    def serve_rpc(self, methods: Mapping[str, Mapping[str, GrpcMethod]]) -> None:
        """Let `methods` (by host name) answer over gRPC."""
        self._rpc.update(methods)

    def admit(self, process: Process) -> None:
        """Let the network and the fabric hear of the death of `process`."""
        process.on_death(lambda: self.network.reset_owner(process.label))
        process.on_death(lambda: self.fabric.abort_owner(process.label))

    def _new_network(self) -> Network:
        def rng(stream: str) -> random.Random:
            return self.kernel.chance.stream(f"network/{stream}")

        return Network(rng=rng, who=current_label, now_ns=lambda: self.kernel.loop.now_ns)


def _spawn(*args: object) -> object:
    function, *rest = args
    return spawn_in(None, function, *rest)  # type: ignore[arg-type]  # gevent.spawn's shape


_machine: Machine | None = None


def machine() -> Machine:
    """Make this interpreter a simulated machine; the second call returns the same one."""
    global _machine  # noqa: PLW0603 - an interpreter is patched once and cannot be unpatched
    if _machine is None:
        _machine = Machine(kernel.install())
    return _machine


def freeze() -> None:
    """Call once the libraries are loaded and before forking."""
    kernel.freeze()


def install() -> Kernel:
    """Make this interpreter a simulated machine and return its kernel."""
    return machine().kernel
