"""asyncio and what is outside its loop: threads, other loops, signals, sockets, files of a process."""

from __future__ import annotations

import asyncio
import threading
import time

from tests.harness.sim.contracts.contract import Trace, contract
from tests.harness.sim.contracts.test_asyncio import ABOUT
from tests.harness.sim.contracts.test_child_processes import CHILD
from tests.harness.sim.world import a_network, echo_network


@contract(ABOUT)
def test_threads_work_for_a_loop_and_wake_it(trace: Trace) -> None:
    from concurrent.futures import ThreadPoolExecutor

    async def main() -> None:
        loop = asyncio.get_running_loop()
        await asyncio.gather(asyncio.to_thread(time.sleep, 3), asyncio.to_thread(time.sleep, 2))
        trace("to_thread")
        with ThreadPoolExecutor(1) as pool:
            await asyncio.gather(*[loop.run_in_executor(pool, time.sleep, seconds) for seconds in (1, 2)])
        trace("run_in_executor")
        event = asyncio.Event()
        threading.Timer(4, loop.call_soon_threadsafe, [event.set]).start()
        try:
            async with asyncio.timeout(1):
                await event.wait()
        except TimeoutError:
            trace("not yet")
        await event.wait()
        trace("call_soon_threadsafe")

    asyncio.run(main())
    trace.expect((3, "to_thread"), (6, "run_in_executor"), (7, "not yet"), (10, "call_soon_threadsafe"))


@contract(ABOUT)
def test_coroutines_are_handed_to_the_loop_of_another_thread(trace: Trace) -> None:
    import concurrent.futures

    async def work(name: str, seconds: float) -> str:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            trace(name, "cancelled")
            raise
        return name

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    futures = [asyncio.run_coroutine_threadsafe(work(name, s), loop) for name, s in (("slow", 3), ("quick", 1))]
    trace([future.result() for future in futures])
    hopeless = asyncio.run_coroutine_threadsafe(work("hopeless", 60), loop)
    try:
        hopeless.result(timeout=2)
    except concurrent.futures.TimeoutError:
        hopeless.cancel()
    time.sleep(1)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    trace("closed")
    trace.expect((3, ["slow", "quick"]), (5, "hopeless", "cancelled"), (6, "closed"))


@contract(ABOUT)
def test_several_loops_run_in_several_threads(trace: Trace) -> None:
    async def work(number: int) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(asyncio.sleep(number))
        await asyncio.to_thread(time.sleep, 0.5)
        trace(number, asyncio.get_running_loop() is loop)

    threads = [threading.Thread(target=lambda n=number: asyncio.run(work(n))) for number in (3, 1, 2)]
    for thread in threads:
        thread.start()
    try:
        asyncio.get_running_loop()
    except RuntimeError as error:
        trace(str(error))
    for thread in threads:
        thread.join()
    trace.expect((0, "no running event loop"), (1.5, 1, True), (2.5, 2, True), (3.5, 3, True))


@contract(ABOUT)
def test_a_loop_hears_the_signals_it_asked_for(trace: Trace) -> None:
    import os
    import signal

    async def main() -> None:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        loop.add_signal_handler(signal.SIGALRM, trace, "alarm")
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        signal.alarm(30)
        loop.call_later(45, os.kill, os.getpid(), signal.SIGTERM)
        await stop.wait()
        trace("terminated")
        trace(loop.remove_signal_handler(signal.SIGALRM), loop.remove_signal_handler(signal.SIGTERM))

    asyncio.run(main())
    trace.expect((30, "alarm"), (45, "terminated"), (45, True, True))


@contract(ABOUT)
def test_an_interrupt_cancels_the_main_task_and_reaches_the_caller(trace: Trace) -> None:
    import os
    import signal

    async def main() -> None:
        asyncio.get_running_loop().call_later(5, os.kill, os.getpid(), signal.SIGINT)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            trace("cancelled")
            raise

    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        trace("interrupted")
    trace.expect((5, "cancelled"), (5, "interrupted"))


@contract(ABOUT)
def test_streams_talk_to_a_server_that_drains_and_hangs_up(trace: Trace) -> None:
    a_network()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            if line == b"bye\n":
                break
            await asyncio.sleep(1)
            writer.write(line.strip() * 20_000 + b"\n")
            await writer.drain()
        writer.close()
        await writer.wait_closed()
        trace("hung up")

    async def main() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 7000):
            reader, writer = await asyncio.open_connection("localhost", 7000)
            trace("connected")
            for line in (b"x\n", b"hello\n"):
                writer.write(line)
                await writer.drain()
                try:
                    trace(len(await reader.readline()))
                except ValueError as error:
                    trace(str(error))
            writer.write(b"bye\n")
            await reader.read()
            trace("end", reader.at_eof())
            writer.close()
            await writer.wait_closed()
            try:
                await asyncio.open_connection("127.0.0.1", 7001)
            except ConnectionRefusedError:
                trace("refused")

    asyncio.run(main())
    trace.expect(
        (0, "connected"),
        (1, 20_001),
        (2.0001, "Separator is found, but chunk is longer than limit"),
        (2.0001, "hung up"),
        (2.0001, "end", True),
        (2.0001, "refused"),
    )


@contract(ABOUT)
def test_a_tls_stream_reaches_its_peer(trace: Trace) -> None:
    import ssl

    echo_network()

    async def main() -> None:
        reader, writer = await asyncio.open_connection("api.test", 443, ssl=ssl.create_default_context())
        trace(writer.get_extra_info("ssl_object").version())
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        trace((await reader.read()).decode().splitlines()[-1])
        writer.close()

    asyncio.run(main())
    trace.expect((0.001, "TLSv1.3"), (0.002, "GET / "))


@contract(ABOUT)
def test_protocols_datagrams_and_readers_of_sockets_are_told(trace: Trace) -> None:
    import socket

    a_network()

    class Counter(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            trace("data", data.decode())

        def eof_received(self) -> None:
            trace("eof")

        def connection_lost(self, exc: Exception | None) -> None:
            trace("lost", repr(exc))

    class Listener(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            trace("datagram", data.decode())

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Counter, "127.0.0.1", 7000)
        transport, _ = await loop.create_connection(asyncio.Protocol, "127.0.0.1", 7000)
        transport.write(b"one")
        await asyncio.sleep(1)
        transport.close()
        await asyncio.sleep(1)
        server.close()
        listening, _ = await loop.create_datagram_endpoint(Listener, ("127.0.0.1", 7000))
        sending, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=("127.0.0.1", 7000))
        sending.sendto(b"two")
        await asyncio.sleep(1)
        listening.close()
        sending.close()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        loop.add_reader(ours, lambda: trace("readable", ours.recv(100).decode()))
        loop.call_later(1, theirs.send, b"three")
        await asyncio.sleep(2)
        trace(loop.remove_reader(ours))
        loop.call_later(1, theirs.send, b"four")
        trace((await loop.sock_recv(ours, 100)).decode())
        ours.close()
        theirs.close()

    asyncio.run(main())
    trace.expect(
        (0, "data", "one"),
        (1, "eof"),
        (1, "lost", "None"),
        (2, "datagram", "two"),
        (4, "readable", "three"),
        (5, True),
        (6, "four"),
    )


@contract(ABOUT)
def test_debug_mode_names_a_slow_callback_by_the_virtual_clock(trace: Trace) -> None:
    import logging

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            trace(record.getMessage().rpartition(" took ")[2])

    async def main() -> None:
        time.sleep(0.5)
        await asyncio.sleep(0)

    logger = logging.getLogger("asyncio")
    logger.addHandler(Handler())
    logger.propagate = False
    asyncio.run(main(), debug=True)
    trace.expect((0.5, "0.500 seconds"))


@contract(ABOUT, remedy=CHILD, refused=True)
def test_a_command_of_asyncio_does_not_run(trace: Trace) -> None:
    async def main() -> None:
        await asyncio.create_subprocess_exec("true")

    asyncio.run(main())
