"""Cloud Run: instances that come and go, with memory of their own.

`create(around, services=…, launcher=…, project=…)` makes the platform of a world. It knows HTTP and instances; it must
not know what the services do.
"""

from __future__ import annotations

from collections.abc import Mapping

from fakes.cloudrun.platform import CloudRun
from fakes.cloudrun.service import ServiceSpec
from fakes.seam import Launcher, Surroundings


def create(
    around: Surroundings, *, services: Mapping[str, ServiceSpec], launcher: Launcher, project: str = "windtunnel"
) -> CloudRun:
    """Make a platform that runs `services` (by host name) through `launcher`."""
    return CloudRun(around, services, launcher, project)


__all__ = ["CloudRun", "ServiceSpec", "create"]
