"""Whether emulators' memory stays flat: bytes that each call leaves behind, service by service, over many calls.

    python -m benchmarks.memory [--calls N] [--only WORD] [--data] [--json]

Each service is served in a process of its own, without sockets, with the history `windtunnel up` keeps; what is written
is written over again and again. First it takes as many calls as fill whatever it keeps a bounded number of, then the
N that count. The slope is that of the process's resident memory, garbage collected and free pages given back; the
number of Python's blocks per call, which has no noise, tells an object left behind by each call from mere holes. With
`--data` each keeps its state in a folder, and the growth of that is told too.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.emulators import resident_mb
from benchmarks.sheet import ROOT, conditions
from benchmarks.workloads import WORKLOADS, Workload
from fakes.wire.surroundings import RealSurroundings

SAMPLES = 8
FLAT_BYTES = 16.0
"""A slope below this is called flat: 16 MB in a million calls."""


@dataclass(frozen=True, slots=True)
class Slope:
    """What one service's calls left behind: bytes and blocks a call, and megabytes held in the end."""

    service: str
    calls: int
    us_per_call: float
    bytes_per_call: float
    blocks_per_call: float
    resident_mb: float
    journal_mb: float
    journal_bytes_per_call: float

    @property
    def flat(self) -> bool:
        """Whether so little stays that a million calls are nothing."""
        return self.bytes_per_call <= FLAT_BYTES and self.journal_bytes_per_call <= FLAT_BYTES


def _tidy() -> None:
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _size(folder: Path | None) -> int:
    return 0 if folder is None else sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure(service: str, calls: int, data: Path | None) -> Slope:
    """Use `service` in this process."""
    from fakes.wire.memory import return_what_is_freed
    from harness.wire.record import BLOCK, Record

    return_what_is_freed()
    workload: Workload = WORKLOADS[service]
    kept = Record(0, kept=BLOCK)
    around = RealSurroundings(service, record=lambda kind, fields: kept.append(around.now_ns(), service, kind, fields))
    use = workload.begin(around, data)
    number = 0
    for number in range(max(workload.fills_after, calls // SAMPLES)):
        use(number)
    points: list[tuple[int, float, int, int]] = []
    began_s = time.process_time()
    for _ in range(SAMPLES):
        _tidy()
        points.append((number, resident_mb(os.getpid()) * 2**20, sys.getallocatedblocks(), _size(data)))
        for _ in range(calls // SAMPLES):
            number += 1
            use(number)
    spent_s = time.process_time() - began_s
    _tidy()
    points.append((number, resident_mb(os.getpid()) * 2**20, sys.getallocatedblocks(), _size(data)))
    return Slope(
        service,
        number - points[0][0],
        spent_s / (number - points[0][0]) * 1e6,
        _slope([(at, resident) for at, resident, _, _ in points]),
        _slope([(at, blocks) for at, _, blocks, _ in points]),
        points[-1][1] / 2**20,
        points[-1][3] / 2**20,
        _slope([(at, size) for at, _, _, size in points]),
    )


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """The median of the slopes between any two points (Theil and Sen): one step of an allocator does not tilt it."""
    slopes = sorted(
        (other[1] - one[1]) / (other[0] - one[0]) for at, one in enumerate(points) for other in points[at + 1 :]
    )
    return slopes[len(slopes) // 2]


def _elsewhere(service: str, calls: int, *, kept: bool) -> Slope:
    command = [sys.executable, "-m", "benchmarks.memory", "--inside", service, "--calls", str(calls)]
    with tempfile.TemporaryDirectory() as folder:
        given = [*command, "--folder", folder] if kept else command
        told = subprocess.run(given, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Slope(**json.loads(told))


def main() -> int:
    """Measure and print; exit 1 when a service's memory grows with its calls."""
    parser = argparse.ArgumentParser(description="Bytes that each call of an emulator leaves behind.")
    parser.add_argument("--calls", type=int, default=5_000, help="calls of each service that count (default 5,000)")
    parser.add_argument("--only", default="", metavar="WORD", help="only services whose name contains WORD")
    parser.add_argument("--data", action="store_true", help="let services keep their state in a folder")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--inside", default="", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.calls < SAMPLES:
        parser.error(f"take at least {SAMPLES} calls")
    if options.inside:
        print(json.dumps(asdict(measure(options.inside, options.calls, options.folder))), flush=True)
        return 0
    told = conditions(1)
    table = Table(box=None, pad_edge=False)
    for head in ("service", "calls", "µs/call", "bytes/call", "blocks/call", "MB held", "journal MB", "bytes/call", ""):
        table.add_column(head, justify="left" if head in ("service", "") else "right")
    slopes = [_elsewhere(name, options.calls, kept=options.data) for name in WORKLOADS if options.only in name]
    for one in slopes:
        table.add_row(
            one.service, f"{one.calls:,}", f"{one.us_per_call:.0f}", f"{one.bytes_per_call:.1f}",
            f"{one.blocks_per_call:.3f}", f"{one.resident_mb:.0f}", f"{one.journal_mb:.1f}",
            f"{one.journal_bytes_per_call:.1f}", "flat" if one.flat else "GROWS",
        )  # fmt: skip
    if options.json:
        print(json.dumps({"conditions": told, "slopes": [asdict(one) for one in slopes]}, indent=2))
    else:
        print(told)
        Console(width=None if sys.stdout.isatty() else 200).print(table)
    return 0 if all(one.flat for one in slopes) else 1


if __name__ == "__main__":
    sys.exit(main())
