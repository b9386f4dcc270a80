"""google-cloud-firestore against the emulator: contended transactions, batches, listeners, both kinds of client."""

import asyncio
import threading
import time
from typing import Any

from fakes.seam import Refuse, Ruling
from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.contracts.emulated import emulated

ABOUT = Library("google-cloud-firestore", loads=("google.cloud.firestore",))


@contract(ABOUT)
def test_documents_are_written_queried_and_counted(trace: Trace) -> None:
    from google.cloud import firestore
    from google.cloud.firestore_v1.base_query import FieldFilter

    emulated("firestore")
    games = firestore.Client().collection("games")
    batch = games._client.batch()
    for number in range(20):
        batch.set(games.document(f"g{number:02}"), {"n": number, "home": "LAL" if number % 2 else "BOS"})
    batch.commit()
    wanted = games.where(filter=FieldFilter("home", "==", "LAL")).order_by("n", direction="DESCENDING").limit(3)
    trace([document.get("n") for document in wanted.stream()])
    games.document("g00").update({"n": firestore.Increment(100), "tags": firestore.ArrayUnion(["a"])})
    trace(games.document("g00").get().to_dict(), games.document("none").get().exists)
    trace(games.count().get()[0][0].value)
    trace.expect((0.002, [19, 17, 15]), (0.005, {"n": 100, "home": "BOS", "tags": ["a"]}, False), (0.006, 20))


@contract(ABOUT)
def test_transactions_of_six_threads_lose_no_increment(trace: Trace) -> None:
    from google.cloud import firestore

    around, _ = emulated("firestore")
    client = firestore.Client()
    counter = client.document("counters/c")
    counter.set({"n": 0})

    @firestore.transactional  # type: ignore[untyped-decorator]  # the library ships no types here
    def increment(transaction: Any) -> None:
        seen = counter.get(transaction=transaction).get("n")
        time.sleep(0.5)
        transaction.set(counter, {"n": seen + 1})

    def work() -> None:
        for _ in range(3):
            increment(client.transaction(max_attempts=50))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    trace(counter.get().get("n"), len(around.outcomes("Commit")) - 1)
    trace.expect((9.022, 18, 18))


@contract(ABOUT)
def test_a_transaction_that_is_aborted_is_made_again_and_gives_up(trace: Trace) -> None:
    from google.cloud import firestore

    around, _ = emulated("firestore")
    client = firestore.Client()
    attempts: list[int] = []

    @firestore.transactional  # type: ignore[untyped-decorator]  # the library ships no types here
    def create(transaction: Any) -> None:
        attempts.append(1)
        transaction.create(client.document("games/1"), {"n": len(attempts)})

    around.rulings = [("Commit", Ruling(Refuse(409), "f")) for _ in range(2)]
    create(client.transaction())
    trace(client.document("games/1").get().to_dict(), around.outcomes("Commit"))
    try:
        create(client.transaction(max_attempts=1))
    except Exception as error:  # noqa: BLE001 - which one it is, is the question
        trace(type(error).__name__)
    trace.expect((0.007, {"n": 3}, ["refused", "refused", "ok"]), (0.01, "AlreadyExists"))


@contract(ABOUT)
def test_listeners_of_documents_and_queries_hear_of_every_change(trace: Trace) -> None:
    from google.cloud import firestore
    from google.cloud.firestore_v1.base_query import FieldFilter

    emulated("firestore")
    client = firestore.Client()
    games = client.collection("games")
    games.document("1").set({"points": 1, "live": True})
    document = games.document("1").on_snapshot(lambda docs, changes, at: trace("document", docs[0].get("points")))
    live = games.where(filter=FieldFilter("live", "==", True)).on_snapshot(
        lambda docs, changes, at: trace("query", [[change.type.name, change.document.id] for change in changes])
    )
    time.sleep(5)
    games.document("1").update({"points": 2})
    time.sleep(5)
    games.document("2").set({"points": 0, "live": True})
    time.sleep(5)
    games.document("1").update({"live": False})
    time.sleep(5)
    document.unsubscribe()
    live.unsubscribe()
    games.document("1").update({"points": 3, "live": True})
    time.sleep(5)
    trace("over")
    trace.expect(
        (0.002, "query", [["ADDED", "1"]]),
        (0.002, "document", 1),
        (5.002, "query", [["MODIFIED", "1"]]),
        (5.002, "document", 2),
        (10.003, "query", [["ADDED", "2"]]),
        (15.004, "query", [["REMOVED", "1"]]),
        (15.004, "document", 2),
        (25.005, "over"),
    )


@contract(ABOUT)
def test_the_async_client_runs_reads_side_by_side_and_transactions_in_turn(trace: Trace) -> None:
    from google.cloud import firestore

    emulated("firestore")

    async def main() -> None:
        client = firestore.AsyncClient()
        games = client.collection("games")
        await asyncio.gather(*[games.document(str(n)).set({"n": n}) for n in range(10)])
        snapshots = await asyncio.gather(*[games.document(str(n)).get() for n in range(10)])
        trace([snapshot.get("n") for snapshot in snapshots])

        @firestore.async_transactional  # type: ignore[untyped-decorator]  # the library ships no types here
        async def increment(transaction: Any) -> None:
            seen = (await games.document("0").get(transaction=transaction)).get("n")
            await asyncio.sleep(0.5)
            transaction.set(games.document("0"), {"n": seen + 1})

        await asyncio.gather(*[increment(client.transaction(max_attempts=50)) for _ in range(4)])
        trace((await games.document("0").get()).get("n"))
        trace(sum([document.get("n") async for document in games.stream()]))

    asyncio.run(main())
    trace.expect((0.002, list(range(10))), (2.009, 4), (2.01, 49))
