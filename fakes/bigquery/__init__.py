"""BigQuery: the REST API over an engine of its own, right about retries, quotas and the clock."""

from fakes.bigquery.backend import BigQuery, create

__all__ = ["BigQuery", "create"]
