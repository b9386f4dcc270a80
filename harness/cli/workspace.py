"""Where a command works: the user's project, made importable, with nobody's package hiding ours.

Worlds, checks and metrics are the user's code, imported by name from the project's root as WSGI servers do it.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

import harness
from harness.cli.exits import InputError
from harness.scenario.catalogue import Project
from harness.scenario.model import Scenario

OUR_PACKAGES = ("harness", "fakes", "reports")
OUR_ROOT = Path(harness.__file__).resolve().parent.parent


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


def refuse_shadows(paths: list[Path]) -> None:
    """Raise `InputError` where a module on `paths` has the name of one of our packages and is imported instead of it,
    or would be by the user's code.
    """
    for path in paths:
        if path.resolve() == OUR_ROOT:
            continue
        for name in OUR_PACKAGES:
            theirs = next(
                (found for found in (path / name / "__init__.py", path / f"{name}.py") if found.is_file()), None
            )
            if theirs is not None and not _is_ours(theirs, name):
                raise InputError(
                    f"{theirs} has the name of Windtunnel's own package {name!r} and hides it (or is hidden by it); "
                    f"rename yours, or take {path} off the import path ([tool.windtunnel] pythonpath, PYTHONPATH)"
                )


def _is_ours(found: Path, name: str) -> bool:
    return found.resolve() == OUR_ROOT / name / "__init__.py"
