"""An error that nobody caught is told as the error of the process it happened in."""

import time
from typing import Any

import gevent
import pytest

from tests.harness.sim.simulated import in_simulation


def told(how: str) -> list[Any]:
    from harness.sim import guest
    from harness.sim.descriptors import Sleeper

    kernel = guest.machine().kernel
    seen: list[Any] = []
    kernel.on_error = lambda owner, error: seen.append([None if owner is None else owner.label, repr(error)])
    process = kernel.process("worker", 0, {})

    def fail(*arguments: Any) -> None:
        raise ValueError("uncaught")

    def main() -> None:
        loop = gevent.get_hub().loop
        if how == "greenlet":
            fail()
        elif how == "callback":
            loop.run_callback(fail, gevent.getcurrent())
        elif how == "timer":
            loop.timer(1).start(fail, gevent.getcurrent())
        else:
            sleeper = Sleeper(5)
            loop.run_callback(fail, sleeper)
            sleeper.sleep()
        time.sleep(10)

    process.spawn(main)
    time.sleep(20)
    return seen


@pytest.mark.parametrize("how", ["greenlet", "callback", "timer", "sleeper"])
def test_an_uncaught_error_is_told_of_the_process_it_concerns(how: str) -> None:
    assert in_simulation(f"{__name__}:told", how=how) == [["worker#0", "ValueError('uncaught')"]]
