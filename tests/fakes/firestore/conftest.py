"""Firestore with the vendor's own client, on loopback: its retries and its transactions are the ones that count."""

import pytest
from google.cloud import firestore

from fakes.firestore import create
from fakes.seam import Ruling
from fakes.wire.grpc_server import GrpcServer
from fakes.wire.surroundings import RealSurroundings

PROJECT = "nba-props-platform"


class Served:
    def __init__(self, **options):
        self.rulings = {}
        self.events = []
        self.around = RealSurroundings(
            "firestore",
            rule=lambda call: self.rulings.pop(call.method.rsplit("/", 1)[1], Ruling()),
            record=lambda kind, fields: self.events.append((kind, fields)),
        )
        self.backend = create(self.around, project=PROJECT, **options)
        self.server = GrpcServer([self.backend])

    def close(self):
        self.backend.close()
        self.server.close()
        self.around.close()


@pytest.fixture
def serve(monkeypatch):
    made = []

    def one(**options):
        served = Served(**options)
        made.append(served)
        for name, value in served.backend.environment(served.server.address).items():
            monkeypatch.setenv(name, value)
        return served

    yield one
    for served in made:
        served.close()


@pytest.fixture
def served(serve):
    return serve()


@pytest.fixture
def client(served):
    client = firestore.Client(project=PROJECT)
    yield client
    client.close()
