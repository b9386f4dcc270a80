"""Every way in which the standard library's threads, queues, futures, descriptors and signals wait at most so long."""

import concurrent.futures
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
from typing import Any

from tests.harness.sim.wait_table import expecting, lasting


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
