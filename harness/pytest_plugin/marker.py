"""What a test's marker and the project's settings say about its simulation.

Read on both sides: the worker needs the seed and the names of outside fixtures, the child all the rest. It must not
know how a test is run.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from harness.pytest_plugin.plugin import MARKER
from harness.strict import nearest
from harness.timespec import Duration, instant

START = "2026-01-01T00:00:00Z"
"""The virtual time of day at which a test begins that says nothing else."""
SPAN = "24h"
"""Virtual time after which a test is taken to hang: long past any retry, short enough to be reached in seconds."""
SETTINGS = ("seed", "start", "span", "outside", "preload", "backends")


@dataclass(frozen=True, slots=True)
class Options:
    """One test's simulation: what its markers say, the nearest first, and the project's settings for the rest.

    `world` is a function that takes a tunnel (docs/worlds.md), or its name; `backends` maps names to options; `faults`
    are mappings as in a scenario file; `outside` names fixtures that are made in the worker and cross by pickling.
    """

    seed: int = 0
    start: datetime = field(default_factory=lambda: instant(START))
    span: Duration = field(default_factory=lambda: Duration.parse(SPAN))
    world: Callable[..., Any] | str | None = None
    backends: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    topology: Mapping[str, Any] | str | None = None
    faults: tuple[Mapping[str, Any], ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    outside: tuple[str, ...] = ()


def settings(root: Path) -> Mapping[str, Any]:
    """`[tool.windtunnel.pytest]` of the nearest pyproject.toml at or above `root` that has it; UsageError if unfit."""
    for folder in (root, *root.parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            try:
                found = tomllib.loads(path.read_text("utf-8")).get("tool", {}).get("windtunnel", {}).get("pytest")
            except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
                raise pytest.UsageError(f"{path} can't be read: {error}") from error
            if found is not None:
                _refuse_unknown(found, SETTINGS, f"{path}: [tool.windtunnel.pytest]")
                return dict(found)
    return {}


def options(item: pytest.Item, project: Mapping[str, Any]) -> Options:
    """The options of `item`; UsageError naming the test, the value and the remedy where they are none."""
    given: dict[str, Any] = {key: value for key, value in project.items() if key != "preload"}
    seed = item.config.getoption("--windtunnel-seed")
    if seed is not None:
        given["seed"] = seed
    where = f"{item.nodeid}: @pytest.mark.{MARKER}"
    known = tuple(one.name for one in fields(Options))
    for mark in reversed(list(item.iter_markers(MARKER))):
        if mark.args:
            raise pytest.UsageError(f"{where} takes no positional arguments, here {mark.args!r}; name it, as in seed=1")
        _refuse_unknown(mark.kwargs, known, where)
        given.update(mark.kwargs)
    return Options(**{key: _read(key, value, where) for key, value in given.items()})


def _refuse_unknown(given: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for key in given:
        if key not in known:
            raise pytest.UsageError(f"{where} has no {key!r}{nearest(key, list(known))}")


def _read(key: str, value: Any, where: str) -> Any:
    try:
        return _READERS[key](value) if key in _READERS else value
    except (ValueError, TypeError) as error:
        raise pytest.UsageError(f"{where}: {key}: {error}") from error


def _seed(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no seed; give a whole number from 0")
    return value


def _backends(value: Any) -> Mapping[str, Mapping[str, Any]]:
    if isinstance(value, str):
        raise ValueError(f"{value!r} is a text; give a list, as in [{value!r}], or a mapping of names to options")
    return value if isinstance(value, Mapping) else {name: {} for name in value}


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ValueError(f"{value!r} is a text; give a list, as in [{value!r}]")
    return tuple(value)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "seed": _seed,
    "start": instant,
    "span": Duration.parse,
    "backends": _backends,
    "outside": _names,
    "faults": tuple,
}
