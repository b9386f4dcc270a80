"""Run folders: named, made ready before anything runs, and found again. What is in them is `harness.run_record`'s."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from harness.cli.exits import InputError
from harness.outcome import RecordError
from harness.run_record import RunRecord

RECORD = "run.json"
_LEFT_BY_A_RUN = ("report.html", "summary.md")


def slug(name: str) -> str:
    """`name` as one folder's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "run"


def default_name(scenario: str, seed: int, started_at: datetime) -> str:
    """The id of a run: sorted by name, runs are sorted by time."""
    return f"{started_at:%Y%m%dT%H%M%S.%f}-{slug(scenario)}-{seed}"


def prepare(folder: Path) -> None:
    """Make `folder` and empty it of an earlier run's files; `InputError`, leaving no trace, if it can't be written."""
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        for parent in made:
            if parent.is_dir():
                parent.rmdir()
        raise InputError(f"--out {folder} can't be written: {error.strerror}; give a folder that can") from error
    _clear(folder)


def _clear(folder: Path) -> None:
    """Take away what an earlier run left, and only that, so that no file is a mixture of two runs."""
    try:
        earlier = RunRecord.read(folder / RECORD)
    except (OSError, RecordError):
        return
    (folder / RECORD).unlink()
    for name in _LEFT_BY_A_RUN:
        (folder / name).unlink(missing_ok=True)
    for world in earlier.worlds:
        if (folder / world / "outcome.json").is_file():
            shutil.rmtree(folder / world)


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
