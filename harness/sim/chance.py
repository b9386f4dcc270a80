"""All chance of a run, from one seed: one named stream per consumer.

This module exists so that a run can be repeated, and so that one draw more in one process does not re-roll the dice of
another (releases could not be compared). It covers `random`, bare `random.Random()`, `os.urandom` and with it
`secrets`, `SystemRandom`, `uuid4` and numpy's default generators, `uuid1`, and temporary names; numpy's global one is
`harness.sim.numpy_chance`'s. It must not know time, networks or faults.
"""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Callable
from typing import Any

from harness.sim.repoint import repoint

_seed_of_random = random.Random.seed


class Chance:
    """Hands out streams: `stream(name)` is the same generator each time, its sequence fixed by (seed, name)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._streams: dict[str, random.Random] = {}

    def restart(self, seed: int) -> None:
        """Begin all streams anew from `seed`: a forked child does so when it learns which run it is."""
        self.seed = seed
        self._streams.clear()

    def stream(self, name: str) -> random.Random:
        """Return the stream of that name."""
        found = self._streams.get(name)
        if found is None:
            # A string seed is hashed with SHA-512 by the standard library, independent of PYTHONHASHSEED.
            found = self._streams[name] = random.Random(f"{self.seed}/{name}")
        return found


class _SharedRandom(random.Random):
    """What the functions of `random` run on: the stream of whichever process is running."""

    who: Callable[[], str]
    chance: Chance

    def random(self) -> float:
        return self.chance.stream(f"random/{self.who()}").random()

    def getrandbits(self, k: int, /) -> int:
        return self.chance.stream(f"random/{self.who()}").getrandbits(k)

    def seed(self, a: Any = None, version: int = 2) -> None:
        """Reseed the running process's stream only; without a value, from the run's entropy, so as not to repeat."""
        stream = self.chance.stream(f"random/{self.who()}")
        if a is not None:
            _seed_of_random(stream, a, version)
        self.gauss_next = None

    def getstate(self) -> Any:
        return self.chance.stream(f"random/{self.who()}").getstate()

    def setstate(self, state: Any) -> None:
        self.chance.stream(f"random/{self.who()}").setstate(state)


def install(chance: Chance, who: Callable[[], str]) -> None:
    """Draw everything from `chance`; `who()` names the running process."""
    _SharedRandom.who = staticmethod(who)
    _SharedRandom.chance = chance
    shared: random.Random = random._inst
    shared.__class__ = _SharedRandom
    # `from random import random` of long ago is bound to the C base class; what is Python goes through `self`.
    repoint(random.random, shared.random)
    repoint(random.getrandbits, shared.getrandbits)
    for name in ("seed", "getstate", "setstate"):
        setattr(random, name, getattr(shared, name))

    def entropy(size: int, /) -> bytes:
        return chance.stream(f"entropy/{who()}").randbytes(size)

    def getrandom(size: int, flags: int = 0) -> bytes:
        return entropy(size)

    repoint(os.urandom, entropy)
    if hasattr(os, "getrandom"):
        repoint(os.getrandom, getrandom)

    def seed(self: random.Random, a: Any = None, version: int = 2) -> None:
        # `Random()` seeds itself from the operating system in C; give it entropy of ours instead.
        _seed_of_random(self, int.from_bytes(entropy(32), "big") if a is None else a, version)

    random.Random.seed = seed  # type: ignore[method-assign]  # replacing it is the purpose
    uuid._generate_time_safe = None  # type: ignore[attr-defined]  # uuid1 then reads the (virtual) clock
    uuid._node = 0x0242AC110002  # type: ignore[attr-defined]  # no look at the machine's network cards
