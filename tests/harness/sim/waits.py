"""Every way in which the standard library waits at most so long: the table behind `test_waits.py`.

Each entry does one wait and returns; `@lasting(seconds)` says how much virtual time it must take.
"""

import asyncio
import concurrent.futures
import contextlib
import multiprocessing
import multiprocessing.pool
import queue
import sched
import select
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

WAITS: dict[str, tuple[float, Callable[[], object]]] = {}
"""Name -> (virtual seconds it must take, the wait)."""


def lasting(seconds: float) -> Callable[[Callable[[], object]], Callable[[], object]]:
    def register(wait: Callable[[], object]) -> Callable[[], object]:
        WAITS[wait.__name__] = (seconds, wait)
        return wait

    return register


def lasting_async(seconds: float) -> Callable[[Callable[[], Coroutine[Any, Any, object]]], object]:
    def register(wait: Callable[[], Coroutine[Any, Any, object]]) -> object:
        WAITS[f"asyncio_{wait.__name__}"] = (seconds, lambda: asyncio.run(wait()))
        return wait

    return register


def measure() -> dict[str, tuple[float, float, str]]:
    """Name -> (virtual seconds it took, real seconds it took, what went wrong)."""
    from harness.sim import clock

    figures = {}
    for name, (_, wait) in WAITS.items():
        started, really = time.monotonic(), clock.real_monotonic_ns()
        problem = ""
        try:
            wait()
        except Exception as error:  # noqa: BLE001 - one bad wait must not hide the others
            problem = f"{type(error).__name__}: {error}"
        figures[name] = (time.monotonic() - started, (clock.real_monotonic_ns() - really) / 1e9, problem)
    return figures


@contextlib.contextmanager
def expecting(*errors: type[BaseException]) -> Iterator[None]:
    """The block must raise one of `errors`."""
    try:
        yield
    except errors:
        return
    raise AssertionError(f"expected {' or '.join(error.__name__ for error in errors)}")


def held_elsewhere(lock: Any) -> None:
    """Have another thread acquire `lock` and keep it for an hour."""
    taken = threading.Event()

    def hold() -> None:
        lock.acquire()
        taken.set()
        time.sleep(3600)
        lock.release()

    threading.Thread(target=hold, daemon=True).start()
    taken.wait()


def never() -> concurrent.futures.Future[None]:
    return concurrent.futures.Future()


# ---- time and threads


@lasting(3)
def time_sleep() -> None:
    time.sleep(3)


@lasting(0)
def time_sleep_zero() -> None:
    time.sleep(0)


@lasting(3)
def lock_acquire() -> None:
    lock = threading.Lock()
    lock.acquire()
    assert not lock.acquire(timeout=3)


@lasting(0)
def lock_acquire_at_once() -> None:
    lock = threading.Lock()
    lock.acquire()
    assert not lock.acquire(timeout=0)
    assert not lock.acquire(blocking=False)


@lasting(3)
def rlock_acquire() -> None:
    lock = threading.RLock()
    held_elsewhere(lock)
    assert not lock.acquire(timeout=3)


@lasting(3)
def condition_wait() -> None:
    condition = threading.Condition()
    with condition:
        assert not condition.wait(3)


@lasting(3)
def condition_wait_for() -> None:
    condition = threading.Condition()
    with condition:
        assert not condition.wait_for(lambda: False, 3)


@lasting(2)
def condition_notified() -> None:
    condition = threading.Condition()

    def notify() -> None:
        time.sleep(2)
        with condition:
            condition.notify_all()

    threading.Thread(target=notify).start()
    with condition:
        assert condition.wait(3)


@lasting(3)
def semaphore_acquire() -> None:
    assert not threading.Semaphore(0).acquire(timeout=3)


@lasting(3)
def bounded_semaphore_acquire() -> None:
    semaphore = threading.BoundedSemaphore(1)
    semaphore.acquire()
    assert not semaphore.acquire(timeout=3)


@lasting(3)
def barrier_wait() -> None:
    with expecting(threading.BrokenBarrierError):
        threading.Barrier(2).wait(3)


@lasting(3)
def event_wait() -> None:
    assert not threading.Event().wait(3)


@lasting(3)
def thread_join() -> None:
    thread = threading.Thread(target=time.sleep, args=(3600,), daemon=True)
    thread.start()
    thread.join(3)
    assert thread.is_alive()


@lasting(3)
def threading_timer() -> None:
    fired = threading.Event()
    threading.Timer(3, fired.set).start()
    assert fired.wait(60)


@lasting(0)
def threading_timer_cancelled() -> None:
    timer = threading.Timer(3, lambda: None)
    timer.start()
    timer.cancel()
    timer.join()


@lasting(3)
def sched_scheduler() -> None:
    done: list[str] = []
    scheduler = sched.scheduler()
    scheduler.enter(3, 1, lambda: done.append("second"))
    scheduler.enter(1, 1, lambda: done.append("first"))
    scheduler.run()
    assert done == ["first", "second"]


# ---- queues


@lasting(3)
def queue_get() -> None:
    with expecting(queue.Empty):
        queue.Queue[int]().get(timeout=3)


@lasting(3)
def queue_put() -> None:
    full: queue.Queue[int] = queue.Queue(1)
    full.put(1)
    with expecting(queue.Full):
        full.put(2, timeout=3)


@lasting(3)
def lifo_queue_get() -> None:
    with expecting(queue.Empty):
        queue.LifoQueue[int]().get(timeout=3)


@lasting(3)
def priority_queue_get() -> None:
    with expecting(queue.Empty):
        queue.PriorityQueue[int]().get(timeout=3)


@lasting(3)
def simple_queue_get() -> None:
    with expecting(queue.Empty):
        queue.SimpleQueue[int]().get(timeout=3)


@lasting(2)
def simple_queue_filled() -> None:
    box: queue.SimpleQueue[int] = queue.SimpleQueue()
    threading.Timer(2, box.put, [1]).start()
    assert box.get(timeout=3) == 1


# ---- futures


@lasting(3)
def future_result() -> None:
    with expecting(concurrent.futures.TimeoutError):
        never().result(timeout=3)


@lasting(3)
def future_exception() -> None:
    with expecting(concurrent.futures.TimeoutError):
        never().exception(timeout=3)


@lasting(3)
def futures_wait() -> None:
    done, pending = concurrent.futures.wait([never(), never()], timeout=3)
    assert (len(done), len(pending)) == (0, 2)


@lasting(3)
def futures_as_completed() -> None:
    with expecting(concurrent.futures.TimeoutError):
        list(concurrent.futures.as_completed([never()], timeout=3))


@lasting(3)
def executor_map() -> None:
    executor = concurrent.futures.ThreadPoolExecutor(1)
    with expecting(concurrent.futures.TimeoutError):
        list(executor.map(time.sleep, [3600], timeout=3))
    executor.shutdown(wait=False, cancel_futures=True)


@lasting(3)
def executor_shutdown() -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        executor.submit(time.sleep, 3)
        executor.submit(time.sleep, 1)


# ---- multiprocessing, of which only the threads are left


@lasting(3)
def multiprocessing_lock() -> None:
    lock = multiprocessing.Lock()
    lock.acquire()
    assert not lock.acquire(timeout=3)


@lasting(3)
def multiprocessing_rlock() -> None:
    lock = multiprocessing.RLock()
    held_elsewhere(lock)
    assert not lock.acquire(timeout=3)


@lasting(3)
def multiprocessing_semaphore() -> None:
    assert not multiprocessing.BoundedSemaphore(0).acquire(timeout=3)


@lasting(3)
def multiprocessing_event() -> None:
    assert not multiprocessing.Event().wait(3)


@lasting(2)
def multiprocessing_event_set() -> None:
    event = multiprocessing.Event()
    threading.Timer(2, event.set).start()
    assert event.wait(3)


@lasting(3)
def multiprocessing_condition() -> None:
    condition = multiprocessing.Condition()
    with condition:
        assert not condition.wait(3)


@lasting(3)
def multiprocessing_queue() -> None:
    with expecting(queue.Empty):
        multiprocessing.Queue().get(timeout=3)


@lasting(3)
def multiprocessing_thread_pool() -> None:
    with multiprocessing.pool.ThreadPool(1) as pool, expecting(multiprocessing.TimeoutError):
        pool.apply_async(time.sleep, (3600,)).get(3)


# ---- descriptors


@lasting(3)
def select_select_of_nothing() -> None:
    assert select.select([], [], [], 3) == ([], [], [])


@lasting(3)
def select_select() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert select.select([ours], [], [], 3) == ([], [], [])


@lasting(3)
def select_poll() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        poll = select.poll()
        poll.register(ours, select.POLLIN)
        assert poll.poll(3000) == []


@lasting(3)
def select_epoll() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, select.epoll() as epoll:
        epoll.register(ours, select.EPOLLIN)
        assert epoll.poll(3) == []


@lasting(3)
def selectors_select() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, selectors.DefaultSelector() as selector:
        selector.register(ours, selectors.EVENT_READ)
        assert selector.select(3) == []


@lasting(3)
def socket_recv() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(3)
        with expecting(TimeoutError):
            ours.recv(1)


@lasting(3)
def socket_accept() -> None:
    with socket.create_server(("localhost", 0)) as server:
        server.settimeout(3)
        with expecting(TimeoutError):
            server.accept()


@lasting(3)
def socket_default_timeout() -> None:
    socket.setdefaulttimeout(3)
    try:
        ours, theirs = socket.socketpair()
        with ours, theirs, expecting(TimeoutError):
            ours.recv(1)
    finally:
        socket.setdefaulttimeout(None)


# ---- signals


class Alarm(Exception):
    pass


def ring(signum: int, frame: Any) -> None:
    raise Alarm


@lasting(3)
def signal_alarm() -> None:
    signal.signal(signal.SIGALRM, ring)
    signal.alarm(3)
    with expecting(Alarm):
        time.sleep(10)


@lasting(1.5)
def signal_setitimer() -> None:
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 1.5)
    with expecting(Alarm):
        time.sleep(10)


@lasting(3)
def signal_alarm_cancelled() -> None:
    signal.signal(signal.SIGALRM, ring)
    signal.alarm(2)
    assert signal.alarm(0) == 2
    time.sleep(3)


# ---- asyncio


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
        raise Alarm

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
