"""What a reader must see first: the verdict in a sentence, each world in a line, its findings worst first.

Shared by all kinds of report. It must not know any markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from harness.outcome import Finding, Outcome, Verdict
from reports.run import WORST_FIRST, Run, World
from reports.wording import NOTHING, duration, joined, number, plural, sparkline, value

_OPTIONS = re.compile(r" \w+=.*", re.DOTALL)
"""The options in a check's title, from the first `name=value` on: the table of findings has them."""
HOUR_S = 3600
MOST_NAMES = 3
"""How many checks a world that passed names in its line."""


@dataclass(frozen=True, slots=True)
class Glance:
    """One world in a line: `figures`, ready to print, one for each column of the overview; `shape` is what was counted
    over time, as a sparkline; `why` the reason of its verdict in a sentence.
    """

    world: World
    figures: tuple[str, ...]
    shape: str
    why: str


@dataclass(frozen=True, slots=True)
class Overview:
    """All worlds, a line each, in the scenario's order. `noun` is what was counted."""

    noun: str
    columns: tuple[str, ...]
    lines: tuple[Glance, ...]


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric of all worlds side by side; `recorded` is the record's figure of the same name."""

    name: str
    recorded: str
    figures: tuple[str, ...]


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Fails, then unknowns, then passes; otherwise in the order of the checks."""
    return sorted(findings, key=lambda finding: WORST_FIRST.index(finding.verdict))


def all_findings(outcome: Outcome) -> list[Finding]:
    """What the checks found and what became of the faults, each fault once, worst first."""
    named = {finding.check for finding in outcome.findings}
    faults = [fault.finding() for fault in outcome.faults]
    return worst_first([*outcome.findings, *(finding for finding in faults if finding.check not in named)])


def headline(run: Run) -> str:
    """The run in a sentence, worst news first and by name: `1 of 4 worlds failed: as_was; 3 passed.`"""
    groups = run.by_verdict
    if not groups:
        return "The run has no worlds, so nothing is known."
    if list(groups) == [Verdict.PASS]:
        return "The only world passed." if len(run.worlds) == 1 else f"All {len(run.worlds)} worlds passed."
    words = {Verdict.FAIL: "failed", Verdict.PASS: "passed"}
    said: list[str] = []
    for verdict, worlds in groups.items():
        count = f"{len(worlds)} of {plural(len(run.worlds), 'world')}" if not said else str(len(worlds))
        word = words.get(verdict, "is unknown" if len(worlds) == 1 else "are unknown")
        names = "" if verdict is Verdict.PASS else f": {joined([world.name for world in worlds])}"
        said.append(f"{count} {word}{names}")
    return "; ".join(said) + "."


def why(world: World) -> str:
    """Why a world has its verdict: the worst findings by name, with the reason of the first."""
    if world.outcome is None:
        return world.problem
    findings = all_findings(world.outcome)
    worst = [finding for finding in findings if finding.verdict is world.verdict]
    if world.verdict is Verdict.PASS:
        names = list(dict.fromkeys(_OPTIONS.sub("", finding.check) for finding in findings))
        more = ", …" if len(names) > MOST_NAMES else ""
        return f"{plural(len(findings), 'check')} passed: {', '.join(names[:MOST_NAMES])}{more}"
    if not worst:
        return world.problem or "it was judged by no check"
    first = worst[0]
    more = f" (and {len(worst) - 1} more)" if len(worst) > 1 else ""
    return f"{first.check}: {first.reason or _held_against(first)}{more}"


def _held_against(finding: Finding) -> str:
    return f"measured {value(finding.measured)}, bound {value(finding.bound)}"


def _metric(world: World, name: str) -> str:
    return figure(name, world.outcome.metrics.get(name)) if world.outcome else NOTHING


def figure(name: str, it: object) -> str:
    """A metric's value in words; names that end in `_s` are seconds."""
    if isinstance(it, bool) or not isinstance(it, int | float):
        return value(it) if isinstance(it, bool | str) else NOTHING
    return duration(it) if name.endswith("_s") else number(it)


def overview(run: Run) -> Overview:
    """Every world in a line. Shapes share one scale; a figure that no world has gets no column."""
    noun, timelines = run.noun, [world.timeline for world in run.worlds]
    top = max((timeline.peak(noun) for timeline in timelines if timeline), default=0)
    shapes = [
        sparkline([float(timeline.counted(noun)[bucket]) for bucket in timeline.reached], top) if timeline else ""
        for timeline in timelines
    ]
    per = "an hour" if run.bucket_s == HOUR_S else duration(run.bucket_s)
    columns = {
        noun.capitalize(): [number(it.counted(noun).total()) if it else NOTHING for it in timelines],
        f"Most in {per}": [number(it.peak(noun)) if it else NOTHING for it in timelines],
    }
    wanted = {
        "Rows": [number(it.rows.total()) if it and it.rows else NOTHING for it in timelines],
        "Failed calls": [_metric(world, "calls_failed") if noun == "calls" else NOTHING for world in run.worlds],
        "Alert after": [_metric(world, "alert_after_s") for world in run.worlds],
        "Recovered after": [_metric(world, "recovered_after_s") for world in run.worlds],
    }
    columns |= {name: figures for name, figures in wanted.items() if set(figures) - {NOTHING}}
    lines = [
        Glance(world, figures, shape, why(world))
        for world, figures, shape in zip(run.worlds, zip(*columns.values(), strict=True), shapes, strict=True)
    ]
    return Overview(noun, tuple(columns), tuple(lines))


def metric_rows(run: Run) -> list[MetricRow]:
    """Every single-valued metric of any world, in the order they first appear; series are left to the plot."""
    metrics = [world.outcome.metrics if world.outcome else {} for world in run.worlds]
    names = dict.fromkeys(name for of_world in metrics for name in of_world)
    totals = run.record.reference.totals if run.record.reference else {}
    return [
        MetricRow(name, figure(name, totals.get(name)), tuple(figure(name, of_world.get(name)) for of_world in metrics))
        for name in names
        if not any(isinstance(of_world.get(name), list | dict) for of_world in metrics)
    ]
