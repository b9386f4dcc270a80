"""Coverage of what runs in children: measured there, added to the data of whoever started them.

This module exists so that `coverage run -m harness.cli run …`, `coverage run -m pytest` and pytest-cov need no
configuration: each has a `coverage.Coverage` running in the process that starts the children. Greenlets share one OS
thread, so coverage is told that they are its threads. It must not know tests or simulations.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_OPTIONS = ("branch", "source", "source_pkgs", "run_include", "run_omit", "cover_pylib")


def wanted(path: Path) -> dict[str, Any] | None:
    """How a child is to measure, as plain values, and that it leaves its data in the file `path`; None for not at all.

    The file is named out here: children of one zygote would draw the same name for a temporary file.
    """
    coverage: Any = sys.modules.get("coverage")
    running = coverage.Coverage.current() if coverage is not None else None
    if running is None:
        return None
    config = running.config
    return {
        "data_file": str(path),
        "config_file": config.config_file,
        # sys.monitoring counts by code object, whoever runs it, and refuses to be told of greenlets.
        "greenlets": dict(running.sys_info()).get("core") != "SysMonitor",
        **{name: getattr(config, name, None) for name in _OPTIONS},
    }


def add(path: Path) -> None:
    """Add the measurements in the file `path` to those of this process, and remove it; a killed child leaves none."""
    if not path.exists():
        return
    coverage: Any = sys.modules["coverage"]
    data = coverage.CoverageData(basename=str(path))
    data.read()
    with warnings.catch_warnings():
        # It warns that this process has run none of the code: the children did.
        warnings.simplefilter("ignore", coverage.exceptions.CoverageWarning)
        measured = coverage.Coverage.current().get_data()
    measured.update(data)
    path.unlink()


class Measure:
    """The measurement of one child."""

    def __init__(self, running: Any) -> None:
        self._running = running

    @classmethod
    def start(cls, how: Mapping[str, Any] | None) -> Measure | None:
        """Measure from now on as `wanted` said; None if it said not to."""
        if how is None:
            return None
        import coverage

        running = coverage.Coverage(
            data_file=how["data_file"],
            config_file=how["config_file"] or False,
            branch=how["branch"],
            source=how["source"],
            source_pkgs=how.get("source_pkgs"),
            include=how["run_include"],
            omit=how["run_omit"],
            cover_pylib=how["cover_pylib"],
            concurrency=["gevent" if how["greenlets"] else "thread"],
        )
        running.start()
        return cls(running)

    def stop(self) -> None:
        """Stop, and leave what was measured in the file."""
        self._running.stop()
        self._running.save()
