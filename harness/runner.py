"""Runs a scenario: its worlds, several at a time, each in a child of one zygote; then judges their histories.

This is the only way from a scenario to outcomes: the command line, the gate and the test plugin all come here. It stays
an ordinary Python process (importing the kernel would patch it) and must not know any check, back end or report.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import JsonValue

from harness import metrics
from harness.checks.check import Check
from harness.durable import write_whole
from harness.history import History
from harness.named import load_function
from harness.outcome import Evidence, FaultAccount, Finding, Outcome, Verdict
from harness.run_record import RunRecord
from harness.scenario.model import Scenario
from harness.zygote import Zygote, ZygoteError

Kind = Literal["world", "pipeline", "harness", "livelock"]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to run: `worlds` of `scenario` (in that order) with `seed`, `jobs` (>= 1) at a time, into `out_dir`.

    `folder` is the user's project: worlds and pipeline are imported from it, and paths in worlds are relative to it.
    `command` is what repeats this run exactly. `until` is the name of a mark to stop at. `preload` are modules to load
    before forking.
    """

    scenario: Scenario
    worlds: tuple[str, ...]
    seed: int
    out_dir: Path
    folder: Path
    command: str
    jobs: int = 1
    until: str = ""
    preload: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one world is: `share` of its span from 0 to 1; `state` is `running`, `judging` or `done`."""

    world: str
    share: float
    state: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What stopped a world early: whose fault it is and the whole text for them."""

    world: str
    kind: Kind
    detail: str


@dataclass(frozen=True, slots=True)
class RunResult:
    """The folder of the run, an outcome for each world that has a history, and what stopped worlds early."""

    run_dir: Path
    outcomes: tuple[Outcome, ...]
    problems: tuple[Problem, ...]

    @property
    def verdict(self) -> Verdict:
        """The verdict over all worlds; a world that was stopped early leaves it unknown at best."""
        return Verdict.combine([*(o.verdict for o in self.outcomes), *(Verdict.UNKNOWN for _ in self.problems)])


class OutputError(OSError):
    """The folder for the results cannot be written, or holds something that is not ours to replace."""


def release_of(folder: Path) -> str:
    """Name what is under test: the commit of the project, `+dirty` when its tree was changed, `unknown` outside git."""
    try:
        commit = _git(folder, "rev-parse", "--short=12", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + ("+dirty" if changed else "")


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def run(request: RunRequest, on_progress: Callable[[Progress], None] = lambda progress: None) -> RunResult:
    """Run and judge; results appear in `request.out_dir` as a whole, or not at all.

    A world whose declaration is wrong leaves no folder. Raises `OutputError`, or `ZygoteError` when no child can be
    had.
    """
    began_s, started_at = time.monotonic(), datetime.now(UTC)
    for root in reversed(_roots(request)):
        if str(root) not in sys.path:
            sys.path.insert(0, str(root))  # checks and metrics of the user's are imported here
    stage = _stage(request.out_dir)
    release = release_of(request.folder)
    told = threading.Lock()

    def tell(progress: Progress) -> None:
        with told:
            on_progress(progress)

    try:
        with (
            Zygote(_roots(request), request.preload) as zygote,
            ThreadPoolExecutor(max(1, min(request.jobs, len(request.worlds)))) as pool,
        ):
            worlds = list(
                pool.map(
                    lambda world: _World(request, world, release, stage / world, zygote, tell).run(), request.worlds
                )
            )
        outcomes = tuple(outcome for outcome, _ in worlds if outcome is not None)
        problems = tuple(problem for _, problem in worlds if problem is not None)
        result = RunResult(request.out_dir, outcomes, problems)
        if any(problem.kind == "world" for problem in problems):
            return result
        RunRecord(
            scenario=request.scenario.name,
            title=request.scenario.title,
            owner=request.scenario.owner,
            tags=request.scenario.tags,
            seed=request.seed,
            engine="sim",
            release=release,
            started_at=started_at,
            wall_s=time.monotonic() - began_s,
            start=request.scenario.start,
            span=str(request.scenario.span),
            command=request.command,
            worlds=tuple(outcome.world for outcome in outcomes),
            verdict=result.verdict,
            reference=request.scenario.recorded_reference(),
            notes=request.scenario.notes,
        ).write(stage / "run.json")
        _publish(stage, request.out_dir)
        return result
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _roots(request: RunRequest) -> list[Path]:
    found = [request.folder.resolve(), Path.cwd()]
    return list(dict.fromkeys(found))


def _stage(out_dir: Path) -> Path:
    """Make the folder that will become `out_dir`, beside it."""
    if out_dir.exists() and not (out_dir / "run.json").is_file() and any(out_dir.iterdir()):
        raise OutputError(f"{out_dir} is not empty and holds no run to replace; name another folder with --out")
    stage = out_dir.with_name(f".{out_dir.name}.{os.getpid()}")
    try:
        stage.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"{out_dir} can't be written: {error.strerror}; name another folder with --out") from error
    return stage


def _publish(stage: Path, out_dir: Path) -> None:
    if out_dir.exists():
        shutil.rmtree(out_dir)
    stage.rename(out_dir)


class _World:
    """One world of a run: the child that runs it, and the judgement of what the child left."""

    def __init__(
        self,
        request: RunRequest,
        world: str,
        release: str,
        folder: Path,
        zygote: Zygote,
        tell: Callable[[Progress], None],
    ) -> None:
        self._request = request
        self._world = world
        self._release = release
        self._folder = folder
        self._zygote = zygote
        self._tell = tell

    def run(self) -> tuple[Outcome | None, Problem | None]:
        """Run the child to its end and judge; an outcome wherever there is a history."""
        self._folder.mkdir()
        summary_path = self._folder / ".summary.json"
        error = self._wait(summary_path)
        if not summary_path.exists():
            return None, Problem(self._world, "harness", error or "the child died without a word")
        summary: dict[str, Any] = json.loads(summary_path.read_bytes())
        summary_path.unlink()
        problem = None
        if summary["problem"]:
            problem = Problem(self._world, summary["problem"], summary["detail"])
            write_whole(self._folder / "problem.txt", summary["detail"].encode())
        self._tell(Progress(self._world, 1.0, "judging"))
        outcome = self._judge(summary, problem)
        outcome.write(self._folder / "outcome.json")
        self._tell(Progress(self._world, 1.0, "done"))
        return outcome, problem

    def _wait(self, summary_path: Path) -> str:
        scenario, request = self._request.scenario, self._request
        about: dict[str, Any] = {
            "world": self._world,
            "seed": request.seed,
            "release": self._release,
            "engine": "sim",
        }
        job = self._zygote.start(
            "harness.sim.engine:main",
            {
                "world": self._world,
                "build": scenario.worlds[self._world].build,
                "seed": request.seed,
                "span_ns": scenario.span.ns,
                "start": scenario.run_start(**about),
                "end": scenario.run_end(**about),
                "roots": [str(root) for root in _roots(request)],
                "folder": str(request.folder),
                "history": str(self._folder / "history.jsonl"),
                "summary": str(summary_path),
                "faults": [
                    fault.model_dump(mode="json", by_alias=True, exclude_defaults=True)
                    for fault in scenario.plan(self._world)
                ],
                "until": request.until,
            },
            output=self._folder / "output.txt",
        )
        error = ""
        for message in self._zygote.messages(job):
            if message["kind"] == "progress":
                self._tell(Progress(self._world, message["share"], "running"))
            elif message["kind"] == "error":
                error = message["traceback"]
        return error

    def _judge(self, summary: dict[str, Any], problem: Problem | None) -> Outcome:
        history = History.read(self._folder / "history.jsonl")
        accounts = [FaultAccount(**account) for account in summary["accounts"]]
        findings = [judge(check, history) for check in self._request.scenario.checks_of(self._world)]
        findings += [account.finding() for account in accounts if account.verdict is not Verdict.PASS]
        if problem is not None:
            text = problem.detail.strip()
            findings.append(
                Finding(
                    check=f"the run came to its end ({problem.kind})",
                    verdict=Verdict.UNKNOWN,
                    reason=text.splitlines()[0] if text else problem.kind,
                    evidence=(Evidence(text=text),),
                )
            )
        return Outcome(
            scenario=self._request.scenario.name,
            world=self._world,
            seed=self._request.seed,
            engine="sim",
            release=self._release,
            verdict=Outcome.judge(findings, accounts),
            history_sha256=summary["history_sha256"],
            virtual_s=summary["virtual_s"],
            wall_s=summary["wall_s"],
            events=summary["events"],
            findings=tuple(findings),
            faults=tuple(accounts),
            metrics={**metrics.standard(history), **self._own_metrics(history)},
        )

    def _own_metrics(self, history: History) -> dict[str, JsonValue]:
        measured: dict[str, JsonValue] = {}
        for name in self._request.scenario.metrics:
            value = load_function(name)(history)
            if isinstance(value, dict):
                measured.update(value)
            else:
                measured[name.partition(":")[2]] = value
        return measured


def judge(check: Check, history: History) -> Finding:
    """Let `check` judge `history`; a check that raises has found nothing out, and says why."""
    try:
        return check(history)
    except Exception as error:  # noqa: BLE001 - a broken check is unknown, never a pass and never the end of a run
        return check.unknown(
            f"the check itself raised {type(error).__name__}: {error}",
            evidence=[Evidence(text=traceback.format_exc())],
        )


__all__ = [
    "OutputError", "Problem", "Progress", "RunRequest", "RunResult", "ZygoteError", "judge", "release_of", "run",
]  # fmt: skip
