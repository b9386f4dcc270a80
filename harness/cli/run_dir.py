"""Run folders: named, and found again. What is in them is `harness.run_record`'s."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from harness.cli.exits import InputError
from harness.outcome import RecordError
from harness.run_record import RunRecord

RECORD = "run.json"


def slug(name: str) -> str:
    """`name` as one folder's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "run"


def default_name(scenario: str, seed: int, started_at: datetime) -> str:
    """The id of a run: sorted by name, runs are sorted by time."""
    return f"{started_at:%Y%m%dT%H%M%S.%f}-{slug(scenario)}-{seed}"


def find(name: str, runs: Path) -> Path:
    """The run folder that `name` says: a path, an id under `runs`, or `last`; `InputError` where there is none."""
    if name == "last":
        newest = max(records(runs), key=lambda record: record[1].started_at, default=None)
        if newest is None:
            raise InputError(f"there is no run under {runs} yet; make one with `windtunnel run SCENARIO`")
        return newest[0]
    for folder in (Path(name), runs / name):
        if (folder / RECORD).is_file():
            return folder
    raise InputError(f"{name} is no run folder: there is no {RECORD} in it nor in {runs / name}")


def records(runs: Path) -> Iterator[tuple[Path, RunRecord]]:
    """The runs under `runs` with their records, in order of their ids; folders that hold none are passed over."""
    for folder in sorted(runs.iterdir()) if runs.is_dir() else ():
        try:
            yield folder, RunRecord.read(folder / RECORD)
        except (OSError, RecordError):
            continue
