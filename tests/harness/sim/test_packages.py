"""Whatever runs sees the modules and settings of its own process."""

import sys
import time
from collections.abc import Iterator
from typing import Any

import greenlet

from tests.harness.sim.beside import side_by_side
from tests.harness.sim.simulated import in_simulation


def a_library_waits_in_a_greenlet_of_its_own() -> list[list[Any]]:
    def wait() -> list[str]:
        time.sleep(1)
        return list(sys.argv)

    def program() -> Iterator[Any]:
        for _ in range(3):
            yield greenlet.greenlet(wait).switch()

    return side_by_side(program, program)


def test_a_greenlet_made_by_a_library_goes_on_with_what_its_process_sees() -> None:
    assert in_simulation(f"{__name__}:a_library_waits_in_a_greenlet_of_its_own") == [[["one"]] * 3, [["two"]] * 3]
