"""Rollouts: new revisions at their times, traffic that moves when one has come up, and splits that are changed by hand.

Imitated: https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration. A deployment starts an instance of the
new revision; when it comes up, traffic moves; when it does not, the revision has failed and the old one goes on
serving. It must not know requests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fakes.cloudrun.fleet import Fleet
from fakes.cloudrun.service import Service
from fakes.cloudrun.waiting import Waiting
from fakes.seam import Surroundings


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to `service` `after_s` seconds from the start: a new revision with `fields` in place of the last
    one's and `traffic` per cent for it once it is up, or (`split` given) another split of the traffic.
    """

    service: str
    after_s: float
    fields: Mapping[str, Any] = field(default_factory=dict)
    traffic: int = 100
    split: Mapping[int, int] | None = None


class Rollouts:
    """Carries out the changes of a world."""

    def __init__(
        self,
        around: Surroundings,
        services: Mapping[str, Service[Waiting]],
        fleet: Fleet,
        changes: Sequence[Change],
    ) -> None:
        self._around = around
        self._services = services
        self._fleet = fleet
        self._changes = changes
        self._coming: dict[tuple[str, int], int] = {}
        fleet.on_ready = self._ready
        fleet.on_failed = self._failed
        latest = {name: service.latest for name, service in services.items()}
        known = dict.fromkeys(services, 1)
        for change in sorted(changes, key=lambda one: one.after_s):
            if change.service not in services:
                raise ValueError(f"rollout: no service {change.service!r}; there are {', '.join(sorted(services))}")
            if change.after_s < 0 or not 0 <= change.traffic <= 100:
                raise ValueError(
                    f"rollout of {change.service}: after_s={change.after_s}, traffic={change.traffic}; need 0 or more "
                    "seconds and 0 to 100 per cent"
                )
            if change.split is None:
                latest[change.service] = latest[change.service].changed(**change.fields)
                known[change.service] += 1
            elif sum(change.split.values()) != 100 or not set(change.split) <= set(range(1, known[change.service] + 1)):
                raise ValueError(
                    f"traffic of {change.service}: {dict(change.split)}; give per cents that add up to 100 for "
                    f"revisions 1 to {known[change.service]}"
                )

    def start(self) -> None:
        """Set the timers."""
        for change in self._changes:
            act = self._deploy if change.split is None else self._split
            self._around.call_later(change.after_s, partial(act, change))

    def _deploy(self, change: Change) -> None:
        service = self._services[change.service]
        number = service.deploy(service.latest.changed(**change.fields))
        revision = service.revisions[number]
        self._coming[change.service, number] = change.traffic
        self._say(change.service, number, "deploying")
        self._fleet.carry_out(change.service, revision.warm_up(max(1, revision.spec.min_instances)))

    def _ready(self, name: str, number: int) -> None:
        share = self._coming.pop((name, number), None)
        if share is None:
            return
        service = self._services[name]
        self._move(name, service.shifted(number, share) if share else dict(service.traffic))
        self._say(name, number, "ready")

    def _failed(self, name: str, number: int) -> None:
        if self._coming.pop((name, number), None) is not None:
            self._say(name, number, "failed")

    def _split(self, change: Change) -> None:
        assert change.split is not None  # `start` chose it by that
        self._move(change.service, change.split)
        self._say(change.service, max(change.split), "split")

    def _move(self, name: str, traffic: Mapping[int, int]) -> None:
        service = self._services[name]
        for number in service.split(traffic):
            self._fleet.withdraw(name, number)
        for number in service.traffic:
            self._fleet.carry_out(name, service.revisions[number].warm_up())

    def _say(self, name: str, number: int, what: str) -> None:
        service = self._services[name]
        traffic = {service.revision_name(each): share for each, share in service.traffic.items()}
        fields = {"service": name, "revision": service.revision_name(number), "event": what, "traffic": traffic}
        self._around.record("mark", name="rollout", fields=fields)
