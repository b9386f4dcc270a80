"""asyncio: tasks, queues, locks, time-outs, threads and a subordinate loop."""

import asyncio
import contextlib
import threading
import time

from busy import told


async def _produce(items, lock):
    with told.cleaning_up("produce"):
        for number in range(4):
            async with lock:
                await asyncio.sleep(0.001)
            await items.put(number)


async def _numbers():
    try:
        for number in range(3):
            yield number
            await asyncio.sleep(0.001)
    finally:
        with told.cleaning_up("generator"):
            pass


async def _serve(reader, writer):
    writer.write(await reader.readexactly(4))
    await writer.drain()
    writer.close()


async def _talk(port):
    server = await asyncio.start_server(_serve, "127.0.0.1", port)
    async with server:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"ping")
        answer = await reader.readexactly(4)
        writer.close()
        await writer.wait_closed()
    return len(answer)


async def _main(port):
    items, lock = asyncio.Queue(2), asyncio.Lock()
    async with asyncio.TaskGroup() as group:
        group.create_task(_produce(items, lock))
        group.create_task(_produce(items, lock))
        total = sum([await items.get() for _ in range(8)])
    total += sum(await asyncio.gather(*(asyncio.to_thread(_block, n) for n in range(3))))
    async for number in _numbers():
        total += number
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.005):
            await asyncio.Event().wait()
    return total + await _talk(port)


def _block(number):
    time.sleep(0.002)
    return number


def main():
    with told.cleaning_up("main"):
        results = []
        thread = threading.Thread(target=lambda: results.append(asyncio.run(_main(7001))))
        thread.start()
        total = asyncio.run(_main(7000))
        thread.join()
    told.finished(total=[total, *results])
