"""Whether a JSON value is the Avro JSON encoding of a value of a schema.

fastavro reads such JSON but does not judge it: a string passes for an int. Source: Apache Avro specification, "JSON
encoding". Defaults belong to schema resolution, not to the encoding, so every field must be there. It must not know
schemas' names at the service or messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_INT = 2**31
_LONG = 2**63


def fits(schema: Any, value: Any, named: Mapping[str, Any]) -> bool:
    """Whether `value`, parsed JSON, encodes a value of `schema`; `named` holds the named types it may refer to."""
    if isinstance(schema, list):
        return _fits_union(schema, value, named)
    if isinstance(schema, str):
        return fits(named[schema], value, named) if schema in named else _fits_primitive(schema, value)
    kind = schema["type"]
    if kind in ("record", "error"):
        fields = {field["name"]: field["type"] for field in schema["fields"]}
        return (
            isinstance(value, dict)
            and value.keys() == fields.keys()
            and all(fits(fields[name], inner, named) for name, inner in value.items())
        )
    if kind == "enum":
        return isinstance(value, str) and value in schema["symbols"]
    if kind == "fixed":
        return _is_bytes(value) and len(value) == schema["size"]
    if kind == "array":
        return isinstance(value, list) and all(fits(schema["items"], inner, named) for inner in value)
    if kind == "map":
        return isinstance(value, dict) and all(fits(schema["values"], inner, named) for inner in value.values())
    # A primitive or a named type spelled as an object, perhaps with a logical type.
    return fits(kind, value, named)


def _fits_union(branches: list[Any], value: Any, named: Mapping[str, Any]) -> bool:
    if value is None:
        return "null" in branches
    if not isinstance(value, dict) or len(value) != 1:
        return False
    [(name, inner)] = value.items()
    return any(_name(branch) == name and fits(branch, inner, named) for branch in branches)


def _name(schema: Any) -> str:
    if isinstance(schema, str):
        return schema
    kind = schema["type"]
    return str(schema["name"] if kind in ("record", "error", "enum", "fixed") else kind)


def _fits_primitive(kind: str, value: Any) -> bool:
    number = isinstance(value, int) and not isinstance(value, bool)
    match kind:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "int":
            return number and -_INT <= value < _INT
        case "long":
            return number and -_LONG <= value < _LONG
        case "float" | "double":
            return number or isinstance(value, float)
        case "bytes":
            return _is_bytes(value)
        case "string":
            return isinstance(value, str)
    return False


def _is_bytes(value: Any) -> bool:
    return isinstance(value, str) and all(ord(letter) < 256 for letter in value)
