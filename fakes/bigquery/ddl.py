"""DDL: statements that change the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes.bigquery.errors import Unsupported

if TYPE_CHECKING:
    from fakes.bigquery.jobs import Job
    from fakes.bigquery.queries import Queries
    from fakes.bigquery.sql.plan import Plan


def run(queries: Queries, job: Job, plan: Plan) -> None:
    """Run a DDL statement at the job's end."""
    raise Unsupported(plan.kind)
