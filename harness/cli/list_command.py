"""`windtunnel list`: which scenarios there are, whose, and how they last ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import click

from harness.cli import exits
from harness.cli.run_dir import records
from harness.cli.selection import selector
from harness.cli.workspace import Workspace
from harness.run_record import RunRecord
from harness.scenario.errors import ScenarioError
from harness.scenario.load import load
from harness.scenario.model import Scenario


@dataclass(frozen=True, slots=True)
class Row:
    """A scenario with its last run."""

    scenario: Scenario
    last: RunRecord | None

    def as_json(self) -> dict[str, object]:
        """The row for machines."""
        scenario, last = self.scenario, self.last
        return {
            "name": scenario.name,
            "title": scenario.title,
            "owner": scenario.owner,
            "tags": list(scenario.tags),
            "worlds": list(scenario.worlds),
            "path": str(scenario.path),
            "last": last and {"verdict": last.verdict, "at": last.started_at.isoformat(), "release": last.release},
        }


@click.command("list")
@click.option("-k", "expression", metavar="EXPR", help="Only scenarios that fit: words, and, or, not, brackets.")
@click.option("-m", "tags", metavar="TAG", multiple=True, help="Only scenarios with this tag; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_scenarios(expression: str | None, tags: tuple[str, ...], as_json: bool) -> int:
    """List scenarios with their tags, owner and last verdict."""
    workspace = Workspace.open(Path.cwd())
    fits = selector(expression) if expression else lambda scenario: True
    newest: dict[str, RunRecord] = {}
    for _, record in sorted(records(workspace.runs), key=lambda run: run[1].started_at):
        newest[record.scenario] = record
    rows, broken = [], []
    for name, path in workspace.project.names().items():
        try:
            scenario = load(path, name)
        except ScenarioError as error:
            broken.append(error)
            continue
        if fits(scenario) and set(tags) <= set(scenario.tags):
            rows.append(Row(scenario, newest.get(name)))
    if as_json:
        click.echo(json.dumps({"scenarios": [row.as_json() for row in rows], "errors": [str(one) for one in broken]}))
    else:
        _show(rows)
        for one in broken:
            first, *more = str(one).splitlines()
            others = f" (and {len(more)} more; see `windtunnel validate`)" if more else ""
            click.echo(f"windtunnel: {first}{others}", err=True)
    return exits.USAGE if broken else exits.PASS


def _show(rows: list[Row]) -> None:
    if not rows:
        click.echo("no scenarios")
    cells = [
        (row.scenario.name, row.last.verdict if row.last else "-", row.scenario.owner or "-", row.scenario.title)
        for row in rows
    ]
    widths = [max((len(cell[column]) for cell in cells), default=0) for column in range(3)]
    for row, (*narrow, title) in zip(rows, cells, strict=True):
        padded = "  ".join(text.ljust(width) for text, width in zip(narrow, widths, strict=True))
        tags = f"  [{', '.join(row.scenario.tags)}]" if row.scenario.tags else ""
        click.echo(f"{padded}  {title}{tags}")
