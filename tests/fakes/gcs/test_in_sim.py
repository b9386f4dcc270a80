"""The same emulator in virtual time: the vendor's client in a simulated process, its retries and all."""

import shutil
from pathlib import Path

import pytest

from harness.history import History
from harness.outcome import Outcome
from harness.request import RunRequest
from harness.runner import run
from harness.scenario.load import load

ARCHIVE = Path(__file__).resolve().parents[2] / "projects" / "archive"


def ran(folder: Path, seed: int, out: str) -> tuple[Outcome, History]:
    scenario = load(folder / "scenarios" / "file.yaml")
    (outcome,) = run(RunRequest(scenario, ("w",), seed, folder / out)).outcomes
    return outcome, History.parse((folder / out / "w" / "history.jsonl").read_bytes())


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("strangers") / "archive"
    shutil.copytree(ARCHIVE, folder)
    return folder


@pytest.fixture(scope="module")
def first(archive: Path) -> tuple[Outcome, History]:
    return ran(archive, 5, "first")


def test_uploads_survive_lost_replies_torn_downloads_and_the_write_rate(first: tuple[Outcome, History]) -> None:
    outcome, told = first
    assert {fault.id: fault.fired for fault in outcome.faults} == {"cut": 1, "torn": 1}
    (written,) = told.marks("written")
    assert written.fields == {"waited": True, "whole": True}
    (listed,) = told.marks("listed")
    assert listed.fields["names"] == ["big", "name"]
    calls = [event for event in told.of("call") if event["service"] == "gcs"]
    assert 429 in [call["status"] for call in calls if call["resource"] == "archive-bucket/name"]
    assert {call["outcome"] for call in calls} >= {"ok", "error", "lost"}
    assert {call["caller"] for call in calls} == {"writer#0"}


def test_the_bucket_tells_the_subscriber_of_every_object(first: tuple[Outcome, History]) -> None:
    _, told = first
    heard = sorted((mark.fields["object"], mark.fields["event"]) for mark in told.marks("heard"))
    assert heard == [
        ("big", "OBJECT_FINALIZE"),
        ("name", "OBJECT_DELETE"),
        ("name", "OBJECT_FINALIZE"),
        ("name", "OBJECT_FINALIZE"),
    ]


def test_the_same_seed_gives_the_same_history_and_another_does_not(
    archive: Path, first: tuple[Outcome, History]
) -> None:
    again, other = (ran(archive, seed, out)[0].history_sha256 for seed, out in ((5, "again"), (6, "other")))
    assert first[0].history_sha256 == again
    assert first[0].history_sha256 != other
