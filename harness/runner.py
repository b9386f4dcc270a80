"""Runs a scenario in the sim engine: its worlds, several at a time, each in a child of one zygote; then judges.

It stays an ordinary Python process, since importing the kernel would patch it. It must not know any check, back end or
report.
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import measure, warm
from harness.comparison import compare
from harness.durable import write_whole
from harness.history import WRITTEN_BYTES, History, salvage
from harness.judge import judge
from harness.outcome import FaultAccount, Outcome
from harness.request import PROBLEM, OnProgress, Progress, RunRequest, RunResult
from harness.scenario.catalogue import Project
from harness.scenario.errors import ScenarioError
from harness.traces import last_words
from harness.zygote import Zygote

ENGINE = "harness.sim.engine:main"
COMPARED_BYTES = 1 << 13
"""How much of a history is written at a time while it is compared with another."""
HISTORY = "history.jsonl"
OUTCOME = "outcome.json"
OUTPUT = "output.txt"
"""What the code under test printed."""


class HarnessError(RuntimeError):
    """A bug of ours ended a world; the message has the child's traceback."""


def run(request: RunRequest, on_progress: OnProgress = lambda progress: None) -> RunResult:
    """Run and judge the worlds of `request`; each leaves a folder of its name in `out_dir`.

    Raises `ScenarioError` where a world declares what cannot be, leaving nothing of the run behind; `HarnessError` for
    a bug of ours. What the user's code raises becomes the world's outcome.
    """
    told = threading.Lock()

    def tell(progress: Progress) -> None:
        with told:
            on_progress(progress)

    project = Project.nearest(request.scenario.path.parent)
    roots = list(dict.fromkeys((*project.import_paths, Path.cwd())))
    for root in reversed(roots):
        if str(root) not in sys.path:
            sys.path.insert(0, str(root))  # checks and metrics of the user's are imported here
    made = [parent for parent in (request.out_dir, *request.out_dir.parents) if not parent.exists()]
    request.out_dir.mkdir(parents=True, exist_ok=True)
    preload = ["coverage"] if "coverage" in sys.modules else []
    zygote = warm.zygote(preload, terminal=request.pdb or sys.stdin.isatty())
    # The second of two runs to compare gets its memory laid out as another machine would.
    other = warm.zygote(preload, fix_addresses=False) if request.paranoid else None
    with ThreadPoolExecutor(max(1, min(request.jobs, len(request.worlds)))) as pool:
        runs = [_World(request, world, project, roots, zygote, other, tell) for world in request.worlds]
        try:
            stopped = list(pool.map(_World.run, runs))
        except BaseException:
            zygote.abort()  # the pool would wait for worlds that nobody wants any more
            if other is not None:
                other.abort()
            raise
    for world in runs:
        measure.add(world.measured)
    if undeclared := [stop for stop in stopped if stop is not None and stop.kind == "world"]:
        for world in runs:
            shutil.rmtree(world.folder, ignore_errors=True)
        for folder in made:
            folder.rmdir()
        raise ScenarioError("\n".join(dict.fromkeys(stop.detail for stop in undeclared)))
    if bugs := [stop for stop in stopped if stop is not None and stop.kind == "harness"]:
        raise HarnessError("\n".join(stop.detail for stop in bugs))
    outcomes = [world.judge(stop) for world, stop in zip(runs, stopped, strict=True)]
    return RunResult(request.out_dir, outcomes)


@dataclass(frozen=True, slots=True)
class Stop:
    """What stopped a world early: `world` (its declaration), `pipeline` (its code), `livelock`, `deadlock` or `stall`
    (which `detail` diagnoses), or `harness` (us).
    """

    kind: str
    detail: str


class _World:
    """One world of a run: the child that runs it, and the judgement of what the child left."""

    def __init__(
        self,
        request: RunRequest,
        world: str,
        project: Project,
        roots: Sequence[Path],
        zygote: Zygote,
        other: Zygote | None,
        tell: OnProgress,
    ) -> None:
        self.folder = request.out_dir / world
        self.measured = self.folder / ".measured"
        self._request = request
        self._world = world
        self._project = project
        self._roots = roots
        self._zygote = zygote
        self._other = other
        self._tell = tell
        self._differs = ""
        self._summary: dict[str, Any] = {}

    def run(self) -> Stop | None:
        """Run the child to its end; say what stopped it early."""
        self.folder.mkdir(exist_ok=True)
        summary = self.folder / ".summary.json"
        began_s = time.monotonic()
        error = self._twice(self._other, summary) if self._other is not None else self._wait(self._start(summary))
        traces = last_words(_traces_of(summary))
        if not summary.exists() and not traces:
            return Stop("harness", error or f"world {self._world!r}: the child died without a word")
        if summary.exists():
            self._summary = json.loads(summary.read_bytes())
            summary.unlink()
        else:
            salvage(self.folder / HISTORY)
            self._summary = {
                "accounts": [],
                "doubts": [],
                "wall_s": time.monotonic() - began_s,
                "problem": "stall",
                "detail": traces,
            }
        told = [self._summary["detail"], *self._summary["doubts"]]
        if any(told):
            write_whole(self.folder / PROBLEM, "\n\n".join(text for text in told if text).encode())
        if not self._summary["problem"]:
            return None
        return Stop(self._summary["problem"], self._summary["detail"])

    def judge(self, stop: Stop | None) -> Outcome:
        """Judge the history and leave the outcome beside it."""
        detail = "" if stop is None else stop.detail
        history = History.read(self.folder / HISTORY)
        outcome = judge(
            self._request.scenario,
            self._world,
            history,
            self._accounts(history),
            seed=self._request.seed,
            engine="sim",
            release=self._request.release,
            wall_s=self._summary["wall_s"],
            raised=detail if stop is not None and stop.kind == "pipeline" else "",
            stopped=detail,
            differs=self._differs,
            doubts=self._summary["doubts"],
        )
        outcome.write(self.folder / OUTCOME)
        return outcome

    def _twice(self, other: Zygote, summary: Path) -> str:
        """Run the world twice at once and compare; the second history is kept where it differs."""
        second, second_summary, second_output = (self.folder / f"again-{name}" for name in (HISTORY, "summary", OUTPUT))
        over = threading.Event()
        with ThreadPoolExecutor(2) as pool:
            compared = pool.submit(compare, self.folder / HISTORY, second, over)
            try:
                job = self._start(summary)
                # Not measured: what is compared is also that measuring changes nothing.
                plan = {**self._plan(second_summary, second), "measure": None}
                again = other.start(ENGINE, plan, second_output, self._roots)
                error = self._wait(job)
                for _ in other.messages(again):
                    pass
            finally:
                over.set()
            difference = compared.result()
        second_summary.unlink(missing_ok=True)
        second_output.unlink(missing_ok=True)
        last_words(_traces_of(second_summary))
        if difference is None:
            second.unlink(missing_ok=True)
        else:
            self._differs = str(difference)
        return error

    def _start(self, summary: Path) -> int:
        plan = self._plan(summary, self.folder / HISTORY)
        return self._zygote.start(ENGINE, plan, self.folder / OUTPUT, self._roots)

    def _accounts(self, history: History) -> list[FaultAccount]:
        if accounts := self._summary["accounts"]:
            return [FaultAccount(**account) for account in accounts]
        # A child that was killed keeps no accounts, but its history has what fired up to then.
        fired = Counter((event["id"], event["event"]) for event in history.of("fault"))
        return [
            FaultAccount(
                id=spec.id, planned=spec.at_least, fired=fired[spec.id, "fired"], masked=fired[spec.id, "masked"]
            )
            for spec in self._request.scenario.plan(self._world)
        ]

    def _plan(self, summary: Path, history: Path) -> dict[str, Any]:
        scenario, request = self._request.scenario, self._request
        about: dict[str, Any] = {
            "world": self._world,
            "seed": request.seed,
            "release": request.release,
            "engine": "sim",
        }
        return {
            "world": self._world,
            "build": scenario.worlds[self._world].build,
            "seed": request.seed,
            "span_ns": scenario.span.ns,
            "start": scenario.run_start(**about),
            "end": scenario.run_end(**about),
            "roots": [str(root) for root in self._roots],
            "folder": str(self._project.root),
            "history": str(history),
            "summary": str(summary),
            "faults": [
                fault.model_dump(mode="json", by_alias=True, exclude_defaults=True)
                for fault in scenario.plan(self._world)
            ],
            "until": request.until or "",
            "watchdog_s": self._project.watchdog_s,
            "private": self._project.private,
            "traces": str(_traces_of(summary)),
            "pdb": request.pdb,
            "debugpy": request.debugpy,
            "buffer_bytes": COMPARED_BYTES if request.paranoid else WRITTEN_BYTES,
            "measure": measure.wanted(self.measured),
        }

    def _wait(self, job: int) -> str:
        scenario = self._request.scenario
        error = ""
        for message in self._zygote.messages(job):
            if message["kind"] == "progress":
                self._tell(Progress(self._world, message["t_ns"], scenario.span.ns, message["events"]))
            elif message["kind"] == "error":
                error = message["traceback"]
        return error


def _traces_of(summary: Path) -> Path:
    return summary.with_name(f"{summary.name}.traces")
