"""Field transforms: what the server computes from the value that is there.

Source: `google/firestore/v1/write.proto`, DocumentTransform.FieldTransform. It must not know documents.
"""

from __future__ import annotations

from typing import Any

from google.cloud.firestore_v1.types import Value

from fakes.firestore import values
from fakes.seam import GrpcError

ValuePb = Value.pb()
_INT64 = 2**63


def transformed(transform: Any, present: Any | None, commit_us: int) -> tuple[Any, Any]:
    """The new value of the field and what the write's result says of it (null for array transforms)."""
    match transform.WhichOneof("transform_type"):
        case "set_to_server_value":
            value = ValuePb()
            seconds, micros = divmod(commit_us, 1_000_000)
            value.timestamp_value.seconds, value.timestamp_value.nanos = seconds, micros * 1_000
            return value, value
        case "increment":
            value = _sum(present, transform.increment)
            return value, value
        case "maximum":
            value = _extreme(present, transform.maximum, largest=True)
            return value, value
        case "minimum":
            value = _extreme(present, transform.minimum, largest=False)
            return value, value
        case "append_missing_elements":
            return _append(present, transform.append_missing_elements.values), ValuePb(null_value=0)
        case "remove_all_from_array":
            return _without(present, transform.remove_all_from_array.values), ValuePb(null_value=0)
    raise GrpcError("INVALID_ARGUMENT", f"the transform of field {transform.field_path!r} has no type")


def _is_number(value: Any | None) -> bool:
    return value is not None and value.WhichOneof("value_type") in ("integer_value", "double_value")


def _number(value: Any) -> int | float:
    number: int | float = value.integer_value if value.HasField("integer_value") else value.double_value
    return number


def _sum(present: Any | None, operand: Any) -> Any:
    if not _is_number(operand):
        raise GrpcError("INVALID_ARGUMENT", "increment needs an integer or a double")
    if present is None or not _is_number(present):
        return operand
    total = _number(present) + _number(operand)
    if isinstance(total, float):
        return ValuePb(double_value=total)
    # Integer overflow stops at the bounds, it does not wrap.
    return ValuePb(integer_value=max(-_INT64, min(_INT64 - 1, total)))


def _extreme(present: Any | None, operand: Any, *, largest: bool) -> Any:
    if not _is_number(operand):
        raise GrpcError("INVALID_ARGUMENT", "maximum and minimum need an integer or a double")
    if present is None or not _is_number(present):
        return operand
    if values.is_nan(present) or values.is_nan(operand):
        return ValuePb(double_value=float("nan"))
    here, there = _number(present), _number(operand)
    keep = here >= there if largest else here <= there
    kept = ValuePb()
    kept.CopyFrom(present if keep else operand)
    return kept


def _items(present: Any | None) -> list[Any]:
    return list(present.array_value.values) if present is not None and present.HasField("array_value") else []


def _append(present: Any | None, wanted: Any) -> Any:
    items = _items(present)
    known = {values.key(item) for item in items}
    for item in wanted:
        if values.key(item) not in known:
            known.add(values.key(item))
            items.append(item)
    return _array(items)


def _without(present: Any | None, unwanted: Any) -> Any:
    gone = {values.key(item) for item in unwanted}
    return _array([item for item in _items(present) if values.key(item) not in gone])


def _array(items: list[Any]) -> Any:
    value = ValuePb()
    value.array_value.SetInParent()
    value.array_value.values.extend(items)
    return value
