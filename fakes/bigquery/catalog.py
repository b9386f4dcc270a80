"""The catalog: projects, datasets, tables, views, routines, and where each table's rows are.

State only. Knows neither HTTP nor SQL text beyond what a view or a default is made of; the engine holds the rows.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fakes.bigquery.engine import Engine
from fakes.bigquery.errors import already_exists, invalid, not_found
from fakes.bigquery.sql import type_parameters
from fakes.bigquery.sql.scope import Source, TableId
from fakes.bigquery.sql.types import TIMESTAMP, Type, from_rest, quoted

BUFFER = "_wt_buffer"
"""Hidden column: until when (µs since the epoch) a streamed row is in the streaming buffer; NULL once it is not."""

DATE_PARTITIONS = {"DAY", "HOUR", "MONTH", "YEAR"}


@dataclass(slots=True)
class Table:
    """A table, view, materialised view or snapshot. `schema` is the REST schema's field list; `extra` other fields."""

    id: TableId
    kind: str
    schema: list[dict[str, Any]]
    created_ms: int
    modified_ms: int
    partitioning: dict[str, Any] | None = None
    range_partitioning: dict[str, Any] | None = None
    clustering: list[str] | None = None
    require_filter: bool = False
    view_query: str = ""
    expires_ms: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    version: int = 0
    changes: int = 0
    buffer_until_us: int = 0
    insert_ids: Any = None
    streamed: deque[tuple[int, int]] = field(default_factory=deque)
    counted: tuple[int, int] | None = None

    @property
    def columns(self) -> list[tuple[str, Type]]:
        """(name, type) of every column."""
        return [(f["name"], from_rest(f)) for f in self.schema]

    @property
    def sql(self) -> str:
        """The stored table in DuckDB's spelling."""
        return f"{quoted(self.id[0] + '.' + self.id[1])}.{quoted(self.id[2])}"

    @property
    def path(self) -> str:
        """`project:dataset.table`, as messages have it."""
        return f"{self.id[0]}:{self.id[1]}.{self.id[2]}"

    @property
    def stored(self) -> bool:
        """Whether rows are kept (views have none)."""
        return self.kind not in ("VIEW", "MATERIALIZED_VIEW")

    @property
    def ingestion_time(self) -> bool:
        """Partitioned by the time of arrival."""
        return self.partitioning is not None and not self.partitioning.get("field")

    @property
    def etag(self) -> str:
        """Changes with every change of the resource."""
        return f"{self.created_ms:x}-{self.modified_ms:x}-{self.version}-{self.changes}"

    def required(self) -> list[str]:
        """Names of the REQUIRED columns."""
        return [f["name"] for f in self.schema if str(f.get("mode", "")).upper() == "REQUIRED"]


@dataclass(slots=True)
class Dataset:
    """A dataset; `resource` holds the fields a client may set."""

    project: str
    name: str
    created_ms: int
    modified_ms: int
    resource: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    routines: dict[str, Any] = field(default_factory=dict)

    def table(self, name: str) -> Table | None:
        """The table of that name, whatever its case where the dataset is case-insensitive; None without one."""
        found = self.tables.get(name)
        if found is None and self.resource.get("isCaseInsensitive"):
            found = next((t for n, t in self.tables.items() if n.lower() == name.lower()), None)
        return found

    @property
    def location(self) -> str:
        """`US` unless it was made elsewhere."""
        return str(self.resource.get("location") or "US")

    @property
    def etag(self) -> str:
        """Changes with every change of the resource."""
        return f"{self.created_ms:x}-{self.modified_ms:x}"

    @property
    def path(self) -> str:
        """`project:dataset`, as messages have it."""
        return f"{self.project}:{self.name}"


class Catalog:
    """Everything that exists, and the engine that holds the rows."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.datasets: dict[tuple[str, str], Dataset] = {}
        self.generation = 0
        self.policies: dict[TableId, dict[str, Any]] = {}
        self.policy_changes = 0

    # ---- datasets

    def dataset(self, project: str, name: str, *, sql: bool = False) -> Dataset:
        """The dataset; raises 404 `notFound` (in a query's words for `sql`)."""
        found = self.datasets.get((project, name))
        if found is None:
            if not re.fullmatch(r"[\w-]+", name) or len(name) > 1024:
                raise invalid(
                    f'Invalid dataset ID "{name}". Dataset IDs must be alphanumeric (plus underscores and dashes) and'
                    " must be at most 1024 characters long.",
                    location=name,
                )
            raise not_found("Dataset", f"{project}:{name}", location="US" if sql else "")
        return found

    def add_dataset(self, dataset: Dataset) -> None:
        """Create `dataset`; raises 409 `duplicate`."""
        key = (dataset.project, dataset.name)
        if key in self.datasets:
            raise already_exists("Dataset", dataset.path)
        if not re.fullmatch(r"[A-Za-z0-9_]{1,1024}", dataset.name):
            raise invalid(
                f'Invalid dataset ID "{dataset.name}". Dataset IDs must be alphanumeric (plus underscores) and must be'
                " at most 1024 characters long."
            )
        self.engine.run(f"CREATE SCHEMA {quoted(dataset.project + '.' + dataset.name)}")
        self.datasets[key] = dataset
        self.generation += 1

    def drop_dataset(self, project: str, name: str, *, contents: bool) -> None:
        """Delete a dataset; raises 400 `resourceInUse` where it holds something and `contents` is false."""
        from fakes.bigquery.errors import ApiError

        dataset = self.dataset(project, name)
        if (dataset.tables or dataset.routines) and not contents:
            raise ApiError("resourceInUse", f"Dataset {dataset.path} is still in use")
        self.engine.run(f"DROP SCHEMA {quoted(project + '.' + name)} CASCADE")
        del self.datasets[project, name]
        for id in [id for id in self.policies if id[:2] == (project, name)]:
            del self.policies[id]
        self.generation += 1

    # ---- tables

    def table(self, id: TableId) -> Table:
        """The table; raises 404 `notFound`."""
        dataset = self.datasets.get((id[0], id[1]))
        if dataset is None:
            raise not_found("Dataset", f"{id[0]}:{id[1]}")
        found = dataset.table(id[2])
        if found is None:
            raise not_found("Table", f"{id[0]}:{id[1]}.{id[2]}")
        return found

    def find(self, id: TableId) -> Table | None:
        """The table, or None."""
        dataset = self.datasets.get((id[0], id[1]))
        return dataset.table(id[2]) if dataset else None

    def add_table(self, table: Table, *, replace: bool = False) -> None:
        """Create `table` with no rows; raises 404 for its dataset and 409 `duplicate`."""
        dataset = self.dataset(table.id[0], table.id[1])
        old = dataset.table(table.id[2])
        if old is not None:
            if not replace:
                raise already_exists("Table", table.path)
            self.drop_table(old, replaced=True)
        if not re.fullmatch(r"[\w\- \u0080-\uffff]{1,1024}", table.id[2]):
            raise invalid(f'Invalid table ID "{table.id[2]}".')
        check_schema(table)
        if table.stored:
            self.engine.run(f"CREATE TABLE {table.sql} ({self._definition(table)})")
        dataset.tables[table.id[2]] = table
        self.generation += 1
        table.version = self.generation

    @staticmethod
    def _definition(table: Table) -> str:
        required = set(table.required())
        parts = [f"{quoted(n)} {t.duck}{' NOT NULL' if n in required else ''}" for n, t in table.columns]
        if table.ingestion_time:
            parts.append('"_PARTITIONTIME" TIMESTAMPTZ')
        return ", ".join([*parts, f"{quoted(BUFFER)} BIGINT"])

    def drop_table(self, table: Table, *, replaced: bool = False) -> None:
        """Delete `table` and its rows, and its IAM policy unless another table takes its place."""
        if not replaced:
            self.policies.pop(table.id, None)
        if table.stored:
            self.engine.run(f"DROP TABLE {table.sql}")
        del self.datasets[table.id[0], table.id[1]].tables[table.id[2]]
        self.generation += 1

    def touch(self, table: Table, now_ms: int, *, schema: bool = False) -> None:
        """Note a change of `table`'s rows or, with `schema`, of its shape."""
        table.modified_ms = max(now_ms, table.modified_ms)
        table.changes += 1
        if schema:
            self.generation += 1
            table.version = self.generation

    # ---- what SQL sees

    def source(self, table: Table) -> Source:
        """`table` as the compiler sees it."""
        hidden: list[tuple[str, Type, str]] = []
        partition = ""
        aliases: tuple[str, ...] = ()
        if table.ingestion_time:
            hidden = [
                ("_PARTITIONTIME", TIMESTAMP, '{alias}."_PARTITIONTIME"'),
                ("_PARTITIONDATE", Type("DATE"), 'CAST({alias}."_PARTITIONTIME" AS DATE)'),
            ]
            partition, aliases = "_PARTITIONTIME", ("_PARTITIONDATE",)
        elif table.partitioning:
            partition = table.partitioning["field"]
        elif table.range_partitioning:
            partition = table.range_partitioning["field"]
        return Source(
            table.id,
            table.columns,
            sql="" if table.view_query else table.sql,
            hidden=hidden,
            view_query=table.view_query,
            partition_column=partition,
            partition_aliases=aliases,
            require_partition_filter=table.require_filter,
            defaults={f["name"]: d for f in table.schema if (d := f.get("defaultValueExpression"))},
            limits={f["name"]: f for f in table.schema if type_parameters.limited(f)},
            version=table.version,
        )


def check_schema(table: Table) -> None:
    """Raise the service's 400 for a schema, a partitioning or a clustering that does not hold together."""
    seen: set[str] = set()
    for one in table.schema:
        name = one.get("name", "")
        if not re.fullmatch(r"[^\W\d][\w\- ]*", name) or len(name) > 300:
            raise invalid(
                f'Invalid field name "{name}". Fields must contain the allowed characters, and be at most 300'
                " characters long. For allowed characters, please refer to"
                " https://cloud.google.com/bigquery/docs/schemas#column_names"
            )
        if name.lower() in seen:
            raise invalid(f"Field {name} already exists in schema")
        seen.add(name.lower())
        from_rest(one)
        type_parameters.check(one)
    for name in table.clustering or ():
        if name.lower() not in seen:
            raise invalid(f"The field specified for clustering cannot be found in the schema. Invalid field: {name}.")
    for partition in (table.partitioning, table.range_partitioning):
        name = (partition or {}).get("field")
        if name and name.lower() not in seen:
            raise invalid(f"The field specified for partitioning cannot be found in the schema: {name}")


def split_path(parts: Sequence[str], project: str, dataset: str) -> TableId:
    """(project, dataset, table) of 1–3 name parts, filled from the defaults."""
    if len(parts) == 1 and not dataset:
        raise invalid(f'Table "{parts[0]}" must be qualified with a dataset (e.g. dataset.table).', location=parts[0])
    if len(parts) > 3:
        return (".".join(parts[:-2]), parts[-2], parts[-1])
    head = [project, dataset][: 3 - len(parts)] if len(parts) < 3 else []
    full = [*head, *parts]
    return (full[0], full[1], full[2])
