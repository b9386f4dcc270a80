"""`windtunnel explain`: what a scenario does and expects, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
from pydantic import BaseModel

from harness.checks.check import Check
from harness.checks.metric_bound import MetricBound
from harness.checks.user_check import UserCheck
from harness.cli import exits
from harness.cli.workspace import Workspace
from harness.faults.spec import FaultSpec
from harness.scenario.model import Scenario


@click.command()
@click.argument("scenario", metavar="SCENARIO")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def explain(scenario: str, as_json: bool) -> int:
    """Say what SCENARIO builds, what goes wrong in it and what is expected of it."""
    found = Workspace.open(Path.cwd()).project.find(scenario)
    if as_json:
        click.echo(json.dumps({"name": found.name, "path": str(found.path), **_as_json(found)}))
    else:
        click.echo("\n".join(_lines(found)))
    return exits.PASS


def _as_json(scenario: Scenario) -> dict[str, object]:
    return {
        "title": scenario.title,
        "owner": scenario.owner,
        "tags": list(scenario.tags),
        "start": scenario.start.isoformat(),
        "span": str(scenario.span),
        "seed": scenario.seed,
        "instants": {name: str(moment) for name, moment in scenario.instants.items()},
        "worlds": {
            name: {
                "build": world.build,
                "title": world.title,
                "checks": [
                    {"check": check.title, "means": meaning(check).removeprefix(": ")}
                    for check in scenario.checks_of(name)
                ],
                "faults": [fault.id for fault in scenario.plan(name)],
            }
            for name, world in scenario.worlds.items()
        },
        "faults": [{"id": fault.id, "means": in_words(fault)} for fault in scenario.faults],
        "metrics": list(scenario.metrics),
        "notes": list(scenario.notes),
    }


def _lines(scenario: Scenario) -> Iterator[str]:
    yield f"{scenario.name}: {scenario.title}"
    if scenario.owner or scenario.tags:
        yield f"  owner {scenario.owner or '-'}, tags {', '.join(scenario.tags) or '-'}"
    yield f"  {scenario.span} of virtual time from {scenario.start.isoformat()}, seed {scenario.seed}"
    for name, moment in scenario.instants.items():
        yield f"  {name} is {moment}"
    yield "faults:" if scenario.faults else "no faults are planned"
    for fault in scenario.faults:
        yield f"  {fault.id}: {in_words(fault)}"
    if scenario.checks:
        yield "expected of every world:"
        for check in scenario.checks:
            yield f"  {check.title}{meaning(check)}"
    for name, world in scenario.worlds.items():
        yield f"world {name}{': ' + world.title if world.title else ''} (built by {world.build})"
        for check in world.checks:
            yield f"  {check.title}{meaning(check)}"
    for note in scenario.notes:
        yield f"note: {note.strip()}"


def meaning(check: Check) -> str:
    """`: ` and the first paragraph of the check's documentation, on one line; nothing for one that says it all."""
    if isinstance(check, MetricBound | UserCheck):
        return ""
    return ": " + " ".join((type(check).__doc__ or "").partition("\n\n")[0].split())


def in_words(fault: FaultSpec) -> str:
    """The fault as a sentence."""
    parts = [_action(fault)]
    if fault.call is not None:
        given = " ".join(f"{key}={value}" for key, value in fault.call.model_dump(exclude_defaults=True).items())
        parts.append(f"calls with {given}" if given else "any call")
    if fault.at is not None:
        parts.append(f"at {fault.at}")
    if fault.at_yield is not None:
        parts.append(f"when an instance gives way for the {fault.at_yield}. time")
    if fault.start is not None:
        parts.append(f"from {fault.start}")
    if fault.until is not None:
        parts.append(f"until {fault.until}")
    if fault.length is not None:
        parts.append(f"for {fault.length}")
    if fault.skip:
        parts.append(f"after the first {fault.skip}")
    if fault.count is not None:
        parts.append(f"{fault.count} of them")
    if fault.every > 1:
        parts.append(f"every {fault.every}.")
    if fault.probability < 1:
        parts.append(f"each with probability {fault.probability:g}")
    if fault.budget is not None:
        parts.append(f"{fault.budget} times at most")
    if fault.worlds is not None:
        parts.append(f"in {', '.join(fault.worlds)} only")
    return ", ".join(parts)


def _action(fault: FaultSpec) -> str:
    victim = fault.process_action
    if victim is not None:
        return f"{fault.action} {victim.process} (instance {victim.instance})"
    parameters = getattr(fault, fault.action)
    if isinstance(parameters, BaseModel):
        parameters = " ".join(f"{key}={value}" for key, value in parameters.model_dump(exclude_unset=True).items())
    return f"{fault.action} {parameters}".strip()
