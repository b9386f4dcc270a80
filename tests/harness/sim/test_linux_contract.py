"""Simulated sockets answer as Linux's do: the same steps on real loopback and in the simulation, answer by answer."""

import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.harness.sim.linux_contract import SCENARIOS
from tests.harness.sim.simulated import in_simulation

ROOT = Path(__file__).resolve().parents[3]


@functools.cache
def on_linux() -> dict[str, Any]:
    """Every scenario's answers from the real kernel, in an ordinary interpreter."""
    child = subprocess.run(
        [sys.executable, "-m", "tests.harness.sim.linux_contract"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    answers: dict[str, Any] = json.loads(child.stdout)
    return answers


@pytest.mark.skipif(sys.platform != "linux", reason="the simulated kernel is Linux; there is none here to compare with")
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_simulation_answers_as_linux_does(scenario: str):
    simulated = in_simulation("tests.harness.sim.linux_contract:simulated", name=scenario)
    assert json.loads(json.dumps(simulated)) == on_linux()[scenario]
