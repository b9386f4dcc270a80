"""The report as JUnit XML, which GitLab, Jenkins and Azure show beside the tests of a build.

A suite per world, a case per finding. A fail is a `failure`; an unknown is an `error`, never a skip: a build must not
turn green because nothing is known. It must not know how a run is made.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from harness.outcome import Finding, Verdict
from reports.run import Run, World, opened
from reports.summary import all_findings
from reports.wording import moment, number, value

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 (section 2.2) can't hold, not even escaped."""

_ELEMENTS = {Verdict.FAIL: "failure", Verdict.UNKNOWN: "error"}


def _plain(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _details(run: Run, finding: Finding) -> str:
    lines = [f"measured {value(finding.measured)}, bound {value(finding.bound)}, margin {number(finding.margin)}"]
    for piece in finding.evidence:
        when = "" if piece.t_ns is None else moment(run.clock(piece.t_ns)) + " "
        lines.append(when + piece.text)
    lines.append(f"to repeat: {run.record.command}")
    return _plain("\n".join(lines))


def _case(suite: ET.Element, run: Run, world: World, finding: Finding) -> None:
    about = {"classname": _plain(f"{run.record.scenario}.{world.name}"), "name": _plain(finding.check), "time": "0"}
    case = ET.SubElement(suite, "testcase", about)
    if finding.verdict is not Verdict.PASS:
        message = _plain(finding.reason or f"the verdict is {finding.verdict.value}")
        trouble = ET.SubElement(case, _ELEMENTS[finding.verdict], message=message, type=finding.verdict.value)
        trouble.text = _details(run, finding)


def _findings(world: World) -> list[Finding]:
    """What there is to say of a world; one unknown finding of its own where nothing else says why it is unknown."""
    findings = all_findings(world.outcome) if world.outcome else []
    if world.problem or not findings:
        reason = world.problem or "no check judged this world"
        findings.append(Finding(check="world left a record", verdict=Verdict.UNKNOWN, reason=reason))
    return findings


def _suite(suites: ET.Element, run: Run, world: World) -> None:
    findings = _findings(world)
    verdicts = [finding.verdict for finding in findings]
    suite = ET.SubElement(
        suites,
        "testsuite",
        name=_plain(f"{run.record.scenario}.{world.name}"),
        tests=str(len(findings)),
        failures=str(verdicts.count(Verdict.FAIL)),
        errors=str(verdicts.count(Verdict.UNKNOWN)),
        skipped="0",
        time=f"{world.outcome.wall_s if world.outcome else 0:.3f}",
        timestamp=run.record.started_at.isoformat(timespec="seconds"),
    )
    properties = ET.SubElement(suite, "properties")
    for name in ("seed", "release", "engine"):
        ET.SubElement(properties, "property", name=name, value=_plain(str(getattr(run.record, name))))
    for finding in findings:
        _case(suite, run, world, finding)


def page(run: Run) -> bytes:
    """The report of `run` as a UTF-8 document."""
    suites = ET.Element("testsuites", name=_plain(run.record.scenario))
    for world in run.worlds:
        _suite(suites, run, world)
    for count in ("tests", "failures", "errors"):
        suites.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    suites.set("time", f"{run.record.wall_s:.3f}")
    ET.indent(suites)
    document: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def render(run: Run | Path) -> Path:
    """Write `junit.xml` into the run's folder and return its path.

    Raises OSError and `RecordError` as `reports.run.read` does.
    """
    it = opened(run)
    path = it.folder / "junit.xml"
    path.write_bytes(page(it))
    return path
