"""Kills one process of a program at each of its yields, a run each, and says what became of the others."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.history import History
from harness.sim.engine import RunPlan
from harness.zygote import Zygote
from tests.harness.sim.simulated import EPOCH_NS

BUSY = Path(__file__).resolve().parents[2] / "projects" / "busy"
SPAN_S = 300
RESTART_S = 1
VICTIM, WITNESS = "victim", "witness"


@dataclass(frozen=True)
class Ran:
    """What one run left."""

    history: History
    summary: dict[str, Any]

    @property
    def digest(self) -> str:
        return str(self.summary["history_sha256"])

    def finished_s(self, process: str) -> dict[int, float]:
        """When each instance of `process` finished, in virtual seconds."""
        return {mark.instance: mark.t_s for mark in self.history.marks("finished") if mark.process == process}

    def result(self, process: str) -> Any:
        """What the last instance of `process` that finished says it did."""
        return [dict(mark.fields) for mark in self.history.marks("finished") if mark.process == process][-1]


class Busy:
    """A zygote that runs the worlds of the busy project."""

    def __init__(self) -> None:
        self._zygote = Zygote([BUSY, BUSY / "vendor" / "site-packages"], ["google.cloud.firestore", "requests"])
        self._folder = Path(tempfile.mkdtemp())
        self._runs = 0

    def __enter__(self) -> "Busy":
        self._zygote.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._zygote.__exit__(None, None, None)
        shutil.rmtree(self._folder)

    def run(self, program: str, at_yield: int | None = None) -> Ran:
        """Run a program's world, its victim killed at that yield."""
        self._runs += 1
        folder = self._folder / str(self._runs)
        folder.mkdir()
        fault = {"id": "kill", "crash": {"process": VICTIM, "instance": 0}, "at_yield": at_yield}
        about = {"scenario": program, "world": program, "seed": 1, "release": "", "engine": "sim", "span": "5m"}
        plan = RunPlan(
            world=program,
            build=f"busy.world:{program}",
            seed=1,
            span_ns=SPAN_S * 10**9,
            start={**about, "start": "2026-01-16T00:00:00Z", "start_epoch_ns": EPOCH_NS, "instants": {},
                   "instant_marks": {}, "focus": {}, "recovery_key": "*"},
            end=about,
            roots=(str(BUSY), str(BUSY / "vendor" / "site-packages")),
            folder=str(BUSY),
            history=str(folder / "history.jsonl"),
            summary=str(folder / "summary.json"),
            faults=() if at_yield is None else (fault,),
        )  # fmt: skip
        job = self._zygote.start("harness.sim.engine:main", asdict(plan), output=folder / "output.txt")
        error = [message["traceback"] for message in self._zygote.messages(job) if message["kind"] == "error"]
        assert not error, error[0]
        ran = Ran(
            History.parse((folder / "history.jsonl").read_bytes()), json.loads((folder / "summary.json").read_bytes())
        )
        shutil.rmtree(folder)
        return ran

    def sweep(self, program: str, yields: list[int]) -> Iterator[tuple[int, Ran]]:
        """Run the program once for each of `yields`, two at a time."""
        with ThreadPoolExecutor(2) as pool:
            yield from zip(yields, pool.map(lambda number: self.run(program, number), yields), strict=True)


def wrong(ran: Ran, plain: Ran, patience_s: float) -> list[str]:
    """What is not as a crash should leave it; `plain` is the run without one."""
    found: list[str] = []
    if ran.summary["problem"]:
        return [f"{ran.summary['problem']}: {ran.summary['detail'][-3000:]}"]
    if [account["fired"] for account in ran.summary["accounts"]] != [1]:
        found.append("the fault did not fire")
        return found
    crashed = next(event for event in ran.history.of("process") if event["event"] == "crash")
    if (crashed.process, crashed.instance) != (VICTIM, 0):
        found.append(f"crashed was {crashed.process}#{crashed.instance}")
    after_death = [
        event
        for event in ran.history
        if event.seq > crashed.seq and (event.process, event.instance) == (VICTIM, 0) and event.kind != "call"
    ]
    if after_death:
        found.append(f"the dead spoke: {after_death[0]}")
    due_s = plain.finished_s(WITNESS)[0]
    at_s = ran.finished_s(WITNESS).get(0)
    if at_s is None or at_s > due_s + patience_s:
        found.append(f"the witness finished at {at_s}, not {due_s}")
    ends_s = list(ran.finished_s(VICTIM).values())
    due_s = crashed.t_s + RESTART_S + plain.finished_s(VICTIM)[0] + patience_s
    if not plain.finished_s(VICTIM)[0] < crashed.t_s and (not ends_s or ends_s[-1] > due_s + 1e-3):
        found.append(f"the restarted finished at {ends_s}, not by {due_s}")
    errors = [
        event
        for event in ran.history.of("log")
        if event["logger"] == "windtunnel.process" or event["level"] in ("ERROR", "CRITICAL")
    ]
    found.extend(f"{event.process}#{event.instance}: {event['message']} {event.fields}" for event in errors)
    return found
