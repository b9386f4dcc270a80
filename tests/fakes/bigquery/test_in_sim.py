"""Data faults of a scenario file, end to end: the vendor's client in a simulated process sees what they say."""

import shutil
from pathlib import Path

import pytest

from harness.history import History
from harness.outcome import Outcome
from harness.request import RunRequest
from harness.runner import run
from harness.scenario.load import load

WAREHOUSE = Path(__file__).resolve().parents[2] / "projects" / "warehouse"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, History]:
    folder = tmp_path_factory.mktemp("strangers") / "warehouse"
    shutil.copytree(WAREHOUSE, folder)
    scenario = load(folder / "scenarios" / "wrong.yaml")
    (outcome,) = run(RunRequest(scenario, ("w",), 1, folder / "out")).outcomes
    return outcome, History.parse((folder / "out" / "w" / "history.jsonl").read_bytes())


def test_every_data_fault_fires_once(told: tuple[Outcome, History]) -> None:
    outcome, _ = told
    assert {fault.id: fault.fired for fault in outcome.faults} == dict.fromkeys(
        ("missing-partition", "late-rows", "stale", "drift", "lost-rows", "doubled-rows"), 1
    )


@pytest.mark.parametrize(
    ("table", "field", "wrong", "right"),
    [
        ("partitioned", "sum", 2, 3),
        ("streamed", "count", 0, 1),
        ("changing", "n", 1, 2),
        ("drifted", "home", "invalidQuery", "LAL"),
    ],
)
def test_a_reader_is_shown_wrong_data_once_and_then_what_is_there(
    told: tuple[Outcome, History], table: str, field: str, wrong: object, right: object
) -> None:
    assert [(m.fields["turn"], m.fields[field]) for m in told[1].marks(table)] == [("first", wrong), ("second", right)]


def test_a_load_loses_rows_or_doubles_them_and_reports_all_of_them(told: tuple[Outcome, History]) -> None:
    ((dropped,), (doubled,)) = told[1].marks("dropped"), told[1].marks("doubled")
    reported, there, distinct = dropped.fields["told"]
    assert (reported, there) == (1000, distinct)
    assert 850 < there < 950
    reported, there, distinct = doubled.fields["told"]
    assert (reported, distinct) == (1000, 1000)
    assert 1_050 < there < 1_150
