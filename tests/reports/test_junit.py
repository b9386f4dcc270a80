"""junit.xml counts every finding, and what is unknown is an error there, never a skip."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from harness.outcome import Verdict
from reports.junit import page, render
from reports.run import Run, World


def parsed(run: Run) -> ET.Element:
    return ET.fromstring(page(run))


def test_it_lies_in_the_run_folder(storm: Path) -> None:
    assert render(storm) == storm / "junit.xml"
    assert ET.parse(storm / "junit.xml").getroot().tag == "testsuites"


def test_a_suite_for_each_world_and_a_case_for_each_finding(run: Run) -> None:
    suites = parsed(run)
    assert [suite.get("name") for suite in suites] == [f"{run.record.scenario}.{world.name}" for world in run.worlds]
    assert [suite.get("tests") for suite in suites] == ["3", "4", "4", "4"]
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("15", "1", "0")
    assert all(len(suite.findall("testcase")) == int(suite.get("tests", "")) for suite in suites)


def test_a_fail_says_why_what_was_measured_and_how_to_repeat_it(run: Run) -> None:
    [failure] = parsed(run).iter("failure")
    assert "50 attempts within 1h" in failure.get("message", "")
    assert failure.text is not None
    assert failure.text.startswith("measured 50, bound 10, margin −40\n16 Jan 09:00:00 UTC mark attempt failed <b>")
    assert failure.text.endswith(f"to repeat: {run.record.command}")


def test_what_is_unknown_is_an_error(run: Run) -> None:
    outcome = run.worlds[0].outcome
    assert outcome is not None
    doubted = outcome.findings[0].model_copy(update={"verdict": Verdict.UNKNOWN})
    world = replace(run.worlds[0], outcome=outcome.model_copy(update={"findings": (doubted,)}))
    suites = parsed(replace(run, worlds=(world,)))
    assert (suites.get("failures"), suites.get("errors")) == ("0", "1")
    assert [error.get("type") for error in suites.iter("error")] == ["unknown"]


def test_a_world_that_left_nothing_is_an_error(run: Run) -> None:
    [error] = parsed(replace(run, worlds=(World("lost", None, None, "it left no outcome.json"),))).iter("error")
    assert error.get("message") == "it left no outcome.json"


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_text_of_a_run_gives_a_document_that_parsers_take(run: Run, text: str) -> None:
    outcome = run.worlds[1].outcome
    assert outcome is not None
    finding = outcome.findings[1].model_copy(update={"check": text, "reason": text, "measured": text})
    world = replace(run.worlds[1], name=text, outcome=outcome.model_copy(update={"findings": (finding,)}))
    assert len(list(parsed(replace(run, worlds=(world,))).iter("failure"))) == 1
