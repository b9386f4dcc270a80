"""How a revision of a service is deployed: the numbers of Cloud Run, checked once, and nothing that moves.

Defaults and bounds are the service's (https://cloud.google.com/run/docs/configuring and
https://cloud.google.com/run/quotas) unless said otherwise. It must not know instances or requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

PENDING_MINIMUM_S = 10.0
PENDING_PER_START = 3.5
"""A request waits "up to 3.5 times average startup time of container instances of this service, or 10 seconds,
whichever is greater" (https://cloud.google.com/run/docs/about-instance-autoscaling)."""

IDLE_S = 900.0
"""Idle instances are kept up to 15 minutes (the same page)."""

GRACE_S = 10.0
"""From SIGTERM to SIGKILL (https://cloud.google.com/run/docs/container-contract)."""

LARGEST_MESSAGE_BYTES = 32 * 1024 * 1024
"""Of a request or of a response over HTTP/1 (https://cloud.google.com/run/quotas)."""

LONGEST_REQUEST_S = 3600.0
LONGEST_EVENT_S = 540.0
"""An event-driven Cloud Function has nine minutes (https://cloud.google.com/functions/quotas)."""

STARTUP_LIMIT_S = 240.0
"""The default TCP start-up probe: one try of at most 240 s
(https://cloud.google.com/run/docs/configuring/healthchecks)."""

MOST_CONCURRENCY = 1000
SMALLEST_MEMORY_MIB = 128
LARGEST_MEMORY_MIB = 32 * 1024


@dataclass(frozen=True, slots=True)
class Probe:
    """An HTTP probe: GET `path` every `period_s`, at most `timeout_s` for the answer; `failure_threshold` failures in a
    row kill the instance. Any status from 200 to 399 is well. Defaults are Cloud Run's.
    """

    path: str
    period_s: float = 10.0
    timeout_s: float = 1.0
    failure_threshold: int = 3
    initial_delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Deployment:
    """One revision's configuration.

    `cold_start_s` is from the start of an instance to its listening, in seconds (ours, and the world's to say). `cpu`
    is `always` (instance-based billing) or `request` (CPU only while a request is being served; the service's own
    default, and not ours, since a world without it is easier to read). `memory_mib` is the limit, `memory` what is
    held: a request path -> MiB while such a request is served, "" -> MiB that an idle instance holds.
    `lifetime_s` ends an instance after so long, as maintenance does. `events` is the topic of an Eventarc trigger:
    Pub/Sub pushes come as CloudEvents of it, and a request has 540 s at most.
    """

    name: str
    min_instances: int = 0
    max_instances: int = 100
    concurrency: int = 80
    request_timeout_s: float = 300.0
    cold_start_s: float = 4.0
    cpu: Literal["always", "request"] = "always"
    memory_mib: float = 512.0
    memory: Mapping[str, float] = field(default_factory=dict)
    startup_probe: Probe | None = None
    liveness_probe: Probe | None = None
    lifetime_s: float | None = None
    events: str = ""

    def __post_init__(self) -> None:
        def wrong(what: str, need: str) -> ValueError:
            return ValueError(f"service {self.name}: {what}; need {need}")

        if not 0 <= self.min_instances <= self.max_instances or self.max_instances < 1:
            raise wrong(
                f"min_instances={self.min_instances}, max_instances={self.max_instances}",
                "0 <= min <= max and max >= 1",
            )
        if not 1 <= self.concurrency <= MOST_CONCURRENCY:
            raise wrong(f"concurrency={self.concurrency}", f"1 to {MOST_CONCURRENCY}, Cloud Run's most")
        longest_s = LONGEST_EVENT_S if self.events else LONGEST_REQUEST_S
        if not 1 <= self.request_timeout_s <= longest_s:
            raise wrong(f"request_timeout_s={self.request_timeout_s}", f"1 to {longest_s:.0f}")
        if self.cold_start_s < 0:
            raise wrong(f"cold_start_s={self.cold_start_s}", "0 or more")
        if self.cpu not in ("always", "request"):
            raise wrong(f"cpu={self.cpu!r}", "'always' or 'request'")
        if not SMALLEST_MEMORY_MIB <= self.memory_mib <= LARGEST_MEMORY_MIB:
            raise wrong(f"memory_mib={self.memory_mib}", f"{SMALLEST_MEMORY_MIB} to {LARGEST_MEMORY_MIB}")
        for path, mib in self.memory.items():
            if path and not path.startswith("/"):
                raise wrong(f"memory {path!r}", "a request path (/process), or '' for an idle instance")
            if mib < 0:
                raise wrong(f"memory {path!r}={mib}", "0 MiB or more")
        if self.lifetime_s is not None and self.lifetime_s <= 0:
            raise wrong(f"lifetime_s={self.lifetime_s}", "more than 0, or None")

    @property
    def pending_limit_s(self) -> float:
        """How long a request may wait for an instance."""
        return max(PENDING_MINIMUM_S, PENDING_PER_START * self.cold_start_s)

    def changed(self, **fields: Any) -> Deployment:
        """The next revision: this one with `fields` in place of its own."""
        try:
            return replace(self, **_read(self.name, fields))
        except TypeError as error:
            raise ValueError(f"service {self.name}: {error}; the fields are those of tunnel.service") from None


def deployment(name: str, fields: Mapping[str, Any]) -> Deployment:
    """Read a world's declaration; ValueError names the service, the field and the remedy."""
    try:
        return Deployment(name=name, **_read(name, fields))
    except TypeError as error:
        raise ValueError(f"service {name}: {error}; the fields are those of tunnel.service") from None


def _read(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    read = dict(fields)
    for which in ("startup_probe", "liveness_probe"):
        given = read.get(which)
        if isinstance(given, str):
            given = {"path": given}
        if isinstance(given, Mapping):
            try:
                given = Probe(**given)
            except TypeError as error:
                raise ValueError(f"service {name}: {which}: {error}; give a path, or a mapping with one") from None
        if given is not None:
            read[which] = given
    return read
