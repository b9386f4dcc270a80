"""`windtunnel new scenario`: a file to start from, which validates and explains itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click

from harness.cli import exits
from harness.cli.workspace import Workspace
from harness.durable import write_whole

TEMPLATE = """\
# docs/scenarios.md describes every key. `windtunnel explain {name}` says what this comes to.
title: {title}
owner: ""
tags: []
start: 2026-01-16T00:00:00Z   # the virtual time of day at which the run begins, with its zone
span: 2h                      # durations have units: 90s, 15m, 36h, 7d
seed: 1

worlds:
  fixed:
    build: worlds:build       # module:function of yours, called with a Tunnel

faults:
  - id: bigquery-unavailable
    call: {{service: bigquery, method: "jobs.*"}}
    refuse: 503
    from: 30m
    for: 10m

checks:
  - attempts-bounded: {{at_most: 10, within: 1h}}
  - no-lost-message: {{deadline: 1h}}
"""


@click.group()
def new() -> None:
    """Write a new file to start from."""


@new.command("scenario")
@click.argument("name", metavar="NAME")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def scenario(name: str, as_json: bool) -> int:
    """Write the scenario NAME (`incidents/2026-02-01-quota`, say) into the project's first scenario folder."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*", name):
        raise exits.InputError(f"{name!r} is no name for a scenario; use letters, digits, '-', '_', '.' and '/'")
    project = Workspace.open(Path.cwd()).project
    if not project.folders:
        raise exits.InputError(
            "the project names no scenario folder; add [tool.windtunnel] scenarios = ['scenarios'] to pyproject.toml"
        )
    path = project.folders[0] / f"{name}.yaml"
    if path.exists():
        raise exits.InputError(f"{path} is there already; take another name")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        title = name.rpartition("/")[2].replace("-", " ").replace("_", " ")
        write_whole(path, TEMPLATE.format(name=name, title=json.dumps(title)).encode())
    except OSError as error:
        raise exits.InputError(f"{path} can't be written: {error.strerror}") from error
    click.echo(json.dumps({"path": str(path)}) if as_json else path)
    return exits.PASS
