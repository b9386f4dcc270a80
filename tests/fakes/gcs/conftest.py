"""The contract suite has one body: every test runs in process, with a clock moved by hand, and over a real socket."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from fakes.gcs import CloudStorage, create
from fakes.wire.http_server import HttpServer
from tests.fakes.inprocess import google_session, mount
from tests.fakes.manual import ManualSurroundings

PROJECT = "test-project"


@dataclass
class Cloud:
    """One emulator with a client in front of it; `http` is a plain session, `url` where it sends requests."""

    around: ManualSurroundings
    backend: CloudStorage
    client: storage.Client
    http: requests.Session
    url: str


def cloud_in_process(**options: object) -> Cloud:
    around = ManualSurroundings()
    backend = create(around, **options)
    client = storage.Client(project=PROJECT, credentials=AnonymousCredentials(), _http=google_session(backend))
    return Cloud(around, backend, client, mount(requests.Session(), backend.http()), "http://storage.googleapis.com")


@pytest.fixture(params=["in process", "wire"])
def cloud(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    if request.param == "in process":
        yield cloud_in_process(limits="none")
        return
    around = ManualSurroundings()
    backend = create(around, limits="none")
    server = HttpServer(backend.http()["storage.googleapis.com"])
    for name, value in backend.environment(server.address).items():
        monkeypatch.setenv(name, value)
    client = storage.Client(project=PROJECT, credentials=AnonymousCredentials())
    yield Cloud(around, backend, client, requests.Session(), f"http://{server.address}")
    server.close()


@pytest.fixture
def bucket(cloud: Cloud) -> storage.Bucket:
    return cloud.client.create_bucket("the-bucket")


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No look at the bucket from a thread of the client's own: it would take verdicts that are for the test's calls."""
    monkeypatch.setenv("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's retries come at once: nothing is gained by waiting for an emulator whose clock stands still."""
    monkeypatch.setattr(DEFAULT_RETRY, "_initial", 0.001)
    monkeypatch.setattr(DEFAULT_RETRY, "_maximum", 0.001)


@pytest.fixture
def resumable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client uploads in chunks whatever the size; left alone it does so above 8 MiB."""
    monkeypatch.setattr("google.cloud.storage.blob._MAX_MULTIPART_SIZE", -1)
