"""gevent in a program's own code: pools, queues, events, time-outs, and greenlets beside threads."""

import threading
import time

from tests.harness.sim.contracts.contract import Library, Trace, contract

ABOUT = Library("gevent", loads=("gevent", "gevent.pool", "gevent.queue", "gevent.event", "gevent.lock"))


@contract(ABOUT)
def test_greenlets_sleep_side_by_side_and_are_joined_with_a_time_out(trace: Trace) -> None:
    import gevent

    jobs = [gevent.spawn(gevent.sleep, seconds) for seconds in (1, 2, 30)]
    trace(len(gevent.joinall(jobs, timeout=10)))
    jobs[2].kill()
    trace(jobs[2].dead, jobs[2].successful())
    later = gevent.spawn_later(5, lambda: "late")
    trace(later.get())
    trace.expect((10.0, 2), (10.0, True, True), (15.0, "late"))


@contract(ABOUT)
def test_pools_queues_and_semaphores_bound_what_runs_at_once(trace: Trace) -> None:
    import gevent
    from gevent.lock import BoundedSemaphore
    from gevent.pool import Pool
    from gevent.queue import Queue

    def rest(number: int) -> int:
        gevent.sleep(1)
        return number

    trace(Pool(3).map(rest, range(9)))
    trace(list(Pool(4).imap_unordered(rest, range(8))))
    queue: Queue[int] = Queue(maxsize=2)
    both = BoundedSemaphore(2)

    def take() -> None:
        with both:
            gevent.sleep(queue.get())

    takers = [gevent.spawn(take) for _ in range(4)]
    for _ in range(4):
        queue.put(3)
    gevent.joinall(takers)
    trace("taken")
    trace.expect((3.0, list(range(9))), (5.0, list(range(8))), (11.0, "taken"))


@contract(ABOUT)
def test_time_outs_interrupt_whatever_waits(trace: Trace) -> None:
    import gevent
    from gevent.event import AsyncResult, Event
    from gevent.queue import Empty, Queue

    with gevent.Timeout(2, False):
        gevent.sleep(60)
    trace("slept no longer")
    try:
        gevent.with_timeout(3, time.sleep, 60)
    except gevent.Timeout as error:
        trace("timed out", error.seconds)
    trace(Event().wait(timeout=4))
    try:
        AsyncResult().get(timeout=5)
    except gevent.Timeout:
        trace("no result")
    try:
        Queue().get(timeout=6)
    except Empty:
        trace("empty")
    trace.expect((2.0, "slept no longer"), (5.0, "timed out", 3), (9.0, False), (14.0, "no result"), (20.0, "empty"))


@contract(ABOUT)
def test_greenlets_and_threads_meet_at_events_and_locks(trace: Trace) -> None:
    import gevent
    from gevent.event import Event

    begun, lock, seen = Event(), threading.Lock(), []

    def work(name: str) -> None:
        begun.wait()
        with lock:
            time.sleep(1)
            seen.append(name)

    threads = [threading.Thread(target=work, args=(f"thread {number}",)) for number in range(2)]
    for thread in threads:
        thread.start()
    greenlets = [gevent.spawn(work, f"greenlet {number}") for number in range(2)]
    gevent.sleep(1)
    begun.set()
    gevent.joinall(greenlets)
    for thread in threads:
        thread.join()
    trace(sorted(seen))
    trace.expect((5.0, ["greenlet 0", "greenlet 1", "thread 0", "thread 1"]))


@contract(ABOUT)
def test_a_program_that_patches_itself_changes_nothing(trace: Trace) -> None:
    import urllib.request

    import gevent
    from gevent import monkey

    from tests.harness.sim.contracts.servers import scripted

    monkey.patch_all()
    scripted(trace, "api.test", 2.0)

    def fetch(_: int) -> int:
        with urllib.request.urlopen("http://api.test/", timeout=30) as answer:
            return int(answer.status)

    trace([job.get() for job in [gevent.spawn(fetch, number) for number in range(5)]])
    trace.expect(*[(0.0, "GET /", 0)] * 5, (2.0, [200] * 5))


@contract(ABOUT)
def test_pools_of_real_threads_are_simulated_ones(trace: Trace) -> None:
    import gevent
    from gevent.threadpool import ThreadPool, ThreadPoolExecutor

    def rest(seconds: float) -> float:
        time.sleep(seconds)
        return seconds

    def fail() -> None:
        raise ValueError("told where it is asked for")

    own = gevent.get_hub().threadpool
    trace(own.apply(rest, (1,)), [done.get() for done in [own.spawn(rest, n) for n in (3, 1, 2)]])
    trace(ThreadPool(2).map(rest, [1, 1, 1, 1]))
    trace(list(own.imap_unordered(rest, [2, 1])))
    try:
        own.spawn(fail).get()
    except ValueError as error:
        trace(str(error))
    with ThreadPoolExecutor(3) as pool:
        trace([future.result() for future in [pool.submit(rest, n) for n in (2, 1)]])
    trace.expect(
        (4.0, 1, [3, 1, 2]), (6.0, [1, 1, 1, 1]), (8.0, [1, 2]), (8.0, "told where it is asked for"), (10.0, [2, 1])
    )


@contract(ABOUT)
def test_raw_greenlets_run_wait_and_hand_over(trace: Trace) -> None:
    import gevent
    import greenlet

    def echo(value: int) -> str:
        while value:
            time.sleep(value)
            value = greenlet.getcurrent().parent.switch(value * 2)
        return "over"

    one = greenlet.greenlet(echo)
    trace(one.switch(1), one.switch(3), one.switch(0), one.dead)
    gevent.spawn_raw(trace, "raw")
    gevent.sleep(1)
    trace.expect((4.0, 2, 6, "over", True), (4.0, "raw"))
