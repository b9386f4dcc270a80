"""numpy's global generator, one for each process: what `numpy.random.seed`, `rand`, `choice` and their kin work on.

This module exists because numpy makes that generator as it is imported, from entropy of the machine if the run has not
begun, and because one process's `numpy.random.seed(0)` is no matter of another's. Generators of one's own
(`default_rng()`) draw their seed from `os.urandom`, which is the run's already. It must not know what draws.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from typing import Any

from harness.sim.chance import Chance
from harness.sim.process import Process

_MARK = 0.123_456_789
_GAUSS = struct.Struct("=qd")
"""Whether there is one, as an int and its padding, and the second normal variate of a pair, drawn and not yet given."""


class GlobalGenerators:
    """Puts the generator of whichever process runs in numpy's hands, once numpy is loaded."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._kept: dict[Process | None, tuple[Any, bytes]] = {}
        self._gauss_address = 0

    def follow(self, leaving: Process | None, entering: Process | None) -> None:
        """Keep what `leaving` has and give `entering` its own, made from the run's seed at its first time."""
        module = sys.modules.get("numpy.random.mtrand")
        if module is None or not hasattr(module, "_rand"):  # not loaded, or not to its end
            return
        address = self._gauss_address = self._gauss_address or _gauss_address(module)
        self._kept[leaving] = module.get_bit_generator(), ctypes.string_at(address, _GAUSS.size)
        found = self._kept.get(entering)
        if found is None:
            name = "" if entering is None else entering.label
            stream = self._chance.stream(f"numpy/{name}")
            found = sys.modules["numpy.random"].MT19937(stream.getrandbits(128)), _GAUSS.pack(0, 0.0)
        generator, gauss = found
        module.set_bit_generator(generator)  # forgets the other of a pair of normal variates
        ctypes.memmove(address, gauss, _GAUSS.size)


def _gauss_address(module: Any) -> int:
    """Where the global `RandomState` keeps what is left of a pair: found by a mark put there, once in a run."""
    shared = module._rand
    state = shared.get_state(legacy=False)
    shared.set_state({**state, "has_gauss": 1, "gauss": _MARK})
    memory = ctypes.string_at(id(shared), type(shared).__basicsize__)
    shared.set_state(state)
    return id(shared) + memory.index(_GAUSS.pack(1, _MARK))
