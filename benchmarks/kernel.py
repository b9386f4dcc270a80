"""The kernel's figures, each beside a reference measured in the same run.

    python -m benchmarks.kernel [--rounds 5] [--only WORD] [--json]

Prints medians; quote them together with the line above the table, which says on what they were taken. Targets and
published references are those of the design. It must not know what a workload does: `inside.py` and `outside.py` do.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import Progress

from benchmarks import sheet
from benchmarks.figure import Figure, take
from benchmarks.sheet import ROOT
from harness.zygote import Zygote

ENVIRONMENT = {"HOME": "/home", "PATH": "/usr/bin", "TZ": "UTC", "K_SERVICE": "benchmark", "PORT": "8080"}
"""A service's, for both sides: requests reads every variable twice for each request, so that on a machine with many of
them it would look slow."""


class Bench:
    """Runs workloads: inside a fork of one warm zygote, or outside in an interpreter of their own."""

    def __init__(self, zygote: Zygote) -> None:
        self._zygote = zygote

    def inside(self, workload: str, count: int) -> float:
        """What `benchmarks.inside.<workload>` returned; RuntimeError with the child's traceback if it raised."""
        job = self._zygote.start(
            "benchmarks.inside:run", {"workload": workload, "count": count, "environ": ENVIRONMENT}
        )
        value: float | None = None
        problem = "the child ended without a result"
        for message in self._zygote.messages(job):
            if message["kind"] == "returned":
                value = message["value"]
            elif message["kind"] == "error":
                problem = message["traceback"]
        if value is None:
            raise RuntimeError(f"workload {workload!r} failed:\n{problem}")
        return value

    @staticmethod
    def outside(workload: str, count: int) -> float:
        """What `benchmarks.outside.<workload>` printed; CalledProcessError if it failed."""
        command = [sys.executable, "-m", "benchmarks.outside", workload, str(count)]
        return float(
            subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE, text=True).stdout
        )

    def fork_ms(self) -> float:
        """Milliseconds from asking the zygote for a run to its end, when the run does nothing."""
        began_s = time.perf_counter()
        self.inside("nothing", 0)
        return (time.perf_counter() - began_s) * 1e3


def figures(bench: Bench) -> list[Figure]:
    """All figures, cheapest first."""

    def rate(where: Callable[[str, int], float], workload: str, count: int) -> Callable[[], float]:
        return lambda: count / where(workload, count)

    def each_us(where: Callable[[str, int], float], workload: str, count: int) -> Callable[[], float]:
        return lambda: where(workload, count) / count * 1e6

    inside, outside = bench.inside, bench.outside
    return [
        Figure("timer events", "/s", "more", rate(inside, "timer_events", 300_000), 250_000,
               rate(outside, "simpy_timer_events", 300_000), "SimPy, callbacks"),
        Figure("sleeps of 1,000 threads", "/s", "more", rate(inside, "sleeping_threads", 100_000), None,
               rate(outside, "simpy_sleeping_processes", 100_000), "SimPy, generators"),
        Figure("jumps of the clock", "/s", "more", rate(inside, "jumps", 100_000), 200_000,
               rate(outside, "simpy_jumps", 100_000), "SimPy, one generator"),
        Figure("switch between greenlets", "µs", "less", each_us(inside, "switches", 200_000), 5,
               each_us(outside, "gevent_switches", 200_000), "gevent, real time"),
        Figure("front end on the hot path, a request", "µs", "less", each_us(inside, "front_end", 2000), 1000,
               each_us(outside, "canned_answers", 1000), "requests itself, on answers from memory"),
        Figure("requests round trips", "/s", "more", rate(inside, "requests_round_trips", 1500), 1000,
               rate(outside, "loopback_round_trips", 1500), "http.server on loopback"),
        Figure("history, an event", "µs", "less", each_us(outside, "history_events", 100_000), 10,
               each_us(outside, "json_events", 100_000), "json and hashlib, unchecked"),
        Figure("fork of a warm zygote", "ms", "less", bench.fork_ms, 20,
               lambda: outside("cold_start", 1) * 1e3, "imports, cold"),
        Figure("virtual : real, retry loop that sleeps", ": 1", "more", lambda: inside("retrying", 20_000), 10_000,
               published="frontrun ~40,000 : 1, no network, no faults"),
        Figure("virtual : real, requests against a 503", ": 1", "more", lambda: inside("client_stack", 60), 1000,
               published="FoundationDB ~10 : 1; simloop ~2,000 : 1, asyncio only"),
    ]  # fmt: skip


def main() -> int:
    """Measure and print; exit 1 when a target is missed."""
    options = sheet.parser("Measure the kernel beside its references.", rounds=5).parse_args()
    told = sheet.conditions(options.rounds)
    measured = []
    progress = Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    # A warm zygote has what its jobs need, as that of a run has the engine.
    with Zygote([ROOT], ["benchmarks.inside"]) as zygote, progress:
        bench = Bench(zygote)
        bench.inside("nothing", 0)  # the first fork pays for pages that the later ones share
        wanted = [figure for figure in figures(bench) if options.only in figure.name]
        task = progress.add_task("measuring", total=len(wanted))
        for figure in wanted:
            progress.update(task, description=figure.name)
            measured.append(take(figure, options.rounds))
            progress.advance(task)
    return sheet.show(measured, told, options)


if __name__ == "__main__":
    sys.exit(main())
