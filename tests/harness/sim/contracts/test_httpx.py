"""httpx, sync and async: pools, time-outs, retries, streams, cancellation."""

from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.contracts.servers import scripted
from tests.harness.sim.world import echo_network

ABOUT = Library("httpx", loads=("httpx", "asyncio"), beside=("anyio",))


@contract(ABOUT)
def test_a_client_keeps_one_connection_per_host_and_scheme(trace: Trace) -> None:
    import httpx

    network = echo_network(latency_s=0.1)
    with httpx.Client() as client:
        for scheme in ("http", "https", "http"):
            trace(client.get(f"{scheme}://api.test/").text)
    trace(network._numbers["api.test", "test#0"])
    trace.expect(
        (0.4, "GET / "),
        (0.8, "GET / "),
        (1, "GET / "),
        (1, 2),
    )


@contract(ABOUT)
def test_the_four_time_outs_end_at_their_second(trace: Trace) -> None:
    import threading

    import httpx

    network = scripted(trace, "slow.test", 60.0)
    network.host("far.test")
    network.part(["test#0"], ["far.test"])
    limits = httpx.Limits(max_connections=1)
    with httpx.Client(timeout=httpx.Timeout(connect=1, read=5, write=7, pool=3), limits=limits) as client:
        for url in ("http://far.test/", "http://slow.test/"):
            try:
                client.get(url)
            except httpx.TimeoutException as problem:
                trace(type(problem).__name__)

        def occupy() -> None:
            client.get("http://slow.test/occupied", timeout=None)

        threading.Thread(target=occupy, daemon=True).start()
        try:
            client.get("http://slow.test/waiting")
        except httpx.PoolTimeout as problem:
            trace(type(problem).__name__)
    trace.expect(
        (1, "ConnectTimeout"),
        (1, "GET /", 0),
        (6, "ReadTimeout"),
        (6, "GET /occupied", 0),
        (9, "PoolTimeout"),
    )


@contract(ABOUT)
def test_a_transport_retries_connections_with_its_back_off(trace: Trace) -> None:
    import httpx

    network = echo_network()
    network.host("down.test")
    with httpx.Client(transport=httpx.HTTPTransport(retries=4)) as client:
        try:
            client.get("http://down.test/")
        except httpx.ConnectError as problem:
            trace(str(problem))
    trace.expect(
        (3.505, "[Errno 111] Connection refused"),
    )


@contract(ABOUT)
def test_a_stale_connection_is_replaced_sync_and_async(trace: Trace) -> None:
    import asyncio
    import time

    import httpx

    network = scripted(trace, "api.test", 200, keep_alive_s=2)
    with httpx.Client() as client:
        for path in ("/a", "/b"):
            client.get(f"http://api.test{path}")
            time.sleep(3)

    async def main() -> None:
        async with httpx.AsyncClient() as client:
            for path in ("/c", "/d"):
                await client.get(f"http://api.test{path}")
                await asyncio.sleep(3)

    asyncio.run(main())
    trace(network._numbers["api.test", "test#0"])
    trace.expect(
        (0, "GET /a", 0),
        (3, "GET /b", 0),
        (6, "GET /c", 0),
        (9, "GET /d", 0),
        (12, 4),
    )


@contract(ABOUT)
def test_a_hundred_calls_at_once_share_ten_connections(trace: Trace) -> None:
    import asyncio

    import httpx

    network = echo_network(latency_s=0.05)

    async def main() -> None:
        limits = httpx.Limits(max_connections=10)
        async with httpx.AsyncClient(limits=limits, timeout=60) as client:
            answers = await asyncio.gather(*[client.post(f"https://api.test/{i}", content=b"x") for i in range(100)])
        trace([answers[0].text, answers[99].text])

    asyncio.run(main())
    trace(network._numbers["api.test", "test#0"])
    trace.expect(
        (1.1, ["POST /0 x", "POST /99 x"]),
        (1.1, 10),
    )


@contract(ABOUT)
def test_a_cancelled_call_gives_its_connection_back(trace: Trace) -> None:
    import asyncio

    import httpx

    scripted(trace, "slow.test", 60.0, 200)

    async def main() -> None:
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=1)) as client:
            call = asyncio.create_task(client.get("http://slow.test/slow", timeout=None))
            await asyncio.sleep(2)
            call.cancel()
            try:
                await call
            except asyncio.CancelledError:
                trace("cancelled")
            try:
                async with asyncio.timeout(1):
                    trace((await client.get("http://slow.test/quick")).status_code)
            except TimeoutError:
                trace("timed out")

    asyncio.run(main())
    trace.expect(
        (0, "GET /slow", 0),
        (2, "cancelled"),
        (2, "GET /quick", 0),
        (2, 200),
    )


@contract(ABOUT)
def test_a_peer_that_dies_is_an_error_and_the_next_call_connects_anew(trace: Trace) -> None:
    import httpx

    scripted(trace, "api.test", "reset", 200)
    with httpx.Client() as client:
        try:
            client.get("http://api.test/")
        except httpx.TransportError as problem:
            trace(type(problem).__name__, str(problem))
        trace(client.get("http://api.test/").status_code)
    trace.expect(
        (0, "GET /", 0),
        (0, "ReadError", "[Errno 104] Connection reset by peer"),
        (0, "GET /", 0),
        (0, 200),
    )


@contract(ABOUT)
def test_streams_are_read_as_they_come(trace: Trace) -> None:
    import asyncio
    import time

    import httpx

    from harness.sim.http_server import serve
    from tests.harness.sim.world import a_network

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        for part in (b"one\n", b"two\n", b"three\n"):
            time.sleep(1)
            yield part

    serve(a_network(latency_s=0.0), "stream.test", [80], app)
    with httpx.stream("GET", "http://stream.test/") as response:
        for line in response.iter_lines():
            trace(line)

    async def main() -> None:
        async with httpx.AsyncClient() as client, client.stream("GET", "http://stream.test/") as response:
            async for line in response.aiter_lines():
                trace(line)

    asyncio.run(main())
    trace.expect(
        (1, "one"),
        (2, "two"),
        (3, "three"),
        (4, "one"),
        (5, "two"),
        (6, "three"),
    )
