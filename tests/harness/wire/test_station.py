"""A station serves emulators with faults, history and a control API; nothing of it is made up."""

import json
import smtplib
from collections.abc import Iterator
from typing import Any

import boto3
import grpc
import jsonschema
import pytest
import redis
import requests
from botocore.exceptions import ClientError
from google.api_core.exceptions import GoogleAPICallError, NotFound, Unauthenticated
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, storage
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from fakes.wire.http_server import HttpServer
from harness.faults.engine import FaultError
from harness.wire.control import Control, description
from harness.wire.record import BLOCK, Record
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


def test_a_fault_strikes_inside_a_method_whose_back_end_has_points_there(monkeypatch):
    station = Station(["bigquery"], options={"bigquery": {"limits": "none"}}, topology={"datasets": {"d": {}}})
    for name, value in station.environment().items():
        monkeypatch.setenv(name, value)
    warehouse = bigquery.Client(project="windtunnel", credentials=AnonymousCredentials())
    warehouse.query("CREATE TABLE d.t (id INT64)").result()
    fault = {"id": "f", "refuse": 503, "phase": "mid", "edge": "committed", "count": 1,
             "call": {"service": "bigquery", "method": "jobs.insert"}}  # fmt: skip
    station.faults.put(fault)
    with pytest.raises(GoogleAPICallError, match="Retrying may solve the problem"):
        warehouse.query("INSERT INTO d.t (id) VALUES (1)", job_retry=None).result(retry=None)
    assert station.faults.shown() == [{"fault": fault, "fired": 1, "masked": 0}]
    assert [row.n for row in warehouse.query("SELECT COUNT(*) AS n FROM d.t").result()] == [1]
    with pytest.raises(FaultError, match="names an edge 'nowhere'"):
        station.faults.put({**fault, "id": "g", "edge": "nowhere"})
    station.close()


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
    for path in ("/faults", "/", "/openapi.json", "/nothing"):
        assert requests.get(url + path).status_code == 401
        assert requests.get(url + path, headers={"Authorization": "Bearer wrong"}).status_code == 401
    for headers in ({"Authorization": "Bearer secret"}, {"X-Windtunnel-Token": "secret"}):
        assert requests.get(f"{url}/faults", headers=headers).status_code == 200
    assert requests.get(f"{url}/faults", auth=("anybody", "secret")).status_code == 200
    server.close()


ASKED: dict[str, list[dict[str, Any]]] = {
    "page": [{}],
    "health": [{}],
    "environment": [{}],
    "reset": [{}, {"params": {"emulator": "gcs"}}, {"params": {"emulator": "none"}}],
    "put_fault": [
        {"json": {"id": "one", "refuse": 503, "call": {"service": "gcs"}, "count": 1}},
        {"json": {"id": "two", "delay": "10ms", "call": {"service": "gcs"}, "for": "1h", "probability": 0.5}},
        {"json": {"id": "three", "hang": "forever", "call": {"service": "none"}}},
        {"json": {"id": "one", "refuse": 503, "call": {"service": "gcs"}}},
        {"json": {}},
    ],
    "faults": [{}],
    "drop_fault": [{"path": "/faults/two"}, {"path": "/faults/two"}],
    "drop_faults": [{}],
    "history": [{}, {"params": {"since": "1", "kind": "fault"}}, {"params": {"since": "x"}}],
    "clear_history": [{}],
    "mail": [{}, {"params": {"emulator": "smtp"}}, {"params": {"emulator": "none"}}],
    "openapi": [{}],
}
"""Requests by operation, in an order in which each finds something."""


def test_every_operation_does_what_its_description_says():
    station = Station(["gcs", "smtp"], options={"gcs": {"limits": "none"}})
    server = HttpServer(Control(station))
    url = f"http://{server.address}"
    with smtplib.SMTP(*station.emulators["smtp"].address.split(":")) as smtp:
        smtp.sendmail("a@here.example", ["b@there.example"], "Subject: x\n\ntext")
    described = requests.get(f"{url}/openapi.json").json()
    assert described == json.loads(json.dumps(description()))
    operations = {
        one["operationId"]: (verb, path, one)
        for path, verbs in described["paths"].items()
        for verb, one in verbs.items()
    }
    assert operations.keys() == ASKED.keys()
    seen: dict[str, set[str]] = {}
    for name, requests_ in ASKED.items():
        verb, path, one = operations[name]
        for asked in requests_:
            body = asked.get("json")
            answer = requests.request(verb, url + asked.get("path", path), params=asked.get("params"), json=body)
            if body is not None and answer.status_code < 400:
                _valid(described, {"$ref": "#/components/schemas/Fault"}, body)
            promised = one["responses"][str(answer.status_code)]["content"]
            assert list(promised) == [answer.headers["Content-Type"]]
            schema = promised[answer.headers["Content-Type"]].get("schema")
            if schema is not None:
                _valid(described, schema, answer.json())
            seen.setdefault(name, set()).add(str(answer.status_code))
    promised_statuses = {name: set(one["responses"]) - {"401"} for name, (_, _, one) in operations.items()}
    assert seen == promised_statuses
    for path in described["paths"]:
        refused = requests.request("PATCH", url + path.replace("{id}", "x"))
        allowed = set(refused.headers["Allow"].lower().split(", "))
        assert (refused.status_code, allowed) == (405, set(described["paths"][path])), path
    assert requests.get(f"{url}/faults", params={"fault": "x"}).status_code == 400
    server.close()
    station.close()


def _valid(described: Any, schema: Any, value: Any) -> None:
    jsonschema.Draft202012Validator({**schema, "components": described["components"]}).validate(value)


def test_what_the_description_calls_no_fault_is_refused(control):
    described = requests.get(f"{control}/openapi.json").json()
    for fault in ({"id": "f", "refuze": 503}, {"refuse": 503}, {"id": "f", "refuse": 1000, "call": {}}, []):
        with pytest.raises(jsonschema.ValidationError):
            _valid(described, {"$ref": "#/components/schemas/Fault"}, fault)
        assert requests.post(f"{control}/faults", json=fault).status_code == 400


def test_beyond_loopback_every_emulator_asks_for_the_token():
    station = Station(["gcs", "pubsub", "redis", "smtp", "s3"], token="secret")
    try:
        environment = station.environment()
        buckets = f"{environment['STORAGE_EMULATOR_HOST']}/storage/v1/b?project=p"
        assert requests.get(buckets).status_code == 401
        assert requests.get(buckets, headers={"X-Windtunnel-Token": "secret"}).status_code == 200
        channel = grpc.insecure_channel(environment["PUBSUB_EMULATOR_HOST"])
        publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        with pytest.raises(Unauthenticated):
            publisher.get_topic(topic="projects/p/topics/t")
        with pytest.raises(NotFound):
            publisher.get_topic(topic="projects/p/topics/the-topic", metadata=[("x-windtunnel-token", "secret")])
        assert redis.Redis.from_url(environment["REDIS_URL"]).ping()
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(environment["REDIS_HOST"], int(environment["REDIS_PORT"])).ping()
        with smtplib.SMTP(environment["SMTP_HOST"], int(environment["SMTP_PORT"])) as smtp:
            with pytest.raises(smtplib.SMTPSenderRefused):
                smtp.sendmail("a@here.example", "b@there.example", "")
            smtp.login("anybody", "secret")
            smtp.sendmail("a@here.example", "b@there.example", "")
        keys = {
            "aws_secret_access_key": "x",
            "region_name": "us-east-1",
            "endpoint_url": environment["AWS_ENDPOINT_URL_S3"],
        }
        assert (
            boto3.client("s3", aws_access_key_id=environment["AWS_ACCESS_KEY_ID"], **keys).list_buckets()["Buckets"]
            == []
        )
        with pytest.raises(ClientError):
            boto3.client("s3", aws_access_key_id="other", **keys).list_buckets()
    finally:
        station.close()


def test_hosts_that_differ_have_addresses_of_their_own():
    station = Station(["upstreams"])
    told = station.environment()
    assert told["UPSTREAM_API_BALLDONTLIE_IO_URL"] != told["UPSTREAM_HOOKS_SLACK_COM_URL"]
    assert requests.post(told["UPSTREAM_HOOKS_SLACK_COM_URL"] + "/services/T/B/x", json={"text": "x"}).text == "ok"
    station.close()


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


def test_the_record_gives_what_is_asked_for_of_many_events():
    record = Record(0, kept=3 * BLOCK + 7)
    for number in range(1, 6 * BLOCK + 1):
        record.append(number, "gcs", "call" if number % 2 else "mark", {})
    newest = 6 * BLOCK
    assert _numbers(record.since()) == list(range(newest - 3 * BLOCK - 6, newest + 1))
    for after in (newest, newest - 1, newest - BLOCK, newest - BLOCK - 1, newest - 2 * BLOCK + 1):
        assert _numbers(record.since(after)) == list(range(after + 1, newest + 1))
    assert _numbers(record.since(newest - 4, "call")) == [newest - 3, newest - 1]
    record.clear()
    record.append(0, "gcs", "call", {"big": 2**70, "half": "\udc80"})
    assert [json.loads(line) for line in record.since()] == [
        {"big": 2**70, "half": "?", "instance": 0, "kind": "call", "process": "gcs", "seq": newest + 1, "t_ns": 0}
    ]


def _numbers(lines):
    return [json.loads(line)["seq"] for line in lines]


def test_defaults_in_the_description_are_written_as_their_schemas_say():
    def look(value):
        if isinstance(value, list):
            return sum(map(look, value))
        if not isinstance(value, dict):
            return 0
        if "default" in value and "type" in value:
            jsonschema.Draft202012Validator(value).validate(value["default"])
        return ("default" in value) + sum(map(look, value.values()))

    assert look(description()["components"]) > 5
