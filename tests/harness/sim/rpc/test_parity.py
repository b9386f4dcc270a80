"""What a client sees in a simulation is what it sees on a real connection to grpcio's own server."""

import functools
import json
import subprocess
import sys
from typing import Any

import pytest

from tests.harness.sim.rpc.conversation import TOPICS
from tests.harness.sim.simulated import ROOT, in_simulation

MODULE = "tests.harness.sim.rpc.conversation"


@functools.cache
def simulated_conversation() -> dict[str, Any]:
    return {name: seen for name, *seen in in_simulation(f"{MODULE}:in_memory")}


@functools.cache
def real_conversation() -> dict[str, Any]:
    code = f"import json; from {MODULE} import over_the_wire; print(json.dumps(over_the_wire()))"
    child = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name: seen for name, *seen in json.loads(child.stdout.splitlines()[-1])}


@pytest.mark.parametrize("topic", [*[topic.__name__ for topic in TOPICS], "closed"])
def test_a_client_sees_the_same_as_on_a_real_connection(topic: str) -> None:
    assert simulated_conversation()[topic] == real_conversation()[topic]
