"""A declared topology, made real by the back ends of a world, each of which reads its own part.

This module must not know what is in a part: `fakes.topology` reads those.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.seam import Backend
from harness.strict import nearest
from harness.tunnel import DeclarationError

PARTS = ("project", "topics", "buckets", "datasets", "s3_buckets")
"""The keys of a topology that back ends of ours read (docs/architecture.md)."""

BELONGS = {"subscriptions": "topic", "tables": "dataset", "views": "dataset"}
"""What is often sought at the top, and what it belongs under."""


def provision(backends: Mapping[str, Backend], topology: Mapping[str, Any]) -> None:
    """Let each of `backends` (by name) create its part of `topology`.

    A part that no back end of ours knows is refused, unless there is one of a user's, which may have a part of its own.
    Parts of back ends that this world does not have are left alone, since worlds share topologies. Raises
    `DeclarationError` with the place, the value and the remedy.
    """
    if all(type(backend).__module__.startswith("fakes.") for backend in backends.values()):
        for part in topology:
            if part not in PARTS:
                raise DeclarationError(f"topology: there is no part {part!r}{_remedy(str(part))}")
    for name, backend in backends.items():
        try:
            backend.provision(topology)
        except (ValueError, KeyError, TypeError) as error:
            said = str(error) if str(error).startswith("topology ") else f"topology: back end {name!r}: {error!r}"
            raise DeclarationError(said) from error


def _remedy(part: str) -> str:
    if part not in BELONGS:
        return nearest(part, list(PARTS))
    return f"; {part} stand under their {BELONGS[part]}: {{{BELONGS[part]}s: {{my-{BELONGS[part]}: {{{part}: …}}}}}}"
