"""The whole simulated machine of one interpreter: kernel, network, RPC channel, guard – in the order that works.

This module exists so that the zygote, the test plugin and the benchmarks install the same thing. It must not know
worlds or back ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from harness.sim import kernel
from harness.sim.kernel import Kernel

real_fork: Callable[[], int] = os.fork
"""The real `os.fork`, kept from before the guard refuses it."""


def install() -> Kernel:
    """Make this interpreter a simulated machine; the second call returns the same kernel."""
    return kernel.install()


def freeze() -> None:
    """Call once the libraries are loaded and before forking."""
    kernel.freeze()
