"""All toxics by name, for whoever reads them from a file or a Toxiproxy client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from harness.sim.toxics.bandwidth import Bandwidth
from harness.sim.toxics.black_hole import BlackHole
from harness.sim.toxics.down import Down
from harness.sim.toxics.latency import Latency
from harness.sim.toxics.limit_data import LimitData
from harness.sim.toxics.reset_peer import ResetPeer
from harness.sim.toxics.slicer import Slicer
from harness.sim.toxics.slow_close import SlowClose
from harness.sim.toxics.timeout import Timeout
from harness.sim.toxics.toxic import Toxic

TOXICS: dict[str, type[Toxic]] = {
    toxic.type: toxic
    for toxic in (Bandwidth, BlackHole, Down, Latency, LimitData, ResetPeer, Slicer, SlowClose, Timeout)
}


def build(type_name: str, attributes: Mapping[str, Any]) -> Toxic:
    """The toxic of that type with those attributes; ValueError naming what is unknown or out of range."""
    toxic = TOXICS.get(type_name)
    if toxic is None:
        raise ValueError(f"no toxic of type {type_name!r}: there are {', '.join(sorted(TOXICS))}")
    known: list[str] = [field.name for field in fields(toxic)]  # type: ignore[arg-type]  # every toxic is a dataclass
    for name in attributes:
        if name not in known:
            raise ValueError(f"toxic {type_name!r} has no attribute {name!r}: it has {', '.join(known) or 'none'}")
    return toxic(**attributes)
