"""A run folder is read once, and what is missing in it makes a world unknown instead of stopping the report."""

import shutil
from pathlib import Path

import pytest

from harness.outcome import RecordError, Verdict
from reports.run import Run, opened, read


@pytest.fixture
def own(storm: Path, tmp_path: Path) -> Path:
    shutil.copytree(storm, tmp_path / "run")
    return tmp_path / "run"


def test_worlds_come_in_the_order_of_the_record_with_outcome_and_timeline(run: Run) -> None:
    assert [world.name for world in run.worlds] == list(run.record.worlds)
    assert all(world.outcome and world.timeline and not world.problem for world in run.worlds)
    assert run.bucket_s == 3600


def test_a_run_that_is_open_is_not_read_again(run: Run) -> None:
    assert opened(run) is run


def test_a_folder_without_run_json_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path)


def test_a_run_json_of_another_version_is_refused(own: Path) -> None:
    (own / "run.json").write_text("{}")
    with pytest.raises(RecordError, match=r"run\.json is no runrecord"):
        read(own)


def test_a_world_that_left_nothing_is_unknown(own: Path) -> None:
    shutil.rmtree(own / "breaker_shared")
    world = read(own).worlds[2]
    assert world.verdict is Verdict.UNKNOWN
    assert "no outcome.json" in world.problem


def test_a_world_with_a_broken_outcome_is_unknown_and_names_the_field(own: Path) -> None:
    (own / "as_was" / "outcome.json").write_text('{"scenario": 7}')
    world = read(own).worlds[0]
    assert world.verdict is Verdict.UNKNOWN
    assert "scenario" in world.problem


def test_a_world_without_history_keeps_its_verdict_and_says_what_is_missing(own: Path) -> None:
    (own / "as_was" / "history.jsonl").unlink()
    world = read(own).worlds[0]
    assert world.verdict is Verdict.PASS
    assert world.timeline is None
    assert "history.jsonl cannot be read" in world.problem


def test_a_broken_line_of_a_history_is_named(own: Path) -> None:
    with (own / "as_was" / "history.jsonl").open("ab") as file:
        file.write(b'{"half": ')
    assert "is no event of a history" in read(own).worlds[0].problem
