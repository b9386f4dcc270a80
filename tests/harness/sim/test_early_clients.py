"""Names that clients bound before the kernel was there lead to the simulated network too."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.sim.simulated import in_late_simulation, in_simulation


@pytest.mark.parametrize("simulation", [in_simulation, in_late_simulation])
def test_clients_loaded_before_or_after_the_kernel_stay_on_the_simulated_network(
    simulation: Callable[..., Any],
) -> None:
    assert simulation("tests.harness.sim.early_clients:answers") == ["GET / "] * 7
    names = simulation("tests.harness.sim.early_clients:early_names")
    assert names == ["SimSocket", "SimTlsSocket", "SimSocket"]
