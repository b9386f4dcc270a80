"""Puts the simulated core under grpcio.

Call it once, in an interpreter that is a simulation. It replaces what grpcio's Python layer looks up in `cygrpc` at
each use, so that `grpc.insecure_channel`, `grpc.secure_channel` and `grpc.aio`'s are simulated however early a library
took a reference to them. Every host is simulated from then on: a name that does not resolve here is UNAVAILABLE, never
a real connection. It must not know worlds.

Refused with an error: serving (`grpc.server`), and service configs with retry or hedging policies. Without effect in
memory: compression, keep-alive, idle time-outs, load balancing, TLS settings and user agents. Bandwidth is not limited;
a call takes its round trip whatever its size.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from harness.sim.guard import RealIoError
from harness.sim.rpc.fabric import Fabric, Methods

WAIT_SLICE_S = 86_400.0
"""grpcio's waits wake up every 0.1 s so that the main thread can run signal handlers. That is 36,000 pointless switches
an hour for each waiting thread, and there are no real signals here: one a day."""


def install(resolve: Callable[[str], Methods | None], who: Callable[[], str], **options: Any) -> Fabric:
    """Make every gRPC channel of this interpreter a simulated one; returns the fabric they share.

    `resolve(host)` gives the methods that a host serves by full path, or None where the name does not resolve;
    `who()` is the caller's identity, `name#instance`. `options` are those of `Fabric`: `latency_s`, `spawn`, `server`,
    `complain`.
    """
    from grpc import _common
    from grpc._cython import cygrpc

    from harness.sim.rpc.aio import AioChannel
    from harness.sim.rpc.core import CoreChannel
    from harness.sim.rpc.credentials import ComputeEngineCredentials

    fabric = Fabric(resolve, who, **options)
    cygrpc.Channel = functools.partial(CoreChannel, fabric)
    cygrpc.AioChannel = functools.partial(AioChannel, fabric)
    cygrpc.channel_credentials_compute_engine = ComputeEngineCredentials
    cygrpc.Server = _refuse_server
    cygrpc.AioServer = _refuse_server
    # Would start real threads to let real core and gevent share a process; nothing is left for it to do.
    cygrpc.init_grpc_gevent = lambda: None
    _common.MAXIMUM_WAIT_TIMEOUT = WAIT_SLICE_S
    return fabric


def _refuse_server(*args: Any, **kwargs: Any) -> None:
    raise RealIoError(
        "grpc.server() would listen on a real port",
        "serve the methods from a back end of the world (fakes.seam.GrpcMethod)",
    )
