"""Where scenarios are found: the folders that `[tool.windtunnel]` of the nearest pyproject.toml names.

A scenario's name is its path under such a folder without suffix (`incidents/2026-01-16-retry-storm`). A path to a file
works from anywhere. This module must not know what is in a scenario.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.scenario.errors import ScenarioError
from harness.scenario.load import load
from harness.scenario.model import Scenario
from harness.strict import nearest
from harness.timespec import Duration

WATCHDOG_S = 30.0
"""How long code may keep everything else from running, unless a project says otherwise."""
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Project:
    """The user's project: its root folder, the folders that hold its scenarios in order of precedence, those that its
    code is imported from, and how long (seconds) its code may keep everything else from running.
    """

    root: Path
    folders: tuple[Path, ...]
    import_paths: tuple[Path, ...]
    watchdog_s: float = WATCHDOG_S
    private: tuple[str, ...] = ()

    @classmethod
    def nearest(cls, start: Path) -> Project:
        """The project of the nearest folder at or above `start` whose pyproject.toml has `[tool.windtunnel]`.

        Without one it is `start` itself with no scenarios. Raises `ScenarioError` for settings that can't be used.
        """
        start = start.resolve()
        for folder in (start, *start.parents):
            settings = folder / "pyproject.toml"
            if settings.is_file() and (found := cls._read(settings)) is not None:
                return found
        return cls(start, (), (start,))

    @classmethod
    def _read(cls, settings: Path) -> Project | None:
        try:
            tool = tomllib.loads(settings.read_text(encoding="utf-8")).get("tool", {}).get("windtunnel")
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ScenarioError(f"{settings} can't be read: {error}") from error
        if tool is None:
            return None
        folders = _folders(settings, "scenarios", tool.get("scenarios", []))
        import_paths = _folders(settings, "pythonpath", tool.get("pythonpath", ["."]))
        watchdog_s = _seconds(settings, "watchdog", tool.get("watchdog"))
        return cls(settings.parent, folders, import_paths, watchdog_s, _packages(settings, tool.get("private", [])))

    def names(self) -> dict[str, Path]:
        """The name of each scenario file and its path, by name; a file hides those of the same name further on."""
        found: dict[str, Path] = {}
        for folder in self.folders:
            for path in _files(folder):
                found.setdefault(path.relative_to(folder).with_suffix("").as_posix(), path)
        return dict(sorted(found.items()))

    def find(self, name: str) -> Scenario:
        """The scenario called `name`, or in the file that `name` leads to; `ScenarioError` where there is none."""
        names = self.names()
        if name in names:
            return load(names[name], name)
        path = Path(name)
        if path.suffix in SUFFIXES:
            if not path.is_file():
                raise ScenarioError(f"there is no file {name}{self._hint(path.with_suffix('').as_posix(), names)}")
            return load(path, self._name_of(path, names))
        raise ScenarioError(f"there is no scenario {name!r}{self._hint(name, names)}")

    def _name_of(self, path: Path, names: dict[str, Path]) -> str | None:
        resolved = path.resolve()
        return next((name for name, known in names.items() if known == resolved), None)

    def _hint(self, name: str, names: dict[str, Path]) -> str:
        if names:
            return nearest(name, list(names)) or "; `windtunnel list` shows what there is"
        where = ", ".join(map(str, self.folders)) or "no folder"
        return (
            f"; [tool.windtunnel] scenarios in pyproject.toml names {where}: add yours there, or give a path to a file"
        )


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.suffix in SUFFIXES and path.is_file())


def _seconds(settings: Path, key: str, given: object) -> float:
    if given is None:
        return WATCHDOG_S
    try:
        seconds = Duration.parse(given).seconds if isinstance(given, str) else 0.0
    except ValueError:
        seconds = 0.0
    if seconds <= 0:
        raise ScenarioError(f"{settings}: [tool.windtunnel] {key} is {given!r}; make it a duration, as in '30s'")
    return seconds


def _packages(settings: Path, names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) and name.isidentifier() for name in names):
        raise ScenarioError(
            f"{settings}: [tool.windtunnel] private is {names!r}; make it a list of packages as they are imported, "
            "as in ['requests']"
        )
    return tuple(names)


def _folders(settings: Path, key: str, names: object) -> tuple[Path, ...]:
    where = f"{settings}: [tool.windtunnel] {key}"
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ScenarioError(f"{where} is {names!r}; make it a list of folders, as in ['{key}']")
    folders = tuple((settings.parent / name).resolve() for name in names)
    if missing := [folder for folder in folders if not folder.is_dir()]:
        raise ScenarioError(f"{where} names {missing[0]}, which is no folder; make it, or correct the name")
    return folders
