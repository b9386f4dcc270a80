"""A platform that runs services in the simulated machine of a contract, as a world does.

This module exists so that contracts with frameworks see their apps where users have them: in instances that the
platform starts, asks and stops. It must not know any framework.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fakes import cloudrun
from harness.sim import guest
from harness.sim.launcher import Launcher
from harness.tunnel import Tunnel
from tests.harness.sim.around import Around
from tests.harness.sim.simulated import EPOCH_NS


class _Told:
    """The launcher's record: what happens to an instance goes into the contract's trace."""

    def __init__(self, trace: Any) -> None:
        self._trace = trace

    def event(self, kind: str, process: str, instance: int, fields: Mapping[str, Any]) -> None:
        self._trace(f"{process}#{instance} {fields['event']}", *filter(None, [fields["reason"]]))


def hosted(trace: Any, apps: Mapping[str, str], *, rollout_at: str = "", **options: Any) -> None:
    """Run `apps` (name -> `module:name`) as services, with the other `options` of `Tunnel.service`, at http://name/.

    `trace` is told what happens to their instances. At `rollout_at` revisions that differ in nothing take over.
    """

    def fail(error: Exception) -> None:
        raise error

    machine = guest.machine()
    tunnel = Tunnel(1, EPOCH_NS, Path())
    for name, app in apps.items():
        tunnel.service(name, app=app, **options)
        if rollout_at:
            tunnel.rollout(name, at=rollout_at, env={"REVISED": "1"})
    launcher = Launcher(machine.kernel, _Told(trace), tunnel.services, {}, {}, fail, machine.admit)  # type: ignore[arg-type]  # only `event` is called
    platform = cloudrun.create(
        Around(),
        services={name: declared.deployment for name, declared in tunnel.services.items()},
        launcher=launcher,
        rollouts=tunnel.rollouts,
    )
    launcher.on_memory = platform.reported
    launcher.give(platform.environment(None))
    machine.serve_http(platform.http())
    platform.start()
