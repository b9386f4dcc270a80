"""Every wait of the standard library takes the virtual time it says, and hardly any real time."""

import functools
from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.sim.simulated import in_late_simulation, in_simulation
from tests.harness.sim.wait_table import WAITS, fill, measure

READS_S = 2e-6
"""What reading the clock may add, at 1 ns each."""

fill()

ORDERS: dict[str, Callable[..., Any]] = {"kernel first": in_simulation, "libraries first": in_late_simulation}


@functools.cache
def figures(order: str) -> Any:
    return ORDERS[order](f"{measure.__module__}:{measure.__name__}")


@pytest.mark.parametrize("name", WAITS)
@pytest.mark.parametrize("order", ORDERS)
def test_a_wait_takes_its_virtual_time_and_no_other(order: str, name: str) -> None:
    virtual_s, real_s, problem = figures(order)[name]
    assert not problem
    assert virtual_s == pytest.approx(WAITS[name][0], abs=READS_S)
    assert real_s < 0.9
