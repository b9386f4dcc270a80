"""Shared state in an emulated bucket, as many instances of a service would see it."""

import datetime as dt

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from fakes import gcs
from pipeline.shared_state import SharedState
from tests.fakes.inprocess import google_session
from tests.fakes.manual import ManualSurroundings


class Fleet:
    """Instances of a service that share nothing but a bucket."""

    def __init__(self) -> None:
        self.around = ManualSurroundings()
        self.backend = gcs.create(self.around, limits="none")
        self.backend.provision({"buckets": {"b-shared": {}}})

    def state(self) -> SharedState:
        client = storage.Client("p-roject", AnonymousCredentials(), _http=google_session(self.backend))
        return SharedState(lambda: client, "b-shared")

    def clock(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.around.now_ns() / 1e9, dt.UTC)


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()
