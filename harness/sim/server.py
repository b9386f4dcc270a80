"""The zygote's own side: an interpreter that is made a simulation once, loads the heavy libraries, and is then forked.

This module exists so that a run costs a fork instead of four seconds of imports, and so that no test runner's worker
is ever patched. It speaks JSON lines: jobs come in on one descriptor, what happens goes out on another. It must not
know what a job does: `target` names the function, as WSGI servers do.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from harness.sim import terminal

EXIT_HARNESS_BUG = 70
"""`EX_SOFTWARE` of sysexits.h."""

PRELOADED = (
    "harness.sim.engine",
    "fakes.cloudrun",
    "fakes.scheduler",
    "requests",
    "orjson",
    "flask",
    "httptools",
    "google.cloud.bigquery",
    "google.cloud.storage",
    "google.cloud.pubsub_v1",
    "duckdb",
    "sqlglot",
    "sqlglot.dialects.bigquery",
    "sqlglot.dialects.duckdb",
)
"""Loaded before the first fork where installed; tests choose others with `[tool.windtunnel.pytest] preload`."""


class Channel:
    """Where a job reports: JSON objects, one a line, each under `PIPE_BUF`: children share the descriptor."""

    def __init__(self, descriptor: int, job: int) -> None:
        self._descriptor = descriptor
        self._job = job

    def tell(self, kind: str, **fields: Any) -> None:
        """Send one message of the job to whoever started the zygote."""
        line = json.dumps({"job": self._job, "kind": kind, **fields}) + "\n"
        os.write(self._descriptor, line.encode())


def _prepare(request: dict[str, Any], channel: Channel) -> None:
    """Do a job in the zygote itself; its children start from what it leaves."""
    code = 0
    try:
        code = int(_load(request["target"])(channel, **request["arguments"]) or 0)
    except BaseException:  # noqa: BLE001 - whatever it was, the parent must hear of it, and may ask for more
        channel.tell("error", traceback=traceback.format_exc()[-3000:])
        code = EXIT_HARNESS_BUG
    channel.tell("exited", code=code)


def _load(target: str) -> Callable[..., Any]:
    module, _, name = target.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _lines(descriptor: int) -> Any:
    """Read requests byte-exactly from a real descriptor: `sys.stdin` could read ahead of a fork."""
    rest = b""
    while True:
        chunk = os.read(descriptor, 65536)
        if not chunk:
            return
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole


def _take_place(environment: dict[str, str], path: Sequence[str], directory: str) -> None:
    """Begin where the one who asks is, not where the zygote was started; `-m` puts the directory first on the path."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    sys.path[: 0 if sys.flags.safe_path else 1] = [*([] if sys.flags.safe_path else [directory]), *path]


def _run_child(request: dict[str, Any], reports: int) -> None:
    code = EXIT_HARNESS_BUG
    channel = Channel(reports, request["job"])
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        channel.tell("started", pid=os.getpid())
        terminal.keep()
        if "place" in request:
            _take_place(**request["place"])
        if request.get("output"):
            # What the code under test prints belongs to the run, not to the terminal.
            sink = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.dup2(sink, 1)
            os.dup2(sink, 2)
        code = int(_load(request["target"])(channel, **request["arguments"]) or 0)
    except BaseException:  # noqa: BLE001 - the child's last resort: whatever it was, the parent must hear of it
        channel.tell("error", traceback=traceback.format_exc()[-3000:])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # No interpreter shutdown: it would run the `finally` and `atexit` of simulated processes.
        os._exit(code)


def main() -> None:
    """Serve: `python -m harness.sim.server REQUESTS REPORTS PRELOAD…` with two descriptor numbers."""
    gc.disable()  # libraries hardly make garbage while they load, and looking for it is a tenth of the start
    requests, reports, *preload = sys.argv[1:]
    reap_signal = signal.signal
    jobs: dict[int, int] = {}

    def reap(signum: int, frame: Any) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            code = os.waitstatus_to_exitcode(status)
            Channel(int(reports), jobs.pop(pid, -1)).tell("exited", code=code)

    from harness.sim import guest

    guest.machine()
    # From 3.12 on os.fork() warns of other OS threads. There are DuckDB's and gevent's idle ones, none of ours.
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    usual = () if "-" in preload else PRELOADED
    preload = [name for name in preload if name != "-"]
    for name in (*usual, *preload):
        try:
            importlib.import_module(name)
        except ImportError:
            if name in preload:
                raise
    guest.freeze()
    reap_signal(signal.SIGCHLD, reap)
    Channel(int(reports), 0).tell("ready")
    for line in _lines(int(requests)):
        request = json.loads(line)
        if request["here"]:
            _prepare(request, Channel(int(reports), request["job"]))
            guest.freeze()
            continue
        # Until the child is in the table its exit must not be reaped.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        pid = os.fork()
        if pid == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            gc.disable()
            _run_child(request, int(reports))
        jobs[pid] = request["job"]
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    os._exit(0)


if __name__ == "__main__":
    main()
