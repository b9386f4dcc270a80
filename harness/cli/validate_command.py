"""`windtunnel validate`: whether scenario files can be run, without running any of the user's code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from harness.checks.user_check import UserCheck
from harness.cli import exits
from harness.cli.workspace import Workspace
from harness.named import UnresolvedNameError, find_function
from harness.scenario.errors import ScenarioError
from harness.scenario.model import Scenario


@click.command()
@click.argument("scenarios", metavar="[FILE|SCENARIO]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def validate(scenarios: tuple[str, ...], as_json: bool) -> int:
    """Check scenario files (all of the project's, without arguments) and the functions they name."""
    project = Workspace.open(Path.cwd()).project
    results: list[dict[str, object]] = []
    for name in scenarios or tuple(project.names()):
        errors: list[str]
        try:
            scenario = project.find(name)
            errors = list(unresolved(scenario, list(scenario.worlds)))
        except ScenarioError as error:
            errors = [str(problem) for problem in error.problems] or [str(error)]
        results.append({"scenario": name, "errors": errors})
        if not as_json:
            for message in errors:
                click.echo(f"windtunnel: {message}", err=True)
            if not errors:
                click.echo(f"{name}: can be run")
    if as_json:
        click.echo(json.dumps(results))
    if not results:
        raise ScenarioError("there is nothing to check; name a file, or [tool.windtunnel] scenarios in pyproject.toml")
    return exits.USAGE if any(result["errors"] for result in results) else exits.PASS


def unresolved(scenario: Scenario, worlds: Sequence[str]) -> Iterator[str]:
    """What is wrong with the functions that `scenario` names for `worlds`, one sentence each."""
    named = [(f"worlds.{world}.build", scenario.worlds[world].build) for world in worlds]
    named += [("metrics", metric) for metric in scenario.metrics]
    own_checks = (check for world in worlds for check in scenario.checks_of(world) if isinstance(check, UserCheck))
    named += [("checks", name) for name in dict.fromkeys(check.function for check in own_checks)]
    for where, name in named:
        try:
            find_function(name)
        except (UnresolvedNameError, SyntaxError) as error:
            yield f"{scenario.path}: {where}: {error}"
