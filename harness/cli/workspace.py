"""Where a command works: the user's project, made importable, with nobody's package hiding ours.

Worlds, checks and metrics are the user's code, imported by name from the project's root as WSGI servers do it.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.cli.shadows import refuse_shadows
from harness.scenario.catalogue import Project
from harness.scenario.model import Scenario


@dataclass(frozen=True, slots=True)
class Workspace:
    """The project that holds the current folder, ready for its code to be imported."""

    project: Project

    @classmethod
    def open(cls, start: Path) -> Workspace:
        """Find the project round `start` and put its import paths in front of `sys.path`.

        Raises `ScenarioError` for settings that can't be used, `InputError` where a package hides one of ours.
        """
        project = Project.nearest(start)
        _make_importable(project)
        return cls(project)

    def find(self, name: str) -> Scenario:
        """Find the scenario called `name`, or in that file, and make the code of the file's own project importable."""
        scenario = self.project.find(name)
        _make_importable(Project.nearest(scenario.path.parent))
        return scenario

    @property
    def runs(self) -> Path:
        """Where runs go that are given no other place."""
        return self.project.root / ".windtunnel" / "runs"


def _make_importable(project: Project) -> None:
    for path in reversed(project.import_paths):
        if str(path) not in sys.path:
            sys.path.insert(0, str(path))
    importlib.invalidate_caches()
    refuse_shadows([Path(entry or ".") for entry in sys.path])
