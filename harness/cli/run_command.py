"""`windtunnel run`: run scenarios, leave their records and reports, exit with the verdict."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from harness import release
from harness.cli import exits, rendering, run_dir
from harness.cli.progress import progress_bar
from harness.cli.stage import Stage
from harness.cli.validate_command import unresolved
from harness.cli.workspace import Workspace
from harness.judge import CERTAIN, ENDED, RAN
from harness.outcome import Engine, Verdict
from harness.request import PROBLEM, Runner, RunRequest, RunResult
from harness.run_record import RunRecord
from harness.scenario.errors import ScenarioError
from harness.scenario.model import SEED_MAX, Scenario
from harness.strict import nearest
from harness.until import Until, UntilError

DEBUGPY_PORT = 5678
"""Where debugpy's own documentation and editors' templates look for it."""
RUNNERS: dict[str, str] = {"sim": "harness.runner"}
"""Engine -> the module whose `run` is a `harness.request.Runner`."""


@dataclass(frozen=True, slots=True)
class How:
    """How closely to look: where to stop, with the debugger there or not, and whether to run twice."""

    until: str | None
    pdb: bool
    debugpy: int | None
    paranoid: bool

    @property
    def watched(self) -> bool:
        """Whether somebody sits at a debugger."""
        return self.pdb or self.debugpy is not None


@dataclass(frozen=True, slots=True)
class Order:
    """One scenario to run, and how."""

    asked: str
    scenario: Scenario
    worlds: tuple[str, ...]
    seed: int
    engine: Engine
    release: str
    how: How
    out_dir: Path

    @property
    def command(self) -> str:
        """What to type to run exactly this again."""
        words = [os.environ.get("WINDTUNNEL_COMMAND", "windtunnel"), "run", shlex.quote(self.asked)]
        words += ["--seed", str(self.seed)]
        words += [word for world in self.worlds for word in ("--world", shlex.quote(world))] if self.narrowed else []
        words += ["--engine", self.engine] if self.engine != "sim" else []
        words += ["--until", shlex.quote(self.how.until)] if self.how.until else []
        words += ["--pdb"] if self.how.pdb else []
        words += ["--debugpy", str(self.how.debugpy)] if self.how.debugpy is not None else []
        words += ["--paranoid"] if self.how.paranoid else []
        return " ".join(words)

    @property
    def narrowed(self) -> bool:
        """Whether not all worlds are to run."""
        return self.worlds != tuple(self.scenario.worlds)


@click.command("run")
@click.argument("scenarios", metavar="SCENARIO...", nargs=-1, required=True)
@click.option("--seed", type=click.IntRange(0, SEED_MAX), help="Instead of the scenario's own.")
@click.option("--world", "worlds", metavar="NAME", multiple=True, help="Only this world; may be repeated.")
@click.option("--engine", type=click.Choice(["sim", "wire"]), default="sim", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Default: .windtunnel/runs/<id>.")
@click.option("--until", metavar="EVENT", help="Stop there: 45m, mark:NAME, call:SERVICE.METHOD:N, event:SEQ, …")
@click.option("--pdb", is_flag=True, help="Open the debugger at --until, while virtual time stands still.")
@click.option(
    "--debugpy",
    type=click.IntRange(1, 65535),
    is_flag=False,
    flag_value=DEBUGPY_PORT,
    envvar="WINDTUNNEL_DEBUGPY",
    metavar="[PORT]",
    help=f"Wait for an editor's debugger at 127.0.0.1, port {DEBUGPY_PORT} unless said otherwise.",
)
@click.option("--paranoid", is_flag=True, help="Run twice at once and name the first event that differs.")
@click.option("-j", "--jobs", type=click.IntRange(1), default=lambda: os.cpu_count() or 1, help="Worlds at a time.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def run_scenarios(
    *,
    scenarios: tuple[str, ...],
    seed: int | None,
    worlds: tuple[str, ...],
    engine: Engine,
    out: Path | None,
    until: str | None,
    pdb: bool,
    debugpy: int | None,
    paranoid: bool,
    jobs: int,
    as_json: bool,
) -> int:
    """Run each SCENARIO (a name from `windtunnel list`, or a file) in all its worlds and judge what happened."""
    workspace = Workspace.open(Path.cwd())
    if engine not in RUNNERS:
        raise exits.InputError(f"--engine {engine} is not there yet; use --engine {' or '.join(RUNNERS)}")
    how = How(_moment(until, pdb=pdb), pdb, debugpy, paranoid)
    _one_debugger(how)
    tested = release.current(workspace.project.root)
    started_at = datetime.now(UTC)
    orders = []
    for asked in scenarios:
        scenario = workspace.find(asked)
        own_seed = scenario.seed if seed is None else seed
        if out is None:
            out_dir = workspace.runs / run_dir.default_name(scenario.name, own_seed, started_at)
        else:
            out_dir = out / run_dir.slug(scenario.name) if len(scenarios) > 1 else out
        chosen = _chosen(scenario, worlds)
        if problems := list(unresolved(scenario, chosen)):
            raise ScenarioError("\n".join(problems))
        orders.append(Order(asked, scenario, chosen, own_seed, engine, tested, how, out_dir))
    runner: Runner = importlib.import_module(RUNNERS[engine]).run
    records = [_carry_out(order, runner, jobs, as_json) for order in orders]
    if as_json:
        click.echo(json.dumps(records if len(records) > 1 else records[0]))
    return exits.OF_VERDICT[Verdict.combine(Verdict(record["verdict"]) for record in records)]


def _one_debugger(how: How) -> None:
    if how.watched and how.paranoid:
        name = "--pdb" if how.pdb else "--debugpy"
        raise exits.InputError(f"{name} and --paranoid exclude one another: nobody can sit at two debuggers")
    if how.pdb and how.debugpy is not None:
        raise exits.InputError("--pdb and --debugpy exclude one another: choose one debugger")
    if how.debugpy is not None and importlib.util.find_spec("debugpy") is None:
        raise exits.InputError("--debugpy needs debugpy beside Windtunnel: pip install debugpy")


def _moment(until: str | None, *, pdb: bool) -> str | None:
    if pdb and until is None:
        raise exits.InputError("--pdb opens the debugger at a moment: say which, as in --until mark:NAME")
    if until is not None:
        try:
            Until.parse(until)
        except UntilError as error:
            raise exits.InputError(f"--until: {error}") from error
    return until


def _carry_out(order: Order, runner: Runner, jobs: int, as_json: bool) -> dict[str, Any]:
    with Stage(order.out_dir, order.worlds) as stage:
        if not as_json:
            click.echo(f"{order.scenario.name}  seed {order.seed}  commit {order.release}  engine {order.engine}")
        if order.how.debugpy is not None:
            click.echo(f"each world waits for a debugger to attach to 127.0.0.1:{order.how.debugpy}", err=True)
        request = RunRequest(
            scenario=order.scenario,
            worlds=order.worlds,
            seed=order.seed,
            out_dir=stage.folder,
            jobs=1 if order.how.watched else jobs,
            until=order.how.until,
            pdb=order.how.pdb,
            debugpy=order.how.debugpy,
            paranoid=order.how.paranoid,
            engine=order.engine,
            release=order.release,
        )
        started_at, started_s = datetime.now(UTC), time.perf_counter()
        with progress_bar(order.worlds, wanted=not as_json and not order.how.watched) as on_progress:
            result = runner(request, on_progress)
        record = _record(order, result, started_at, time.perf_counter() - started_s)
        record.write(stage.folder / run_dir.RECORD)
        run = rendering.read(stage.folder)
        reports = {form: order.out_dir / path.name for form, path in rendering.render(run).items()}
        stage.publish()
    if not as_json:
        rendering.summarise(run, Console())
        _show(order, result, record, reports["html"])
    return {
        **record.model_dump(mode="json"),
        "run_dir": str(order.out_dir.resolve()),
        "reports": {form: str(path.resolve()) for form, path in reports.items()},
        "outcomes": [outcome.model_dump(mode="json") for outcome in result.outcomes],
    }


def _record(order: Order, result: RunResult, started_at: datetime, wall_s: float) -> RunRecord:
    scenario = order.scenario
    return RunRecord(
        scenario=scenario.name,
        title=scenario.title,
        owner=scenario.owner,
        tags=scenario.tags,
        seed=order.seed,
        engine=order.engine,
        release=order.release,
        started_at=started_at,
        wall_s=wall_s,
        start=scenario.start,
        span=str(scenario.span),
        command=order.command,
        worlds=tuple(outcome.world for outcome in result.outcomes),
        verdict=Verdict.combine(outcome.verdict for outcome in result.outcomes),
        reference=scenario.recorded_reference(),
        notes=scenario.notes,
    )


def _show(order: Order, result: RunResult, record: RunRecord, report: Path) -> None:
    for outcome in result.outcomes:
        for finding in outcome.findings:
            if finding.check == RAN:
                click.echo(f"world {outcome.world} raised:\n" + "\n".join(part.text for part in finding.evidence))
            elif finding.check in (ENDED, CERTAIN) and finding.evidence:
                # Who erred and the remedy; the stacks that follow are for a pager.
                head = finding.evidence[0].text.partition("\n\n")[0]
                click.echo(f"world {outcome.world}: {head}\nstacks: {order.out_dir / outcome.world / PROBLEM}")
    click.echo(f"report: {report}")
    if record.verdict is not Verdict.PASS:
        click.echo(f"to repeat: {order.command}")


def _chosen(scenario: Scenario, worlds: Sequence[str]) -> tuple[str, ...]:
    for world in worlds:
        if world not in scenario.worlds:
            raise exits.InputError(f"{scenario.name} has no world {world!r}{nearest(world, list(scenario.worlds))}")
    return tuple(world for world in scenario.worlds if not worlds or world in worlds)
