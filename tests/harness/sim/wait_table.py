"""The table behind `test_waits.py`: waits of the standard library, and how long each must take.

Each entry does one wait and returns; `@lasting(seconds)` says how much virtual time it must take. This module exists so
that the waits can be written down apart from how they are measured. It must not know any of them.
"""

import asyncio
import contextlib
import importlib
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

MODULES = ("tests.harness.sim.waits", "tests.harness.sim.async_waits")
"""Where the waits are written down."""

WAITS: dict[str, tuple[float, Callable[[], object]]] = {}
"""Name -> (virtual seconds it must take, the wait)."""


def lasting(seconds: float) -> Callable[[Callable[[], object]], Callable[[], object]]:
    def register(wait: Callable[[], object]) -> Callable[[], object]:
        WAITS[wait.__name__] = (seconds, wait)
        return wait

    return register


def lasting_async(seconds: float) -> Callable[[Callable[[], Coroutine[Any, Any, object]]], object]:
    def register(wait: Callable[[], Coroutine[Any, Any, object]]) -> object:
        WAITS[f"asyncio_{wait.__name__}"] = (seconds, lambda: asyncio.run(wait()))
        return wait

    return register


def fill() -> None:
    """Load all that there is to wait for."""
    for module in MODULES:
        importlib.import_module(module)


def measure() -> dict[str, tuple[float, float, str]]:
    """Name -> (virtual seconds it took, real seconds it took, what went wrong)."""
    from harness.sim import clock

    fill()
    figures = {}
    for name, (_, wait) in WAITS.items():
        started, really = time.monotonic(), clock.real_monotonic_ns()
        problem = ""
        try:
            wait()
        except Exception as error:  # noqa: BLE001 - one bad wait must not hide the others
            problem = f"{type(error).__name__}: {error}"
        figures[name] = (time.monotonic() - started, (clock.real_monotonic_ns() - really) / 1e9, problem)
    return figures


@contextlib.contextmanager
def expecting(*errors: type[BaseException]) -> Iterator[None]:
    """The block must raise one of `errors`."""
    try:
        yield
    except errors:
        return
    raise AssertionError(f"expected {' or '.join(error.__name__ for error in errors)}")
