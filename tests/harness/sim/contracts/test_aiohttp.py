"""aiohttp, client and server."""

from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.contracts.servers import scripted
from tests.harness.sim.world import a_network, echo_network

ABOUT = Library("aiohttp", loads=("aiohttp", "aiohttp.web", "asyncio"))


@contract(ABOUT)
def test_fifty_requests_at_once_take_the_time_of_one(trace: Trace) -> None:
    import asyncio

    import aiohttp

    network = echo_network(latency_s=0.05)

    async def main() -> None:
        async with aiohttp.ClientSession() as session:

            async def one(i: int) -> str:
                scheme = "https" if i % 2 else "http"
                async with session.post(f"{scheme}://api.test/{i}", data=b"x") as response:
                    return await response.text()

            answers = await asyncio.gather(*[one(i) for i in range(50)])
            trace(answers[0], answers[49], len(answers))

    asyncio.run(main())
    trace(network._numbers["api.test", "test#0"])
    trace.expect(
        (0.2, "POST /0 x", "POST /49 x", 50),
        (0.2, 50),
    )


@contract(ABOUT)
def test_a_connector_with_a_limit_queues_callers_in_order(trace: Trace) -> None:
    import asyncio

    import aiohttp

    scripted(trace, "slow.test", 1.0)

    async def main() -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=2)) as session:

            async def one(i: int) -> None:
                async with session.get(f"http://slow.test/{i}"):
                    pass

            await asyncio.gather(*[one(i) for i in range(6)])
            trace("done")

    asyncio.run(main())
    trace.expect(
        (0, "GET /1", 0),
        (0, "GET /0", 0),
        (1, "GET /2", 0),
        (1, "GET /3", 0),
        (2, "GET /4", 0),
        (2, "GET /5", 0),
        (3, "done"),
    )


@contract(ABOUT)
def test_each_time_out_ends_at_its_second(trace: Trace) -> None:
    import asyncio

    import aiohttp

    network = scripted(trace, "slow.test", 60.0)
    network.host("far.test")
    network.part(["test#0"], ["far.test"])

    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            for url, timeout in (
                ("http://slow.test/total", aiohttp.ClientTimeout(total=4)),
                ("http://slow.test/read", aiohttp.ClientTimeout(sock_read=3)),
                ("http://far.test/connect", aiohttp.ClientTimeout(sock_connect=2)),
            ):
                try:
                    async with session.get(url, timeout=timeout):
                        pass
                except TimeoutError as problem:
                    trace(type(problem).__name__)

    asyncio.run(main())
    trace.expect(
        (0, "GET /total", 0),
        (4, "TimeoutError"),
        (4, "GET /read", 0),
        (7, "SocketTimeoutError"),
        (9, "ConnectionTimeoutError"),
    )


@contract(ABOUT)
def test_a_stale_connection_is_replaced(trace: Trace) -> None:
    import asyncio

    import aiohttp

    network = scripted(trace, "api.test", 200, keep_alive_s=2)

    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            for path in ("/a", "/b"):
                async with session.get(f"http://api.test{path}") as response:
                    trace(response.status)
                await asyncio.sleep(3)

    asyncio.run(main())
    trace(network._numbers["api.test", "test#0"])
    trace.expect(
        (0, "GET /a", 0),
        (0, 200),
        (3, "GET /b", 0),
        (3, 200),
        (6, 2),
    )


@contract(ABOUT)
def test_a_peer_that_dies_is_an_error_of_the_client(trace: Trace) -> None:
    import asyncio

    import aiohttp

    network = scripted(trace, "api.test", "reset")
    network.host("down.test")

    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            for host in ("api", "down", "unknown"):
                try:
                    await session.post(f"http://{host}.test/", data=b"x")
                except aiohttp.ClientError as problem:
                    trace(type(problem).__name__)

    asyncio.run(main())
    trace.expect(
        (0, "POST /", 1),
        (0, "ClientOSError"),
        (0, "ClientConnectorError"),
        (0, "ClientConnectorDNSError"),
    )


@contract(ABOUT)
def test_a_server_answers_requests_of_another_thread_and_shuts_down(trace: Trace) -> None:
    import asyncio
    import threading

    import requests
    from aiohttp import web

    a_network(latency_s=0.1)
    ready = threading.Event()
    stop: list[object] = []

    async def hello(request: web.Request) -> web.Response:
        await asyncio.sleep(2)
        return web.json_response({"hello": request.match_info["name"], "body": (await request.read()).decode()})

    async def main() -> None:
        app = web.Application()
        app.add_routes([web.post("/{name}", hello)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", 8080).start()
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(stopped.set))
        ready.set()
        await stopped.wait()
        await runner.cleanup()
        trace("cleaned up")

    server = threading.Thread(target=asyncio.run, args=(main(),))
    server.start()
    ready.wait()
    trace(requests.post("http://localhost:8080/you", data="x" * 3, timeout=5).json())
    try:
        requests.post("http://localhost:8080/late", timeout=1)
    except requests.ReadTimeout:
        trace("timed out")
    stop[0]()
    server.join()
    trace.expect(
        (2, {"hello": "you", "body": "xxx"}),
        (3.0001, "timed out"),
        (4.0001, "cleaned up"),
    )


@contract(ABOUT)
def test_web_sockets_echo_and_keep_alive_by_heartbeat(trace: Trace) -> None:
    import asyncio

    import aiohttp
    from aiohttp import web

    a_network(latency_s=0.1)

    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=5)
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data.upper())
        return socket

    async def main() -> None:
        app = web.Application()
        app.add_routes([web.get("/ws", echo)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 8080).start()
        async with aiohttp.ClientSession() as session, session.ws_connect("http://localhost:8080/ws") as socket:
            for word in ("one", "two"):
                await socket.send_str(word)
                trace(await socket.receive_str())
                try:
                    async with asyncio.timeout(20):
                        await socket.receive()  # answers the server's pings meanwhile
                except TimeoutError:
                    trace("idle", socket.closed)
        await runner.cleanup()
        trace("closed")

    asyncio.run(main())
    trace.expect(
        (0.0001, "ONE"),
        (20.0001, "idle", False),
        (20.0001, "TWO"),
        (40.0001, "idle", False),
        (40.0001, "closed"),
    )


@contract(ABOUT)
def test_a_cancelled_request_lets_the_server_know(trace: Trace) -> None:
    import asyncio

    import aiohttp
    from aiohttp import web

    a_network()

    async def slow(request: web.Request) -> web.Response:
        try:
            await asyncio.sleep(60)
        finally:
            trace("handler ended")
        return web.Response()

    async def main() -> None:
        app = web.Application()
        app.add_routes([web.get("/", slow)])
        runner = web.AppRunner(app, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 8080).start()
        async with aiohttp.ClientSession() as session:
            try:
                async with asyncio.timeout(2):
                    await session.get("http://localhost:8080/")
            except TimeoutError:
                trace("gave up")
            await asyncio.sleep(1)
        await runner.cleanup()

    asyncio.run(main())
    trace.expect(
        (2, "gave up"),
        (2, "handler ended"),
    )
