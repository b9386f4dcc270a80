"""Every way in which asyncio waits at most so long."""

import asyncio
import concurrent.futures
import socket
import threading
import time

from tests.harness.sim.wait_table import expecting, lasting, lasting_async


@lasting_async(3)
async def sleep() -> None:
    await asyncio.sleep(3)


@lasting_async(3)
async def timeout() -> None:
    with expecting(TimeoutError):
        async with asyncio.timeout(3):
            await asyncio.sleep(3600)


@lasting_async(3)
async def wait_for() -> None:
    with expecting(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), 3)


@lasting_async(3)
async def wait() -> None:
    tasks = [asyncio.create_task(asyncio.sleep(seconds)) for seconds in (1, 2, 3600)]
    done, pending = await asyncio.wait(tasks, timeout=3)
    assert (len(done), len(pending)) == (2, 1)


@lasting_async(3)
async def as_completed() -> None:
    with expecting(TimeoutError):
        for future in asyncio.as_completed([asyncio.sleep(3600)], timeout=3):
            await future


@lasting_async(3)
async def to_thread() -> None:
    await asyncio.to_thread(time.sleep, 3)


@lasting_async(3)
async def run_in_executor() -> None:
    loop = asyncio.get_running_loop()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        await asyncio.gather(*[loop.run_in_executor(pool, time.sleep, seconds) for seconds in (1, 3)])


@lasting_async(3)
async def task_group() -> None:
    async with asyncio.TaskGroup() as group:
        for seconds in (1, 3, 2):
            group.create_task(asyncio.sleep(seconds))


@lasting_async(1)
async def task_group_failing() -> None:
    async def fail() -> None:
        await asyncio.sleep(1)
        raise OSError

    with expecting(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(3600))
            group.create_task(fail())


@lasting_async(3)
async def queue_get_in_time() -> None:
    with expecting(TimeoutError):
        await asyncio.wait_for(asyncio.Queue[int]().get(), 3)


@lasting_async(3)
async def call_later() -> None:
    loop = asyncio.get_running_loop()
    called = loop.create_future()
    loop.call_later(3, called.set_result, None)
    await called


@lasting_async(2)
async def call_soon_threadsafe() -> None:
    loop = asyncio.get_running_loop()
    called = loop.create_future()
    threading.Timer(2, loop.call_soon_threadsafe, [called.set_result, None]).start()
    await called


@lasting_async(3)
async def stream_read() -> None:
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    with expecting(TimeoutError):
        await asyncio.wait_for(reader.read(1), 3)
    writer.close()
    theirs.close()


@lasting(3)
def several_loops_in_several_threads() -> None:
    ended: list[tuple[int, bool]] = []

    async def work(number: int) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(number)
        ended.append((number, asyncio.get_running_loop() is loop))

    threads = [threading.Thread(target=lambda n=number: asyncio.run(work(n))) for number in (3, 1, 2)]
    for thread in threads:
        thread.start()
    with expecting(RuntimeError):
        asyncio.get_running_loop()
    for thread in threads:
        thread.join()
    assert ended == [(1, True), (2, True), (3, True)]
