"""Which values a document may hold.

Source: `google/firestore/v1/document.proto` (names, arrays of arrays) and cloud.google.com/firestore/quotas ("Maximum
depth of fields in a map or array: 20"). It must not know documents.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fakes.seam import GrpcError

MOST_DEPTH = 20
MOST_NAME_BYTES = 1_500
_RESERVED = re.compile(r"__.*__", re.DOTALL)


def check_fields(fields: Mapping[str, Any], depth: int = 0) -> None:
    """Raise INVALID_ARGUMENT for fields the service does not store; `depth` counts the maps and arrays around them."""
    if depth > MOST_DEPTH:
        raise GrpcError("INVALID_ARGUMENT", f"Fields are nested too deeply: there may be {MOST_DEPTH} maps and arrays.")
    for name, value in fields.items():
        if not name or len(name.encode()) > MOST_NAME_BYTES or _RESERVED.fullmatch(name):
            raise GrpcError(
                "INVALID_ARGUMENT",
                f'Invalid field name "{name[:80]}": it must not be empty, longer than {MOST_NAME_BYTES:,} bytes or '
                "reserved (__*__).",
            )
        _check(value, depth)


def _check(value: Any, depth: int) -> None:
    kind = value.WhichOneof("value_type")
    if kind == "map_value":
        inner = value.map_value.fields
        if "__type__" not in inner:  # a vector is a map that says so
            check_fields(inner, depth + 1)
    elif kind == "array_value":
        if depth + 1 > MOST_DEPTH:
            raise GrpcError(
                "INVALID_ARGUMENT", f"Fields are nested too deeply: there may be {MOST_DEPTH} maps and arrays."
            )
        for item in value.array_value.values:
            if item.HasField("array_value"):
                raise GrpcError("INVALID_ARGUMENT", "Cannot convert an array value in an array value.")
            _check(item, depth + 1)
