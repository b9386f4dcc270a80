"""Workers of which every thread waits for another for ever, each in its way."""

import asyncio
import multiprocessing
import os
import queue
import select
import selectors
import socket
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait

import gevent.event


def wait_in_a_pool_of_one():
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: pool.submit(int).result()).result()


def wait_for_a_condition():
    condition = threading.Condition()
    with condition:
        condition.wait()


def wait_at_a_barrier():
    threading.Barrier(2).wait()


def take_a_lock_twice():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def take_a_lock_of_a_thread_that_ended():
    lock = threading.RLock()
    thread = threading.Thread(target=lock.acquire)
    thread.start()
    thread.join()
    lock.acquire()


def lose_a_semaphore():
    bounded = threading.BoundedSemaphore(2)
    for _ in range(3):
        bounded.acquire()


def join_each_other():
    threads = []

    def join(other):
        time.sleep(1)
        threads[other].join()

    threads += [threading.Thread(target=join, args=(other,)) for other in (1, 0)]
    for thread in threads:
        thread.start()
    threads[0].join()


def fill_a_queue():
    bounded = queue.Queue(1)
    bounded.put(1)
    bounded.put(2)


def join_a_queue():
    tasks = queue.Queue()
    tasks.put("never done")
    tasks.join()


def read_a_pipe_nobody_writes():
    reading, _writing = os.pipe()
    os.read(reading, 1)


def receive_of_a_pair_nobody_sends_to():
    one, _other = socket.socketpair()
    one.recv(1)


def select_nothing():
    select.select([], [], [])


def select_of_a_selector_with_nothing():
    selectors.DefaultSelector().select()


def poll_a_pipe_nobody_writes():
    poll = select.poll()
    poll.register(os.pipe()[0], select.POLLIN)
    poll.poll()


def run_a_loop_for_ever():
    asyncio.new_event_loop().run_forever()


def await_a_future():
    async def main():
        await asyncio.get_running_loop().create_future()

    asyncio.run(main())


def await_tasks_that_await_each_other():
    async def main():
        tasks = []

        async def wait(other):
            await asyncio.sleep(1)
            await asyncio.shield(tasks[other])

        tasks += [asyncio.create_task(wait(other)) for other in (1, 0)]
        await asyncio.wait(tasks)

    asyncio.run(main())


def take_a_lock_of_asyncio_twice():
    async def main():
        lock = asyncio.Lock()
        async with lock, lock:
            pass

    asyncio.run(main())


def await_a_thread_that_waits_for_the_loop():
    async def main():
        loop = asyncio.get_running_loop()
        asyncio.run_coroutine_threadsafe(asyncio.sleep(1), loop).result()  # blocks the loop that is to run it

    asyncio.run(main())


def wait_in_gevent():
    gevent.event.AsyncResult().get()


def wait_for_a_queue_of_processes():
    multiprocessing.Queue().get()


def wait_for_futures_nobody_completes():
    wait([Future(), Future()])
