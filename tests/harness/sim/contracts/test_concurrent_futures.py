"""concurrent.futures: pools of threads and what their futures tell; pools of processes are refused."""

from __future__ import annotations

import time
from typing import Any

from tests.harness.sim.contracts.contract import Library, Trace, contract
from tests.harness.sim.contracts.test_child_processes import THREADS

ABOUT = Library("concurrent.futures", standard=True, loads=("concurrent.futures.thread", "concurrent.futures.process"))


def _slept(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def _fail(seconds: float) -> None:
    time.sleep(seconds)
    raise ValueError(f"after {seconds}")


@contract(ABOUT)
def test_map_keeps_the_order_and_as_completed_the_order_of_the_ends(trace: Trace) -> None:
    from concurrent.futures import ThreadPoolExecutor, as_completed

    with ThreadPoolExecutor(2) as pool:
        for seconds in pool.map(_slept, [3, 1, 1, 2]):
            trace("mapped", seconds)
    with ThreadPoolExecutor() as pool:
        futures = [pool.submit(_slept, seconds) for seconds in [3, 1, 2, 1]]
        for future in as_completed(futures):
            trace("completed", futures.index(future))
    trace.expect(
        (3, "mapped", 3),
        (3, "mapped", 1),
        (3, "mapped", 1),
        (4, "mapped", 2),
        (5, "completed", 1),
        (5, "completed", 3),
        (6, "completed", 2),
        (7, "completed", 0),
    )


@contract(ABOUT)
def test_futures_that_are_done_come_in_one_order_whatever_their_addresses(trace: Trace) -> None:
    from concurrent.futures import ThreadPoolExecutor, as_completed, wait

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(_slept, 1) for _ in range(8)]
        done, pending = wait(futures)
        trace([futures.index(future) for future in done], len(pending))
        trace([futures.index(future) for future in as_completed(set(futures))])
    trace.expect((1, [0, 1, 2, 3, 4, 5, 6, 7], 0), (1, [7, 6, 5, 4, 3, 2, 1, 0]))


@contract(ABOUT)
def test_wait_returns_at_the_first_end_the_first_error_or_when_all_are_over(trace: Trace) -> None:
    from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION, ThreadPoolExecutor, wait

    with ThreadPoolExecutor(3) as pool:
        futures: list[Any] = [pool.submit(_slept, 1), pool.submit(_fail, 2), pool.submit(_slept, 5)]
        for return_when in (FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED):
            done, pending = wait(futures, return_when=return_when)
            trace(return_when, len(done), len(pending))
        trace(repr(futures[1].exception()))
    trace.expect(
        (1, "FIRST_COMPLETED", 1, 2),
        (2, "FIRST_EXCEPTION", 2, 1),
        (5, "ALL_COMPLETED", 3, 0),
        (5, "ValueError('after 2')"),
    )


@contract(ABOUT)
def test_every_time_out_ends_at_its_instant(trace: Trace) -> None:
    from concurrent.futures import ThreadPoolExecutor, as_completed, wait

    pool = ThreadPoolExecutor(2)
    futures = [pool.submit(_slept, seconds) for seconds in (60, 90)]
    try:
        futures[0].result(timeout=1.5)
    except TimeoutError:
        trace("no result")
    try:
        futures[0].exception(timeout=0.5)
    except TimeoutError:
        trace("no exception")
    done, pending = wait(futures, timeout=2)
    trace("waited", len(done), len(pending))
    try:
        for future in as_completed(futures, timeout=56.5):
            trace("completed", future.result())
    except TimeoutError as error:
        trace(str(error))
    try:
        list(pool.map(_slept, [10], timeout=4))
    except TimeoutError:
        trace("not mapped")
    pool.shutdown()
    trace("shut down")
    trace.expect(
        (1.5, "no result"),
        (2, "no exception"),
        (4, "waited", 0, 2),
        (60, "completed", 60),
        (60.5, "1 (of 2) futures unfinished"),
        (64.5, "not mapped"),
        (90, "shut down"),
    )


@contract(ABOUT)
def test_what_has_not_begun_is_cancelled_and_what_has_runs_to_its_end(trace: Trace) -> None:
    from concurrent.futures import CancelledError, ThreadPoolExecutor

    pool = ThreadPoolExecutor(1)
    futures = [pool.submit(_slept, 4) for _ in range(4)]
    futures[3].add_done_callback(lambda future: trace("called back", future.cancelled()))
    time.sleep(1)
    trace("cancel", [future.cancel() for future in futures[:2]])
    pool.shutdown(wait=False, cancel_futures=True)
    trace("shut down", [(future.running(), future.cancelled()) for future in futures])
    try:
        futures[2].result()
    except CancelledError:
        trace("cancelled")
    try:
        pool.submit(_slept, 1)
    except RuntimeError as error:
        trace(str(error))
    trace("ended", futures[0].result())
    trace.expect(
        (1, "cancel", [False, True]),
        (1, "called back", True),
        (1, "shut down", [[True, False], [False, True], [False, True], [False, True]]),
        (1, "cancelled"),
        (1, "cannot schedule new futures after shutdown"),
        (4, "ended", 4),
    )


@contract(ABOUT)
def test_each_thread_is_initialised_once_and_a_failing_initialiser_breaks_the_pool(trace: Trace) -> None:
    import logging
    import threading
    from concurrent.futures import BrokenExecutor, ThreadPoolExecutor

    local = threading.local()

    def initialise(greeting: str) -> None:
        local.greeting = f"{greeting} {threading.current_thread().name}"
        time.sleep(0.5)

    def greet(_: int) -> Any:
        time.sleep(1)
        return local.greeting

    with ThreadPoolExecutor(2, "greeter", initialise, ("hello",)) as pool:
        trace(list(pool.map(greet, range(3))))
    logging.getLogger("concurrent.futures").disabled = True
    with ThreadPoolExecutor(2, initializer=_fail, initargs=(1,)) as pool:
        future = pool.submit(_slept, 1)
        try:
            future.result()
        except BrokenExecutor as error:
            trace(str(error))
    trace.expect(
        (2.5, ["hello greeter_0", "hello greeter_1", "hello greeter_0"]),
        (3.5, "A thread initializer failed, the thread pool is not usable anymore"),
    )


@contract(ABOUT)
def test_futures_made_by_hand_hand_over_results_between_threads(trace: Trace) -> None:
    import threading
    from concurrent.futures import Future, InvalidStateError

    future: Future[str] = Future()
    threading.Timer(7, future.set_result, ["by timer"]).start()
    future.add_done_callback(lambda done: trace("called back", threading.current_thread() is threading.main_thread()))
    trace(future.result())
    try:
        future.set_result("again")
    except InvalidStateError:
        trace("only once")
    trace.expect((7, "called back", False), (7, "by timer"), (7, "only once"))


@contract(ABOUT, remedy=THREADS, refused=True)
def test_a_process_pool_executor_does_not_start(trace: Trace) -> None:
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(2) as pool:
        pool.submit(abs, -1).result()
