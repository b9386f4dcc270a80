"""Programs as people write them; each says what came of it in a mark."""

import asyncio
import concurrent.futures
import gc
import importlib
import logging
import os
import queue
import random
import secrets
import tempfile
import threading
import time
import uuid
import weakref
from datetime import datetime
from pathlib import Path

log = logging.getLogger(__name__)


class Order:
    def __init__(self, number):
        self.number = number


def told(**fields):
    log.info("result", extra={"mark": "result", "fields": fields})


def clutter():
    return [bytearray(size) for size in range(17, 4000, 97)]


def work(number):
    time.sleep(random.uniform(0.1, 0.2) if number % 2 else 0.1)
    return number


def as_completed():
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(work, number) for number in range(30)]
        told(order=[future.result() for future in concurrent.futures.as_completed(futures)])


def set_of_futures():
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done, _ = concurrent.futures.wait({pool.submit(work, number) for number in range(30) if clutter()})
        told(order=[future.result() for future in done])


def set_of_threads():
    threads = {threading.Thread(target=work, args=(number,), name=f"t{number}") for number in range(20) if clutter()}
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told(order=[thread.name for thread in threads])


def set_of_tasks():
    async def main():
        tasks = {asyncio.ensure_future(asyncio.sleep(1, number)) for number in range(30) if clutter()}
        done, _ = await asyncio.wait(tasks)
        return [task.result() for task in done]

    told(order=asyncio.run(main()))


def gathered():
    order = []

    async def one(number):
        await asyncio.to_thread(work, number)
        order.append(number)

    async def main():
        await asyncio.gather(*(one(number) for number in range(20)))

    asyncio.run(main())
    told(order=order)


def waited_for():
    async def one(number):
        try:
            await asyncio.wait_for(asyncio.sleep(random.uniform(0, 2)), 1)
        except TimeoutError:
            return f"{number} late"
        return f"{number} in time"

    async def main():
        return [await done for done in asyncio.as_completed([one(number) for number in range(20)])]

    told(order=asyncio.run(main()))


def weak_references():
    kept = [Order(number) for number in range(50) if clutter()]
    told(order=[order.number for order in weakref.WeakSet(kept)])


def collected_cycles():
    ended = []
    for number in range(20):
        order = Order(number)
        order.itself = order
        weakref.finalize(order, ended.append, number)
        del order
    gc.collect()
    told(order=ended)


def sets_of_objects():
    orders = {Order(number) for number in range(2000)}
    told(order=[order.number for order in orders][:200], bucket=[hash(Order(0)) % 8 for _ in range(5)])


def objects_in_texts():
    for number in range(5):
        order = Order(number)
        log.info("handled %s by %r", order, work)
        told(text=str(order), size=len(repr(order).encode()), error=repr(ValueError(order)))


def random_draws():
    told(draws=[random.random(), random.Random().random(), random.SystemRandom().random(), secrets.token_hex(8)])


def identities():
    told(ids=[str(uuid.uuid4()), str(uuid.uuid1()), os.urandom(8).hex(), os.getpid(), threading.get_ident()])


def temporary_files():
    with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryDirectory() as folder:
        told(names=[Path(file.name).name, Path(folder).name])


def hashes_of_texts():
    told(shards=[hash(f"customer-{number}") % 16 for number in range(20)], order=list({f"c{n}" for n in range(50)}))


def lazy_imports():
    names = ["colorsys", "fractions", "statistics", "wave", "calendar"]
    random.shuffle(names)
    threads = [threading.Thread(target=importlib.import_module, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told(order=names, orders=[order.number for order in {Order(number) for number in range(100)}])


def listed_folder():
    told(names=sorted(path.name for path in Path(__file__).parent.iterdir() if path.suffix == ".py"))


def names_of_threads():
    with concurrent.futures.ThreadPoolExecutor(4, "pool") as pool:
        told(names=list(pool.map(lambda number: (work(number), threading.current_thread().name)[1], range(12))))


def times_told():
    for _ in range(5):
        time.sleep(random.uniform(0, 5))
        told(at=[datetime.now().isoformat(), time.strftime("%H:%M:%S"), time.time(), time.perf_counter()])


def queues_racing():
    todo, done = queue.Queue(), queue.PriorityQueue()
    for number in range(30):
        todo.put(number)

    def take():
        while not todo.empty():
            number = todo.get()
            work(number)
            done.put((random.random(), number, threading.current_thread().name))

    threads = [threading.Thread(target=take) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told(order=[done.get() for _ in range(30)])


def uncaught():
    def fail():
        raise KeyError(Order(1))

    threading.Thread(target=fail).start()
    time.sleep(1)
    raise RuntimeError(f"with {Order(2)!r}")
