"""A run as reports see it: the record of the run, and for each world its outcome and the timeline of its history.

The one module that knows the layout of a run folder. What is missing or broken in it becomes a world without an
outcome and a reason why, so that a run that died half-way still has a report; such a world is unknown, never a pass.
It must not know how anything is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from harness.history import History, HistoryError
from harness.outcome import Outcome, RecordError, Verdict
from harness.run_record import RunRecord
from reports.timeline import Timeline, bucket_s_for

WORST_FIRST = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS)


@dataclass(frozen=True, slots=True)
class World:
    """One world of a run. `outcome` and `timeline` are None where there is none, and `problem` says why."""

    name: str
    outcome: Outcome | None
    timeline: Timeline | None
    problem: str = ""

    @property
    def verdict(self) -> Verdict:
        """The outcome's verdict; unknown without an outcome."""
        return self.outcome.verdict if self.outcome else Verdict.UNKNOWN


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run, read once and shown as often as wanted. All timelines have the same buckets."""

    folder: Path
    record: RunRecord
    worlds: tuple[World, ...]
    bucket_s: int

    @property
    def span_s(self) -> float:
        """Virtual seconds of the longest world."""
        return max((world.timeline.span_s for world in self.worlds if world.timeline), default=float(self.bucket_s))

    @property
    def by_verdict(self) -> dict[Verdict, list[World]]:
        """Worlds by verdict, worst first; verdicts that no world has are left out."""
        groups = {verdict: [world for world in self.worlds if world.verdict is verdict] for verdict in WORST_FIRST}
        return {verdict: worlds for verdict, worlds in groups.items() if worlds}

    @property
    def noun(self) -> str:
        """What the run is told by: `attempts` where any world, or the record, has them, else `calls`."""
        recorded = self.record.reference is not None and bool(self.record.reference.series)
        return "attempts" if recorded or any(it.timeline and it.timeline.attempts for it in self.worlds) else "calls"

    @property
    def focus(self) -> str:
        """Whose attempts and rows are counted, for people: `Loader for 2026-01-16`; "" where all are."""
        focus = next((world.timeline.focus for world in self.worlds if world.timeline), {})
        processor, key = focus.get("processor", "*"), focus.get("key", "*")
        if processor == key == "*":
            return ""
        who = "every processor" if processor == "*" else processor
        return who if key == "*" else f"{who} for {key}"

    def clock(self, t_ns: int) -> datetime:
        """The virtual time of day at `t_ns`."""
        return self.record.start + timedelta(microseconds=t_ns // 1000)


def _world(folder: Path, bucket_s: int) -> World:
    name = folder.name
    try:
        outcome = Outcome.read(folder / "outcome.json")
    except OSError as error:
        return World(name, None, None, f"it left no outcome.json ({error.strerror}); the run did not get that far")
    except RecordError as error:
        return World(name, None, None, str(error))
    try:
        history = History.read(folder / "history.jsonl")
        timeline = Timeline(span_s=outcome.virtual_s, bucket_s=bucket_s).read(history)
    except OSError as error:
        return World(name, outcome, None, f"its history.jsonl cannot be read ({error.strerror})")
    except HistoryError as error:
        return World(name, outcome, None, str(error))
    return World(name, outcome, timeline)


def _longest_s(folders: list[Path]) -> float:
    spans = [0.0]
    for folder in folders:
        try:
            spans.append(Outcome.read(folder / "outcome.json").virtual_s)
        except (OSError, RecordError):
            continue  # told of when the world is read
    return max(spans)


def read(folder: Path) -> Run:
    """Return the run in `folder`.

    Raises OSError when there is no readable `run.json`, and `RecordError` when it is none of this version.
    """
    record = RunRecord.read(folder / "run.json")
    folders = [folder / name for name in record.worlds]
    hourly = record.reference is not None and bool(record.reference.series)
    bucket_s = 3600 if hourly else bucket_s_for(_longest_s(folders))
    return Run(folder, record, tuple(_world(one, bucket_s) for one in folders), bucket_s)


def opened(run: Run | Path) -> Run:
    """Return `run` itself, or the run in the folder `run`: what every kind of report takes."""
    return run if isinstance(run, Run) else read(run)
