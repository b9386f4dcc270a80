"""What a reader must see first: the verdict in a sentence, each world in a line, its findings worst first.

Shared by all kinds of report. It must not know any markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from harness.outcome import Finding, Outcome, Verdict
from reports.run import WORST_FIRST, Run, World
from reports.timeline import Timeline
from reports.wording import NOTHING, duration, joined, number, plural, sparkline, value

_OPTIONS = re.compile(r" \w+=.*", re.DOTALL)
"""The options in a check's title, from the first `name=value` on: the table of findings has them."""
MOST_NAMES = 3
"""How many checks a world that passed names in its line."""


@dataclass(frozen=True, slots=True)
class Glance:
    """One world in a line. Figures are ready to print; `shape` is its attempts over time as a sparkline,
    `why` the reason of its verdict in a sentence.
    """

    world: World
    why: str
    attempts: str
    shape: str
    peak: str
    rows: str
    alert_after: str
    recovered_after: str


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


def _shape(timeline: Timeline, top: float) -> str:
    return sparkline([float(timeline.attempts[bucket]) for bucket in timeline.reached], top)


def _metric(world: World, name: str) -> str:
    return figure(name, world.outcome.metrics.get(name)) if world.outcome else NOTHING


def figure(name: str, it: object) -> str:
    """A metric's value in words; names that end in `_s` are seconds."""
    if isinstance(it, bool) or not isinstance(it, int | float):
        return value(it) if isinstance(it, bool | str) else NOTHING
    return duration(it) if name.endswith("_s") else number(it)


def glances(run: Run) -> list[Glance]:
    """Every world in a line, in the scenario's order; the shapes of their attempts share one scale."""
    top = max((world.timeline.peak() for world in run.worlds if world.timeline), default=0)
    return [
        Glance(
            world=world,
            why=why(world),
            attempts=number(world.timeline.attempts.total()) if world.timeline else NOTHING,
            shape=_shape(world.timeline, top) if world.timeline else "",
            peak=number(world.timeline.peak()) if world.timeline else NOTHING,
            rows=number(world.timeline.rows.total()) if world.timeline else NOTHING,
            alert_after=_metric(world, "alert_after_s"),
            recovered_after=_metric(world, "recovered_after_s"),
        )
        for world in run.worlds
    ]


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
