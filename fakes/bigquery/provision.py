"""Datasets, tables and views of a topology file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fakes.bigquery.table_methods import from_resource

if TYPE_CHECKING:
    from fakes.bigquery.service import Service


def provision(service: Service, topology: Mapping[str, Any]) -> None:
    """Create what `topology["datasets"]` asks for; what exists already stays. Raises the vendor's errors.

    Views are made after all tables, and in the order of the file.
    """
    project = topology.get("project") or service.project
    service.project = project
    datasets = topology.get("datasets") or {}
    for name, spec in datasets.items():
        spec = spec or {}  # noqa: PLW2901 - an empty YAML node
        if (project, name) not in service.catalog.datasets:
            fields = {k: spec[k] for k in ("location", "labels", "description") if spec.get(k)}
            service.make_dataset(project, name, fields)
        for table, shape in (spec.get("tables") or {}).items():
            if service.catalog.find((project, name, table)) is None:
                service.catalog.add_table(from_resource(service, table_resource(table, shape or {}), project, name))
    for name, spec in datasets.items():
        for view, shape in ((spec or {}).get("views") or {}).items():
            if service.catalog.find((project, name, view)) is None:
                body = {"tableReference": {"tableId": view}, "view": {"query": shape["query"], "useLegacySql": False}}
                service.catalog.add_table(from_resource(service, body, project, name))


def table_resource(name: str, shape: Mapping[str, Any]) -> dict[str, Any]:
    """The REST `Table` that a topology's table means."""
    body: dict[str, Any] = {
        "tableReference": {"tableId": name},
        "schema": {"fields": [dict(f) for f in shape.get("schema") or ()]},
    }
    partition = shape.get("partition")
    if partition:
        if partition.get("type") == "RANGE":
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
