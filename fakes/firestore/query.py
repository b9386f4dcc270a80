"""Structured queries over documents: filter, order, cursors, offset, limit, projection.

Source: `google/firestore/v1/query.proto`. No index is ever missing here; the service refuses some queries until a
composite index is made. It must not know transactions or where documents are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cmp_to_key
from typing import Any

from google.cloud.firestore_v1.types import Document, StructuredQuery

from fakes.firestore import fields, query_rules, values
from fakes.seam import GrpcError

DocumentPb = Document.pb()
Op = StructuredQuery.FieldFilter.Operator
Unary = StructuredQuery.UnaryFilter.Operator
_DESCENDING = int(StructuredQuery.Direction.DESCENDING)
_OR = int(StructuredQuery.CompositeFilter.Operator.OR)
NAME = "__name__"

Test = Callable[[Any], bool]

_COMPARE: dict[int, Callable[[values.Key, values.Key], bool]] = {
    int(Op.LESS_THAN): lambda here, there: here < there,
    int(Op.LESS_THAN_OR_EQUAL): lambda here, there: here <= there,
    int(Op.GREATER_THAN): lambda here, there: here > there,
    int(Op.GREATER_THAN_OR_EQUAL): lambda here, there: here >= there,
}
_INEQUALITIES = {*_COMPARE, int(Op.NOT_EQUAL), int(Op.NOT_IN)}


class Query:
    """A `google.firestore.v1.StructuredQuery`, checked and ready to run; INVALID_ARGUMENT or UNIMPLEMENTED if not.

    `also_ordered_by` are fields whose index the results come from, and in whose order they are limited, unless the
    query has an order of its own.
    """

    def __init__(self, pb: Any, also_ordered_by: Sequence[str] = ()) -> None:
        if pb.HasField("find_nearest"):
            raise GrpcError("UNIMPLEMENTED", "the firestore emulator does not do find_nearest (vector search)")
        if len(pb.from_) > 1:
            raise GrpcError("INVALID_ARGUMENT", "a query must have at most one collection selector")
        self.collection_id = pb.from_[0].collection_id if pb.from_ else ""
        self.all_descendants = bool(pb.from_ and pb.from_[0].all_descendants)
        self._inequalities: list[str] = []
        if pb.HasField("where"):
            query_rules.check(pb.where)
        self._matches = self._filter(pb.where) if pb.HasField("where") else None
        self._inequalities += () if pb.order_by else also_ordered_by
        self._order = self._orders(pb)
        self._start = pb.start_at if pb.HasField("start_at") else None
        self._end = pb.end_at if pb.HasField("end_at") else None
        for cursor in (self._start, self._end):
            if cursor is not None and len(cursor.values) > len(self._order):
                raise GrpcError("INVALID_ARGUMENT", "Cursor has too many values.")
        if pb.offset < 0 or (pb.HasField("limit") and pb.limit.value < 0):
            raise GrpcError("INVALID_ARGUMENT", "offset and limit must not be negative")
        self._offset = pb.offset
        self._limit = pb.limit.value if pb.HasField("limit") else None
        self._select = [field.field_path for field in pb.select.fields] if pb.HasField("select") else None

    def run(self, documents: Iterable[Any]) -> list[Any]:
        """The results among `documents`, in order, whole."""
        found = [
            document
            for document in documents
            if (self._matches is None or self._matches(document))
            and all(_value_key(document, field) is not None for field, _ in self._order)
        ]
        found.sort(key=cmp_to_key(self._compare))
        if self._start is not None:
            found = [one for one in found if self._against(one, self._start) >= (0 if self._start.before else 1)]
        if self._end is not None:
            found = [one for one in found if self._against(one, self._end) < (0 if self._end.before else 1)]
        found = found[self._offset :]
        return found if self._limit is None else found[: self._limit]

    def project(self, document: Any) -> Any:
        """What of a result is shown."""
        if self._select is None:
            return document
        return masked(document, [path for path in self._select if path != NAME])

    # ------------------------------------------------------------------------------------------------------ filters

    def _filter(self, pb: Any) -> Test:
        match pb.WhichOneof("filter_type"):
            case "composite_filter":
                tests = [self._filter(inner) for inner in pb.composite_filter.filters]
                if not tests:
                    raise GrpcError("INVALID_ARGUMENT", "a composite filter must have at least one filter")
                judge = any if pb.composite_filter.op == _OR else all
                return lambda document: judge(test(document) for test in tests)
            case "field_filter":
                return self._field_filter(pb.field_filter)
            case "unary_filter":
                return self._unary_filter(pb.unary_filter)
        raise GrpcError("INVALID_ARGUMENT", "a filter must have a type")

    def _field_filter(self, pb: Any) -> Test:
        path, op = pb.field.field_path, int(pb.op)
        _check_path(path)
        if op in _INEQUALITIES:
            self._inequalities.append(path)
        wanted = values.key(pb.value)
        if op in _COMPARE:
            compare = _COMPARE[op]
            # A comparison sees values of its own type only.
            return lambda document: (
                (here := _value_key(document, path)) is not None and here[0] == wanted[0] and compare(here, wanted)
            )
        if op == Op.EQUAL:
            return lambda document: _value_key(document, path) == wanted
        if op == Op.NOT_EQUAL:
            return lambda document: _value_key(document, path) not in (None, (values.NULL,), wanted)
        if op == Op.ARRAY_CONTAINS:
            return lambda document: wanted in _items(document, path)
        most = query_rules.MOST_NOT_IN if op == Op.NOT_IN else query_rules.MOST_DISJUNCTIONS
        if wanted[0] != values.ARRAY or not 0 < len(wanted[1]) <= most:
            raise GrpcError("INVALID_ARGUMENT", f"'{Op(op).name}' requires a non-empty array of at most {most} values")
        candidates = wanted[1]
        if op == Op.IN:
            return lambda document: _value_key(document, path) in candidates
        if op == Op.NOT_IN:
            return lambda document: _value_key(document, path) not in (None, (values.NULL,), *candidates)
        if op == Op.ARRAY_CONTAINS_ANY:
            return lambda document: any(item in candidates for item in _items(document, path))
        raise GrpcError("INVALID_ARGUMENT", f"unknown filter operator {op}")

    def _unary_filter(self, pb: Any) -> Test:
        path, op = pb.field.field_path, int(pb.op)
        _check_path(path)
        nan, null = (values.NUMBER, 0), (values.NULL,)
        if op == Unary.IS_NAN:
            return lambda document: _value_key(document, path) == nan
        if op == Unary.IS_NULL:
            return lambda document: _value_key(document, path) == null
        if op == Unary.IS_NOT_NAN:
            return lambda document: _value_key(document, path) not in (None, null, nan)
        if op == Unary.IS_NOT_NULL:
            return lambda document: _value_key(document, path) not in (None, null)
        raise GrpcError("INVALID_ARGUMENT", f"unknown unary operator {op}")

    # ---------------------------------------------------------------------------------------------------- order

    def _orders(self, pb: Any) -> list[tuple[str, int]]:
        """Given orders, then the inequality fields not among them, then the name: as `query.proto` has it."""
        orders = []
        for order in pb.order_by:
            _check_path(order.field.field_path)
            orders.append((order.field.field_path, -1 if order.direction == _DESCENDING else 1))
        last = orders[-1][1] if orders else 1
        given = {field for field, _ in orders}
        orders += [(field, last) for field in sorted(set(self._inequalities) - given - {NAME})]
        if NAME not in given:
            orders.append((NAME, last))
        return orders

    def _compare(self, one: Any, other: Any) -> int:
        for field, sign in self._order:
            here, there = _value_key(one, field), _value_key(other, field)
            if here != there:
                return sign if here is not None and there is not None and here > there else -sign
        return 0

    def _against(self, document: Any, cursor: Any) -> int:
        """Whether the document comes before (-1), at (0) or after (1) the cursor's position."""
        for (field, sign), value in zip(self._order, cursor.values, strict=False):
            here, there = _value_key(document, field), values.key(value)
            if here != there:
                return sign if here is not None and here > there else -sign
        return 0


def masked(document: Any, paths: Iterable[str]) -> Any:
    """A copy of the document with the fields at `paths` only."""
    shown = DocumentPb(name=document.name, create_time=document.create_time, update_time=document.update_time)
    for text in paths:
        path = fields.parse(text)
        value = fields.get(document.fields, path)
        if value is not None:
            fields.put(shown.fields, path, value)
    return shown


def _check_path(path: str) -> None:
    if path != NAME:
        fields.parse(path)


def _value(document: Any, path: str) -> Any | None:
    return fields.get(document.fields, fields.parse(path))


def _value_key(document: Any, path: str) -> values.Key | None:
    if path == NAME:
        return values.reference_key(document.name)
    value = _value(document, path)
    return None if value is None else values.key(value)


def _items(document: Any, path: str) -> tuple[values.Key, ...]:
    here = _value_key(document, path)
    items: tuple[values.Key, ...] = here[1] if here is not None and here[0] == values.ARRAY else ()
    return items
