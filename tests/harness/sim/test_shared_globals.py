"""Installed packages are loaded once, yet what a program sets in one of them is seen by its own process alone."""

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
import requests
import requests.sessions
import urllib3.util.retry

from tests.harness.sim.beside import side_by_side
from tests.harness.sim.simulated import in_late_simulation, in_simulation

SIMULATIONS = pytest.mark.parametrize("simulation", [in_simulation, in_late_simulation])


def limits() -> list[list[Any]]:
    def one() -> Iterator[Any]:
        requests.sessions.DEFAULT_REDIRECT_LIMIT = 5
        yield requests.Session().max_redirects
        requests.sessions.DEFAULT_REDIRECT_LIMIT = 6
        yield requests.Session().max_redirects
        yield requests.Session().max_redirects

    def two() -> Iterator[Any]:
        yield requests.Session().max_redirects
        requests.sessions.DEFAULT_REDIRECT_LIMIT = 2
        yield requests.Session().max_redirects
        yield requests.Session().max_redirects

    told = side_by_side(one, two)
    return [*told, [requests.Session().max_redirects]]


@SIMULATIONS
def test_a_global_set_in_an_installed_package_is_its_process_s_own(simulation: Any) -> None:
    assert simulation(f"{__name__}:limits") == [[5, 6, 6], [30, 2, 2], [30]]


def patched() -> list[list[Any]]:
    def shown() -> list[Any]:
        return [requests.get.__name__, requests.api.get.__name__, hasattr(requests, "made_up")]

    def fake(*arguments: Any) -> None:
        """Stands for one of the user's."""

    def one() -> Iterator[Any]:
        requests.get = fake  # type: ignore[assignment]  # a monkey patch is the point
        with mock.patch("requests.api.get", fake), mock.patch("requests.made_up", 1, create=True):
            yield shown()
            yield shown()
        yield shown()
        yield shown()

    def two() -> Iterator[Any]:
        yield shown()
        yield shown()
        yield shown()
        yield shown()

    return side_by_side(one, two)


@SIMULATIONS
def test_a_monkey_patch_is_its_process_s_own_and_can_be_undone(simulation: Any) -> None:
    one, two = simulation(f"{__name__}:patched")
    assert one == [["fake", "fake", True]] * 2 + [["fake", "get", False]] * 2
    assert two == [["get", "get", False]] * 4


def filled_by_itself() -> list[list[Any]]:
    module: Any = urllib3.util.retry
    fill = "import sys\ndef fill():\n    sys.modules[__name__].cache_of_ours = 1\n"
    scope = {"__name__": "urllib3.util.retry"}
    exec(compile(fill, "retry.py", "exec"), scope)
    filling: Any = scope["fill"]

    def one() -> Iterator[Any]:
        filling()
        yield hasattr(module, "cache_of_ours")

    def two() -> Iterator[Any]:
        yield hasattr(module, "cache_of_ours")

    return side_by_side(one, two)


def test_what_a_package_fills_by_itself_all_processes_have() -> None:
    assert in_simulation(f"{__name__}:filled_by_itself") == [[True], [True]]
