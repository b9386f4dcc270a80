"""What every benchmark shares: its command line, the line that says what the figures were taken on, and the table.

It must not know any figure.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figure import Figure, Measured, take

ROOT = Path(__file__).resolve().parent.parent


def parser(description: str, *, rounds: int, count: int | None = None, of: str = "") -> argparse.ArgumentParser:
    """The options of a benchmark: `rounds` samples a figure and, if given, `count` things (named `of`) a sample."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--rounds", type=_at_least_one, default=rounds, help=f"samples per figure (default {rounds})")
    if count is not None:
        made.add_argument("--count", type=_at_least_one, default=count, help=f"{of} per sample (default {count:,})")
    made.add_argument("--only", default="", metavar="WORD", help="only figures whose name contains WORD")
    made.add_argument("--json", action="store_true", help="for machines")
    return made


def _at_least_one(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: take at least 1")
    return int(text)


def measure(figures: list[Figure], options: argparse.Namespace) -> list[Measured]:
    """Take those of `figures` that `options` ask for."""
    return [take(figure, options.rounds) for figure in figures if options.only in figure.name]


def conditions(rounds: int) -> str:
    """What the figures were taken on."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    load = os.getloadavg()[0]
    return (
        f"commit {commit or 'unknown'}, Python {platform.python_version()}, gevent {version('gevent')}, "
        f"{os.cpu_count()} cores of {platform.machine()}, load {load:.1f} at the start, median of {rounds}"
    )


def as_table(measured: list[Measured]) -> Table:
    """The figures for people."""
    table = Table(box=None, pad_edge=False)
    for head in ("figure", "ours", "target", "reference", "", "times better", ""):
        table.add_column(head, justify="right" if head in ("ours", "target", "reference", "times better") else "left")
    for it in measured:
        figure = it.figure
        bars = [] if figure.target is None else [f"{'≥' if figure.better == 'more' else '≤'} {_short(figure.target)}"]
        bars += [] if figure.bar is None else [f"{_short(figure.bar)} × better"]
        table.add_row(
            figure.name,
            f"{_short(it.value)} {figure.unit}",
            ", ".join(bars),
            "" if it.reference is None else f"{_short(it.reference)} {figure.unit}",
            figure.reference_name or figure.published,
            "" if it.ratio is None else f"{it.ratio:.2f}",
            {True: "met", False: "MISSED", None: ""}[it.on_target],
        )
    return table


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def show(measured: list[Measured], told: str, options: argparse.Namespace) -> int:
    """Print the sheet under the line `told`; return the exit code, 1 when a target is missed."""
    if options.json:
        rows = [
            {"figure": it.figure.name, "unit": it.figure.unit, "ours": it.ours, "reference": it.theirs,
             "reference_name": it.figure.reference_name, "published": it.figure.published,
             "target": it.figure.target, "bar": it.figure.bar, "met": it.on_target}
            for it in measured
        ]  # fmt: skip
        print(json.dumps({"conditions": told, "figures": rows}, indent=2))
    else:
        print(told)
        Console(width=None if sys.stdout.isatty() else 200).print(as_table(measured))
    return 1 if any(it.on_target is False for it in measured) else 0
