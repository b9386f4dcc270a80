"""A station serves emulators with faults, history and a control API; nothing of it is made up."""

import json
from collections.abc import Iterator

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from fakes.wire.http_server import HttpServer
from harness.wire.control import OPERATIONS, Control, description
from harness.wire.record import Record
from harness.wire.station import Station, StationError, available


@pytest.fixture
def station() -> Iterator[Station]:
    running = Station(
        ["gcs"],
        options={"gcs": {"limits": "none"}},
        topology={"project": "p", "buckets": {"the-bucket": {"location": "US-WEST2"}}},
    )
    yield running
    running.close()


@pytest.fixture
def control(station: Station) -> Iterator[str]:
    server = HttpServer(Control(station))
    yield f"http://{server.address}"
    server.close()


@pytest.fixture
def client(station: Station, monkeypatch: pytest.MonkeyPatch) -> storage.Client:
    # No look at the bucket from a thread of the client's own: the history shall hold the test's calls alone.
    monkeypatch.setenv("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
    for name, value in station.environment().items():
        monkeypatch.setenv(name, value)
    return storage.Client(project="p", credentials=AnonymousCredentials())


def test_the_topology_is_there_and_the_client_finds_it(client):
    client.bucket("the-bucket").blob("x").upload_from_string("hello")
    assert client.bucket("the-bucket").blob("x").download_as_bytes() == b"hello"


def test_health_names_every_emulator_and_its_address(station, control):
    assert requests.get(f"{control}/health").json() == {
        "status": "ok",
        "emulators": {"gcs": station.emulators["gcs"].address},
    }
    assert requests.get(f"{control}/environment").json() == station.environment()


def test_a_fault_strikes_is_counted_and_comes_down(control, client):
    url = f"{control}/faults"
    fault = {"id": "f", "refuse": 403, "call": {"service": "gcs", "method": "storage.objects.insert"}, "count": 1}
    assert requests.post(url, json=fault).status_code == 201
    assert "already" in requests.post(url, json=fault).json()["error"]
    blob = client.bucket("the-bucket").blob("x")
    with pytest.raises(Exception, match="403"):
        blob.upload_from_string("1")
    blob.upload_from_string("2")
    assert requests.get(url).json() == {"faults": [{"fault": fault, "fired": 1, "masked": 0}]}
    assert requests.delete(f"{url}/f").status_code == 200
    assert requests.delete(f"{url}/f").status_code == 404
    assert requests.get(url).json() == {"faults": []}


def test_a_fault_that_makes_no_sense_is_refused_with_the_remedy(control):
    for fault, words in (
        ({"id": "f"}, "exactly one of"),
        ({"id": "f", "refuse": 503}, "strikes nothing"),
        ({"id": "f", "crash": {"process": "x"}, "at": "1s"}, "strikes processes"),
        ({"id": "f", "refuze": 503}, "refuse"),
    ):
        answer = requests.post(f"{control}/faults", json=fault)
        assert answer.status_code == 400
        assert words in answer.json()["error"]
    assert requests.post(f"{control}/faults", data=b"{").status_code == 400
    assert requests.post(f"{control}/faults", data=b"[]").status_code == 400


def test_the_history_has_the_calls_and_can_be_followed(control, client):
    client.bucket("the-bucket").blob("x").upload_from_string("1")
    lines = requests.get(f"{control}/history").text.splitlines()
    events = [json.loads(line) for line in lines]
    last = events[-1]
    assert (last["process"], last["kind"], last["method"]) == ("gcs", "call", "storage.objects.insert")
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert requests.get(f"{control}/history", params={"since": events[-1]["seq"]}).text == ""
    assert requests.get(f"{control}/history", params={"kind": "message"}).text == ""
    assert requests.get(f"{control}/history", params={"since": "x"}).status_code == 400
    requests.delete(f"{control}/history")
    assert requests.get(f"{control}/history").text == ""


def test_a_reset_empties_and_keeps_the_address(control, client):
    client.bucket("the-bucket").blob("x").upload_from_string("1")
    assert requests.post(f"{control}/reset", params={"emulator": "gcs"}).json() == {"reset": ["gcs"]}
    assert client.bucket("the-bucket").exists()
    assert not client.bucket("the-bucket").blob("x").exists()
    assert requests.post(f"{control}/reset", params={"emulator": "none"}).status_code == 404


def test_a_token_is_asked_for_everywhere_but_health(station):
    server = HttpServer(Control(station, token="secret"))
    url = f"http://{server.address}"
    assert requests.get(f"{url}/health").status_code == 200
    assert requests.get(f"{url}/faults").status_code == 401
    assert requests.get(f"{url}/faults", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert requests.get(f"{url}/faults", headers={"Authorization": "Bearer secret"}).status_code == 200
    server.close()


def test_every_operation_is_described(control):
    described = requests.get(f"{control}/openapi.json").json()
    assert described == json.loads(json.dumps(description()))
    assert sum(len(verbs) for verbs in described["paths"].values()) == len(OPERATIONS)
    assert "refuse" in described["components"]["schemas"]["Fault"]["properties"]
    for path, verbs in described["paths"].items():
        assert requests.request("PATCH", control + path.replace("{id}", "x")).status_code == 405, path
        assert verbs


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (["nothing"], {}, "there is no emulator 'nothing'; there are"),
        (["wire"], {}, "cannot be served"),
        (["gcs"], {"gcs": {"limit": 1}}, "gcs has no option 'limit'"),
        (["gcs"], {"gcs": {"limits": 1}}, "limits = 1"),
    ],
)
def test_what_cannot_be_served_is_named(names, options, words):
    with pytest.raises(StationError, match=words):
        Station(names, options=options)


def test_emulators_are_found_by_themselves():
    assert "gcs" in available()
    assert "wire" not in available()


def test_the_record_keeps_the_newest():
    record = Record(0, kept=2)
    for number in range(3):
        record.append(number, "gcs", "call", {"started_epoch_ns": number, "id": number})
    events = [json.loads(line) for line in record.since()]
    assert [(event["seq"], event["started_ns"], event["t_ns"]) for event in events] == [(2, 1, 1), (3, 2, 2)]
