"""One service: its revisions and how traffic is split among them.

A pure state machine like its revisions. Imitated: https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration
– a new revision gets traffic only once an instance of it has come up; one that never does leaves the traffic where it
was; a rollback is a change of the split. It must not know HTTP or the clock.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Generic, TypeVar

from fakes.cloudrun.deployment import Deployment
from fakes.cloudrun.revision import Revision

Request = TypeVar("Request")


class Service(Generic[Request]):
    """The revisions of a service by number, from 1. Instance numbers count up through all of them."""

    def __init__(self, spec: Deployment) -> None:
        self.name = spec.name
        self._numbers = itertools.count()
        self.revisions: dict[int, Revision[Request]] = {1: self._revision(spec)}
        self.traffic: dict[int, int] = {1: 100}
        self._revision_of: dict[int, int] = {}

    def _revision(self, spec: Deployment) -> Revision[Request]:
        number = max(self.revisions, default=0) + 1 if hasattr(self, "revisions") else 1

        def count() -> int:
            instance = next(self._numbers)
            self._revision_of[instance] = number
            return instance

        return Revision(spec, count)

    @property
    def latest(self) -> Deployment:
        """The configuration that the next revision starts from."""
        return self.revisions[max(self.revisions)].spec

    def revision_name(self, number: int) -> str:
        """The name Cloud Run gives it: `service-00001`."""
        return f"{self.name}-{number:05d}"

    def revision_of(self, instance: int) -> int:
        """The revision that an instance belongs to."""
        return self._revision_of[instance]

    def deploy(self, spec: Deployment) -> int:
        """Add a revision that has no traffic yet; return its number."""
        revision = self._revision(spec)
        revision.serving = False
        number = max(self.revisions) + 1
        self.revisions[number] = revision
        return number

    def split(self, traffic: Mapping[int, int]) -> list[int]:
        """Send `traffic` (revision -> per cent, 100 in all) from now on; return the revisions that have lost theirs."""
        unknown = sorted(set(traffic) - set(self.revisions))
        if unknown or sum(traffic.values()) != 100 or min(traffic.values(), default=0) < 0:
            raise ValueError(
                f"service {self.name}: traffic {dict(traffic)}; give per cents that add up to 100 for the revisions "
                f"{sorted(self.revisions)}"
            )
        before = {number for number, share in self.traffic.items() if share}
        self.traffic = {number: share for number, share in sorted(traffic.items()) if share}
        for number in self.traffic:
            self.revisions[number].serving = True
        return sorted(before - set(self.traffic))

    def shifted(self, number: int, share: int) -> dict[int, int]:
        """The split that gives `share` per cent to revision `number` and the rest to the others as it is now."""
        others = {other: part for other, part in self.traffic.items() if other != number}
        left = 100 - share
        whole = sum(others.values())
        if not others or not left:
            return {number: 100}
        parts = {other: part * left // whole for other, part in others.items()}
        parts[max(parts)] += left - sum(parts.values())
        return {**parts, number: share}

    def choose(self, dice: float) -> int:
        """The revision of a request; `dice` is from 0 up to 1."""
        point = dice * 100
        for number, share in self.traffic.items():
            if point < share:
                return number
            point -= share
        return max(self.traffic)
