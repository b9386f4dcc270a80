"""Cloud Run: instances that come and go, with memory of their own.

`create(around, services=…, launcher=…, project=…)` makes the platform of a world. It knows HTTP and instances; it must
not know what the services do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fakes.cloudrun.deployment import Deployment, deployment
from fakes.cloudrun.platform import CloudRun
from fakes.cloudrun.rollout import Change
from fakes.seam import Launcher, Surroundings


def create(
    around: Surroundings,
    *,
    services: Mapping[str, Mapping[str, Any]],
    launcher: Launcher,
    project: str = "windtunnel",
    rollouts: Sequence[Mapping[str, Any]] = (),
) -> CloudRun:
    """Make a platform that runs `services` (host name -> the fields of `Deployment`) through `launcher`.

    `rollouts` are the fields of `Change`s. ValueError names the service and the field where one is out of range.
    """
    specs = {name: deployment(name, fields) for name, fields in services.items()}
    return CloudRun(around, specs, launcher, project, [Change(**change) for change in rollouts])


__all__ = ["Change", "CloudRun", "Deployment", "create"]
