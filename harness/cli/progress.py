"""A progress bar for people at a terminal, one line per world; nothing at all elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from harness.request import OnProgress, Progress
from harness.timespec import duration_text

_MINUTE_NS = 60_000_000_000


@contextmanager
def progress_bar(worlds: Sequence[str], *, wanted: bool) -> Iterator[OnProgress]:
    """What to tell progress to: a bar on standard error if it is a terminal and `wanted`, else nothing."""
    console = Console(stderr=True)
    if not (wanted and console.is_terminal and sys.stderr.isatty()):
        yield lambda progress: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[clock]}"),
        TimeElapsedColumn(),
    )
    with RichProgress(*columns, console=console, transient=True) as bar:
        tasks = {world: bar.add_task(world, total=None, clock="") for world in worlds}

        def show(progress: Progress) -> None:
            clock = duration_text(progress.t_ns // _MINUTE_NS * _MINUTE_NS)
            bar.update(tasks[progress.world], completed=progress.t_ns, total=progress.span_ns, clock=clock)

        yield show
