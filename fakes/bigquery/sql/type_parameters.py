"""Parameters of types, as in STRING(5) or NUMERIC(10, 2): read from SQL, kept in schemas, held to when values arrive.

https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#parameterized_data_types. A schema field keeps
them as `maxLength`, `precision` and `scale`. A text that is too long is an error; a number is rounded to the scale, and
is an error where it has too many digits before the point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sqlglot import exp

from fakes.bigquery.errors import ApiError, invalid, invalid_query
from fakes.bigquery.sql.number_functions import within
from fakes.bigquery.sql.scope import Context
from fakes.bigquery.sql.types import SPELLINGS, Type, from_ast, from_rest, quoted

SCALES = {"NUMERIC": (9, 29), "BIGNUMERIC": (38, 38)}
"""(most digits after the point, most before it)."""


def described(node: exp.DataType, field: dict[str, Any]) -> dict[str, Any]:
    """`field`, the REST schema field of the type `node`, with the parameters that `node` spells."""
    name = node.this.value if hasattr(node.this, "value") else str(node.this)
    inner = [p for p in node.expressions if not isinstance(p, exp.DataTypeParam)]
    if name == "ARRAY" and inner:
        return described(inner[0], field)
    if name == "STRUCT":
        for part, nested in zip(inner, field.get("fields", ()), strict=False):
            described(part.args["kind"] if isinstance(part, exp.ColumnDef) else part, nested)
        return field
    numbers = [p.name for p in node.expressions if isinstance(p, exp.DataTypeParam)]
    if not numbers:
        return field
    kind = from_ast(node).kind
    if kind in ("STRING", "BYTES"):
        field["maxLength"] = numbers[0]
    elif kind in SCALES:
        field["precision"] = numbers[0]
        if len(numbers) > 1:
            field["scale"] = numbers[1]
    else:
        raise invalid_query(f"{kind} does not support type parameters")
    if len(numbers) > (2 if kind in SCALES else 1):
        raise invalid_query(f"{kind} type has too many parameters")
    check(field, invalid_query)
    return field


def check(field: Mapping[str, Any], wrong: Callable[[str], ApiError] = invalid) -> None:
    """Raise for parameters that a schema field may not have."""
    for inner in field.get("fields") or ():
        check(inner, wrong)
    name = str(field.get("type", "")).upper()
    kind = SPELLINGS.get(name, name)
    if (length := field.get("maxLength")) is not None:
        if kind not in ("STRING", "BYTES"):
            raise wrong(f"maxLength is not allowed for a field of type {name}")
        if int(length) <= 0:
            raise wrong(f"{kind} length must be greater than 0")
    if field.get("precision") is None:
        if field.get("scale") is not None:
            raise wrong("scale is given without precision")
        return
    if kind not in SCALES:
        raise wrong(f"precision is not allowed for a field of type {name}")
    precision, scale = int(field["precision"]), int(field.get("scale") or 0)
    most, whole = SCALES[kind]
    if not 0 <= scale <= most:
        raise wrong(f"In {kind}(P, S), S must be between 0 and {most}")
    if not max(1, scale) <= precision <= scale + whole:
        raise wrong(f"In {kind}(P, S), P must be between {max(1, scale)} and {scale + whole}")


def limited(field: Mapping[str, Any]) -> bool:
    """Whether `field` or one inside it has parameters."""
    return bool(field.get("maxLength") or field.get("precision")) or any(map(limited, field.get("fields") or ()))


def _shown(field: Mapping[str, Any]) -> tuple[int, int, str]:
    precision, scale = int(field["precision"]), int(field.get("scale") or 0)
    return precision, scale, f"{precision}, {scale}" if field.get("scale") is not None else str(precision)


def held(context: Context, sql: str, kind: Type, field: Mapping[str, Any]) -> str:
    """`sql`, of type `kind`, held to the parameters of `field`, as DuckDB text."""
    from fakes.bigquery.sql.casts import text, use

    if not limited(field):
        return sql
    if kind.kind == "ARRAY" and kind.item:
        return f"list_transform({sql}, lambda _l: {held(context, '_l', kind.item, field)})"
    if kind.kind == "STRUCT":
        parts = []
        for (name, inner), nested in zip(kind.named_fields, field["fields"], strict=True):
            part = f"struct_extract({sql}, {text(name)})"
            parts.append(f"{quoted(name)} := {held(context, part, inner, nested)}")
        return f"CASE WHEN {sql} IS NULL THEN NULL ELSE struct_pack({', '.join(parts)}) END"
    if field.get("maxLength"):
        length = "length" if kind.kind == "STRING" else "octet_length"
        return use(context, f"wt_at_most({sql}, {length}({sql}), '{kind.kind}', {int(field['maxLength'])})")
    precision, scale, shown = _shown(field)
    return use(context, f"wt_{kind.kind.lower()}_within({sql}, {precision}, {scale}, '{shown}')")


def fit(kind: Type, field: Mapping[str, Any], value: Any) -> Any:
    """A Python `value` of type `kind` held to the parameters of `field`; raises ValueError in the service's words."""
    if value is None or not limited(field):
        return value
    if kind.kind == "ARRAY" and kind.item:
        return [fit(kind.item, field, item) for item in value]
    if kind.kind == "STRUCT":
        pairs = zip(kind.named_fields, field["fields"], strict=True)
        return {name: fit(inner, nested, value[name]) for (name, inner), nested in pairs}
    if field.get("maxLength"):
        most = int(field["maxLength"])
        if len(value) > most:
            raise ValueError(f"{kind.kind}({most}) has maximum length {most} but got a value with length {len(value)}")
        return value
    return within(kind.kind, Decimal(value), *_shown(field))


def spelled(field: Mapping[str, Any]) -> str:
    """The type of the REST schema field `field` as GoogleSQL spells it, with its parameters."""
    kind = from_rest(field)
    if kind.kind == "ARRAY":
        return f"ARRAY<{spelled({**field, 'mode': 'NULLABLE'})}>"
    if kind.kind == "STRUCT":
        return "STRUCT<" + ", ".join(f"{f['name']} {spelled(f)}" for f in field["fields"]) + ">"
    if field.get("maxLength"):
        return f"{kind}({field['maxLength']})"
    return f"{kind}({_shown(field)[2]})" if field.get("precision") else kind.sql
