"""A simulated process sees the same machine wherever the simulation runs."""

import concurrent.futures
import os
import platform
import socket
import time
from typing import Any

from tests.harness.sim.simulated import in_late_simulation, in_simulation


def facts() -> dict[str, Any]:
    return {
        "cpus": os.cpu_count(),
        "affinity": sorted(os.sched_getaffinity(0)),
        "usable cpus": getattr(os, "process_cpu_count", os.cpu_count)(),
        "threads": concurrent.futures.ThreadPoolExecutor()._max_workers,
        "load": os.getloadavg(),
        "uname": os.uname()[:4],
        "node": [os.uname().nodename, platform.node(), platform.uname().node, socket.gethostname()],
        "pid": os.getpid() > 0,
        "zone": time.tzname,
    }


def test_processors_kernel_and_names_are_the_simulations() -> None:
    seen = in_simulation(f"{__name__}:facts")
    assert (seen["cpus"], seen["usable cpus"], seen["affinity"], seen["threads"]) == (1, 1, [0], 5)
    assert set(seen["node"]) == {"test-0"}
    assert in_late_simulation(f"{__name__}:facts") == seen
