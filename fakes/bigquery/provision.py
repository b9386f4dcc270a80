"""Datasets, tables and views of a topology file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fakes.bigquery.errors import ApiError
from fakes.bigquery.table_methods import from_resource
from fakes.topology import TopologyError, known, named

if TYPE_CHECKING:
    from fakes.bigquery.service import Service

_DESCRIBED = ("location", "labels", "description")
_DATASET_KEYS = {*_DESCRIBED, "tables", "views"}
_TABLE_KEYS = {"schema", "partition", "cluster", "description", "labels"}
_PARTITION_KEYS = {"type", "field", "start", "end", "interval", "require_filter"}


def provision(service: Service, topology: Mapping[str, Any]) -> None:
    """Create what `topology["datasets"]` asks for; what exists already stays.

    Views are made after all tables, and in the order of the file. Raises `TopologyError` with the place of what cannot
    be read, or the service would refuse.
    """
    project = topology.get("project") or service.project
    service.project = project
    datasets = named(topology.get("datasets"), "datasets")
    for name, spec in datasets.items():
        where = f"datasets.{name}"
        known(spec, _DATASET_KEYS, where)
        if (project, name) not in service.catalog.datasets:
            with _placed(where):
                service.make_dataset(project, name, {k: spec[k] for k in _DESCRIBED if spec.get(k)})
        for table, shape in named(spec.get("tables"), f"{where}.tables").items():
            if service.catalog.find((project, name, table)) is None:
                place = f"{where}.tables.{table}"
                with _placed(place):
                    body = _table_resource(table, known(shape, _TABLE_KEYS, place), place)
                    service.catalog.add_table(from_resource(service, body, project, name))
    for name, spec in datasets.items():
        for view, shape in named(spec.get("views"), f"datasets.{name}.views").items():
            if service.catalog.find((project, name, view)) is None:
                place = f"datasets.{name}.views.{view}"
                if not isinstance(known(shape, {"query"}, place).get("query"), str):
                    raise TopologyError(f"topology {place} has no query; give one, as in query: SELECT 1")
                body = {"tableReference": {"tableId": view}, "view": {"query": shape["query"], "useLegacySql": False}}
                with _placed(place):
                    service.catalog.add_table(from_resource(service, body, project, name))


@contextmanager
def _placed(where: str) -> Iterator[None]:
    """Say of what the service refuses where it was asked for."""
    try:
        yield
    except ApiError as error:
        raise TopologyError(f"topology {where}: the service refuses it ({error.message})") from error


def _table_resource(name: str, shape: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The REST `Table` that the topology's table at `where` means."""
    schema = shape.get("schema") or []
    if not isinstance(schema, list | tuple) or not all(isinstance(field, Mapping) for field in schema):
        raise TopologyError(f"topology {where}.schema is {schema!r}; it must be a list of {{name, type, mode}}")
    body: dict[str, Any] = {
        "tableReference": {"tableId": name},
        "schema": {"fields": [dict(field) for field in schema]},
    }
    partition = known(shape.get("partition"), _PARTITION_KEYS, f"{where}.partition")
    if partition:
        if partition.get("type") == "RANGE":
            if lacks := [key for key in ("field", "start", "end", "interval") if key not in partition]:
                raise TopologyError(f"topology {where}.partition is of type RANGE and has no {lacks[0]}")
            bounds = {k: str(partition[k]) for k in ("start", "end", "interval")}
            body["rangePartitioning"] = {"field": partition["field"], "range": bounds}
        else:
            body["timePartitioning"] = {
                "type": partition.get("type", "DAY"),
                **({"field": partition["field"]} if partition.get("field") else {}),
            }
        if partition.get("require_filter"):
            body["requirePartitionFilter"] = True
    if shape.get("cluster"):
        body["clustering"] = {"fields": list(shape["cluster"])}
    for key in ("description", "labels"):
        if shape.get(key):
            body[key] = shape[key]
    return body
