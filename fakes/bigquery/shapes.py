"""The JSON types of REST fields: a body of the wrong shape is refused before any method sees it.

Fields mean the same type wherever they occur, so one table is enough. Knows no method.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from fakes.bigquery.errors import invalid

OBJECTS = frozenset(
    """
    arrayType clustering configuration copy datasetReference defaultDataset destinationTable
    encryptionConfiguration extract formatOptions jobReference labels load materializedView parameterType parameterValue
    range rangeElementType rangePartitioning rangeValue schema sourceTable structValues tableReference timePartitioning
    view
    """.split()  # noqa: SIM905 - names read better as text
)
ARRAYS = frozenset(
    """
    access arrayValues connectionProperties destinationUris queryParameters rows schemaUpdateOptions sourceTables
    sourceUris structTypes fields
    """.split()  # noqa: SIM905 - likewise
)
TEXTS = frozenset(
    """
    createDisposition datasetId defaultValueExpression description destinationFormat destinationUri encoding field
    fieldDelimiter friendlyName jobId key location mode name nullMarker parameterMode priority projectId quote
    requestId sourceFormat tableId templateSuffix type writeDisposition
    """.split()  # noqa: SIM905 - likewise
)
NUMBERS = frozenset(
    """
    defaultTableExpirationMs end expirationMs expirationTime interval jobTimeoutMs maxBadRecords maxResults
    maximumBytesBilled skipLeadingRows start timeoutMs
    """.split()  # noqa: SIM905 - likewise
)
NEVER_NULL = frozenset(
    """
    configuration copy datasetReference defaultDataset destinationTable extract formatOptions jobReference load
    parameterType parameterValue query sourceTable tableReference
    """.split()  # noqa: SIM905 - likewise
)
"""Objects of which null says nothing; elsewhere a null in a patch removes a field."""
OPEN = frozenset(["googleSheetsOptions", "json", "labels", "resourceTags", "rows", "structValues", "tableDefinitions"])
"""Fields whose insides are the user's own."""


def check(body: dict[str, Any], path: str = "") -> dict[str, Any]:
    """`body` without meaningless nulls; raises 400 `invalid` naming the field of the wrong type."""
    found: dict[str, Any] = {}
    for key, value in body.items():
        where = f"{path}.{key}" if path else key
        if value is None and key in NEVER_NULL:
            continue
        _check_field(key, value, where)
        found[key] = _open(value, where) if key in OPEN else _inside(value, where)
        if where.endswith("parameterValue.value") and isinstance(value, (int, float)):
            found[key] = orjson.dumps(value).decode()
    return found


def _inside(value: Any, path: str) -> Any:
    if isinstance(value, list):
        return [_inside(item, f"{path}[{i}]") for i, item in enumerate(value)]
    return check(value, path) if isinstance(value, dict) else value


def _open(value: Any, path: str) -> Any:
    if path.endswith("structValues") and isinstance(value, dict):
        return {k: _object(v, f"{path}.{k}") for k, v in value.items()}
    return value


def _object(value: Any, path: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(path, value, "an object")
    return check(value, path)


def _check_field(key: str, value: Any, path: str) -> None:
    if value is None:
        return
    if key in OBJECTS and not isinstance(value, dict):
        raise _wrong(path, value, "an object")
    if key in ARRAYS:
        if key == "fields" and isinstance(value, dict):
            raise _wrong(path, value, "an array")
        if not isinstance(value, list):
            raise _wrong(path, value, "an array")
        wanted: type = str if key in ("sourceUris", "destinationUris", "schemaUpdateOptions") else dict
        if path.endswith("clustering.fields"):
            wanted = str
        if key != "rows" and not all(isinstance(v, wanted) for v in value):
            raise _wrong(path, value, f"an array of {'strings' if wanted is str else 'objects'}")
    if key == "type" and re.search(r"(structTypes|returnTableType\.columns|structType\.fields)\[\d+\]\.type$", path):
        if not isinstance(value, dict):
            raise _wrong(path, value, "an object")
    elif key in TEXTS and not isinstance(value, str):
        raise _wrong(path, value, "a string")
    if key in NUMBERS and not _integral(value) and not path.endswith(f"rangeValue.{key}"):
        raise _wrong(path, value, "an integer")


def _integral(value: Any) -> bool:
    if isinstance(value, str):
        return value.lstrip("-").isascii() and value.lstrip("-").isdigit() and len(value) < 20
    return isinstance(value, int) and not isinstance(value, bool)


def _wrong(path: str, value: Any, wanted: str) -> Exception:
    return invalid(f"Invalid value at '{path}': {str(value)[:80]!r} is not {wanted}")
