"""Starts zygotes and hands them jobs: the side that stays an ordinary Python process.

This module exists so that the command line, the test plugin and the benchmarks get simulations the same way. It must
not import the kernel: importing is patching.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from harness import fixed_addresses

ONLY = "-"
"""In the zygote's list of modules: load no others."""


class ZygoteError(RuntimeError):
    """The zygote could not start or died; the message holds what it printed."""


class Zygote:
    """A warm interpreter that forks a child a job. Use as a context manager.

    `roots` are put first on the child's `sys.path`; `preload` are modules to load once, before forking, beside those
    that most worlds need (or with `only`, instead of them: quicker to start where they are not needed). The
    interpreter's hash seed is fixed, so that the order of sets of strings is the same in every run. With `terminal` the
    children read this process's standard input (debuggers do); without `fix_addresses` the system lays out memory
    anew for this zygote, as another machine would.
    """

    server = "harness.sim.server"
    """The module that is the zygote's own side."""

    def __init__(
        self,
        roots: Sequence[Path] = (),
        preload: Sequence[str] = (),
        *,
        hash_seed: int = 0,
        only: bool = False,
        terminal: bool = False,
        fix_addresses: bool = True,
    ) -> None:
        self._roots = [str(root) for root in roots]
        self._preload = [*([ONLY] if only else []), *preload]
        self._hash_seed = hash_seed
        self._terminal = terminal
        self._fix_addresses = fix_addresses
        self._jobs = 0
        self._starting = threading.Lock()
        self._children: dict[int, int] = {}
        self._inboxes: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._requests = -1
        self._aborted = False

    def __enter__(self) -> Zygote:
        requests_read, self._requests = os.pipe()
        reports_read, reports_write = os.pipe()
        self._inboxes[0] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [
                *([sys.executable, "-I", "-S", fixed_addresses.__file__] if self._fix_addresses else []),
                *[sys.executable, "-m", self.server, str(requests_read), str(reports_write), *self._preload],
            ],
            pass_fds=(requests_read, reports_write),
            env=self._environment(self._roots),
            stdin=None if self._terminal else subprocess.DEVNULL,
        )
        os.close(requests_read)
        os.close(reports_write)
        threading.Thread(target=self._listen, args=(reports_read,), daemon=True).start()
        if self._inboxes[0].get()["kind"] != "ready":
            raise ZygoteError(f"harness: the zygote did not start (exit code {self._process.wait()}); see its output")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        os.close(self._requests)
        if self._process is not None:
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    @property
    def is_alive(self) -> bool:
        """Whether it can be given jobs."""
        return self._process is not None and not self._aborted and self._process.poll() is None

    def _environment(self, roots: Sequence[str]) -> dict[str, str]:
        here = str(Path(__file__).resolve().parent.parent)
        return {
            **os.environ,
            "PYTHONHASHSEED": str(self._hash_seed),
            "PYTHONPATH": os.pathsep.join([*roots, here, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
            "TZ": "UTC",
            # XGBoost fitted or predicted before a fork hangs after it unless OpenMP has one thread (kernel note 11).
            "OMP_NUM_THREADS": "1",
            "GEVENT_SUPPORT": "True",
        }

    def prepare(self, target: str, arguments: dict[str, Any]) -> None:
        """Run `target` (as `start` does) in the zygote itself, so that every later child begins with what it left.

        Raises `ZygoteError` with its traceback where it raised.
        """
        problem = ""
        for message in self.messages(self._ask({"target": target, "arguments": arguments, "here": True})):
            if message["kind"] == "error":
                problem = message["traceback"]
        if problem:
            raise ZygoteError(problem)

    def start(
        self,
        target: str,
        arguments: dict[str, Any],
        output: Path | None = None,
        roots: Sequence[Path] | None = None,
    ) -> int:
        """Fork a child that runs `target` (`module:function`, called as `function(channel, **arguments)`).

        `arguments` must be JSON; what the child prints is appended to `output`. The child has the environment and the
        directory in which the zygote was started; with `roots`, those that the caller has now, and `roots` first on its
        path. Returns the job's number. Several threads may ask at once.
        """
        request: dict[str, Any] = {"target": target, "arguments": arguments, "here": False}
        if output is not None:
            request["output"] = str(output.absolute())
        if roots is not None:
            paths = [str(root) for root in roots]
            request["place"] = {"environment": self._environment(paths), "path": paths, "directory": str(Path.cwd())}
        return self._ask(request)

    def kill(self, job: int) -> None:
        """Kill the child of `job`, if it still runs."""
        pid = self._children.get(job)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _ask(self, request: dict[str, Any]) -> int:
        with self._starting:
            self._jobs += 1
            job = self._jobs
            self._inboxes[job] = queue.SimpleQueue()
            os.write(self._requests, json.dumps({"job": job, **request}).encode() + b"\n")
        return job

    def abort(self) -> None:
        """Kill the zygote and all its children; whoever waits for their messages gets a `ZygoteError`."""
        self._aborted = True
        if self._process is not None:
            self._process.kill()
        for pid in list(self._children.values()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def messages(self, job: int) -> Iterator[dict[str, Any]]:
        """Yield what the child tells, until and including `{"kind": "exited", "code": …}`."""
        inbox = self._inboxes[job]
        while True:
            message = inbox.get()
            if message["kind"] == "gone":
                raise ZygoteError("harness: the zygote died while a run was under way")
            yield message
            if message["kind"] == "exited":
                del self._inboxes[job]
                return

    def _listen(self, descriptor: int) -> None:
        with os.fdopen(descriptor, "rb") as reports:
            for line in reports:
                message = json.loads(line)
                if message["kind"] == "started":
                    self._children[message["job"]] = message["pid"]
                elif message["kind"] == "exited":
                    self._children.pop(message["job"], None)
                inbox = self._inboxes.get(message["job"])
                if inbox is not None:
                    inbox.put(message)
        for inbox in list(self._inboxes.values()):
            inbox.put({"kind": "gone"})
