"""Reports, opened by name: the harness imports no report, the command line alone loads the package that makes them."""

from __future__ import annotations

import importlib
from pathlib import Path

from rich.console import Console


def render(run_dir: Path) -> dict[str, Path]:
    """Write all reports of the run in `run_dir`; form -> file."""
    return {form: Path(importlib.import_module(f"reports.{form}").render(run_dir)) for form in ("html", "markdown")}


def summarise(run_dir: Path, console: Console) -> None:
    """Print what a person wants to know first of the run in `run_dir`."""
    importlib.import_module("reports.terminal").render(run_dir, console)
