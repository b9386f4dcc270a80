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

LONGEST_S = 86_400.0
"""Virtual seconds after which a body is hanging: something ticks for ever, so that no deadlock shows."""

ROOT = Path(__file__).resolve().parents[3]


class LateZygote(Zygote):
    """A zygote that loads its `preload` before it loads the kernel."""

    server = "tests.harness.sim.late_server"


_zygotes: dict[int, Zygote] = {}
_late: dict[tuple[Any, ...], Zygote] = {}


def _close() -> None:
    for zygote in (*_zygotes.values(), *_late.values()):
        zygote.__exit__(None, None, None)


atexit.register(_close)


def in_simulation(target: str, *, seed: int = 1, hash_seed: int = 0, **arguments: Any) -> Any:
    """What `module:function(**arguments)` returns in a simulation of its own; AssertionError with its traceback."""
    if hash_seed not in _zygotes:
        _zygotes[hash_seed] = Zygote([ROOT], hash_seed=hash_seed).__enter__()
    return _told(_zygotes[hash_seed], target, seed, arguments)


LIBRARIES = (
    "asyncio",
    "concurrent.futures.thread",
    "logging.handlers",
    "queue",
    "random",
    "sched",
    "secrets",
    "select",
    "selectors",
    "signal",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "uuid",
)
"""What an interpreter may have loaded before it becomes a simulation; the zygote has it the other way round."""


def in_late_simulation(
    target: str, *, loads: tuple[str, ...] = (), seed: int = 1, hash_seed: int = 0, **arguments: Any
) -> Any:
    """As `in_simulation`, where `LIBRARIES`, `loads` and `target`'s module were loaded before the kernel was."""
    preload = (*LIBRARIES, *loads, target.partition(":")[0])
    key = (hash_seed, *preload)
    if key not in _late:
        for zygote in _late.values():  # one at a time: the tests of one file want the same, and each has its memory
            zygote.__exit__(None, None, None)
        _late.clear()
        _late[key] = LateZygote([ROOT], preload, hash_seed=hash_seed).__enter__()
    return _told(_late[key], target, seed, arguments)


def _told(zygote: Zygote, target: str, seed: int, arguments: dict[str, Any]) -> Any:
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
    import gevent
    from gevent.event import AsyncResult

    from harness.sim import diagnosis, guest

    machine = guest.machine()
    machine.kernel.begin(seed=seed, epoch_ns=EPOCH_NS, roots=())
    machine.begin()
    process = machine.kernel.process("test", 0, dict(os.environ))
    machine.admit(process)
    ended: AsyncResult = AsyncResult()

    def inside() -> None:
        module, _, name = body.partition(":")
        try:
            function = getattr(importlib.import_module(module), name)
            ended.set(getattr(function, "__wrapped__", function)(**arguments))
        except BaseException as error:  # noqa: BLE001 - whatever it was, the test must show it
            ended.set_exception(error, exc_info=sys.exc_info())

    try:
        process.spawn(inside)
        value = ended.get(timeout=LONGEST_S)
    except gevent.Timeout:
        channel.tell("raised", traceback=f"not over after {LONGEST_S:,} virtual seconds\n{diagnosis.stacks()[-3000:]}")
        return 1
    except BaseException:  # noqa: BLE001 - a livelock is thrown here
        channel.tell("raised", traceback=traceback.format_exc()[-3500:])
        return 1
    sys.stdout.flush()
    channel.tell("returned", value=value)
    return os.EX_OK
