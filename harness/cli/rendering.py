"""Reports, opened by name: the harness imports no report, the command line alone loads the package that makes them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from rich.console import Console


def read(run_dir: Path) -> Any:
    """The run in `run_dir`, as `reports.run.Run`: histories are long, so one reading serves all reports."""
    return importlib.import_module("reports.run").read(run_dir)


def render(run: Any) -> dict[str, Path]:
    """Write all reports of `run`; form -> file."""
    return {form: Path(importlib.import_module(f"reports.{form}").render(run)) for form in ("html", "markdown")}


def summarise(run: Any, console: Console) -> None:
    """Print what a person wants to know first of `run`."""
    importlib.import_module("reports.terminal").render(run, console)
