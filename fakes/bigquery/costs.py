"""What a query costs: bytes processed and billed, and the limit that a job may set.

https://cloud.google.com/bigquery/docs/estimate-costs gives the sizes of types and the rounding. Sizes of text are taken
as 8 bytes a value, partitions and clusters are not pruned: figures are of the right order, not to the byte.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fakes.bigquery.errors import ApiError

if TYPE_CHECKING:
    from fakes.bigquery.catalog import Table
    from fakes.bigquery.jobs import Job, Result
    from fakes.bigquery.service import Service
    from fakes.bigquery.sql.plan import Plan

MB = 1 << 20
LEAST_BILLED = 10 * MB
"""Of each table that a query reads."""
WIDTHS = {"INTEGER": 8, "FLOAT": 8, "BOOLEAN": 1, "DATE": 8, "TIMESTAMP": 8, "DATETIME": 8, "TIME": 8, "NUMERIC": 16,
          "BIGNUMERIC": 32, "INTERVAL": 16, "GEOGRAPHY": 40}  # fmt: skip
"""Bytes of a value by REST type; others count as text."""
TEXT_WIDTH = 10
"""Two bytes and the text, which is taken to have eight."""


def width(field: Mapping[str, Any]) -> int:
    """Bytes of one value of a REST schema field."""
    if field.get("fields"):
        return sum(width(f) for f in field["fields"])
    return WIDTHS.get(str(field.get("type")), TEXT_WIDTH)


def check_size(service: Service, result: Result) -> None:
    """Raise `responseTooLarge` for rows that are more than a query without a destination may return."""
    allowed = service.weather.limits.result_bytes
    if len(result.rows) * sum(width(kind.rest(name)) for name, kind in result.columns) > allowed:
        raise ApiError(
            "responseTooLarge",
            "Response too large to return. Consider specifying a destination table in your job configuration. For more"
            " details, see https://cloud.google.com/bigquery/docs/error-messages",
        )


def row_count(service: Service, table: Table) -> int:
    """How many rows `table` has, counted again only after a change."""
    if not table.stored:
        return 0
    if table.counted is None or table.counted[0] != table.changes:
        table.counted = (table.changes, int(service.engine.run(f"SELECT count(*) FROM {table.sql}")[0][0]))
    return table.counted[1]


def estimate(service: Service, job: Job, plan: Plan, text: str) -> None:
    """Note what the statement `text` of `job` processes and bills; raises where that is more than the job allows."""
    if plan.kind != "SELECT" and not plan.dml:
        return
    tables = {id: t for s in plan.sources if (t := service.catalog.find(s.id)) is not None for id in [s.id]}
    if plan.mutating and plan.target and (target := service.catalog.find(plan.target)) is not None:
        tables[plan.target] = target
    words = set(re.findall(r"\w+", text.lower()))
    star = re.search(r"(?<!COUNT\()\*\s*(?:,|\bFROM\b|\bEXCEPT\b|\bREPLACE\b)", text, re.I) is not None
    processed = billed = 0
    for id, table in tables.items():
        whole = star or (plan.mutating and id == plan.target)
        read = sum(width(f) for f in table.schema if whole or f["name"].lower() in words)
        size = row_count(service, table) * read
        processed += size
        billed += max(LEAST_BILLED, -(-size // MB) * MB)
    job.statistics["bytes"] = job.statistics.get("bytes", 0) + processed
    job.statistics["billed"] = job.statistics.get("billed", 0) + billed
    allowed = job.config["query"].get("maximumBytesBilled")
    if allowed is not None and billed > int(allowed):
        raise ApiError(
            "bytesBilledLimitExceeded",
            f"Query exceeded limit for bytes billed: {int(allowed)}. {billed} or higher required.",
        )
