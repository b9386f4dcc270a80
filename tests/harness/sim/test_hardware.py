"""A simulated process sees the same machine wherever the simulation runs."""

import concurrent.futures
import os
import platform
import resource
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
        "platform": [platform.platform(), platform.processor()],
        "zone": time.tzname,
    }


def used() -> list[list[float]]:
    time.sleep(90)
    bytes(10_000_000)
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return [list(os.times()), *map(list, both)]


def test_what_a_process_has_used_is_told_by_virtual_time_and_is_the_same_each_time() -> None:
    times, own, childrens = in_simulation(f"{__name__}:used")
    assert [round(times[0]), round(times[4]), round(own[0])] == [90, 90, 90]
    assert own[1:3] == [0, 64 * 1024]
    assert set(childrens) == {0}
    assert in_late_simulation(f"{__name__}:used") == [times, own, childrens]


def test_processors_kernel_and_names_are_the_simulations() -> None:
    seen = in_simulation(f"{__name__}:facts")
    assert (seen["cpus"], seen["usable cpus"], seen["affinity"], seen["threads"]) == (1, 1, [0], 5)
    assert set(seen["node"]) == {"test-0"}
    assert seen["platform"][0].startswith("Linux-4.4.0-")
    assert seen["platform"][1] == ""
    assert in_late_simulation(f"{__name__}:facts") == seen
