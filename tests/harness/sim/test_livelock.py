"""Code that waits by spinning comes to an end: by the clock it reads, or with a diagnosis."""

import asyncio
import concurrent.futures
import contextlib
import threading
import time
from typing import Any

import pytest

from tests.harness.sim.simulated import in_simulation, simulated


@simulated
def test_spinning_on_the_clock_for_a_short_time_ends() -> None:
    deadline = time.monotonic() + 0.001
    while time.monotonic() < deadline:
        pass


@simulated
def test_readings_of_ordinary_use_cost_a_nanosecond_each() -> None:
    began = time.monotonic_ns()
    for _ in range(30_000):
        time.time()
    assert time.monotonic_ns() - began == 30_001


@simulated
def test_a_limiter_that_spins_for_a_second_or_a_minute_ends_in_time() -> None:
    for seconds in (1, 60):
        began = time.perf_counter()
        while time.perf_counter() < began + seconds:
            pass
        assert time.perf_counter() - began == pytest.approx(seconds, abs=100e-6)


@simulated
def test_others_have_their_turn_while_one_spins_on_the_clock() -> None:
    done: list[float] = []
    threading.Timer(0.5, lambda: done.append(time.monotonic())).start()
    threading.Timer(0.7, lambda: done.append(time.monotonic())).start()
    began = time.monotonic()
    while len(done) < 2 and time.monotonic() < began + 10:
        pass
    assert done == pytest.approx([began + 0.5, began + 0.7], abs=100e-6)
    assert time.monotonic() == pytest.approx(began + 0.7, abs=200e-6)


@simulated
def test_two_that_spin_take_turns() -> None:
    ended: list[float] = []

    def spin(seconds: float) -> None:
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            pass
        ended.append(time.monotonic() - began)

    threads = [threading.Thread(target=spin, args=(seconds,)) for seconds in (0.3, 0.2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == pytest.approx([0.2, 0.3], abs=0.01)


@simulated
def test_polling_by_sleeps_of_no_length_lets_time_pass() -> None:
    done = threading.Event()
    began = time.monotonic()
    threading.Timer(1, done.set).start()
    while not done.is_set():
        time.sleep(0)
    assert time.monotonic() - began == pytest.approx(1, abs=0.001)


@simulated
def test_a_loop_that_polls_lets_time_pass() -> None:
    async def poll() -> float:
        loop = asyncio.get_running_loop()
        result = loop.create_future()
        loop.call_later(1, result.set_result, "done")
        while not result.done():
            await asyncio.sleep(0)
        return loop.time()

    began = time.monotonic()
    assert asyncio.run(poll()) - began == pytest.approx(1, abs=0.001)


@simulated
def test_a_remaining_time_of_exactly_zero_ends_as_completed() -> None:
    pending: concurrent.futures.Future[Any] = concurrent.futures.Future()
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        list(concurrent.futures.as_completed([pending], timeout=3))
    assert time.monotonic() - started == pytest.approx(3, abs=1e-6)


def spin_on_the_clock() -> None:
    while time.monotonic() < 3600:
        pass


def spin_by_yielding() -> None:
    while True:
        time.sleep(0)


def spin_in_two_threads() -> None:
    turn = threading.Event()
    threading.Thread(target=spin_by_yielding, daemon=True).start()
    turn.wait()


def swallow_everything() -> None:
    while True:
        with contextlib.suppress(Exception):  # what a careless retry loop does
            spin_by_yielding()


@pytest.mark.parametrize("body", [spin_on_the_clock, spin_by_yielding, spin_in_two_threads, swallow_everything])
def test_spinning_for_ever_ends_with_the_stack_of_the_culprit(body: Any) -> None:
    with pytest.raises(AssertionError, match="Livelock") as caught:
        in_simulation(f"{__name__}:{body.__name__}")
    assert "spin_" in str(caught.value)
    assert "test#0" in str(caught.value)
