"""The real google-cloud-firestore clients, sync and async, on the simulated channel."""

import asyncio
import threading
import time
from typing import Any

import pytest

from tests.harness.sim.rpc.documents import Documents
from tests.harness.sim.simulated import simulated

PROJECT = "nba-props-platform"


def world() -> Documents:
    from harness.sim.rpc.install import install

    documents = Documents()
    install(documents.grpc().get, lambda: "client#0")
    return documents


def client(kind: str = "Client") -> Any:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import firestore

    return getattr(firestore, kind)(project=PROJECT, credentials=AnonymousCredentials())


@simulated
def test_documents_are_set_read_and_listed() -> None:
    world()
    games = client().collection("games")
    games.document("1").set({"home": "LAL", "points": 101})
    games.document("2").set({"home": "BOS", "points": 99})
    assert games.document("1").get().to_dict() == {"home": "LAL", "points": 101}
    assert not games.document("3").get().exists
    assert [document.to_dict()["home"] for document in games.stream()] == ["LAL", "BOS"]


@simulated
def test_contended_transactions_are_retried_until_every_increment_counts() -> None:
    from google.cloud import firestore

    documents = world()
    one = client()
    counter = one.collection("counters").document("c")
    counter.set({"n": 0})

    @firestore.transactional  # type: ignore[untyped-decorator]  # the library ships no types here
    def increment(transaction: Any) -> None:
        seen = counter.get(transaction=transaction).get("n")
        time.sleep(0.05)
        transaction.set(counter, {"n": seen + 1})

    def work() -> None:
        for _ in range(5):
            increment(one.transaction(max_attempts=50))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.get().get("n") == 30
    assert documents.calls.count("commit") > 31, "nobody contended"


@simulated
def test_a_listener_hears_of_changes_until_it_is_unsubscribed() -> None:
    documents = world()
    document = client().collection("games").document("1")
    document.set({"points": 1})
    heard: list[Any] = []
    watch = document.on_snapshot(lambda snapshots, changes, read_time: heard.append(snapshots[0].get("points")))
    time.sleep(5)
    document.set({"points": 2})
    time.sleep(5)
    assert heard == [1, 2]
    watch.unsubscribe()
    time.sleep(5)
    document.set({"points": 3})
    time.sleep(5)
    assert heard == [1, 2]
    assert documents.calls.count("listen") == 1


@simulated
def test_a_listener_opens_its_stream_again_when_the_service_drops_it() -> None:
    documents = world()
    document = client().collection("games").document("1")
    document.set({"points": 1})
    heard: list[Any] = []
    document.on_snapshot(lambda snapshots, changes, read_time: heard.append(snapshots[0].get("points")))
    time.sleep(5)
    documents.drop_listeners()
    document.set({"points": 2})
    time.sleep(120)
    document.set({"points": 3})
    time.sleep(5)
    assert documents.calls.count("listen") == 2
    assert heard == [1, 2, 3]


@simulated
def test_credentials_are_asked_for_a_token_and_it_is_sent() -> None:
    from google.cloud import firestore
    from google.oauth2.credentials import Credentials

    documents = world()
    owner = firestore.Client(project=PROJECT, credentials=Credentials(token="secret"))
    owner.collection("games").document("1").get()
    assert documents.authorizations == ["Bearer secret"]


@simulated
def test_a_token_that_cannot_be_had_makes_the_call_fail() -> None:
    from google.api_core.exceptions import ServiceUnavailable
    from google.auth.credentials import Credentials
    from google.auth.exceptions import TransportError
    from google.cloud import firestore

    class Broken(Credentials):  # type: ignore[misc]  # google.auth ships no types here
        def refresh(self, request: Any) -> None:
            raise TransportError("metadata server answered 503")

    documents = world()
    broken = firestore.Client(project=PROJECT, credentials=Broken())
    with pytest.raises(ServiceUnavailable, match=r"Getting metadata from plugin failed.*503"):
        broken.collection("games").document("1").get(retry=None, timeout=5)
    assert documents.calls == []


@simulated
def test_the_async_client_runs_side_by_side() -> None:
    async def main() -> None:
        world()
        games = client("AsyncClient").collection("games")
        await asyncio.gather(*[games.document(str(n)).set({"n": n}) for n in range(10)])
        started = time.monotonic()
        snapshots = await asyncio.gather(*[games.document(str(n)).get() for n in range(10)])
        assert [snapshot.get("n") for snapshot in snapshots] == list(range(10))
        assert time.monotonic() - started < 0.0011
        assert [document.get("n") async for document in games.stream()] == list(range(10))

    asyncio.run(main())


@simulated
def test_async_transactions_are_retried_too() -> None:
    from google.cloud import firestore

    async def main() -> None:
        documents = world()
        one = client("AsyncClient")
        counter = one.collection("counters").document("c")
        await counter.set({"n": 0})

        @firestore.async_transactional  # type: ignore[untyped-decorator]  # the library ships no types here
        async def increment(transaction: Any) -> None:
            seen = (await counter.get(transaction=transaction)).get("n")
            await asyncio.sleep(0.05)
            transaction.set(counter, {"n": seen + 1})

        await asyncio.gather(*[increment(one.transaction(max_attempts=50)) for _ in range(6)])
        assert (await counter.get()).get("n") == 6
        assert documents.calls.count("commit") > 7

    asyncio.run(main())
