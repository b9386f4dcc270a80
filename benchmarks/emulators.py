"""Emulators as their users meet them: `windtunnel up` in a process of its own, the vendor's client in this one.

    python -m benchmarks.emulators [--rounds N] [--only WORD] [--json]

One client, one connection. The reference fake-gcs-server is run beside ours where it is installed, else its published
figures stand in.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import sheet
from benchmarks.figure import Figure
from benchmarks.load import use_all
from benchmarks.sheet import ROOT

KIB, MIB = 1024, 1024 * 1024


@contextmanager
def up(*arguments: str) -> Iterator[tuple[dict[str, str], int]]:
    """`windtunnel up …`: its environment and its process id."""
    command = [sys.executable, "-m", "harness.cli", "up", "--format", "json", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline()), process.pid
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


@contextmanager
def fake_gcs_server() -> Iterator[dict[str, str]]:
    """The Go peer in memory, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    address = f"127.0.0.1:{port}"
    command = ["fake-gcs-server", "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory",
               "-public-host", address]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.01)
        yield {"STORAGE_EMULATOR_HOST": f"http://{address}"}
    finally:
        process.terminate()
        process.wait()


def resident_mb(pid: int) -> float:
    """Megabytes of memory that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


class Bucket:
    """The official client on one bucket of the server that `environment` leads to."""

    def __init__(self, environment: dict[str, str]) -> None:
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import storage

        endpoint = environment["STORAGE_EMULATOR_HOST"]
        client = storage.Client(
            project="benchmark", credentials=AnonymousCredentials(), client_options={"api_endpoint": endpoint}
        )
        self._bucket = client.create_bucket(f"benchmark-{time.monotonic_ns()}")

    def uploads_per_s(self, size: int, count: int) -> float:
        """Objects of `size` bytes written, a second; each has a name of its own."""
        content = b"x" * size
        began_s = time.perf_counter()
        for number in range(count):
            self._bucket.blob(f"{size}/{number}").upload_from_string(content)
        return count / (time.perf_counter() - began_s)

    def downloads_per_s(self, size: int, count: int) -> float:
        """Objects of `size` bytes read, a second."""
        self._bucket.blob(f"{size}/0").upload_from_string(b"x" * size)
        blob = self._bucket.blob(f"{size}/0")
        began_s = time.perf_counter()
        for _ in range(count):
            if len(blob.download_as_bytes()) != size:
                raise AssertionError("the download is short")
        return count / (time.perf_counter() - began_s)


def start_s(*emulators: str) -> float:
    """Seconds from the command to its printed environment."""
    began_s = time.perf_counter()
    with up(*emulators):
        return time.perf_counter() - began_s


def start_cpu_s(*emulators: str) -> float:
    """Processor seconds of the same: what a machine with nothing else to do would take at least."""
    with up(*emulators) as (_, pid):
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def cold_start_s() -> float:
    """Seconds from the command to its environment with none of our files or libraries in the page cache."""
    for path in (path for folder in (ROOT / "fakes", ROOT / "harness", Path(sys.prefix)) for path in folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return start_s()


def loaded_mb() -> float:
    """Megabytes that `up` with every emulator holds after some thousands of calls."""
    with up("--set", "gcs.limits=none", "--set", "bigquery.limits=none") as (environment, pid):
        use_all(environment)
        return resident_mb(pid)


def front_us(count: int) -> float:
    """Microseconds of one small download in process: front end, gate and state machine, no client and no socket."""
    from io import BytesIO

    from fakes.gcs import create
    from fakes.wire.surroundings import RealSurroundings

    backend = create(RealSurroundings("gcs"), limits="none")
    backend.provision({"buckets": {"the-bucket": {}}})
    backend.write_object("the-bucket", "x", b"x" * KIB)
    app = backend.http()["storage.googleapis.com"]
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/download/storage/v1/b/the-bucket/o/x", "QUERY_STRING": "alt=media",
        "REQUEST_URI": "/download/storage/v1/b/the-bucket/o/x?alt=media", "SERVER_NAME": "storage.googleapis.com",
        "HTTP_HOST": "storage.googleapis.com", "HTTP_ACCEPT_ENCODING": "gzip", "HTTP_USER_AGENT": "benchmark",
        "wsgi.url_scheme": "http", "wsgi.input": BytesIO(),
    }  # fmt: skip
    began_s = time.perf_counter()
    for _ in range(count):
        if len(b"".join(app(dict(environ), lambda *_: None))) != KIB:
            raise AssertionError("the download is short")
    return (time.perf_counter() - began_s) / count * 1e6


def figures(ours: Bucket, pid: int, theirs: Bucket | None, count: int) -> list[Figure]:
    """The figures of Cloud Storage. Published ones: fake-gcs-server in memory, two cores, ± 40 %."""

    def pair(name: str, of: Callable[[Bucket], float], published: float) -> Figure:
        reference = (lambda: of(theirs)) if theirs is not None else None
        return Figure(name, "/s", "more", lambda: of(ours), published, reference, "fake-gcs-server", "fake-gcs-server")

    large = max(1, count // 10)
    return [
        pair("gcs: 1 KB up", lambda bucket: bucket.uploads_per_s(KIB, count), 335),
        pair("gcs: 1 KB down", lambda bucket: bucket.downloads_per_s(KIB, count), 405),
        pair("gcs: 1 MB up", lambda bucket: bucket.uploads_per_s(MIB, large), 66),
        pair("gcs: 1 MB down", lambda bucket: bucket.downloads_per_s(MIB, large), 200),
        Figure("gcs: a small download in process", "µs", "less", lambda: front_us(count * 10), 1000),
        Figure("gcs: memory behind the above", "MB", "less", lambda: resident_mb(pid), 300),
        Figure("up: gcs alone, command to environment", "s", "less", lambda: start_s("gcs"), 2),
        Figure("up: every emulator, command to environment", "s", "less", start_s, 2),
        Figure("up: every emulator, processor time of the same", "s", "less", start_cpu_s, 2),
        Figure("up: every emulator, cold file cache", "s", "less", cold_start_s),
        Figure("up: memory after a load on every emulator", "MB", "less", loaded_mb, 300),
    ]


def main() -> int:
    """Measure and print; exit 1 when a target is missed."""
    options = sheet.parser("Measure emulators on the wire.", rounds=3, count=300, of="calls").parse_args()
    told = sheet.conditions(options.rounds)
    with up("gcs", "--set", "gcs.limits=none") as (environment, pid):
        ours = Bucket(environment)
        if shutil.which("fake-gcs-server"):
            with fake_gcs_server() as elsewhere:
                measured = sheet.measure(figures(ours, pid, Bucket(elsewhere), options.count), options)
        else:
            measured = sheet.measure(figures(ours, pid, None, options.count), options)
    return sheet.show(measured, told, options)


if __name__ == "__main__":
    sys.exit(main())
