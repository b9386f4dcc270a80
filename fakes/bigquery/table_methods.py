"""tables.*: create, read, change and delete tables and views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fakes.bigquery import anonymous, costs, destinations, meta_tables
from fakes.bigquery.catalog import Table, check_schema
from fakes.bigquery.dataset_methods import check_etag, merged
from fakes.bigquery.errors import ApiError, Unsupported, invalid
from fakes.bigquery.paging import page
from fakes.bigquery.sight import drifted
from fakes.bigquery.sql.types import from_rest, quoted

if TYPE_CHECKING:
    from fakes.bigquery.front import Request
    from fakes.bigquery.service import Service

SETTABLE = ("friendlyName", "description", "labels", "encryptionConfiguration", "defaultCollation", "resourceTags",
            "tableConstraints", "maxStaleness")  # fmt: skip


def resource(service: Service, table: Table) -> dict[str, Any]:
    """The vendor's `Table`."""
    project, dataset, name = table.id
    rows = costs.row_count(service, table)
    size = rows * sum(costs.width(f) for f in table.schema)
    found: dict[str, Any] = {
        "kind": "bigquery#table",
        "etag": table.etag,
        "id": table.path,
        "selfLink": f"https://bigquery.googleapis.com/bigquery/v2/projects/{project}/datasets/{dataset}/tables/{name}",
        "tableReference": {"projectId": project, "datasetId": dataset, "tableId": name},
        "schema": {"fields": table.schema},
        "numBytes": str(size),
        "numLongTermBytes": "0",
        "numRows": str(rows),
        "creationTime": str(table.created_ms),
        "lastModifiedTime": str(table.modified_ms),
        "type": table.kind,
        "location": service.catalog.datasets[project, dataset].location,
        "numTotalLogicalBytes": str(size),
        "numActiveLogicalBytes": str(size),
        "numLongTermLogicalBytes": "0",
        **table.extra,
        **shape(table),
    }
    if not table.schema:
        del found["schema"]
    if table.expires_ms is not None:
        found["expirationTime"] = str(table.expires_ms)
    now_us = service.around.now_ns() // 1_000
    if table.buffer_until_us > now_us:
        waiting = service.engine.run(
            f'SELECT count(*), min("_wt_buffer") FROM {table.sql} WHERE "_wt_buffer" > $now', {"now": now_us}
        )[0]
        if waiting[0]:
            found["streamingBuffer"] = {
                "estimatedRows": str(waiting[0]),
                "estimatedBytes": str(waiting[0] * sum(costs.width(f) for f in table.schema)),
                "oldestEntryTime": str(table.modified_ms),
            }
    return found


def shape(table: Table) -> dict[str, Any]:
    """The fields of a `Table` that say how it is laid out."""
    found: dict[str, Any] = {}
    if table.partitioning is not None:
        found["timePartitioning"] = table.partitioning
    if table.range_partitioning is not None:
        found["rangePartitioning"] = table.range_partitioning
    if table.clustering:
        found["clustering"] = {"fields": table.clustering}
    if table.require_filter:
        found["requirePartitionFilter"] = True
    if table.kind == "VIEW":
        found["view"] = {"query": table.view_query, "useLegacySql": False}
    if table.kind == "MATERIALIZED_VIEW":
        refresh = {"enableRefresh": True, "refreshIntervalMs": "1800000"}
        found["materializedView"] = {"query": table.view_query, **refresh, **table.extra.get("materializedView", {})}
    return found


def list_all(service: Service, request: Request) -> dict[str, Any]:
    """tables.list."""
    with service.lock:
        service.settle()
        dataset = service.catalog.dataset(*request.path)
        found = [t for _, t in sorted(dataset.tables.items())]
        shown, token = page(found, request)
        answer: dict[str, Any] = {"kind": "bigquery#tableList", "etag": f"{service.catalog.generation:x}"}
        if token:
            answer["nextPageToken"] = token
        if shown:
            answer["tables"] = [_summary(t) for t in shown]
        answer["totalItems"] = len(found)
        return answer


def _summary(table: Table) -> dict[str, Any]:
    project, dataset, name = table.id
    found: dict[str, Any] = {
        "kind": "bigquery#table",
        "id": table.path,
        "tableReference": {"projectId": project, "datasetId": dataset, "tableId": name},
        "type": table.kind,
        "creationTime": str(table.created_ms),
        **{k: v for k, v in shape(table).items() if k not in ("view", "materializedView")},
        **{k: v for k, v in table.extra.items() if k in ("labels", "friendlyName")},
    }
    if table.kind == "VIEW":
        found["view"] = {"useLegacySql": False}
    if table.expires_ms is not None:
        found["expirationTime"] = str(table.expires_ms)
    return found


def insert(service: Service, request: Request) -> dict[str, Any]:
    """tables.insert."""
    with service.lock:
        service.settle()
        table = from_resource(service, request.body, request.path[0], request.path[1])
        service.catalog.add_table(table)
        return resource(service, table)


def from_resource(service: Service, body: Mapping[str, Any], project: str, dataset: str) -> Table:
    """The table that a REST `Table` describes; raises the vendor's errors."""
    reference = body.get("tableReference") or {}
    name = reference.get("tableId")
    if not name:
        raise ApiError("required", "Required parameter is missing: tableReference.tableId")
    id = (reference.get("projectId") or project, reference.get("datasetId") or dataset, name)
    owner = service.catalog.dataset(id[0], id[1])
    if body.get("externalDataConfiguration"):
        raise Unsupported("external tables")
    now_ms = service.now_ms
    kind, view_query = "TABLE", ""
    fields = normal_fields((body.get("schema") or {}).get("fields") or [])
    for key, view_kind in (("view", "VIEW"), ("materializedView", "MATERIALIZED_VIEW")):
        if body.get(key):
            if body[key].get("useLegacySql", False) is True:
                raise Unsupported("views in legacy SQL")
            kind, view_query = view_kind, body[key]["query"]
            plan = service.analysis.plan(view_query.rstrip().rstrip(";"), id[0], "", of_view=True)
            described = {f["name"].lower(): f for f in fields}
            fields = [t.rest(n) | _described(described.get(n.lower())) for n, t in plan.columns]
    partitioning = body.get("timePartitioning")
    expires = body.get("expirationTime")
    if expires is None and owner.resource.get("defaultTableExpirationMs"):
        expires = now_ms + int(owner.resource["defaultTableExpirationMs"])
    return Table(
        id, kind, fields, now_ms, now_ms,
        partitioning=normal_partitioning(partitioning),
        range_partitioning=body.get("rangePartitioning"),
        clustering=(body.get("clustering") or {}).get("fields"),
        require_filter=bool(body.get("requirePartitionFilter") or (partitioning or {}).get("requirePartitionFilter")),
        view_query=view_query,
        expires_ms=int(expires) if expires is not None else None,
        extra={k: body[k] for k in SETTABLE if body.get(k)} | _refresh(body),
    )  # fmt: skip


def _refresh(body: Mapping[str, Any]) -> dict[str, Any]:
    """How a materialised view is said to be refreshed; here it is never stale."""
    given = body.get("materializedView") or {}
    kept = ("enableRefresh", "refreshIntervalMs", "maxStaleness", "allowNonIncrementalDefinition")
    found = {name: given[name] for name in kept if given.get(name) is not None}
    return {"materializedView": found} if found else {}


def _described(field: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"description": field["description"]} if field and field.get("description") else {}


def normal_partitioning(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """`timePartitioning` with its type in place; raises 400 `invalid` for an unknown one."""
    if given is None:
        return None
    kind = given.get("type") or "DAY"
    if kind not in ("DAY", "HOUR", "MONTH", "YEAR"):
        raise invalid(f"Invalid value for type: {kind} is not a valid value")
    return {"type": kind, **{k: v for k, v in given.items() if k in ("field", "expirationMs") and v is not None}}


def normal_fields(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Schema fields with the vendor's legacy type names."""
    normal = []
    for field in fields:
        if "name" not in field or "type" not in field:
            raise ApiError("required", "Required parameter is missing: schema.fields.name and .type")
        kind = from_rest({**field, "mode": "NULLABLE"})
        one = {**field, "type": kind.rest("x")["type"]}
        if field.get("fields"):
            one["fields"] = normal_fields(field["fields"])
        if field.get("mode"):
            one["mode"] = str(field["mode"]).upper()
        if not (one.get("policyTags") or {}).get("names"):
            one.pop("policyTags", None)
        normal.append({k: v for k, v in one.items() if v is not None})
    return normal


def get(service: Service, request: Request) -> dict[str, Any]:
    """tables.get."""
    with service.lock:
        service.settle()
        project, dataset, name = request.path
        if dataset == anonymous.DATASET:
            return anonymous.get(service, request)
        plain, _, decorator = name.partition("$")
        table = service.catalog.table((project, dataset, plain))
        shown = resource(service, drifted(table, request.sight.way))
        if decorator == meta_tables.SUMMARY:
            shown["tableReference"] = {**shown["tableReference"], "tableId": name}
            shown["schema"] = {"fields": [t.rest(n) for n, t in meta_tables.SUMMARY_COLUMNS]}
        return shown


def patch(service: Service, request: Request) -> dict[str, Any]:
    """tables.patch: given fields change, null removes one."""
    return _change(service, request, replace=False)


def update(service: Service, request: Request) -> dict[str, Any]:
    """tables.update: fields that are not given are removed."""
    return _change(service, request, replace=True)


def _change(service: Service, request: Request, *, replace: bool) -> dict[str, Any]:
    body = request.body
    with service.lock:
        now_ns = service.settle()
        project, dataset, name = request.path
        table = service.catalog.table((project, dataset, name))
        check_etag(request, table.etag)
        service.weather.table_update(table.id, now_ns)
        if (body.get("schema") or {}).get("fields"):
            change_schema(service, table, normal_fields(body["schema"]["fields"]))
        for key, view_kind in (("view", "VIEW"), ("materializedView", "MATERIALIZED_VIEW")):
            if (body.get(key) or {}).get("query") and table.kind == view_kind:
                plan = service.analysis.plan(body[key]["query"], project, "", of_view=True)
                table.view_query = body[key]["query"]
                table.schema = [t.rest(n) for n, t in plan.columns]
        kept = {} if replace else dict(table.extra)
        if refresh := _refresh(body):
            kept["materializedView"] = {**table.extra.get("materializedView", {}), **refresh["materializedView"]}
        for key in SETTABLE:
            if key in body:
                kept[key] = merged(kept.get(key), body[key])
        table.extra = {k: v for k, v in kept.items() if v is not None}
        if "expirationTime" in body:
            table.expires_ms = int(body["expirationTime"]) if body["expirationTime"] is not None else None
        if "requirePartitionFilter" in body:
            table.require_filter = bool(body["requirePartitionFilter"])
        if body.get("timePartitioning") and table.partitioning is not None:
            table.partitioning |= {
                k: v for k, v in body["timePartitioning"].items() if k in ("expirationMs",) and v is not None
            }
            if "requirePartitionFilter" in body["timePartitioning"]:
                table.require_filter = bool(body["timePartitioning"]["requirePartitionFilter"])
        if "clustering" in body:
            table.clustering = (body["clustering"] or {}).get("fields")
            check_schema(table)
        service.catalog.touch(table, now_ns // 1_000_000, schema=True)
        return resource(service, table)


def change_schema(service: Service, table: Table, fields: list[dict[str, Any]]) -> None:
    """Give `table` a new schema: columns may be added and relaxed, nothing else."""
    new = {f["name"].lower(): f for f in fields}
    now_ms = service.now_ms
    for old in list(table.schema):
        one = new.get(old["name"].lower())
        if one is None:
            raise invalid(
                f"Provided Schema does not match Table {table.path}. Field {old['name']} is missing in new schema"
            )
        if from_rest(old) != from_rest(one):
            _change_type(service, table, old, one)
            continue
        was, now = str(old.get("mode") or "NULLABLE"), str(one.get("mode") or "NULLABLE")
        if was == "NULLABLE" and now == "REQUIRED":
            raise invalid(
                f"Provided Schema does not match Table {table.path}. Field {old['name']} has changed mode from NULLABLE"
                " to REQUIRED"
            )
        if was == "REQUIRED" and now != "REQUIRED":
            destinations.relax(service, table, old, now_ms)
        for key in ("description", "policyTags", "defaultValueExpression"):
            if key in one:
                old[key] = one[key]
            else:
                old.pop(key, None)
    known = {f["name"].lower() for f in table.schema}
    for one in fields:
        if one["name"].lower() not in known:
            if str(one.get("mode", "")).upper() == "REQUIRED":
                raise invalid(
                    f"Provided Schema does not match Table {table.path}. Cannot add required fields to an existing"
                    f" schema. (field: {one['name']})"
                )
            destinations.add_column(service, table, one, now_ms)


def _change_type(service: Service, table: Table, old: dict[str, Any], new: dict[str, Any]) -> None:
    was, now = from_rest(old), from_rest(new)
    inner_was = was.item if was.kind == "ARRAY" and was.item else was
    inner_now = now.item if now.kind == "ARRAY" and now.item else now
    fields = dict(inner_now.named_fields)
    added = inner_was.kind == inner_now.kind == "STRUCT" and all(fields.get(n) == t for n, t in inner_was.named_fields)
    if not added or was.kind != now.kind:
        raise invalid(
            f"Provided Schema does not match Table {table.path}. Field {old['name']} has changed type from"
            f" {was.rest('x')['type']} to {now.rest('x')['type']}"
        )
    column = quoted(old["name"])
    service.engine.run(f"ALTER TABLE {table.sql} ALTER COLUMN {column} SET DATA TYPE {now.duck}")
    old.clear()
    old.update(new)


def delete(service: Service, request: Request) -> None:
    """tables.delete; with a decorator it deletes one partition."""
    with service.lock:
        now_ns = service.settle()
        project, dataset, name = request.path
        plain, dollar, decorator = name.partition("$")
        table = service.catalog.table((project, dataset, plain))
        if dollar:
            destinations.delete_partition(service, table, decorator)
            service.catalog.touch(table, now_ns // 1_000_000)
            return
        service.remember(table, now_ns, append=False)
        service.catalog.drop_table(table)
