"""asyncio and what is built on it, unmodified, over the simulated network."""

import asyncio

from tests.harness.sim.simulated import simulated
from tests.harness.sim.world import echo_network, now_s


@simulated
def test_asyncio_streams_talk_to_an_asyncio_server():
    echo_network()

    async def main() -> bytes:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write((await reader.readline()).upper())
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 7000)
        async with server:
            reader, writer = await asyncio.open_connection("localhost", 7000)
            writer.write(b"hello\n")
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            return answer

    assert asyncio.run(main()) == b"HELLO\n"


@simulated
def test_asyncio_time_outs_are_exact_and_threads_wake_the_loop():
    import threading
    import time

    echo_network()

    async def main() -> float:
        loop = asyncio.get_running_loop()
        event = asyncio.Event()
        threading.Thread(target=lambda: (time.sleep(3), loop.call_soon_threadsafe(event.set))).start()
        began = now_s()
        try:
            async with asyncio.timeout(1):
                await event.wait()
        except TimeoutError:
            assert round(now_s() - began, 5) == 1.0
        await event.wait()
        return now_s() - began

    assert round(asyncio.run(main()), 5) == 3.0


@simulated
def test_asyncio_over_tls_is_the_identity():
    import ssl

    echo_network()

    async def main() -> bytes:
        reader, writer = await asyncio.open_connection("api.test", 443, ssl=ssl.create_default_context())
        assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer

    assert asyncio.run(main()).endswith(b"\r\n\r\nGET / ")


@simulated
def test_aiohttp_makes_fifty_requests_at_once():
    import aiohttp

    network = echo_network(latency_s=0.05)

    async def main() -> list[str]:
        async with aiohttp.ClientSession() as session:

            async def one(i: int) -> str:
                scheme = "https" if i % 2 else "http"
                async with session.post(f"{scheme}://api.test/{i}", data=b"x") as response:
                    return await response.text()

            return await asyncio.gather(*[one(i) for i in range(50)])

    began = now_s()
    assert asyncio.run(main()) == [f"POST /{i} x" for i in range(50)]
    assert round(now_s() - began, 2) == 0.2
    assert sum(number for number in network._numbers.values()) == 50


@simulated
def test_an_aiohttp_server_answers_requests_of_another_thread():
    import threading

    import requests
    from aiohttp import web

    echo_network()

    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello " + request.match_info["name"])

    def serve() -> None:
        async def main() -> None:
            app = web.Application()
            app.add_routes([web.get("/{name}", hello)])
            runner = web.AppRunner(app)
            await runner.setup()
            await web.TCPSite(runner, "0.0.0.0", 8080).start()
            await asyncio.sleep(100)

        asyncio.run(main())

    threading.Thread(target=serve, daemon=True).start()
    import time

    time.sleep(1)
    assert requests.get("http://localhost:8080/you", timeout=5).text == "hello you"


@simulated
def test_httpx_works_sync_and_async_over_http_and_https():
    import httpx

    network = echo_network()
    with httpx.Client() as client:
        assert [client.get(f"{scheme}://api.test/").text for scheme in ("http", "https", "http")] == ["GET / "] * 3
    assert dict(network._numbers) == {("api.test", "test#0"): 2}

    async def main() -> list[str]:
        async with httpx.AsyncClient() as client:
            answers = await asyncio.gather(*[client.post("https://api.test/", content=b"x") for _ in range(5)])
            return [answer.text for answer in answers]

    assert asyncio.run(main()) == ["POST / x"] * 5


@simulated
def test_httpx_read_time_out_is_exact():
    import time

    import httpx

    from harness.sim.http_server import serve

    def slow(environ, start_response):
        time.sleep(60)
        start_response("200 OK", [])
        return [b""]

    serve(echo_network(latency_s=0.0), "slow.test", [80], slow)

    async def main() -> float:
        async with httpx.AsyncClient(timeout=5) as client:
            began = now_s()
            try:
                await client.get("http://slow.test/")
            except httpx.ReadTimeout:
                return now_s() - began
        return -1.0

    assert round(asyncio.run(main()), 4) == 5.0
    began = now_s()
    try:
        httpx.get("http://slow.test/", timeout=5)
    except httpx.ReadTimeout:
        assert round(now_s() - began, 4) == 5.0


@simulated
def test_a_signal_wakes_an_asyncio_loop_that_asked_for_it():
    import signal

    echo_network()
    heard: list[float] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        loop.add_signal_handler(signal.SIGALRM, lambda: (heard.append(now_s()), stop.set()))
        began = now_s()
        signal.alarm(30)
        await stop.wait()
        heard.append(began)
        loop.remove_signal_handler(signal.SIGALRM)

    asyncio.run(main())
    assert round(heard[0] - heard[1], 3) == 30.0
