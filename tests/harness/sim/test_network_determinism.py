"""The network is the seed's: the same in every replay, whatever the interpreter's hash seed."""

import hashlib
from typing import Any

from tests.harness.sim.simulated import in_simulation
from tests.harness.sim.world import echo_network, now_s


def busy() -> str:
    """A digest of who was answered when, with threads, asyncio, jitter and lost connections."""
    import asyncio
    import threading

    import aiohttp
    import requests

    network = echo_network()
    from harness.sim.toxics.catalog import build

    network.add_toxic("api.test", build("latency", {"latency": 40, "jitter": 30}))
    network.add_toxic("api.test", build("slicer", {"average_size": 40, "size_variation": 20}), stream="upstream")
    network.add_toxic("api.test", build("reset_peer", {"timeout": 1}), toxicity=0.2)
    seen: list[Any] = []

    def with_requests(name: int) -> None:
        session = requests.Session()
        for i in range(10):
            try:
                text = session.get(f"http://api.test/{name}/{i}", timeout=1).text
            except requests.RequestException as problem:
                text = type(problem).__name__
            seen.append((now_s(), text))

    async def with_aiohttp() -> None:
        async with aiohttp.ClientSession() as session:

            async def one(i: int) -> None:
                try:
                    async with session.get(f"https://api.test/{i}") as response:
                        seen.append((now_s(), await response.text()))
                except aiohttp.ClientError as problem:
                    seen.append((now_s(), type(problem).__name__))

            await asyncio.gather(*[one(i) for i in range(40)])

    threads = [threading.Thread(target=with_requests, args=(name,)) for name in range(5)]
    threads.append(threading.Thread(target=lambda: asyncio.run(with_aiohttp())))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 90
    assert len({text for _, text in seen}) > 80
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def test_the_same_seed_gives_the_same_traffic_under_every_hash_seed():
    body = f"{__name__}:busy"
    first = in_simulation(body, seed=5)
    assert in_simulation(body, seed=5) == first
    assert in_simulation(body, seed=5, hash_seed=1234) == first


def test_another_seed_gives_other_traffic():
    body = f"{__name__}:busy"
    assert in_simulation(body, seed=6) != in_simulation(body, seed=5)
