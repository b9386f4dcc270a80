"""redis-py and redis.asyncio against fakeredis's server, which runs inside the simulation too."""

from __future__ import annotations

import threading
from typing import Any

from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.world import a_network

ABOUT = Library("redis", loads=("redis", "redis.asyncio", "fakeredis", "asyncio"), beside=("fakeredis",))


def a_server(**options: Any) -> Any:
    """A Redis at redis.test, as a thread of this program."""
    from fakeredis import TcpFakeServer

    a_network(latency_s=0.1)
    server = TcpFakeServer(("127.0.0.1", 6379), server_type="redis", **options)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@contract(ABOUT)
def test_keys_expire_in_virtual_time_and_pipelines_are_one_round_trip(trace: Trace) -> None:
    import time

    import redis

    server = a_server()
    client = redis.Redis("localhost", socket_timeout=5, decode_responses=True)
    client.set("key", "value", ex=60)
    with client.pipeline() as pipe:
        for i in range(20):
            pipe.incrby("count", i)
        trace(pipe.execute()[-1])
    time.sleep(59)
    trace(client.get("key"), client.ttl("key"))
    time.sleep(2)
    trace(client.get("key"))
    server.shutdown()
    trace.expect(
        (0.0001, 190),
        (59.0002, "value", 1),
        (61.0002, None),
    )


@contract(ABOUT)
def test_a_lock_is_waited_for_and_lost_in_virtual_time(trace: Trace) -> None:
    import time

    import redis

    a_server()
    client = redis.Redis("localhost", decode_responses=True)

    def hold() -> None:
        with client.lock("job", timeout=30):
            trace("held")
            time.sleep(10)
        trace("released")

    thread = threading.Thread(target=hold)
    thread.start()
    time.sleep(1)
    waiting = client.lock("job", timeout=5, blocking_timeout=3, sleep=0.5)
    trace(waiting.acquire())
    waiting = client.lock("job", timeout=5, sleep=0.5)
    trace(waiting.acquire())
    time.sleep(6)
    try:
        waiting.release()
    except redis.exceptions.LockNotOwnedError as problem:
        trace(type(problem).__name__)
    thread.join()
    trace.expect(
        (0.0001, "held"),
        (3.5001, False),
        (10.0024, "released"),
        (10.5005, True),
        (16.5005, "LockNotOwnedError"),
    )


@contract(ABOUT)
def test_blocking_pops_and_subscriptions_wait_their_time(trace: Trace) -> None:
    import redis

    a_server()
    client = redis.Redis("localhost", decode_responses=True)
    threading.Timer(2, client.rpush, ["jobs", "one"]).start()
    trace(client.blpop("jobs", timeout=5))
    trace(client.blpop("jobs", timeout=3))
    with client.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe("news")
        threading.Timer(2, client.publish, ["news", "hello"]).start()
        for _ in range(3):
            message = listener.get_message(timeout=1.5)
            trace(message and message["data"])
    trace.expect(
        (2.0001, ["jobs", "one"]),
        (5.0001, None),
        (5.0002, None),
        (6.5002, None),
        (7.0102, "hello"),
    )


@contract(ABOUT)
def test_a_server_that_never_answers_is_given_up_after_its_time_out_and_retries(trace: Trace) -> None:
    import redis
    from redis.backoff import ExponentialBackoff
    from redis.retry import Retry

    a_network(latency_s=0.0)
    import socket

    silent = socket.create_server(("127.0.0.1", 6379))  # accepts, never answers
    client = redis.Redis(
        "localhost",
        socket_timeout=5,
        retry=Retry(ExponentialBackoff(cap=10, base=1), 3),
        retry_on_error=[redis.TimeoutError],
    )
    try:
        client.ping()
    except redis.TimeoutError as problem:
        trace(str(problem))
    silent.close()
    try:
        redis.Redis("localhost", retry=Retry(ExponentialBackoff(cap=10, base=1), 3)).ping()
    except redis.ConnectionError as problem:
        trace(type(problem).__name__)
    trace.expect(
        (34.0001, "Timeout reading from socket"),
        (48.0002, "ConnectionError"),
    )


@contract(ABOUT)
def test_a_pool_that_blocks_hands_connections_on(trace: Trace) -> None:
    import redis

    a_server()
    pool = redis.BlockingConnectionPool(host="localhost", max_connections=1, timeout=3, socket_timeout=20)
    client = redis.Redis(connection_pool=pool, decode_responses=True)
    thread = threading.Thread(target=client.blpop, args=("nothing", 10))
    thread.start()
    try:
        client.ping()
    except redis.ConnectionError as problem:
        trace(str(problem))
    thread.join()
    trace(client.ping())
    trace.expect(
        (3, "No connection available."),
        (10.0001, True),
    )


@contract(ABOUT)
def test_the_asynchronous_client_runs_tasks_side_by_side(trace: Trace) -> None:
    import asyncio

    import redis.asyncio

    a_server()

    async def main() -> None:
        async with redis.asyncio.Redis(host="localhost", decode_responses=True) as client:

            async def consume(number: int) -> None:
                while item := await client.blpop("jobs", timeout=2):
                    trace("consumer", number, item[1])
                    await asyncio.sleep(1)

            async with asyncio.TaskGroup() as group:
                for number in range(2):
                    group.create_task(consume(number))
                await asyncio.sleep(1)
                await client.rpush("jobs", *"abcd")
            trace("drained")
            async with client.pipeline(transaction=True) as pipe:
                trace(await pipe.set("a", 1).incr("a").execute())
            try:
                async with asyncio.timeout(1):
                    await client.blpop("jobs", timeout=60)
            except TimeoutError:
                trace("timed out")
            trace(await client.get("a"))

    asyncio.run(main())
    trace.expect(
        (1.0001, "consumer", 0, "a"),
        (1.0001, "consumer", 1, "b"),
        (2.0001, "consumer", 0, "c"),
        (2.0001, "consumer", 1, "d"),
        (5.0001, "drained"),
        (5.0002, [True, 2]),
        (6.0002, "timed out"),
        (6.0003, "2"),
    )


@contract(ABOUT)
def test_streams_with_consumer_groups_and_scripts_work(trace: Trace) -> None:
    import redis

    a_server()
    client = redis.Redis("localhost", decode_responses=True)
    client.xgroup_create("events", "group", id="0", mkstream=True)
    client.xadd("events", {"n": 1})
    [(_, messages)] = client.xreadgroup("group", "me", {"events": ">"}, count=10)
    trace(messages)
    trace(client.xack("events", "group", *[identity for identity, _ in messages]))
    trace(client.xpending("events", "group")["pending"])
    trace.expect(
        (0.0002, [["1768521610000-0", {"n": "1"}]]),
        (0.0002, 1),
        (0.0002, 0),
    )
