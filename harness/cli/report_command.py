"""`windtunnel report`: the reports of a run that was made before."""

from __future__ import annotations

import json
from pathlib import Path

import click

from harness.cli import exits, rendering
from harness.cli.run_dir import find
from harness.cli.workspace import Workspace
from harness.outcome import RecordError


@click.command()
@click.argument("run", metavar="RUN", default="last")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def report(run: str, as_json: bool) -> int:
    """Write report.html and summary.md of RUN: a run folder, the id of one, or `last`."""
    folder = find(run, Workspace.open(Path.cwd()).runs)
    try:
        written = rendering.render(rendering.read(folder))
    except RecordError as error:
        raise exits.InputError(str(error)) from error
    except OSError as error:
        raise exits.InputError(f"the reports of {folder} can't be written: {error}") from error
    if as_json:
        click.echo(json.dumps({form: str(path) for form, path in written.items()}))
    else:
        for path in written.values():
            click.echo(path)
    return exits.PASS
