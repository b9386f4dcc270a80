"""Extract and copy jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes.bigquery.errors import Unsupported
from fakes.bigquery.jobs import Job

if TYPE_CHECKING:
    from fakes.bigquery.service import Service


def prepare(service: Service, job: Job) -> None:
    """Check an extract or copy job and schedule it."""
    raise Unsupported(f"{job.kind.lower()} jobs")
