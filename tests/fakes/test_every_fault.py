"""Every kind of fault a scenario file may ask for, on every service: it fires, is told, and does to the caller and to
the state what its name says. One table, in virtual time and on the wire.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from harness.history import History
from harness.outcome import Outcome, Verdict
from harness.request import RunRequest
from harness.runner import run
from harness.scenario.load import load
from harness.wire.station import Station
from tests.projects.struck.struck.world import BACK_ENDS, TOPOLOGY
from tests.projects.struck.struck.writes import ONLY_IN_SIM, WRITES, words

PROJECT = Path(__file__).resolve().parents[1] / "projects" / "struck"
ACTIONS: Mapping[str, Mapping[str, Any]] = {
    "refused": {"refuse": 503},
    "reset": {"refuse": 0},
    "throttled": {"refuse": {"status": 429, "message": "slow down"}},
    "delayed": {"delay": "7s"},
    "hung": {"hang": "20s"},
    "lost": {"lose_reply": {}},
    "failed": {"lose_reply": 503},
    "cut": {"truncate": {"after_bytes": 1}},
    "stale": {"serve_stale": "10m"},
    "distorted": {"distort": {"drop_rows": 0.5}},
}
METHODS = {
    "bigquery": "datasets.insert",
    "gcs": "storage.objects.insert",
    "pubsub": "*/CreateTopic",
    "firestore": "*/Commit",
    "logging": "*/WriteLogEntries",
    "redis": "SET",
    "s3": "PutObject",
    "ses": "SendEmail",
    "smtp": "DATA",
    "upstreams": "GET",
    "scheduler": "jobs.pause",
    "shop": "POST",
}
RECORDED = {
    # case: what the history says of the call: outcome, applied
    "refused": ("refused", False),
    "reset": ("refused", False),
    "throttled": ("refused", False),
    "delayed": ("ok", True),
    "hung": ("timeout", False),
    "lost": ("lost", True),
    "failed": ("lost", True),
    "cut": ("lost", True),
}
TOLD = {
    # service: what a caller is told of a refusal with 503, with 429, of a broken connection and of a broken answer
    "bigquery": ("ServiceUnavailable 503", "TooManyRequests 429", "ConnectionError", "ChunkedEncodingError"),
    "gcs": ("ServiceUnavailable 503", "TooManyRequests 429", "ConnectionError", "ChunkedEncodingError"),
    "pubsub": ("ServiceUnavailable", "ResourceExhausted", "ServiceUnavailable", "ServiceUnavailable"),
    "firestore": ("ServiceUnavailable", "ResourceExhausted", "ServiceUnavailable", "ServiceUnavailable"),
    "logging": ("ServiceUnavailable", "ResourceExhausted", "ServiceUnavailable", "ServiceUnavailable"),
    "redis": ("BusyLoadingError", "ResponseError", "ConnectionError", "ConnectionError"),
    "s3": ("ClientError SlowDown", "ClientError SlowDown", "ConnectionClosedError", "ConnectionClosedError"),
    "ses": ("ClientError ServiceUnavailable", "ClientError Throttling", *["ConnectionClosedError"] * 2),
    "smtp": ("SMTPDataError 421", "SMTPDataError 451", "SMTPServerDisconnected", "SMTPServerDisconnected"),
    "upstreams": ("HTTPError 503", "HTTPError 429", "ConnectionError", "ChunkedEncodingError"),
    "scheduler": ("HTTPError 503", "HTTPError 429", "ConnectionError", "ChunkedEncodingError"),
    "shop": ("HTTPError 503", "HTTPError 429", "ConnectionError", "ChunkedEncodingError"),
}


def told(service: str, case: str) -> str:
    refused, throttled, broken, cut = TOLD[service]
    by_case = {"refused": refused, "failed": refused, "throttled": throttled, "delayed": "nothing wrong", "cut": cut}
    return by_case.get(case, broken)


def fault(service: str, case: str, **more: Any) -> dict[str, Any]:
    by_header = service in ("bigquery", "upstreams")
    narrowed = {"headers": {"x-case": f"{case}{service}"}} if by_header else {"resource": f"*{case}{service}*"}
    call = {"service": service, "method": METHODS[service], **narrowed}
    return {"id": f"{service}-{case}", **ACTIONS[case], **more, "call": call, "count": 1}


def simulated(folder: Path) -> tuple[Outcome, History]:
    shutil.copytree(PROJECT, folder)
    faults = [fault(service, case) for service in METHODS for case in ACTIONS]
    faults.append({"id": "nobody", "refuse": 503, "call": {"service": "gcs", "resource": "no-such-thing"}})
    path = folder / "scenarios" / "all.yaml"
    path.parent.mkdir()
    with path.open("w") as file:
        YAML().dump(
            {
                "title": "every fault on every service", "start": "2026-01-16T00:00:00Z", "span": "30m", "seed": 1,
                "worlds": {"w": "struck.world:build"}, "faults": faults, "checks": ["attempts >= 0"],
            },
            file,
        )  # fmt: skip
    (outcome,) = run(RunRequest(load(path), ("w",), 1, folder / "out")).outcomes
    return outcome, History.parse((folder / "out" / "w" / "history.jsonl").read_bytes())


def test_each_fires_and_does_to_caller_state_and_history_what_it_says(tmp_path: Path) -> None:
    # One test, since a simulation of all their libraries takes seconds to come up.
    outcome, history = simulated(tmp_path / "struck")
    assert {one.id: one.fired for one in outcome.faults if one.fired != 1} == {"nobody": 0}
    assert outcome.verdict is Verdict.UNKNOWN
    _check_possible(history)
    _check_impossible(history)


def _check_possible(history: History) -> None:
    calls = {call["fault"]: call for call in history.of("call") if call["fault"]}
    seen, expected = {}, {}
    for mark in history.marks("struck"):
        service, case = mark.fields["service"], mark.fields["case"]
        if case not in RECORDED:
            continue
        call = calls[f"{service}-{case}"]
        key = f"{service} {case}"
        seen[key] = (call["outcome"], call["applied"], mark.fields["saw"], mark.fields["took_s"], mark.fields["there"])
        outcome, applied = RECORDED[case]
        there = applied if {**WRITES, **ONLY_IN_SIM}[service][1] else None
        expected[key] = (outcome, applied, told(service, case), {"delayed": 7, "hung": 20}.get(case, 0), there)
    assert len(seen) == len(METHODS) * len(RECORDED)
    assert seen == expected
    mail = {mark.fields["recipients"][0] for mark in history.marks("mail")}
    arrived = [case for case, (_, applied) in RECORDED.items() if applied]
    assert mail == {f"{case}{service}@{service}.example" for case in arrived for service in ("ses", "smtp")}


def _check_impossible(history: History) -> None:
    """A write cannot be answered from the past, nor can its data be wrong: both are refused."""
    tried = {
        (mark.fields["service"], mark.fields["case"]): mark.fields
        for mark in history.marks("struck")
        if mark.fields["case"] not in RECORDED
    }
    # What an upstream shows is read, and a function of the season and the time.
    assert tried.pop(("upstreams", "stale"))["saw"] == "nothing wrong"
    told_of = sorted(event["service"] for event in history.of("unsupported"))
    assert told_of == sorted(service for service, _ in tried)
    assert [one for one in tried.values() if one["saw"] == "nothing wrong" or one["there"]] == []


@pytest.fixture
def station(monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    running = Station(BACK_ENDS, options=BACK_ENDS, topology=TOPOLOGY)
    for name, value in running.environment().items():
        monkeypatch.setenv(name, value)
    yield running
    running.close()


def test_it_is_the_same_on_the_wire(station: Station) -> None:
    for service in WRITES:
        for case in RECORDED:
            brief = {"delayed": {"delay": "50ms"}, "hung": {"hang": "50ms"}}.get(case, {})
            station.faults.put(fault(service, case, **brief))
    seen, expected = {}, {}
    for service, (write, look) in WRITES.items():
        for case, (_, applied) in RECORDED.items():
            saw = "nothing wrong"
            try:
                write(f"{case}{service}")
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what the caller was told
                saw = words(error)
            seen[f"{service} {case}"] = (saw, look(f"{case}{service}") if look else None)
            expected[f"{service} {case}"] = (told(service, case), applied if look else None)
    assert seen == expected
    calls = [event for event in map(json.loads, station.record.since()) if event["kind"] == "call" and event["fault"]]
    assert {call["fault"]: (call["outcome"], call["applied"]) for call in calls} == {
        f"{service}-{case}": RECORDED[case] for service in WRITES for case in RECORDED
    }
