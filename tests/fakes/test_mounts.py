"""Redis, S3, SES and SMTP under one body, in virtual time and on the wire, with the clients everybody uses."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from harness.history import History
from harness.outcome import Outcome
from harness.request import RunRequest
from harness.runner import run
from harness.scenario.load import load
from harness.wire.station import Station
from tests.projects.mounts.mounts.bodies import BODIES
from tests.projects.mounts.mounts.world import OPTIONS, TOPOLOGY

PROJECT = Path(__file__).resolve().parents[1] / "projects" / "mounts"
ONLY_IN_SIM = ["a_key_expires_to_the_second", "mail_goes_over_an_upgraded_connection"]


def ran(folder: Path, seed: int, out: str) -> tuple[Outcome, History]:
    scenario = load(folder / "scenarios" / "all.yaml")
    (outcome,) = run(RunRequest(scenario, ("w",), seed, folder / out)).outcomes
    return outcome, History.parse((folder / out / "w" / "history.jsonl").read_bytes())


def test_it_holds_in_virtual_time_and_the_same_seed_gives_the_same_history(tmp_path: Path) -> None:
    # One test, since a simulation of all their libraries takes seconds to come up.
    shutil.copytree(PROJECT, folder := tmp_path / "mounts")
    outcome, told = ran(folder, 1, "first")
    problems = {mark.fields["body"]: mark.fields["problem"] for mark in told.marks("tried")}
    assert problems == dict.fromkeys([*BODIES, *ONLY_IN_SIM], "")
    assert [fault.id for fault in outcome.faults if not fault.fired] == []
    assert {call["caller"] for call in told.of("call")} == {"trier#0"}
    _check_mail(told)
    calls = {call["fault"]: call for call in told.of("call") if call["fault"]}
    assert (calls["lost-incr"]["outcome"], calls["lost-incr"]["applied"]) == ("lost", True)
    assert (calls["oom"]["outcome"], calls["oom"]["applied"], calls["oom"]["reason"]) == ("refused", False, "OOM")
    assert ran(folder, 1, "again")[0].history_sha256 == outcome.history_sha256


def _check_mail(told: History) -> None:
    sent = [(mark.fields["recipients"][0], mark.fields["subject"]) for mark in told.marks("mail")]
    for mail in (
        ("you@there.example", "two words"),
        ("you@there.example", "grüße"),
        ("tls@there.example", "over TLS"),
        ("struck-lost@x.example", "y"),
    ):
        assert mail in sent
    assert not [to for to, _ in sent if to.startswith(("struck@", "struck-data", "struck-rcpt"))]


@pytest.fixture
def station() -> Iterator[Station]:
    running = Station(OPTIONS, options=OPTIONS, topology=TOPOLOGY)
    for fault in YAML(typ="safe").load(PROJECT / "scenarios" / "all.yaml")["faults"]:
        running.faults.put(fault)
    yield running
    running.close()


@pytest.mark.parametrize("body", BODIES)
def test_it_holds_on_the_wire(station: Station, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    for name, value in station.environment().items():
        monkeypatch.setenv(name, value)
    BODIES[body]()
    kinds = {json.loads(line)["kind"] for line in station.record.since()}
    assert {"call"} <= kinds
