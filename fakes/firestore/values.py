"""How Firestore values compare.

Types order null < boolean < number < timestamp < string < bytes < reference < geo point < array < vector < map
(cloud.google.com/firestore/docs/concepts/data-types, "Value type ordering"); integers and doubles compare by value,
NaN below them all. It must not know queries.
"""

from __future__ import annotations

import math
import re
from typing import Any

Key = tuple[Any, ...]
"""Compares as the values do; equal keys are equal values."""

_NUMERIC_ID = re.compile(r"__id(-?\d+)__")

NULL, BOOLEAN, NUMBER, TIMESTAMP, STRING, BYTES, REFERENCE, GEO_POINT, ARRAY, VECTOR, MAP = range(11)


def key(value: Any) -> Key:
    """The sort key of a `google.firestore.v1.Value`; its first item is the rank of its type."""
    match value.WhichOneof("value_type"):
        case "boolean_value":
            return BOOLEAN, value.boolean_value
        case "integer_value":
            return NUMBER, 1, value.integer_value
        case "double_value":
            number = value.double_value
            return (NUMBER, 0) if math.isnan(number) else (NUMBER, 1, number)
        case "timestamp_value":
            return TIMESTAMP, value.timestamp_value.seconds, value.timestamp_value.nanos
        case "string_value":
            return STRING, value.string_value.encode()
        case "bytes_value":
            return BYTES, value.bytes_value
        case "reference_value":
            return reference_key(value.reference_value)
        case "geo_point_value":
            return GEO_POINT, value.geo_point_value.latitude, value.geo_point_value.longitude
        case "array_value":
            return ARRAY, tuple(key(item) for item in value.array_value.values)
        case "map_value":
            return _map_key(value.map_value.fields)
    return (NULL,)


def reference_key(name: str) -> Key:
    """The sort key of a reference to the document `name`: segment by segment.

    `__id7__` stands for the number 7 as an id, and numbers come before names; the client libraries bound ranges of
    names with the smallest of them.
    """
    return REFERENCE, tuple(_segment_key(segment) for segment in name.split("/"))


def _segment_key(segment: str) -> Key:
    number = _NUMERIC_ID.fullmatch(segment)
    return (1, segment.encode()) if number is None else (0, int(number[1]))


def _map_key(fields: Any) -> Key:
    if "__type__" in fields and fields["__type__"].string_value == "__vector__":
        items = fields["value"].array_value.values
        return VECTOR, len(items), tuple(key(item) for item in items)
    return MAP, tuple((name.encode(), key(fields[name])) for name in sorted(fields))


def is_nan(value: Any) -> bool:
    """Whether it is the double NaN."""
    return value.HasField("double_value") and math.isnan(value.double_value)
