"""A network with a server on it, for bodies that run inside a simulation."""

from collections.abc import Callable, Iterable
from typing import Any

from harness.sim import install
from harness.sim.http_server import serve
from harness.sim.kernel import install as install_kernel
from harness.sim.network import Network
from harness.sim.process import current_label

Environ = dict[str, Any]


def a_network(**options: Any) -> Network:
    """A fresh network, installed; `who` is the kernel's running process."""
    kernel = install_kernel()
    network = Network(rng=kernel.chance.stream, who=current_label, now_ns=lambda: kernel.loop.now_ns, **options)
    install.install(network)
    return network


def now_s() -> float:
    """The virtual time in seconds, without moving it."""
    return float(install_kernel().loop.now())


def echo(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the method, the path and the body."""
    body = environ["wsgi.input"].read()
    answer = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} ".encode() + body
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]


def echo_network(**options: Any) -> Network:
    """A network on which `api.test` echoes over http and https."""
    network = a_network(**options)
    serve(network, "api.test", (80, 443), echo)
    return network
