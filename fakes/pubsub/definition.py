"""What a schema's definition must be able to say, whatever language it is written in.

It must not know Avro or Protocol Buffers.
"""

from __future__ import annotations

from typing import Literal, Protocol, Self

Encoding = Literal["JSON", "BINARY"]


class Definition(Protocol):
    """A definition that was read."""

    def fits(self, data: bytes, encoding: Encoding) -> bool:
        """Whether `data` is one value of it in that encoding, and nothing after it."""

    def clash(self, newer: Self) -> str:
        """Why `newer` is no revision of this definition; "" if it is."""
