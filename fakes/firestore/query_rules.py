"""Which filters the service takes together.

Source: `google/firestore/v1/query.proto` (what each operator "requires") and
firebase.google.com/docs/firestore/query-data/queries ("Limits on OR queries"): at most 30 disjunctions in disjunctive
normal form, one `array-contains` a disjunction and none beside an `array-contains-any`. It must not know documents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.cloud.firestore_v1.types import StructuredQuery

from fakes.seam import GrpcError

Op = StructuredQuery.FieldFilter.Operator
Unary = StructuredQuery.UnaryFilter.Operator
_OR = int(StructuredQuery.CompositeFilter.Operator.OR)

MOST_DISJUNCTIONS = 30
MOST_NOT_IN = 10

_EXCLUSIVE = {"NOT_EQUAL", "NOT_IN", "IS_NOT_NULL", "IS_NOT_NAN"}
"""Only one of these in a query."""

_BESIDE_NOT_IN = ("OR", "IN", "ARRAY_CONTAINS_ANY")


@dataclass(frozen=True, slots=True)
class _Normal:
    """What a filter is in disjunctive normal form: how many disjunctions, and how many (`ARRAY_CONTAINS`,
    `ARRAY_CONTAINS_ANY`) there are in one of them, each kind of it once.
    """

    disjunctions: int
    arrays: frozenset[tuple[int, int]]


def check(where: Any) -> None:
    """Raise INVALID_ARGUMENT for filters (`google.firestore.v1.StructuredQuery.Filter`) that do not go together."""
    count = Counter(_operators(where))
    exclusive = [name for name in sorted(_EXCLUSIVE) for _ in range(count[name])]
    if len(exclusive) > 1:
        raise _refused(f"{' and '.join(exclusive)}: only one filter of {', '.join(sorted(_EXCLUSIVE))} is allowed")
    beside = [name for name in _BESIDE_NOT_IN if count[name]]
    if count["NOT_IN"] and beside:
        raise _refused(f"NOT_IN cannot be used in one query with {' and '.join(beside)}")
    normal = _normal(where)
    if normal.disjunctions > MOST_DISJUNCTIONS:
        raise _refused(
            f"the query has {normal.disjunctions} disjunctions in disjunctive normal form, and the maximum is "
            f"{MOST_DISJUNCTIONS}"
        )
    for contains, contains_any in sorted(normal.arrays):
        if contains > 1 or contains_any > 1 or (contains and contains_any):
            raise _refused("there must be at most one ARRAY_CONTAINS or ARRAY_CONTAINS_ANY filter in a disjunction")


def _operators(pb: Any) -> Iterator[str]:
    match pb.WhichOneof("filter_type"):
        case "composite_filter":
            if pb.composite_filter.op == _OR:
                yield "OR"
            for inner in pb.composite_filter.filters:
                yield from _operators(inner)
        case "field_filter":
            yield Op(pb.field_filter.op).name
        case "unary_filter":
            yield Unary(pb.unary_filter.op).name


def _normal(pb: Any) -> _Normal:
    if pb.WhichOneof("filter_type") != "composite_filter":
        op = pb.field_filter.op if pb.WhichOneof("filter_type") == "field_filter" else 0
        values = len(pb.field_filter.value.array_value.values) if op in (Op.IN, Op.ARRAY_CONTAINS_ANY) else 1
        kinds = (int(op == Op.ARRAY_CONTAINS), int(op == Op.ARRAY_CONTAINS_ANY))
        return _Normal(max(1, values), frozenset({kinds}))
    parts = [_normal(inner) for inner in pb.composite_filter.filters]
    if pb.composite_filter.op == _OR:
        return _Normal(sum(one.disjunctions for one in parts), frozenset().union(*(one.arrays for one in parts)))
    whole = _Normal(1, frozenset({(0, 0)}))
    for one in parts:
        # Two of a kind are as wrong as three.
        sums = frozenset(
            (min(2, here[0] + there[0]), min(2, here[1] + there[1])) for here in whole.arrays for there in one.arrays
        )
        whole = _Normal(whole.disjunctions * one.disjunctions, sums)
    return whole


def _refused(why: str) -> GrpcError:
    return GrpcError("INVALID_ARGUMENT", f"Invalid query: {why}.")
