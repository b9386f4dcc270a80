"""docs/compatibility.md says what the contracts show, no more and no less."""

import ast
import configparser
import os
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from tests.harness.sim.contracts import page
from tests.harness.sim.contracts.contract import Contract, Library, Trace, agree, contract

ROOT = Path(__file__).resolve().parents[3]
REMEDY = "python -m tests.harness.sim.contracts.page"


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="the page shows the versions locked for Python 3.11")
def test_the_page_is_up_to_date() -> None:
    assert page.PAGE.read_text("utf-8") == page.page(), f"the contracts have changed; remedy: {REMEDY}"


def test_every_test_of_a_contract_module_is_a_contract_on_the_page() -> None:
    tests = {
        node.name
        for path in page.HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    contracts = [contract.name for library in page.libraries() for contract in library.contracts]
    assert set(contracts) == tests
    assert len(set(contracts)) == len(contracts), "two contracts have the same name"
    assert all(library.contracts for library in page.libraries()), "a library on the page has no contract"


def test_a_verdict_follows_from_the_contracts() -> None:
    works = Contract("test_works", know="", remedy="", refused=False)
    with_a_remedy = Contract("test_remedied", know="", remedy="do so", refused=False)
    refused = Contract("test_refused", know="", remedy="do otherwise", refused=True)
    assert page.verdict([works]) == "works"
    assert page.verdict([works, with_a_remedy]) == "works with a remedy"
    assert page.verdict([refused, refused]) == "refused"
    assert page.verdict([works, refused]) == "works, in part refused"


def test_a_library_that_is_not_installed_cannot_be_on_the_page() -> None:
    with pytest.raises(metadata.PackageNotFoundError):
        page._version(Library("no-such-distribution"))


def test_the_nightly_environment_asks_for_extras_and_groups_that_there_are() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    tox = configparser.ConfigParser()
    tox.read(ROOT / "tox.ini", "utf-8")
    nightly = tox["testenv:nightly"]
    assert set(nightly["extras"].split()) <= declared["project"]["optional-dependencies"].keys()
    assert set(nightly["dependency_groups"].split()) <= declared["dependency-groups"].keys()


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        (
            {"lines": [[0, "sent"], [2, "got"]], "ended_ns": 9},
            r"line 1 of the trace differs.*\[1, 'got'\].*\[2, 'got'\]",
        ),
        ({"lines": [[0, "sent"]], "ended_ns": 9}, "first and second differ"),
        ({"lines": [[0, "sent"], [1, "got"]], "ended_ns": 8}, "first and second differ"),
    ],
)
def test_runs_that_do_not_agree_are_told_apart(other: dict[str, object], problem: str) -> None:
    reference = {"lines": [[0, "sent"], [1, "got"]], "ended_ns": 9}
    agree({"first": reference, "second": dict(reference)})
    with pytest.raises(AssertionError, match=problem):
        agree({"first": reference, "second": other})


NOBODY = Library("nobody", loads=("json",))


@contract(NOBODY)
def a_hash_that_leaks(trace: Trace) -> None:
    trace("hash", hash("seeded"))


@contract(NOBODY, remedy="declare it as a service", refused=True)
def a_child_process(trace: Trace) -> None:
    os.system("true")


@contract(NOBODY, remedy="declare it as a service", refused=True)
def nothing_refused(trace: Trace) -> None:
    trace("went on")


@contract(NOBODY)
def nothing_noted(trace: Trace) -> None:
    pass


@contract(NOBODY)
def another_story(trace: Trace) -> None:
    trace("went on")
    trace.expect((1, "went on"))


def test_a_contract_holds_replays_to_one_digest_and_programs_to_their_story() -> None:
    with pytest.raises(AssertionError, match="line 0 of the trace differs: kernel first, PYTHONHASHSEED=0"):
        a_hash_that_leaks()
    with pytest.raises(AssertionError, match="nothing was refused"):
        nothing_refused()
    with pytest.raises(AssertionError, match="notes nothing shows nothing"):
        nothing_noted()
    with pytest.raises(AssertionError, match=r"(?s)- \[1, 'went on'\]\n.*\+ \[0.0, 'went on'\]"):
        another_story()
    a_child_process()
