"""Code that waits by spinning comes to an end: by the clock it reads, or with a diagnosis."""

import concurrent.futures
import contextlib
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
    import threading

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
