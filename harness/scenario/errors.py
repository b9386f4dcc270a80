"""What is wrong with a scenario file, said so that its author can mend it. It must not know how files are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: where (`line` counts from 1), at which key (`worlds.fixed.build`), what and how."""

    path: Path
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.key + ': ' if self.key else ''}{self.message}"


class ScenarioError(Exception):
    """A scenario that can't be found, read or understood; the message has file, line, value and remedy."""

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        """`problems` is what is wrong with a file, or one sentence where there is no file to point into."""
        self.problems = () if isinstance(problems, str) else tuple(problems)
        super().__init__(problems if isinstance(problems, str) else "\n".join(map(str, self.problems)))
