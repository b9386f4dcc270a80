"""What google-cloud-firestore asks of a channel: streams are opened again, credentials are asked for tokens.

What it does with documents and transactions is in `contracts/test_firestore.py`.
"""

import time
from typing import Any

import pytest

from fakes.seam import Call, Ruling, Truncate
from tests.harness.sim.around import Around
from tests.harness.sim.simulated import simulated

PROJECT = "nba-props-platform"


class Listened(Around):
    """Notes with which authorization each call comes."""

    def __init__(self) -> None:
        super().__init__()
        self.authorizations: list[str] = []

    def rule(self, call: Call) -> Ruling:
        self.authorizations.append(call.headers.get("authorization", ""))
        return super().rule(call)


def world() -> Listened:
    from fakes.firestore import create
    from harness.sim.rpc.install import install

    around = Listened()
    install(create(around, project=PROJECT).grpc().get, lambda: "client#0")
    return around


@simulated
def test_a_listener_opens_its_stream_again_when_the_service_drops_it() -> None:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import firestore

    around = world()
    document = firestore.Client(project=PROJECT, credentials=AnonymousCredentials()).collection("games").document("1")
    document.set({"points": 1})
    heard: list[Any] = []
    around.rulings = [("Listen", Ruling(Truncate(400), "dropped"))]
    document.on_snapshot(lambda snapshots, changes, read_time: heard.append(snapshots[0].get("points")))
    for points in (2, 3):
        time.sleep(120)
        document.set({"points": points})
    time.sleep(120)
    assert around.outcomes("Listen") == ["lost", "ok"]
    assert heard == [1, 2, 3]


@simulated
def test_credentials_are_asked_for_a_token_and_it_is_sent() -> None:
    from google.cloud import firestore
    from google.oauth2.credentials import Credentials

    around = world()
    owner = firestore.Client(project=PROJECT, credentials=Credentials(token="secret"))
    owner.collection("games").document("1").get()
    assert around.authorizations == ["Bearer secret"]


@simulated
def test_a_token_that_cannot_be_had_makes_the_call_fail() -> None:
    from google.api_core.exceptions import ServiceUnavailable
    from google.auth.credentials import Credentials
    from google.auth.exceptions import TransportError
    from google.cloud import firestore

    class Broken(Credentials):  # type: ignore[misc]  # google.auth ships no types here
        def refresh(self, request: Any) -> None:
            raise TransportError("metadata server answered 503")

    around = world()
    broken = firestore.Client(project=PROJECT, credentials=Broken())
    with pytest.raises(ServiceUnavailable, match=r"Getting metadata from plugin failed.*503"):
        broken.collection("games").document("1").get(retry=None, timeout=5)
    assert around.authorizations == []
