"""A run folder in the making: it becomes the run's folder whole, or leaves the folder as it was.

The stage is inside the folder it is for, so that a folder that is a mount of its own (a volume in CI) works too.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from harness.cli.exits import InputError
from harness.cli.run_dir import RECORD
from harness.outcome import RecordError
from harness.run_record import RunRecord
from harness.scenario.errors import ScenarioError


class Stage:
    """Use as a context manager round a run: `folder` is where it writes, `publish` makes that the run in `out`.

    Left by bad input or from the keyboard it leaves no trace; left by any other error it keeps what there is in
    `folder` and says so, since that is where the cause is found.
    """

    def __init__(self, out: Path, worlds: Sequence[str]) -> None:
        """Raises `InputError` where `out` can't be written or holds what is no run's to replace."""
        self.out = out
        self._made = [parent for parent in (out, *out.parents) if not parent.exists()]
        try:
            self._earlier = self._names_of_earlier()
            self._refuse_to_replace(worlds)
            out.mkdir(parents=True, exist_ok=True)
            self.folder = Path(tempfile.mkdtemp(prefix=".running-", dir=out))
        except OSError as error:
            self._remove_made()
            raise InputError(f"--out {out} can't be written: {error.strerror}; give a folder that can") from error

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if error is None or isinstance(error, ScenarioError | InputError) or not isinstance(error, Exception):
            shutil.rmtree(self.folder, ignore_errors=True)
            self._remove_made()
        else:
            error.add_note(f"what there is of the run is kept in {self.folder}")

    def publish(self) -> None:
        """Take away what an earlier run left, then move all of `folder` to `out`, its record last."""
        for name in self._earlier:
            path = self.out / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        for path in sorted(self.folder.iterdir(), key=lambda path: (path.name == RECORD, path.name)):
            path.rename(self.out / path.name)

    def _names_of_earlier(self) -> tuple[str, ...]:
        try:
            earlier = RunRecord.read(self.out / RECORD)
        except (FileNotFoundError, NotADirectoryError, RecordError):
            return ()
        return (RECORD, "report.html", "summary.md", *earlier.worlds)

    def _refuse_to_replace(self, worlds: Sequence[str]) -> None:
        for name in (RECORD, "report.html", "summary.md", *worlds):
            if name not in self._earlier and (self.out / name).exists():
                raise InputError(
                    f"{self.out / name} is there and is no run's to replace; give another folder with --out"
                )

    def _remove_made(self) -> None:
        for folder in self._made:
            try:
                folder.rmdir()
            except OSError:
                return
