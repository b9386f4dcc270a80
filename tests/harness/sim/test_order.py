"""Nothing comes in an order of addresses or hashes."""

import asyncio
import concurrent.futures
import threading
import time
from typing import Any

from tests.harness.sim.simulated import in_late_simulation, in_simulation

HASH_SEEDS = (0, 7)


def clutter() -> list[Any]:
    """Allocations that move the addresses of what follows about."""
    return [bytearray(size) for size in range(17, 4000, 97)]


def finished_futures() -> list[int]:
    kept = clutter()
    futures = []
    for number in range(8):
        future: concurrent.futures.Future[int] = concurrent.futures.Future()
        future.set_result(number)
        futures.append(future)
        kept.extend(clutter())
    return [future.result() for future in concurrent.futures.as_completed(futures)]


def threads_racing() -> list[int]:
    kept = clutter()
    ended: list[int] = []
    lock = threading.Lock()

    def work(number: int) -> None:
        time.sleep(1)
        with lock:
            ended.append(number)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        futures = {pool.submit(work, number) for number in range(8)}
        kept.extend(clutter())
        concurrent.futures.wait(futures)
    return ended


def tasks_cancelled() -> list[int]:
    ended: list[int] = []

    async def work(number: int) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(number)

    async def main() -> None:
        kept = clutter()
        for number in range(8):
            kept.append(asyncio.ensure_future(work(number)))
            kept.extend(clutter())
        await asyncio.sleep(1)

    asyncio.run(main())
    return ended


def generators_forgotten() -> list[int]:
    ended: list[int] = []

    async def numbers(number: int) -> Any:
        try:
            yield number
            await asyncio.sleep(3600)
        finally:
            ended.append(number)

    async def main() -> None:
        kept = clutter()
        for number in range(8):
            generator = numbers(number)
            await anext(generator)
            kept += [generator, *clutter()]
        main.kept = kept  # type: ignore[attr-defined]  # alive until the loop closes them

    asyncio.run(main())
    return ended


def names_of_threads() -> list[str]:
    threads = [threading.Thread(target=time.sleep, args=(1,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    names = [thread.name for thread in {*threads}]
    return [*names, *map(str, sorted(thread.ident or 0 for thread in threads))]


def orders() -> dict[str, Any]:
    return {
        body.__name__: body()
        for body in (finished_futures, threads_racing, tasks_cancelled, generators_forgotten, names_of_threads)
    }


def test_the_same_order_under_every_hash_seed_and_order_of_loading() -> None:
    target = f"{__name__}:orders"
    first = in_simulation(target)
    assert sorted(first["finished_futures"]) == list(range(8))
    for hash_seed in HASH_SEEDS:
        assert in_simulation(target, hash_seed=hash_seed) == first
    late = in_late_simulation(target, hash_seed=5)
    for name in ("finished_futures", "threads_racing", "tasks_cancelled", "generators_forgotten"):
        assert late[name] == first[name]


def test_cancelled_tasks_end_in_the_order_of_their_creation() -> None:
    assert in_simulation(f"{__name__}:tasks_cancelled") == list(range(8))
    assert in_simulation(f"{__name__}:generators_forgotten") == list(range(8))
