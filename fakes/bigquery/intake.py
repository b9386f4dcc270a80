"""Rows on their way into a table as JSON objects, by insertAll and load jobs: the cells they give, or what is wrong.

Knows a table's schema and values, not where rows come from or go to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fakes.bigquery import values
from fakes.bigquery.sql import type_parameters
from fakes.bigquery.sql.types import Type, from_rest


class Intake:
    """Reads the rows of one request into the columns of `fields`, REST schema fields.

    `absent` are the values, by position, of columns that a row leaves out. With `ignore`, what the schema does not know
    is left out.
    """

    def __init__(self, fields: Sequence[Mapping[str, Any]], absent: Mapping[int, Any], *, ignore: bool) -> None:
        self._columns = [_Column(at, field, ignore=ignore) for at, field in enumerate(fields)]
        self._named = {c.name.lower(): c for c in self._columns}
        self._ignore = ignore
        self._absent = [absent.get(c.at, [] if c.kind.kind == "ARRAY" else None) for c in self._columns]
        self._required = [c for c in self._columns if c.required]

    def cells(self, row: Mapping[str, Any]) -> list[Any]:
        """The Python values of `row`, in the order of the columns; raises `BadValue`."""
        cells = self._absent.copy()
        for key, value in row.items():
            column = self._named.get(key) or self._named.get(key.lower())
            if column is not None:
                cells[column.at] = column.read(value)
            elif not self._ignore:
                raise values.BadValue(key, f"no such field: {key}.")
        for column in self._required:
            if cells[column.at] is None:
                raise values.BadValue(column.name, f"Missing required field: {column.name}.")
        return cells


class _Column:
    def __init__(self, at: int, field: Mapping[str, Any], *, ignore: bool) -> None:
        self.at, self.name, self.kind = at, str(field["name"]), from_rest(field)
        self.required = str(field.get("mode", "")).upper() == "REQUIRED"
        self.read = values.reader(self.kind, self.name)
        if ignore and self.kind.kind in ("ARRAY", "STRUCT"):
            whole = self.read
            self.read = lambda value: whole(known(self.kind, value))
        if type_parameters.limited(field):
            unheld = self.read
            self.read = lambda value: held(self.kind, field, unheld(value))


def held(kind: Type, field: Mapping[str, Any], value: Any) -> Any:
    """A Python `value` held to the parameters of its column's type; raises `BadValue`."""
    try:
        return type_parameters.fit(kind, field, value)
    except ValueError as problem:
        raise values.BadValue(str(field["name"]), str(problem)) from None


def known(kind: Type, value: Any) -> Any:
    """`value` without the fields inside it that `kind` does not have."""
    if kind.kind == "ARRAY" and kind.item and isinstance(value, list):
        return [known(kind.item, v) for v in value]
    if kind.kind == "STRUCT" and isinstance(value, dict):
        fields = {n.lower(): t for n, t in kind.named_fields}
        return {k: known(fields[k.lower()], v) for k, v in value.items() if k.lower() in fields}
    return value
