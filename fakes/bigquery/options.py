"""OPTIONS (…), PARTITION BY and CLUSTER BY of a DDL statement, as REST fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlglot import exp

from fakes.bigquery.catalog import Table
from fakes.bigquery.errors import Unsupported, invalid_query
from fakes.bigquery.sql import moments
from fakes.bigquery.sql.scope import TableId

N = TypeVar("N", bound=exp.Expression)


def properties(node: exp.Expression) -> list[exp.Expression]:
    """Every property of a statement."""
    found = node.args.get("properties")
    return list(found.expressions) if found is not None else []


def first(node: exp.Expression, kind: type[N]) -> N | None:
    """The property of that kind, or None."""
    return next((p for p in properties(node) if isinstance(p, kind)), None)


def has(node: exp.Expression, kind: type[exp.Expression]) -> bool:
    """Whether there is a property of that kind."""
    return first(node, kind) is not None


def value_of(node: exp.Expression) -> Any:
    """The Python value of an option's literal."""
    match node:
        case exp.Literal():
            return node.this if node.is_string else float(node.this) if "." in node.this else int(node.this)
        case exp.RawString():
            return node.this
        case exp.Boolean():
            return bool(node.this)
        case exp.Null():
            return None
        case exp.Array() | exp.Tuple():
            return [value_of(e) for e in node.expressions]
        case exp.Neg():
            return -value_of(node.this)
        case exp.Cast():
            return node
        case exp.Paren():
            return value_of(node.this)
        case _:
            return node


def settings(node: exp.Expression) -> dict[str, Any]:
    """Option values by lower-case name, of a CREATE or an ALTER … SET OPTIONS."""
    found: dict[str, Any] = {}
    items = properties(node)
    if isinstance(node, exp.AlterSet):
        items = [p for e in node.expressions for p in (e.expressions if isinstance(e, exp.Properties) else [e])]
    for one in items:
        if type(one) is exp.Property:
            found[one.name.lower()] = value_of(one.args["value"])
        elif isinstance(one, exp.LocationProperty):
            found["location"] = one.this.name
        elif isinstance(one, exp.FileFormatProperty):
            found["format"] = one.this.name
    return found


def labels(value: Any) -> dict[str, str]:
    """Labels given as an array of pairs."""
    return dict(value)


def dataset(node: exp.Expression) -> dict[str, Any]:
    """REST fields of a dataset's options."""
    given = settings(node)
    if isinstance(node, exp.Alter):
        for action in node.args.get("actions") or ():
            given |= settings(action)
    found: dict[str, Any] = {}
    for key, value in given.items():
        match key:
            case "location":
                found["location"] = value
            case "description":
                found["description"] = value
            case "friendly_name":
                found["friendlyName"] = value
            case "labels":
                found["labels"] = labels(value)
            case "default_table_expiration_days":
                found["defaultTableExpirationMs"] = str(int(value * 86_400_000))
            case "default_partition_expiration_days" | "max_time_travel_hours" | "storage_billing_model":
                continue
            case _:
                raise Unsupported(f"schema option {key}")
    return found


def table(node: exp.Expression) -> dict[str, Any]:
    """REST fields of a table's or view's options."""
    found: dict[str, Any] = {}
    for key, value in settings(node).items():
        match key:
            case "description":
                found["description"] = value
            case "friendly_name":
                found["friendlyName"] = value
            case "labels":
                found["labels"] = labels(value)
            case "enable_refresh" | "refresh_interval_minutes" | "max_staleness" | "allow_non_incremental_definition":
                continue
            case "require_partition_filter" | "partition_expiration_days" | "expiration_timestamp":
                continue
            case _:
                raise Unsupported(f"table option {key}")
    return found


def expiration_ms(node: exp.Expression) -> int | None:
    """`expiration_timestamp` in ms, None without one."""
    value = settings(node).get("expiration_timestamp")
    if isinstance(value, exp.Cast) and isinstance(value.this, exp.Literal):
        return moments.timestamp_us(value.this.this) // 1_000
    if value is None:
        return None
    raise Unsupported("expiration_timestamp that is no TIMESTAMP literal")


def apply(target: Table, given: dict[str, Any]) -> None:
    """ALTER … SET OPTIONS on a table."""
    for key, value in given.items():
        match key:
            case "description" | "friendly_name":
                name = {"friendly_name": "friendlyName"}.get(key, key)
                target.extra[name] = value
                if value is None:
                    del target.extra[name]
            case "labels":
                target.extra["labels"] = labels(value or [])
            case "require_partition_filter":
                target.require_filter = bool(value)
            case "partition_expiration_days":
                if target.partitioning is not None:
                    target.partitioning["expirationMs"] = str(int(value * 86_400_000))
            case "expiration_timestamp":
                if value is None:
                    target.expires_ms = None
                elif isinstance(value, exp.Cast):
                    target.expires_ms = moments.timestamp_us(value.this.this) // 1_000
                else:
                    raise Unsupported("expiration_timestamp that is no TIMESTAMP literal")
            case _:
                raise Unsupported(f"table option {key}")


def layout(node: exp.Expression, fields: list[dict[str, Any]]) -> dict[str, Any]:
    """`Table` arguments for PARTITION BY, CLUSTER BY and the options about partitions."""
    found: dict[str, Any] = {}
    given = settings(node)
    by = first(node, exp.PartitionedByProperty)
    if by is not None:
        target = by.this
        if isinstance(target, exp.Schema) and len(target.expressions) == 1:
            target = target.expressions[0]
        kind, spec = _partition(target, {f["name"].lower(): f for f in fields})
        if given.get("partition_expiration_days") is not None and kind == "partitioning":
            spec["expirationMs"] = str(int(given["partition_expiration_days"] * 86_400_000))
        found[kind] = spec
    cluster = first(node, exp.Cluster) or first(node, exp.ClusterProperty)
    if cluster is not None:
        found["clustering"] = [e.name for e in cluster.expressions]
    found["require_filter"] = bool(given.get("require_partition_filter"))
    return found


def _partition(node: exp.Expression, fields: dict[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    def named(name: str) -> str:
        if name.lower() not in fields:
            raise invalid_query(f"The field specified for partitioning cannot be found in the schema: {name}")
        return str(fields[name.lower()]["name"])

    if isinstance(node, (exp.Identifier, exp.Column)):
        if node.name.upper() in ("_PARTITIONDATE", "_PARTITIONTIME"):
            return "partitioning", {"type": "DAY"}
        name = named(node.name)
        if fields[name.lower()]["type"] not in ("DATE",):
            raise invalid_query("PARTITION BY expression must be DATE(<timestamp_column>), DATE(<datetime_column>),"
                                " DATETIME_TRUNC(…), TIMESTAMP_TRUNC(…), DATE_TRUNC(…), RANGE_BUCKET(…) or a DATE"
                                " column")  # fmt: skip
        return "partitioning", {"type": "DAY", "field": name}
    if isinstance(node, exp.Anonymous):
        word = node.name.upper()
        inner = node.expressions[0]
        if word == "DATE":
            if inner.name.upper() == "_PARTITIONTIME":
                return "partitioning", {"type": "DAY"}
            return "partitioning", {"type": "DAY", "field": named(inner.name)}
        if word in ("DATE_TRUNC", "TIMESTAMP_TRUNC", "DATETIME_TRUNC"):
            spec = {"type": node.expressions[1].name.upper()}
            if inner.name.upper() not in ("_PARTITIONTIME", "_PARTITIONDATE"):
                spec["field"] = named(inner.name)
            return "partitioning", spec
        if word == "RANGE_BUCKET":
            low, high, step = (str(value_of(e)) for e in node.expressions[1].expressions)
            bounds = {"start": low, "end": high, "interval": step}
            return "range_partitioning", {"field": named(inner.name), "range": bounds}
    raise Unsupported(f"PARTITION BY {node.sql('bigquery')}")


def apply_to_column(field: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Set the options of a column; raises for those that are not emulated."""
    for key, value in given.items():
        if key != "description":
            raise Unsupported(f"column option {key}")
        if value is None:
            field.pop("description", None)
        else:
            field["description"] = value


def constraints(schema: exp.Schema, id_of: Callable[[exp.Expression], TableId]) -> dict[str, Any]:
    """`tableConstraints` of the keys that a column list declares: the service keeps them and enforces none."""
    found: dict[str, Any] = {}

    def key(columns: list[str]) -> None:
        found["primaryKey"] = {"columns": columns}

    def reference(name: str, columns: list[str], to: exp.Schema) -> None:
        project, dataset, table = id_of(to.this)
        pairs = zip(columns, to.expressions, strict=True)
        others = found.setdefault("foreignKeys", [])
        others.append({
            "name": name or f"fk${len(others) + 1}",
            "referencedTable": {"projectId": project, "datasetId": dataset, "tableId": table},
            "columnReferences": [{"referencingColumn": c, "referencedColumn": r.name} for c, r in pairs],
        })  # fmt: skip

    for one in schema.expressions:
        named = one.expressions[0] if isinstance(one, exp.Constraint) else one
        name = one.name if isinstance(one, exp.Constraint) else ""
        if isinstance(named, exp.PrimaryKey):
            key([column.name for column in named.expressions])
        elif isinstance(named, exp.ForeignKey):
            reference(name, [column.name for column in named.expressions], named.args["reference"].this)
        for constraint in named.args.get("constraints") or () if isinstance(named, exp.ColumnDef) else ():
            kind = constraint.args.get("kind")
            if isinstance(kind, exp.PrimaryKeyColumnConstraint):
                key([named.name])
            elif isinstance(kind, exp.Reference):
                reference("", [named.name], kind.this)
    return {"tableConstraints": found} if found else {}
