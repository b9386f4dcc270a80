"""The record of a run: `run.json`, what stands above the outcomes of its worlds and how to repeat it.

This module must not know how a run is made.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import AwareDatetime, Field

from harness.durable import write_whole
from harness.outcome import Engine, Record, Verdict, dump, read


class Point(Record):
    """One point of a recorded series."""

    t_s: float = Field(description="Virtual seconds since the scenario's start: the start of the interval counted.")
    value: float


class Reference(Record):
    """A record from the real incident to print beside the worlds."""

    name: str
    source: str = Field(default="", description="Where the figures come from.")
    series: tuple[Point, ...] = ()
    series_name: str = Field(default="", description="What the series counts: `attempts per hour`.")
    totals: dict[str, float] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()


class RunRecord(Record):
    """`run.json`. `command` repeats the run exactly; `reference` and `notes` are the scenario's own."""

    scenario: str
    title: str
    owner: str = ""
    tags: tuple[str, ...] = ()
    seed: int
    engine: Engine
    release: str
    started_at: AwareDatetime = Field(description="Wall clock, with a zone.")
    wall_s: float = Field(ge=0)
    start: AwareDatetime = Field(description="The virtual time of day at t_ns 0.")
    span: str
    command: str
    worlds: tuple[str, ...] = Field(description="Each has a folder of its name with outcome.json and history.jsonl.")
    verdict: Verdict
    reference: Reference | None = None
    notes: tuple[str, ...] = ()

    def write(self, path: Path) -> None:
        """Write `run.json` whole or not at all; OSError where that is impossible."""
        write_whole(path, dump(self))

    @classmethod
    def read(cls, path: Path) -> RunRecord:
        """The record in `path`; OSError if it can't be read, `RecordError` if it is none."""
        return read(cls, path)
