"""Coverage of what runs in children: measured there, added to the worker's own data.

It works for `coverage run -m pytest` and pytest-cov alike, since both have a `coverage.Coverage` running in the worker.
Greenlets share one OS thread, so coverage is told that they are its threads. It must not know tests or simulations.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

_OPTIONS = ("branch", "source", "source_pkgs", "run_include", "run_omit", "cover_pylib")


def wanted() -> dict[str, Any] | None:
    """How this process is being measured, as plain values; None if it is not."""
    coverage: Any = sys.modules.get("coverage")
    running = coverage.Coverage.current() if coverage is not None else None
    if running is None:
        return None
    config = running.config
    return {"config_file": config.config_file, **{name: getattr(config, name, None) for name in _OPTIONS}}


def add(path: str) -> None:
    """Add the measurements in the file `path` to those of this process, and remove the file."""
    coverage: Any = sys.modules["coverage"]
    data = coverage.CoverageData(basename=path)
    data.read()
    coverage.Coverage.current().get_data().update(data)
    Path(path).unlink(missing_ok=True)


class Measure:
    """The measurement of one child."""

    def __init__(self, running: Any, path: str) -> None:
        self._running = running
        self._path = path

    @classmethod
    def start(cls, how: dict[str, Any] | None) -> Measure | None:
        """Measure from now on as `wanted` said; None if it said not to."""
        if how is None:
            return None
        import coverage

        with tempfile.NamedTemporaryFile(prefix="windtunnel-coverage-", delete=False) as file:
            path = file.name
        Path(path).unlink()
        running = coverage.Coverage(
            data_file=path,
            config_file=how["config_file"] or False,
            branch=how["branch"],
            source=how["source"],
            source_pkgs=how.get("source_pkgs"),
            include=how["run_include"],
            omit=how["run_omit"],
            cover_pylib=how["cover_pylib"],
            concurrency=["gevent"],
        )
        running.start()
        return cls(running, path)

    def stop(self) -> str:
        """Stop, and return the file that holds what was measured."""
        self._running.stop()
        self._running.save()
        return self._path
