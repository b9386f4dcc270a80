"""Counting, summing and averaging the results of a query.

Source: `google/firestore/v1/query.proto`, StructuredAggregationQuery. It must not know how the results were found.
"""

from __future__ import annotations

from typing import Any

from google.cloud.firestore_v1.types import Value

from fakes.firestore import fields
from fakes.seam import GrpcError

ValuePb = Value.pb()


MOST_AGGREGATIONS = 5
"""In one query (`query.proto`, StructuredAggregationQuery.aggregations)."""


def fields_of(aggregations: Any) -> list[str]:
    """The fields that are summed or averaged: only documents that have all of them count.

    INVALID_ARGUMENT for aggregations the service refuses as a whole.
    """
    if not aggregations:
        raise GrpcError("INVALID_ARGUMENT", "Aggregations can not be empty.")
    if len(aggregations) > MOST_AGGREGATIONS:
        raise GrpcError(
            "INVALID_ARGUMENT",
            f"The maximum number of aggregations is {MOST_AGGREGATIONS}; there are {len(aggregations)}.",
        )
    aliases = [aggregation.alias for aggregation in aggregations if aggregation.alias]
    for alias in aliases:
        if aliases.count(alias) > 1:
            raise GrpcError("INVALID_ARGUMENT", f"Aggregation aliases contain duplicate alias '{alias}'.")
    paths = []
    for aggregation in aggregations:
        operator = aggregation.WhichOneof("operator")
        if operator in ("sum", "avg"):
            paths.append(str(getattr(aggregation, operator).field.field_path))
    return list(dict.fromkeys(paths))


def aggregate(aggregations: Any, documents: list[Any]) -> dict[str, Any]:
    """Each aggregation's value by its alias (`field_1`, … where none is given)."""
    results = {}
    unnamed = 0
    for aggregation in aggregations:
        alias = aggregation.alias
        if not alias:
            unnamed += 1
            alias = f"field_{unnamed}"
        results[alias] = _one(aggregation, documents)
    return results


def _one(aggregation: Any, documents: list[Any]) -> Any:
    match aggregation.WhichOneof("operator"):
        case "count":
            count = len(documents)
            if aggregation.count.HasField("up_to"):
                count = min(count, aggregation.count.up_to.value)
            return ValuePb(integer_value=count)
        case "sum":
            total = sum(_numbers(aggregation.sum.field.field_path, documents))
            return ValuePb(double_value=total) if isinstance(total, float) else ValuePb(integer_value=total)
        case "avg":
            numbers = _numbers(aggregation.avg.field.field_path, documents)
            return ValuePb(double_value=sum(numbers) / len(numbers)) if numbers else ValuePb(null_value=0)
    raise GrpcError("INVALID_ARGUMENT", "an aggregation must have an operator")


def _numbers(path: str, documents: list[Any]) -> list[int | float]:
    numbers: list[int | float] = []
    for document in documents:
        value = fields.get(document.fields, fields.parse(path))
        kind = None if value is None else value.WhichOneof("value_type")
        if value is not None and kind == "integer_value":
            numbers.append(value.integer_value)
        elif value is not None and kind == "double_value":
            numbers.append(value.double_value)
    return numbers
