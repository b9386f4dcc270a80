"""From a finished history to an outcome: runs the checks and metrics of a scenario and combines what they say.

This module must not know how the history came about.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence

from pydantic import JsonValue, TypeAdapter

from harness.checks.check import Check
from harness.faults import silence
from harness.history import History
from harness.metrics import standard
from harness.named import load_function
from harness.outcome import Engine, Evidence, FaultAccount, Finding, Outcome, Verdict
from harness.scenario.model import Scenario
from harness.timespec import NoInstantError

RAN = "the world ran"
"""The check that fails where a world raised instead of running; its evidence is the traceback."""
ENDED = "the run came to its end"
REPLAYED = "two runs of one seed agree"
"""The check of `--paranoid`; its evidence is the first event that differs."""
EMULATED = "the emulators support what was asked of them"
"""The check that is unknown where one refused: then a failing check is no failure of the pipeline."""
CERTAIN = "the run shows what it should"

_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


def judge(
    scenario: Scenario,
    world: str,
    history: History,
    faults: Sequence[FaultAccount],
    *,
    seed: int,
    engine: Engine,
    release: str,
    wall_s: float,
    raised: str = "",
    stopped: str = "",
    differs: str = "",
    doubts: Sequence[str] = (),
) -> Outcome:
    """What came of `world`: never raises for what checks, metrics or the world do wrong, but says so in findings.

    `faults` are the accounts of the faults planned for this world. `raised` is the traceback of a world that raised
    instead of running; `stopped` is the diagnosis of one that was stopped before its end (a livelock); `doubts` are the
    diagnoses that make a run which came to its end mean nothing certain (a process that is deadlocked); `differs` tells
    where a second run differed. What history there is gets judged all the same.
    """
    metrics, broken = _metrics(scenario, history)
    findings = [run_check(check, history) for check in scenario.checks_of(world)]
    findings += broken
    findings += [_silence(scenario, account, history) for account in faults if account.verdict is not Verdict.PASS]
    if raised:
        last = raised.strip().splitlines()[-1]
        findings.insert(0, Finding(check=RAN, verdict=Verdict.FAIL, reason=last, evidence=(Evidence(text=raised),)))
    elif history.end is None:
        reason = _gist(stopped) if stopped.strip() else "the history has no run.end"
        evidence = (Evidence(text=stopped),) if stopped else ()
        findings.append(Finding(check=ENDED, verdict=Verdict.UNKNOWN, reason=reason, evidence=evidence))
    refused = _refused(history)
    findings += refused
    if differs:
        reason, *_, cause = differs.splitlines()
        finding = Finding(
            check=REPLAYED, verdict=Verdict.UNKNOWN, reason=f"{reason};{cause}", evidence=(Evidence(text=differs),)
        )
        findings.insert(0, finding)
    for doubt in doubts:
        evidence = (Evidence(text=doubt),)
        findings.append(Finding(check=CERTAIN, verdict=Verdict.UNKNOWN, reason=_gist(doubt), evidence=evidence))
    return Outcome(
        scenario=scenario.name,
        world=world,
        seed=seed,
        engine=engine,
        release=release,
        verdict=Verdict.UNKNOWN if refused else Outcome.judge(findings, faults),
        history_sha256=history.sha256(),
        virtual_s=history.reach_ns / 1e9,
        wall_s=wall_s,
        events=sum(1 for _ in history.lines()),
        findings=tuple(findings),
        faults=tuple(faults),
        metrics=metrics,
    )


def _silence(scenario: Scenario, account: FaultAccount, history: History) -> Finding:
    """The finding of a fault that fired too seldom, with what its pattern missed if it struck nothing at all."""
    finding = account.finding()
    match = next((fault.call for fault in scenario.faults if fault.id == account.id), None)
    if match is None or account.fired or account.masked:
        return finding
    return finding.model_copy(update={"reason": f"{finding.reason}: {silence.explain(match, history.of('call'))}"})


def _refused(history: History) -> list[Finding]:
    """One finding for all that emulators refused as unsupported, with the first of each kind as evidence."""
    first: dict[tuple[str, str, str], Evidence] = {}
    for event in history.of("unsupported"):
        key = (event["service"], event["method"], event["what"])
        first.setdefault(key, Evidence(text=" ".join(key), seq=event.seq, t_ns=event.t_ns))
    if not first:
        return []
    reason = next(iter(first.values())).text
    return [Finding(check=EMULATED, verdict=Verdict.UNKNOWN, measured=len(first), bound=0, reason=reason,
                    evidence=tuple(first.values()))]  # fmt: skip


def _gist(diagnosis: str) -> str:
    """What happened, and where the diagnosis says it, who erred and the remedy; stacks are for the evidence."""
    first, *rest = diagnosis.strip().splitlines()
    return "; ".join([first, *(line for line in rest[:2] if line.startswith(("erred: ", "remedy: ")))])


def run_check(check: Check, history: History) -> Finding:
    """The check's finding; unknown with the traceback where it raised, since a broken check proves nothing.

    Unknown without one where it needs an instant that did not come: that is the run's doing, not the check's.
    """
    try:
        return check(history)
    except NoInstantError as error:
        return check.unknown(str(error))
    except Exception as error:  # noqa: BLE001 - whatever a check raises, its own or a user's, becomes a finding
        return _broken(check.title, error)


def _metrics(scenario: Scenario, history: History) -> tuple[dict[str, JsonValue], list[Finding]]:
    metrics, broken = dict(history.derive(standard)), []
    for name in scenario.metrics:
        try:
            value = _JSON.validate_python(history.derive(load_function(name)))
        except Exception as error:  # noqa: BLE001 - whatever a user's metric raises becomes a finding
            value = None
            broken.append(_broken(f"metric {name}", error))
        metrics.update(value if isinstance(value, dict) else {name.partition(":")[2]: value})
    return metrics, broken


def _broken(what: str, error: Exception) -> Finding:
    trace = "".join(traceback.format_exception(error))
    reason = f"it raised {type(error).__name__}: {error}"
    return Finding(check=what, verdict=Verdict.UNKNOWN, reason=reason, evidence=(Evidence(text=trace),))
