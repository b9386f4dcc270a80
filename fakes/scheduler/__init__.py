"""Cloud Scheduler: cron jobs that POST to services.

Imitated: https://cloud.google.com/scheduler/docs – cron lines by the wall clock of a time zone, an attempt deadline
(180 s unless said), retries with exponential back-off only where a job asks for them; any status outside 2xx is a
failure. It must not know who listens at the URL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fakes.journal import Journal
from fakes.scheduler.job import Job
from fakes.scheduler.scheduler import Scheduler
from fakes.seam import Surroundings


def create(
    around: Surroundings,
    *,
    jobs: Sequence[Mapping[str, Any]] = (),
    project: str = "windtunnel",
    location: str = "us-west2",
    data: str | Path | None = None,
) -> Scheduler:
    """Make a scheduler that runs `jobs` (each the fields of `Job`); ValueError names the job and what is wrong.

    `data` is a folder to keep in, and to take from, which jobs are paused and how they went last; OSError where that
    cannot be used.
    """
    made = []
    for fields in jobs:
        try:
            made.append(Job(**fields))
        except TypeError as error:
            raise ValueError(
                f"schedule {fields.get('name')}: {error}; the fields are those of tunnel.schedule"
            ) from None
    return Scheduler(around, tuple(made), project, location, Journal(Path(data)) if data is not None else None)


__all__ = ["Job", "Scheduler", "create"]
