"""Documents with their past, which ends."""

import pytest

from fakes.firestore import store as module
from fakes.firestore.store import Store
from fakes.firestore.writes import DocumentPb
from fakes.seam import GrpcError

NAME = "projects/p/databases/(default)/documents/a/b"


def document(text):
    made = DocumentPb(name=NAME)
    made.fields["s"].string_value = text
    return made


def texts(store, times):
    return [store.get(NAME, at).fields["s"].string_value for at in times]


@pytest.mark.parametrize(("most", "size"), [("MOST_REPLACED", 1), ("MOST_REPLACED_BYTES", 1000)])
def test_what_changed_too_often_or_was_too_large_is_forgotten_and_never_told_wrong(monkeypatch, most, size):
    monkeypatch.setattr(module, most, 5 * document("x" * size).ByteSize() if "BYTES" in most else 5)
    store = Store(history_s=3600)
    for at in range(1, 21):
        store.commit({NAME: document(f"{at:02d}" + "x" * (size - 2))}, at)
    assert [text[:2] for text in texts(store, range(15, 21))] == [f"{at:02d}" for at in range(15, 21)]
    assert store.get(NAME) == store.get(NAME, 20)
    for at in (1, 14):
        with pytest.raises(GrpcError, match="forgotten") as refused:
            store.get(NAME, at)
        assert refused.value.code == "UNIMPLEMENTED"
        with pytest.raises(GrpcError, match="forgotten"):
            list(store.in_collection(NAME.rpartition("/")[0], at))
    store.commit({NAME: None}, 21)
    store.commit({f"{NAME}2": document("y")}, 22 + 3600 * 10**6)
    assert store.changed_us(NAME) == 0
