"""What the command line asks of the runner, and what it gets back. Neither knows the other beyond this."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.outcome import Engine, Outcome
from harness.scenario.model import Scenario

PROBLEM = "problem.txt"
"""In a world's folder: the traceback or diagnosis of a world that was stopped early, or that went on in vain."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """Run `worlds` of `scenario` with `seed`, at most `jobs` of them at a time, and leave the files in `out_dir`.

    `out_dir` exists and can be written. `until` names an event at which to stop, None for the end of the span.
    `release` is what is under test, for the record. With `pdb` the debugger opens at `until`; `debugpy` is a
    port at which each world waits for an editor's debugger before it begins; with `paranoid` each
    world runs twice at once, and is unknown where the two differ.
    """

    scenario: Scenario
    worlds: Sequence[str]
    seed: int
    out_dir: Path
    jobs: int = 1
    until: str | None = None
    engine: Engine = "sim"
    release: str = ""
    pdb: bool = False
    debugpy: int | None = None
    paranoid: bool = False


@dataclass(frozen=True, slots=True)
class RunResult:
    """One outcome per world, in the order of the request; each world's folder holds its outcome.json and history."""

    run_dir: Path
    outcomes: Sequence[Outcome]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a world has come: virtual nanoseconds of `span_ns`, and events recorded."""

    world: str
    t_ns: int
    span_ns: int
    events: int = 0


OnProgress = Callable[[Progress], None]


class Runner(Protocol):
    """`harness.runner.run`."""

    def __call__(self, request: RunRequest, on_progress: OnProgress) -> RunResult:
        """Run it.

        Raises `ScenarioError` for a world that declares what cannot be. What the user's code raises becomes the
        outcome of its world; anything else is a bug of the harness.
        """
