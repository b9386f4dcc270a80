"""Its world: a warehouse that keeps a past, and a worker."""

from typing import Any


def build(tunnel: Any) -> None:
    tunnel.backend("bigquery", project="warehouse-project", history_s=3600)
    tunnel.worker("reader", main="warehouse.workers:read")
