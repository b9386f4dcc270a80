"""All chance of a run comes from its seed: the same seed replays it, under any hash seed, and another does not."""

import os
import random
import secrets
import tempfile
import uuid
from typing import Any

import pytest

from tests.harness.sim.simulated import in_late_simulation, in_simulation

early_bound = random.choice, random.gauss, uuid.uuid4, secrets.token_hex, os.urandom


def draws() -> dict[str, Any]:
    """One draw from every source of chance of the standard library."""
    choice, gauss, uuid4, token_hex, urandom = early_bound
    with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryDirectory() as folder:
        names = [os.path.basename(file.name), os.path.basename(folder)]  # noqa: PTH119 - a name, not a path
    deck = list(range(52))
    random.shuffle(deck)
    return {
        "random.random": random.random(),
        "random.shuffle": deck,
        "random.choices": random.choices(range(1000), k=5),
        "random.choice": choice(range(10**9)),
        "random.gauss": gauss(0, 1),
        "random.Random": random.Random().random(),
        "random.SystemRandom": random.SystemRandom().random(),
        "random.seed": _reseeded(),
        "uuid.uuid1": str(uuid.uuid1()),
        "uuid.uuid4": str(uuid4()),
        "secrets.token_hex": token_hex(),
        "secrets.randbelow": secrets.randbelow(10**12),
        "os.urandom": urandom(16).hex(),
        "os.getrandom": os.getrandom(16).hex(),
        "tempfile": names,
    }


def _reseeded() -> float:
    random.seed()
    return random.random()


SOURCES = tuple(
    name
    for name in (
        "random.random",
        "random.shuffle",
        "random.choices",
        "random.choice",
        "random.gauss",
        "random.Random",
        "random.SystemRandom",
        "random.seed",
        "uuid.uuid1",
        "uuid.uuid4",
        "secrets.token_hex",
        "secrets.randbelow",
        "os.urandom",
        "os.getrandom",
        "tempfile",
    )
)
TARGET = f"{__name__}:draws"
FROM_THE_CLOCK = ("uuid.uuid1",)
"""Its chance is the clock and the node, which do not depend on the seed."""


@pytest.fixture(scope="module")
def first() -> Any:
    return in_simulation(TARGET)


def test_every_source_is_listed(first: Any) -> None:
    assert sorted(first) == sorted(SOURCES)


@pytest.mark.parametrize("source", SOURCES)
def test_the_same_seed_replays_it(first: Any, source: str) -> None:
    assert in_simulation(TARGET)[source] == first[source]


def test_the_hash_seed_and_the_order_of_loading_change_nothing(first: Any) -> None:
    assert in_simulation(TARGET, hash_seed=7) == first
    assert in_late_simulation(TARGET, hash_seed=7) == first


def test_another_seed_gives_other_draws_everywhere(first: Any) -> None:
    other = in_simulation(TARGET, seed=2)
    assert [source for source in SOURCES if other[source] == first[source]] in ([], [*FROM_THE_CLOCK])
