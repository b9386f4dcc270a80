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
