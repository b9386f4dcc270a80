"""The vendor's client in virtual time: the same answers, the same history, every time."""

from typing import Any

from tests.harness.sim.around import Around
from tests.harness.sim.simulated import in_simulation, simulated


def served(**options: Any) -> tuple[Around, Any]:
    import os

    from fakes.firestore import create
    from harness.sim.rpc.install import install

    around = Around()
    backend = create(around, **options)
    install(backend.grpc().get, lambda: "client#0")
    os.environ.update(backend.environment(None))
    return around, backend


def contended(clients: int, increments: int, hold_s: float, **options: Any) -> dict[str, Any]:
    import threading
    import time

    from google.cloud import firestore

    around, _ = served(**options)

    def work() -> None:
        client = firestore.Client(project="nba-props-platform")
        ref = client.document("counters/c")

        @firestore.transactional
        def increment(transaction: Any) -> None:
            present = ref.get(transaction=transaction).to_dict() or {"n": 0}
            time.sleep(hold_s)
            transaction.set(ref, {"n": present["n"] + 1})

        for _ in range(increments):
            increment(client.transaction())

    started = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = firestore.Client(project="nba-props-platform").document("counters/c").get().to_dict()
    calls = [(e["t_ns"], e["method"], e["status"]) for e in around.events if e["kind"] == "call"]
    return {"n": total["n"], "seconds": round(time.monotonic() - started, 3), "calls": calls}


def test_six_clients_of_five_contended_increments_make_thirty_one_after_another():
    outcome = in_simulation(f"{__name__}:contended", clients=6, increments=5, hold_s=1.0)
    assert outcome["n"] == 30
    assert 30 <= outcome["seconds"] < 31
    assert {status for _, _, status in outcome["calls"]} == {"OK"}


def test_contention_has_the_same_history_every_time():
    runs = [
        in_simulation(f"{__name__}:contended", clients=3, increments=3, hold_s=0.1, hash_seed=hash_seed)
        for hash_seed in (0, 1)
    ]
    assert runs[0] == runs[1]


@simulated
def test_a_holder_that_dawdles_gets_the_others_aborted() -> None:
    import threading
    import time

    import pytest
    from google.api_core import exceptions
    from google.cloud import firestore

    served()
    client = firestore.Client(project="nba-props-platform")
    ref = client.document("locks/a")
    ref.set({"holder": "nobody"})

    @firestore.transactional
    def hold(transaction: Any) -> None:
        ref.get(transaction=transaction)
        time.sleep(40)
        transaction.set(ref, {"holder": "slow"})

    holder = threading.Thread(target=lambda: hold(client.transaction()))
    holder.start()
    time.sleep(1)
    started = time.monotonic()
    with pytest.raises(exceptions.Aborted):
        ref.set({"holder": "fast"}, retry=None)
    assert 20 <= time.monotonic() - started < 20.1
    holder.join()
    assert ref.get().to_dict() == {"holder": "slow"}


@simulated
def test_listening_follows_in_virtual_time() -> None:
    import time

    from google.cloud import firestore

    served()
    client = firestore.Client(project="nba-props-platform")
    seen: list[Any] = []
    watch = client.document("games/g").on_snapshot(
        lambda documents, _changes, _at: seen.append([one.to_dict() for one in documents])
    )
    for status in (1, 2, 3):
        time.sleep(60)
        client.document("games/g").set({"status": status})
    time.sleep(1)
    watch.unsubscribe()
    assert seen[-3:] == [[{"status": 1}], [{"status": 2}], [{"status": 3}]]


def not_emulated() -> list[tuple[str, str]]:
    from google.api_core import exceptions
    from google.cloud import firestore

    around, _ = served()
    client = firestore.Client(project="nba-props-platform")
    told = ""
    try:
        list(client.pipeline().collection("games").stream())
    except exceptions.MethodNotImplemented as error:
        told = error.message
    return [(event["method"], told) for event in around.events if event["kind"] == "unsupported"]


def test_a_method_that_is_not_emulated_refuses_by_name_and_is_told_to_the_history():
    method = "google.firestore.v1.Firestore/ExecutePipeline"
    assert in_simulation(f"{__name__}:not_emulated") == [[method, f"the firestore emulator does not do {method}"]]
