"""Outcomes: doubt is never a pass, and files are whole or absent."""

import json
import os

import jsonschema
import pytest

from harness.durable import write_whole
from harness.outcome import Evidence, FaultAccount, Finding, Outcome, RecordError, Verdict
from harness.run_record import Reference, RunRecord
from harness.schemas import schema

PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN


def outcome(**changes):
    return Outcome(
        **{
            "scenario": "incidents/storm",
            "world": "as-was",
            "seed": 1,
            "engine": "sim",
            "release": "abc",
            "verdict": PASS,
            "history_sha256": "0" * 64,
            "virtual_s": 129600.0,
            "wall_s": 3.25,
            "events": 10,
            "findings": (
                Finding(
                    check="attempts_per_hour_max <= 10",
                    verdict=PASS,
                    measured=4,
                    bound=10,
                    margin=6,
                    evidence=(Evidence(text="hour 9", seq=3, t_ns=5),),
                ),
            ),
            "faults": (FaultAccount(id="f", planned=1, fired=2, masked=0),),
            "metrics": {"rows": 5, "alert_after_s": None},
        }
        | changes
    )


@pytest.mark.parametrize(
    ("verdicts", "combined"),
    [
        ([], UNKNOWN),
        ([PASS], PASS),
        ([PASS, PASS], PASS),
        ([PASS, UNKNOWN], UNKNOWN),
        ([UNKNOWN, FAIL, PASS], FAIL),
    ],
)
def test_verdicts_combine_to_the_worst_that_is_certain(verdicts, combined):
    assert Verdict.combine(verdicts) is combined


def test_a_planned_fault_that_never_fired_makes_the_run_unknown():
    passed = [Finding(check="x", verdict=PASS)]
    assert Outcome.judge(passed, [FaultAccount(id="f", planned=1, fired=1, masked=0)]) is PASS
    silent = FaultAccount(id="f", planned=1, fired=0, masked=3)
    assert Outcome.judge(passed, [silent]) is UNKNOWN
    assert "3 of its calls were struck by an earlier fault" in silent.finding().reason
    assert Outcome.judge(passed, [FaultAccount(id="f", planned=0, fired=0, masked=0)]) is PASS


def test_faults_alone_prove_nothing():
    assert Outcome.judge([], [FaultAccount(id="f", planned=1, fired=1, masked=0)]) is UNKNOWN


def test_an_outcome_survives_its_file(tmp_path):
    path = tmp_path / "outcome.json"
    outcome().write(path)
    assert Outcome.read(path) == outcome()
    assert [entry.name for entry in tmp_path.iterdir()] == ["outcome.json"]


def test_an_outcome_is_written_as_its_schema_says():
    jsonschema.Draft202012Validator(schema("outcome")).validate(json.loads(outcome().dump()))


@pytest.mark.parametrize(("name", "record"), [("outcome", Outcome), ("run", RunRecord)])
def test_the_schema_in_the_repository_is_the_schema_of_the_code(name, record):
    """When this fails after a wanted change: python -m tests.harness.write_schemas"""
    from tests.harness.write_schemas import published

    assert schema(name) == published(name, record)


def test_a_file_that_is_no_outcome_is_named_with_the_field(tmp_path):
    path = tmp_path / "outcome.json"
    path.write_bytes(outcome().dump().replace(b'"sim"', b'"wind"'))
    with pytest.raises(RecordError, match=r"outcome\.json is no outcome of this version: engine"):
        Outcome.read(path)


def test_a_failed_write_leaves_the_old_file_and_no_scrap(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def broken(fd):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_run_record_survives_its_file(tmp_path):
    record = RunRecord(
        scenario="incidents/storm",
        title="The storm",
        seed=1,
        engine="sim",
        release="abc",
        started_at="2026-01-20T10:00:00Z",
        wall_s=3.0,
        start="2026-01-16T00:00:00Z",
        span="36h",
        command="windtunnel run incidents/storm --seed 1",
        worlds=("as-was", "fixed"),
        verdict=PASS,
        reference=Reference(name="record", series=({"t_s": 0, "value": 2},), totals={"rows": 7139}),
        notes=("why",),
    )
    record.write(tmp_path / "run.json")
    assert RunRecord.read(tmp_path / "run.json") == record
    jsonschema.Draft202012Validator(schema("run")).validate(json.loads((tmp_path / "run.json").read_bytes()))
