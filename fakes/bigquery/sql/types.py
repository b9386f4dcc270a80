"""GoogleSQL's types: how they are spelled in SQL and in REST schemas, and which DuckDB type holds each.

The mapping onto DuckDB is one to one, so that a column's physical type tells its BigQuery type. Knows no values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlglot import exp

from fakes.bigquery.errors import ApiError, Unsupported, invalid

PHYSICAL = {
    "INT64": "BIGINT",
    "FLOAT64": "DOUBLE",
    "BOOL": "BOOLEAN",
    "STRING": "VARCHAR",
    "BYTES": "BLOB",
    "DATE": "DATE",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMP": "TIMESTAMPTZ",
    "TIME": "TIME",
    "NUMERIC": "DECIMAL(38,9)",
    "BIGNUMERIC": "DECIMAL(38,18)",
    "JSON": "JSON",
    "INTERVAL": "INTERVAL",
    "NULL": "BIGINT",
    "GEOGRAPHY": "VARCHAR",
}
REST = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}
SPELLINGS = {
    "INTEGER": "INT64",
    "INT": "INT64",
    "SMALLINT": "INT64",
    "BIGINT": "INT64",
    "TINYINT": "INT64",
    "BYTEINT": "INT64",
    "FLOAT": "FLOAT64",
    "BOOLEAN": "BOOL",
    "DECIMAL": "NUMERIC",
    "BIGDECIMAL": "BIGNUMERIC",
    "RECORD": "STRUCT",
}


@dataclass(frozen=True)
class Type:
    """A GoogleSQL type. `item` is set for ARRAY and RANGE, `fields` for STRUCT (a name may be "")."""

    kind: str
    item: Type | None = None
    fields: tuple[tuple[str, Type], ...] = ()

    @cached_property
    def duck(self) -> str:
        """The DuckDB type that holds values of this type; raises `Unsupported` where there is none."""
        if self.kind == "ARRAY":
            assert self.item
            return f"{self.item.duck}[]"
        if self.kind == "STRUCT":
            if not self.fields:
                raise Unsupported("STRUCT without fields")
            return "STRUCT(" + ", ".join(f"{quoted(n)} {t.duck}" for n, t in self.named_fields) + ")"
        if self.kind == "RANGE":
            assert self.item
            return f'STRUCT("start" {self.item.duck}, "end" {self.item.duck})'
        try:
            return PHYSICAL[self.kind]
        except KeyError:
            raise Unsupported(f"type {self.kind}") from None

    @cached_property
    def sql(self) -> str:
        """The type as GoogleSQL spells it (`ARRAY<STRUCT<a INT64>>`)."""
        if self.kind in ("ARRAY", "RANGE"):
            assert self.item
            return f"{self.kind}<{self.item.sql}>"
        if self.kind == "STRUCT":
            return "STRUCT<" + ", ".join(f"{n} {t.sql}".strip() for n, t in self.fields) + ">"
        return self.kind

    @cached_property
    def named_fields(self) -> tuple[tuple[str, Type], ...]:
        """The fields with the names the service gives to nameless ones in results (`_field_1`)."""
        return tuple((n or f"_field_{i}", t) for i, (n, t) in enumerate(self.fields, 1))

    def field(self, name: str) -> tuple[str, Type] | None:
        """The field of that name (case does not matter) with its own spelling, or None."""
        lower = name.lower()
        return next(((n, t) for n, t in self.named_fields if n.lower() == lower), None)

    def rest(self, name: str, *, mode: str = "NULLABLE") -> dict[str, Any]:
        """The REST schema field of a column of this type."""
        if self.kind == "ARRAY":
            assert self.item
            return self.item.rest(name, mode="REPEATED")
        field: dict[str, Any] = {"name": name, "type": REST.get(self.kind, self.kind), "mode": mode}
        if self.kind == "STRUCT":
            field["fields"] = [t.rest(n) for n, t in self.named_fields]
        if self.kind == "RANGE":
            assert self.item
            field["rangeElementType"] = {"type": self.item.kind}
        return field

    @property
    def numeric(self) -> bool:
        """Whether arithmetic works on it."""
        return self.kind in NUMERIC_RANK

    def __str__(self) -> str:
        return self.sql


INT64, FLOAT64, BOOL, STRING, BYTES = (Type(k) for k in ("INT64", "FLOAT64", "BOOL", "STRING", "BYTES"))
DATE, DATETIME, TIMESTAMP, TIME = (Type(k) for k in ("DATE", "DATETIME", "TIMESTAMP", "TIME"))
NUMERIC, BIGNUMERIC, JSON, INTERVAL = (Type(k) for k in ("NUMERIC", "BIGNUMERIC", "JSON", "INTERVAL"))
GEOGRAPHY = Type("GEOGRAPHY")

SCALARS = {t.kind: t for t in (
    INT64, FLOAT64, BOOL, STRING, BYTES, DATE, DATETIME, TIMESTAMP, TIME, NUMERIC, BIGNUMERIC, JSON, INTERVAL,
    GEOGRAPHY,
)}  # fmt: skip
NUMERIC_RANK = {"INT64": 0, "NUMERIC": 1, "BIGNUMERIC": 2, "FLOAT64": 3}
LITERAL_COERCIONS = {
    # https://cloud.google.com/bigquery/docs/reference/standard-sql/conversion_rules#literal_coercion
    "STRING": {"DATE", "DATETIME", "TIME", "TIMESTAMP"},
    "INT64": {"NUMERIC", "BIGNUMERIC", "FLOAT64"},
    "FLOAT64": {"NUMERIC", "BIGNUMERIC"},
}


def array(item: Type) -> Type:
    """ARRAY of `item`."""
    return Type("ARRAY", item=item)


def struct(fields: Sequence[tuple[str, Type]]) -> Type:
    """STRUCT of (name, type) pairs."""
    return Type("STRUCT", fields=tuple(fields))


def settled(kind: Type) -> Type:
    """`kind` with every bare NULL inside taken for INT64, as the service does where nothing says otherwise."""
    if kind.kind == "NULL":
        return INT64
    if kind.kind == "ARRAY" and kind.item:
        return array(settled(kind.item))
    if kind.kind == "STRUCT":
        return struct([(n, settled(t)) for n, t in kind.fields])
    return kind


def named_after(first: Type, kind: Type) -> Type:
    """`kind` with the field names of `first`, which is of the same shape: the first value names the fields."""
    if first.kind == kind.kind == "STRUCT" and len(first.fields) == len(kind.fields):
        pairs = zip(first.fields, kind.fields, strict=True)
        return struct([(name or other, named_after(t, wanted)) for (name, t), (other, wanted) in pairs])
    if first.kind == kind.kind == "ARRAY" and first.item and kind.item:
        return array(named_after(first.item, kind.item))
    return kind


def quoted(name: str) -> str:
    """`name` as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def supertype(types: Sequence[Type]) -> Type | None:
    """The type that all of `types` coerce to, None where there is none. No types: INT64, as for a bare NULL."""
    result: Type | None = None
    for one in types:
        if result is None or result == one:
            result = one
            continue
        wider = _wider(result, one)
        if wider is None:
            return None
        result = wider
    return result or INT64


def _wider(a: Type, b: Type) -> Type | None:
    if a.kind == "NULL":
        return b
    if b.kind == "NULL":
        return a
    if a.numeric and b.numeric:
        return a if NUMERIC_RANK[a.kind] >= NUMERIC_RANK[b.kind] else b
    if {a.kind, b.kind} == {"DATE", "DATETIME"}:
        return DATETIME
    if {a.kind, b.kind} in ({"DATE", "TIMESTAMP"}, {"DATETIME", "TIMESTAMP"}):
        return TIMESTAMP
    if a.kind == b.kind == "STRUCT" and len(a.fields) == len(b.fields):
        fields = []
        for (name, one), (other_name, other) in zip(a.fields, b.fields, strict=True):
            wider = supertype([one, other])
            if wider is None:
                return None
            fields.append((name or other_name, wider))
        return struct(fields)
    if a.kind == b.kind == "ARRAY" and a.item and b.item:
        if a.item.kind == "NULL":
            return b
        if b.item.kind == "NULL":
            return a
        wider = supertype([a.item, b.item])
        return array(wider) if wider else None
    return None


def coercible(source: Type, target: Type, *, literal: bool = False) -> bool:
    """Whether a value of `source` may stand where `target` is wanted, without a CAST."""
    if source == target or source.kind == "NULL":
        return True
    if source.numeric and target.numeric and NUMERIC_RANK[source.kind] <= NUMERIC_RANK[target.kind]:
        return True
    if source.kind == "DATE" and target.kind in ("DATETIME", "TIMESTAMP"):
        return True
    if source.kind == "DATETIME" and target.kind == "TIMESTAMP":
        return True
    if literal and target.kind in LITERAL_COERCIONS.get(source.kind, ()):
        return True
    if source.kind == target.kind == "ARRAY" and source.item and target.item:
        return source.item.kind == "NULL" or coercible(source.item, target.item, literal=literal)
    if source.kind == target.kind == "STRUCT" and len(source.fields) == len(target.fields):
        return all(
            coercible(a, b, literal=literal) for (_, a), (_, b) in zip(source.fields, target.fields, strict=True)
        )
    return False


# --------------------------------------------------------------------------------------------------------------------
# From SQL and from REST

_PARSED = {
    "BIGINT": INT64, "INT": INT64, "SMALLINT": INT64, "TINYINT": INT64, "DOUBLE": FLOAT64, "FLOAT": FLOAT64,
    "BOOLEAN": BOOL, "TEXT": STRING, "VARCHAR": STRING, "BINARY": BYTES, "VARBINARY": BYTES, "DATE": DATE,
    "TIMESTAMP": DATETIME, "DATETIME": DATETIME, "TIMESTAMPTZ": TIMESTAMP, "TIME": TIME, "DECIMAL": NUMERIC,
    "BIGDECIMAL": BIGNUMERIC, "JSON": JSON, "INTERVAL": INTERVAL, "GEOGRAPHY": GEOGRAPHY,
}  # fmt: skip


def from_ast(node: exp.DataType) -> Type:
    """The type a parsed `exp.DataType` spells; raises `Unsupported` or `invalidQuery` for others."""
    name = node.this.value if hasattr(node.this, "value") else str(node.this)
    if name == "ARRAY":
        return array(from_ast(node.expressions[0]))
    if name == "STRUCT":
        fields = []
        for f in node.expressions:
            if isinstance(f, exp.ColumnDef):
                fields.append((f.this.name, from_ast(f.args["kind"])))
            else:
                fields.append(("", from_ast(f)))
        return struct(fields)
    if name == "RANGE":
        return Type("RANGE", item=from_ast(node.expressions[0]))
    try:
        return _PARSED[name]
    except KeyError:
        raise Unsupported(f"type {node.sql('bigquery')}") from None


def from_rest(field: Mapping[str, Any]) -> Type:
    """The type of a REST schema field (mode included); raises 400 `invalid` for an unknown type name."""
    name = str(field.get("type", "")).upper()
    kind = SPELLINGS.get(name, name)
    if kind == "STRUCT":
        base = struct([(f["name"], from_rest(f)) for f in field.get("fields", ())])
    elif kind == "RANGE":
        base = Type("RANGE", item=SCALARS[field["rangeElementType"]["type"]])
    elif kind in SCALARS:
        base = SCALARS[kind]
    elif kind == "FOREIGN":
        raise Unsupported(f"type {kind}")
    else:
        raise invalid(f"Invalid value for type: {field.get('type')} is not a valid value")
    return array(base) if str(field.get("mode", "")).upper() == "REPEATED" else base


def from_parameter(node: Mapping[str, Any]) -> Type:
    """The type of a REST `QueryParameterType`."""
    name = str(node.get("type", "")).upper()
    kind = SPELLINGS.get(name, name)
    if kind == "ARRAY":
        return array(from_parameter(node["arrayType"]))
    if kind == "STRUCT":
        return struct([(f.get("name", ""), from_parameter(f["type"])) for f in node.get("structTypes", ())])
    if kind == "RANGE":
        return Type("RANGE", item=from_parameter(node["rangeElementType"]))
    if kind in SCALARS:
        return SCALARS[kind]
    raise ApiError("invalid", f"Invalid parameter type: {node.get('type')}")
