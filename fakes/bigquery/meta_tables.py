"""The meta-tables older than INFORMATION_SCHEMA: `dataset.__TABLES__` in SQL, `table$__PARTITIONS_SUMMARY__` in REST.

Python's `Client.list_partitions` reads the latter. Knows the catalog; the rest of what is known about partitions is
INFORMATION_SCHEMA's. Must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence

from fakes.bigquery import costs
from fakes.bigquery.catalog import Catalog, Table
from fakes.bigquery.errors import invalid
from fakes.bigquery.information_schema import Columns, Row, literal, partitions
from fakes.bigquery.sql.scope import Source
from fakes.bigquery.sql.types import INT64, STRING, TIMESTAMP

TABLES: Columns = [
    ("project_id", STRING), ("dataset_id", STRING), ("table_id", STRING), ("creation_time", INT64),
    ("last_modified_time", INT64), ("row_count", INT64), ("size_bytes", INT64), ("type", INT64),
]  # fmt: skip
TYPES = {"TABLE": 1, "VIEW": 2, "EXTERNAL": 3, "MATERIALIZED_VIEW": 4, "SNAPSHOT": 5}
SUMMARY = "__PARTITIONS_SUMMARY__"
SUMMARY_COLUMNS: Columns = [
    ("project_id", STRING), ("dataset_id", STRING), ("table_id", STRING), ("partition_id", STRING),
    ("creation_time", INT64), ("creation_timestamp", TIMESTAMP), ("last_modified_time", INT64),
    ("last_modified_timestamp", TIMESTAMP),
]  # fmt: skip


def is_tables(parts: Sequence[str]) -> bool:
    """Whether a table name means `dataset.__TABLES__`."""
    return parts[-1].upper().rsplit(".", maxsplit=1)[-1] == "__TABLES__"


def tables(catalog: Catalog, parts: Sequence[str], project: str, dataset: str) -> Source:
    """The tables of a dataset as a source of literal rows; raises 404 for a dataset that does not exist."""
    head = [x for p in parts for x in p.split(".")][:-1]
    owner = catalog.dataset(head[0] if len(head) > 1 else project, head[-1] if head else dataset, sql=True)
    rows: list[Row] = []
    for _, table in sorted(owner.tables.items()):
        count = catalog.engine.run(f"SELECT count(*) FROM {table.sql}")[0][0] if table.stored else 0
        rows.append({
            "project_id": table.id[0], "dataset_id": table.id[1], "table_id": table.id[2],
            "creation_time": table.created_ms, "last_modified_time": table.modified_ms, "row_count": count,
            "size_bytes": count * sum(costs.width(f) for f in table.schema), "type": TYPES.get(table.kind, 1),
        })  # fmt: skip
    return Source((owner.project, owner.name, "__TABLES__"), TABLES, sql=literal(TABLES, rows), wildcard=True)


def summary(catalog: Catalog, table: Table) -> str:
    """The partitions of `table`, which has such, as a DuckDB subquery; raises 400 `invalid` for another."""
    if table.partitioning is None and table.range_partitioning is None:
        raise invalid("Cannot read partition information from a table that is not partitioned")
    rows: list[Row] = [
        {
            "project_id": table.id[0], "dataset_id": table.id[1], "table_id": table.id[2],
            "partition_id": one["partition_id"], "creation_time": table.created_ms,
            "creation_timestamp": table.created_ms, "last_modified_time": table.modified_ms,
            "last_modified_timestamp": table.modified_ms,
        }
        for one in partitions(catalog, table)
    ]  # fmt: skip
    return literal(SUMMARY_COLUMNS, rows)
