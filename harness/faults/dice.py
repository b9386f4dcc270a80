"""Dice that do not remember: what falls depends on what is asked, never on what was asked before.

A common stream would re-roll every later fault as soon as a new release makes one call more or less, and releases
could not be compared pair by pair. This module must not know what the dice decide.
"""

from __future__ import annotations

import hashlib


def share(seed: int, *key: str | int) -> float:
    """A number in [0, 1), always the same for the same `seed` and `key` and unrelated between different ones.

    53 bits of a BLAKE2b hash; independent of the process, the platform and PYTHONHASHSEED.
    """
    text = "\0".join(map(str, (seed, *key)))
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / (1 << 53)
