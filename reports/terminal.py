"""The report on the terminal: what somebody who just started a run needs to know first.

No colour is needed to read it, and none is written where the console has none. It must not know how a run is made.
"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.outcome import Verdict
from reports.run import Run, World, opened
from reports.summary import HOUR_S, all_findings, headline, overview
from reports.wording import SIGNS, duration, number, value

STYLES = {Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.UNKNOWN: "yellow"}
MOST_FINDINGS = 10
"""Findings shown per world that did not pass."""


def _verdict(verdict: Verdict) -> Text:
    return Text(f"{SIGNS[verdict]} {verdict.value}", style=STYLES[verdict])


def _worlds(run: Run) -> Table:
    per, it = "hour" if run.bucket_s == HOUR_S else duration(run.bucket_s), overview(run)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("world", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for column in it.columns:
        table.add_column(column.lower(), justify="right")
    # The one column that may be cut where the terminal is narrow: names and verdicts must stay whole.
    table.add_column(f"{it.noun} per {per}", overflow="ellipsis")
    for line in it.lines:
        table.add_row(Text(line.world.name), _verdict(line.world.verdict), *line.figures, Text(line.shape))
    return table


def _troubles(world: World, console: Console) -> None:
    """Print what keeps `world` from passing, worst first."""
    if world.problem:
        console.print(Text.assemble((world.name, "bold"), ": ", world.problem))
    if world.outcome is None:
        return
    troubles = [finding for finding in all_findings(world.outcome) if finding.verdict is not Verdict.PASS]
    for finding in troubles[:MOST_FINDINGS]:
        figures = f"measured {value(finding.measured)}, bound {value(finding.bound)}, margin {number(finding.margin)}"
        console.print(
            Text.assemble(
                _verdict(finding.verdict), " ", (world.name, "bold"), f" {finding.check}: ",
                finding.reason or figures, f" ({figures})" if finding.reason else "",
            ),
            soft_wrap=True,
        )  # fmt: skip
    if len(troubles) > MOST_FINDINGS:
        console.print(f"  … and {len(troubles) - MOST_FINDINGS} more in {world.name}/outcome.json", markup=False)


def render(run: Run | Path, console: Console) -> None:
    """Print the report of `run` to `console`: verdict, a line for each world, what did not pass and why.

    Raises OSError and `RecordError` as `reports.run.read` does.
    """
    it = opened(run)
    record = it.record
    console.print(Text.assemble(_verdict(record.verdict), " ", (record.title, "bold")), soft_wrap=True)
    console.print(Text(headline(it)), soft_wrap=True)
    console.print(_worlds(it))
    if it.focus:
        console.print(Text(f"attempts: {it.focus}", style="dim"))
    for world in it.worlds:
        if world.verdict is not Verdict.PASS:
            _troubles(world, console)
