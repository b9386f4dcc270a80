"""`windtunnel new`: files to start from, which validate and explain themselves."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import click

from harness.cli import beginnings, exits
from harness.cli.workspace import Workspace
from harness.durable import write_whole
from harness.scenario.catalogue import Project


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
            "the project names no scenario folder; let `windtunnel new project` begin one, or add "
            "[tool.windtunnel] scenarios = ['scenarios'] to pyproject.toml"
        )
    path = project.folders[0] / f"{name}.yaml"
    if path.exists():
        raise exits.InputError(f"{path} is there already; take another name")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        title = name.rpartition("/")[2].replace("-", " ").replace("_", " ")
        write_whole(path, beginnings.SCENARIO.format(name=name, title=json.dumps(title)).encode())
    except OSError as error:
        raise exits.InputError(f"{path} can't be written: {error.strerror}") from error
    click.echo(json.dumps({"path": str(path)}) if as_json else path)
    return exits.PASS


@new.command("project")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def project(as_json: bool) -> int:
    """Begin here: a world and a scenario that run, and the settings that pyproject.toml needs to find them."""
    folder = Path.cwd()
    if (found := Project.nearest(folder)).folders:
        raise exits.InputError(f"{found.root} is a project already; `windtunnel new scenario NAME` adds to it")
    settings = folder / "pyproject.toml"
    files = {
        folder / "worlds.py": beginnings.WORLD,
        folder / "scenarios" / "first.yaml": beginnings.FIRST,
        # Last, so that a folder is a project only once all is there.
        settings: _with_settings(settings),
    }
    if there := [path for path in files if path != settings and path.exists()]:
        raise exits.InputError(f"{there[0]} is there already; begin in another folder, or move it away")
    for path, text in files.items():
        try:
            path.parent.mkdir(exist_ok=True)
            write_whole(path, text.encode())
        except OSError as error:
            raise exits.InputError(f"{path} can't be written: {error.strerror}") from error
    if as_json:
        click.echo(json.dumps({"paths": [str(path) for path in files]}))
    else:
        click.echo("\n".join(map(str, files)))
        click.echo("next: windtunnel run first", err=True)
    return exits.PASS


def _with_settings(settings: Path) -> str:
    try:
        before = settings.read_text(encoding="utf-8")
    except FileNotFoundError:
        return beginnings.SETTINGS
    except (OSError, UnicodeDecodeError) as error:
        raise exits.InputError(f"{settings} can't be read: {error}") from error
    if "windtunnel" in tomllib.loads(before).get("tool", {}):
        raise exits.InputError(f"{settings} has [tool.windtunnel] already; add scenarios = ['scenarios'] to it")
    return before.rstrip("\n") + "\n\n" + beginnings.SETTINGS
