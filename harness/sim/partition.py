"""A partition: who cannot reach whom.

This module exists to hold the one rule by which names are matched. It must not know connections.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Partition:
    """Packets between the two sides are lost while it lasts; names are of hosts, services or processes (`name#2`)."""

    one_side: frozenset[str]
    other_side: frozenset[str]

    def parts(self, some: Iterable[str], others: Iterable[str]) -> bool:
        """Whether it stands between a party known by the names `some` and one known by `others`."""
        a, b = set(some), set(others)
        return bool((a & self.one_side and b & self.other_side) or (a & self.other_side and b & self.one_side))
