"""Runs test bodies inside a simulation: in a fork of a warm zygote, never in the test runner's own process.

A body reports by returning something JSON can hold, and fails by raising.
"""

import atexit
import functools
import importlib
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.zygote import Zygote

EPOCH_NS = 1_768_521_600_000_000_000
"""2026-01-16T00:00:00Z."""

ROOT = Path(__file__).resolve().parents[3]

_zygotes: dict[int, Zygote] = {}


def in_simulation(target: str, *, seed: int = 1, hash_seed: int = 0, **arguments: Any) -> Any:
    """What `module:function(**arguments)` returns in a simulation of its own; AssertionError with its traceback."""
    if hash_seed not in _zygotes:
        _zygotes[hash_seed] = Zygote([ROOT], hash_seed=hash_seed).__enter__()
        if len(_zygotes) == 1:
            atexit.register(lambda: [zygote.__exit__(None, None, None) for zygote in _zygotes.values()])
    zygote = _zygotes[hash_seed]
    job = zygote.start(f"{__name__}:run", {"body": target, "seed": seed, "arguments": arguments})
    value: Any = None
    problem = "the child ended without a result"
    for message in zygote.messages(job):
        if message["kind"] == "returned":
            value, problem = message["value"], ""
        elif message["kind"] in ("raised", "error"):
            problem = message["traceback"]
    if problem:
        raise AssertionError(f"in the simulation:\n{problem}")
    return value


def simulated(test: Callable[[], Any]) -> Callable[[], Any]:
    """Make a test function run in a simulation."""

    @functools.wraps(test)
    def outside() -> None:
        in_simulation(f"{test.__module__}:{test.__qualname__}")

    return outside


def run(channel: Any, body: str, seed: int, arguments: dict[str, Any]) -> int:
    """The child's side."""
    from harness.sim import aio, install
    from harness.sim.kernel import install as install_kernel
    from harness.sim.network import Network
    from harness.sim.process import current_label

    kernel = install_kernel()  # the zygote's
    kernel.begin(seed=seed, epoch_ns=EPOCH_NS, roots=())
    aio.install()
    install.install(Network(rng=lambda stream: kernel.chance.stream(f"network/{stream}"), who=current_label))
    module, _, name = body.partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
        value = getattr(function, "__wrapped__", function)(**arguments)
    except BaseException:  # noqa: BLE001 - whatever it was, the test must show it
        channel.tell("raised", traceback=traceback.format_exc()[-3500:])
        return 1
    sys.stdout.flush()
    channel.tell("returned", value=value)
    return os.EX_OK
