"""Compare-and-set over an emulated bucket: of racing instances exactly one wins each round, and none is lost."""

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import gcs
from fakes.seam import Call, Refuse, Ruling
from pipeline.shared_state import TRIES, Document, SharedState, StateUnavailableError
from tests.fakes.inprocess import google_session
from tests.fakes.manual import ManualSurroundings


class Store:
    def __init__(self) -> None:
        self.around = ManualSurroundings()
        self.backend = gcs.create(self.around, limits="none")
        self.backend.provision({"buckets": {"b-shared": {}}})

    def state(self) -> SharedState:
        client = storage.Client("p-roject", AnonymousCredentials(), _http=google_session(self.backend))
        return SharedState(lambda: client, "b-shared")


def add(name: str):
    def change(document: Document | None) -> tuple[Document | None, int]:
        names = [*(document or {}).get("names", ()), name]
        return {"names": names}, len(names)

    return change


def test_what_one_instance_writes_another_reads():
    store = Store()
    assert store.state().read("k") is None
    assert store.state().update("k", add("a")) == 1
    assert store.state().read("k") == {"names": ["a"]}


@settings(max_examples=20, deadline=None)
@given(rivals=st.integers(1, TRIES - 1))
def test_an_update_overtaken_by_rivals_is_made_again_on_what_they_left(rivals: int):
    store = Store()
    left = list(range(rivals))

    def overtaken(document: Document | None) -> tuple[Document | None, int]:
        if left:  # Between our read and our write somebody else writes.
            store.state().update("k", add(f"rival {left.pop()}"))
        return add("us")(document)

    assert store.state().update("k", overtaken) == rivals + 1
    names = store.state().read("k")["names"]
    assert len(names) == len(set(names)) == rivals + 1
    assert names[-1] == "us"


def test_a_race_that_is_never_won_is_said_and_not_spun_for_ever():
    store = Store()
    count = iter(range(10**6))

    def overtaken(document: Document | None) -> tuple[Document | None, int]:
        store.state().update("k", add(f"rival {next(count)}"))
        return add("us")(document)

    with pytest.raises(StateUnavailableError, match="races lost"):
        store.state().update("k", overtaken)
    assert next(count) == TRIES


def test_leaving_a_document_as_it_is_writes_nothing():
    store = Store()
    store.state().update("k", add("a"))
    writes = len([event for event in store.around.events if event.get("method") == "storage.objects.insert"])
    store.state().update("k", lambda document: (None, None))
    store.state().update("k", lambda document: (dict(document), None))
    assert writes == len([event for event in store.around.events if event.get("method") == "storage.objects.insert"])


@pytest.mark.parametrize("method", ["storage.objects.get", "storage.objects.insert"])
def test_a_store_that_refuses_is_unavailable_and_never_empty(method):
    store = Store()

    def rule(call: Call) -> Ruling:
        return Ruling(Refuse(403, "forbidden", "no"), "f") if call.method == method else Ruling()

    store.around.rule = rule
    with pytest.raises(StateUnavailableError):
        store.state().update("k", add("a"))
