# ruff: noqa: E501 - the vendor's messages are long
"""Values on their way in and out: REST cells, query parameters, JSON rows.

https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/getQueryResults describes the cells. Knows types, not
tables or jobs.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from fakes.bigquery.errors import Unsupported, invalid
from fakes.bigquery.sql import jsons, moments
from fakes.bigquery.sql.number_functions import float_text
from fakes.bigquery.sql.types import Type, quoted

Cell = Callable[[Any], Any]


# --------------------------------------------------------------------------------------------------------------------
# Out: what a SELECT must fetch, and how a fetched value becomes a REST cell


def fetchable(name: str, kind: Type) -> str:
    """The expression that fetches column `name` as plain Python values."""
    column = quoted(name)
    if kind.kind == "TIMESTAMP":
        return f"epoch_us({column})"
    if kind.kind == "INTERVAL":
        return f"wt_interval_text({column})"
    plain = _plain(kind)
    return f"CAST({column} AS {plain})" if plain != kind.duck else column


def needs_wrapping(kind: Type) -> bool:
    """Whether `fetchable` differs from the column itself."""
    return kind.kind in ("TIMESTAMP", "INTERVAL") or _plain(kind) != kind.duck


def _plain(kind: Type) -> str:
    # Inside arrays and structs a TIMESTAMP is fetched as the DATETIME of the same instant in UTC.
    return kind.duck.replace("TIMESTAMPTZ", "TIMESTAMP")


def holds_array(kind: Type) -> bool:
    """Whether an ARRAY occurs in `kind`."""
    return kind.kind == "ARRAY" or any(holds_array(t) for _, t in kind.fields)


def null_element(kind: Type, value: Any) -> bool:
    """Whether an array in the fetched `value` holds NULL, which an array may do inside a query but not in its answer."""
    if value is None:
        return False
    if kind.kind == "ARRAY":
        assert kind.item
        inner = kind.item
        return any(v is None for v in value) or (holds_array(inner) and any(null_element(inner, v) for v in value))
    if kind.kind == "STRUCT":
        return any(null_element(t, value[n]) for n, t in kind.named_fields if holds_array(t))
    return False


def holds_date(kind: Type) -> bool:
    """Whether a DATE, DATETIME or TIMESTAMP occurs in `kind`."""
    if kind.kind in ("DATE", "DATETIME", "TIMESTAMP"):
        return True
    return (kind.item is not None and holds_date(kind.item)) or any(holds_date(t) for _, t in kind.fields)


def beyond(kind: Type, value: Any) -> bool:
    """Whether the fetched `value` holds a date before the year 1 or after 9999, which DuckDB knows and nobody else."""
    if value is None or isinstance(value, str):
        return value is not None and kind.kind in ("DATE", "DATETIME", "TIMESTAMP")
    if kind.kind == "TIMESTAMP" and isinstance(value, int):
        return not FIRST_US <= value <= LAST_US
    if kind.kind == "ARRAY" and kind.item:
        return any(beyond(kind.item, v) for v in value)
    if kind.kind == "STRUCT":
        return any(beyond(t, value[n]) for n, t in kind.named_fields if holds_date(t))
    return False


FIRST_US, LAST_US = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The first and the last TIMESTAMP, in microseconds since the epoch."""


def encoder(kind: Type, *, int_timestamps: bool, nested: bool = False) -> Cell:
    """The function that turns a fetched value into the `v` of a REST cell."""
    if kind.kind == "ARRAY":
        assert kind.item
        item = encoder(kind.item, int_timestamps=int_timestamps, nested=True)
        return lambda value: [{"v": item(v)} for v in value or ()]
    if kind.kind == "STRUCT":
        fields = [(n, encoder(t, int_timestamps=int_timestamps, nested=True)) for n, t in kind.named_fields]
        return lambda value: None if value is None else {"f": [{"v": e(value[n])} for n, e in fields]}
    if kind.kind == "RANGE":
        assert kind.item
        end = _range_end(kind.item, int_timestamps)
        return lambda value: None if value is None else f"[{end(value['start'])}, {end(value['end'])})"
    if kind.kind == "TIMESTAMP":
        show = str if int_timestamps else _float_seconds
        if nested:
            return lambda value: None if value is None else show((value - moments.EPOCH) // moments.MICROSECOND)
        return lambda value: None if value is None else show(value)
    simple = _SIMPLE[kind.kind]
    return lambda value: None if value is None else simple(value)


def _range_end(kind: Type, int_timestamps: bool) -> Cell:
    inner = encoder(kind, int_timestamps=int_timestamps, nested=True)
    return lambda value: "UNBOUNDED" if value is None else inner(value)


def _float_seconds(us: int) -> str:
    seconds = Decimal(us).scaleb(-6)
    text = f"{seconds:E}".replace("E+", "E")
    mantissa, _, exponent = text.partition("E")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{exponent or 0}"


def _decimal(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _float(value: float) -> str:
    text = float_text(value)
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(text, repr(value) if abs(value) < 1e16 else text)


def _time(value: time) -> str:
    return value.isoformat()


_SIMPLE: dict[str, Cell] = {
    "INT64": str,
    "FLOAT64": _float,
    "BOOL": lambda v: "true" if v else "false",
    "STRING": str,
    "BYTES": lambda v: base64.b64encode(v).decode(),
    "DATE": lambda v: v.isoformat(),
    "DATETIME": lambda v: v.isoformat(),
    "TIME": _time,
    "NUMERIC": _decimal,
    "BIGNUMERIC": _decimal,
    "JSON": str,
    "INTERVAL": str,
    "GEOGRAPHY": str,
}


# --------------------------------------------------------------------------------------------------------------------
# In: a JSON value for a column, as rows of insertAll, JSON files and parameters carry it


class BadValue(ValueError):  # noqa: N818 - one row's fault, reported by the caller in the vendor's words
    """A value that does not fit its column; `reason` says why, `field` where."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


def decode(kind: Type, value: Any, field: str = "") -> Any:
    """The Python value for DuckDB of a JSON `value` meant for a column of type `kind`; raises `BadValue`."""
    if kind.kind == "ARRAY":
        assert kind.item
        if value is None:
            return []
        if not isinstance(value, list):
            raise BadValue(
                field,
                f"Repeated field must be imported as a JSON array. Field: {field}.",
            )
        items = [decode(kind.item, v, field) for v in value]
        if any(i is None for i in items):
            raise BadValue(field, f"Only optional fields can be set to NULL. Field: {field}; Value: NULL")
        return items
    if value is None:
        return None
    if kind.kind == "STRUCT":
        if not isinstance(value, Mapping):
            raise BadValue(field, "This field: " + field + " is not a record.")
        known = {n.lower(): (n, t) for n, t in kind.named_fields}
        out: dict[str, Any] = {n: ([] if t.kind == "ARRAY" else None) for n, t in kind.named_fields}
        for key, inner in value.items():
            if key.lower() not in known:
                raise BadValue(f"{field}.{key}", "no such field: " + f"{field}.{key}.")
            name, inner_kind = known[key.lower()]
            out[name] = decode(inner_kind, inner, f"{field}.{name}")
        return out
    if kind.kind == "RANGE":
        return _range(kind, value, field)
    return reader(kind, field)(value)


def reader(kind: Type, field: str) -> Cell:
    """`decode` for one column, made ready for many values."""
    read = _READERS.get(kind.kind)
    if read is None:
        return lambda value: decode(kind, value, field)

    def scalar(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, list) and kind.kind != "JSON":
            raise BadValue(field, f"Array specified for non-repeated field: {field}.")
        try:
            return read(value)
        except (ValueError, TypeError, ArithmeticError, KeyError):
            raise BadValue(field, _complaint(kind, value)) from None

    return scalar


def _range(kind: Type, value: Any, field: str) -> dict[str, Any]:
    """A range as `{"start": …, "end": …}` or as `[start, end)`; UNBOUNDED or null leaves an end open."""
    assert kind.item
    if isinstance(value, str):
        found = re.fullmatch(r"\[\s*(.*?)\s*,\s*(.*?)\s*\)", value.strip())
        if not found:
            raise BadValue(field, f"Invalid RANGE value: {value}")
        texts = zip(("start", "end"), found.groups(), strict=True)
        ends = {n: None if t.upper() in ("UNBOUNDED", "NULL") else t for n, t in texts}
    elif isinstance(value, Mapping) and set(value) <= {"start", "end"}:
        ends = {n: value.get(n) for n in ("start", "end")}
    else:
        raise BadValue(field, f"Invalid RANGE value: {value}")
    return {n: decode(kind.item, v, field) for n, v in ends.items()}


def _complaint(kind: Type, value: Any) -> str:
    shown = value if isinstance(value, str) else orjson.dumps(value).decode()
    match kind.kind:
        case "INT64":
            return f"Cannot convert value to integer (bad value): {shown}"
        case "FLOAT64":
            return f"Cannot convert value to floating point (bad value): {shown}"
        case "BOOL":
            return f"Cannot convert value to boolean (bad value): {shown}"
        case "TIMESTAMP":
            return f"Could not parse '{shown}' as a timestamp. Required format is YYYY-MM-DD HH:MM[:SS[.SSSSSS]] or YYYY/MM/DD HH:MM[:SS[.SSSSSS]]"
        case "STRING":
            return f"Cannot convert value to string (bad value): {shown}"
        case "DATE":
            return f"Invalid date: '{shown}'"
        case "DATETIME":
            return f'Invalid datetime string "{shown}"'
        case "TIME":
            return f'Invalid time string "{shown}"'
        case _:
            return f"Invalid {kind.kind} value: {shown}"


def _int(value: Any) -> int:
    if type(value) is int and -(2**63) <= value < 2**63:
        return value
    if isinstance(value, bool):
        raise ValueError(value)
    if isinstance(value, float):
        if not value.is_integer():
            raise ValueError(value)
        return int(value)
    if isinstance(value, str) and not re.fullmatch(r"\s*[+-]?\d+(\.0*)?\s*", value):
        raise ValueError(value)
    number = int(value.split(".")[0]) if isinstance(value, str) else int(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError(value)
    return number


def _read_float(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError(value)
    return float(value)


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return bool(value)
    return {"true": True, "false": False, "t": True, "f": False, "1": True, "0": False, "yes": True, "no": False,
            "y": True, "n": False}[value.strip().lower()]  # fmt: skip


def _string(value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise ValueError(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else orjson.dumps(value).decode()


_BLANKS = {ord(c): None for c in " \t\r\n"}


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(value.translate(_BLANKS), validate=True)
    except binascii.Error as problem:
        raise ValueError(value) from problem


def _timestamp(value: Any) -> datetime:
    if isinstance(value, str) and len(value) in (20, 27) and value[10] == "T" and value[-1] == "Z":
        # What clients send; the general reading takes three times as long.
        return datetime.fromisoformat(value[:-1])
    if isinstance(value, bool):
        raise ValueError(value)
    if isinstance(value, (int, float)) or re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", value):
        us = round(Decimal(str(value)) * 1_000_000)
    else:
        us = moments.timestamp_us(value.replace("/", "-").removesuffix(" UTC"))
    return moments.at(us)


def _numeric(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise ValueError(value)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(value) from None
    rounded = number.quantize(Decimal("1e-9"), "ROUND_HALF_UP", moments.WIDE)
    if not number.is_finite() or rounded.copy_abs() >= Decimal("1e29"):
        raise ValueError(value)
    return rounded


def _bignumeric(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("1e-18"), "ROUND_HALF_UP", moments.WIDE)


def _date(value: Any) -> date:
    try:
        return moments.date(value)
    except ValueError:
        return (moments.at(moments.datetime_us(value))).date()


def _datetime(value: Any) -> datetime:
    return moments.at(moments.datetime_us(value.removesuffix("Z")))


def _json(value: Any) -> str:
    if isinstance(value, str):
        try:
            return jsons.canonical(value)
        except ValueError:
            return jsons.dumps(value)
    return jsons.dumps(jsons.sort(value))


_INTERVAL = re.compile(
    r"([+-]?)P(?:([+-]?\d+)Y)?(?:([+-]?\d+)M)?(?:([+-]?\d+)D)?"
    r"(?:T(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?\d+(?:\.\d{1,6})?)S)?)?"
)
_CANONICAL_INTERVAL = re.compile(r"([+-]?)(\d+)-(\d+) ([+-]?\d+) ([+-]?)(\d+):(\d+):(\d+(?:\.\d{1,6})?)")


def _interval(value: Any) -> str:
    """The DuckDB spelling of an ISO 8601 duration or of the canonical `Y-M D H:M:S`."""
    if found := _INTERVAL.fullmatch(value):
        sign, *texts = found.groups()
        if not any(texts):
            raise ValueError(value)
        years, months, days, hours, minutes = (int(t or 0) for t in texts[:5])
        total, us = years * 12 + months, (hours * 60 + minutes) * 60_000_000 + round(Decimal(texts[5] or 0) * 1_000_000)
        if sign == "-":
            total, days, us = -total, -days, -us
    elif found := _CANONICAL_INTERVAL.fullmatch(value):
        sign, years_text, months_text, days_text, time_sign, h, m, s = found.groups()
        total = int(years_text) * 12 + int(months_text)
        total, days = -total if sign == "-" else total, int(days_text)
        us = (int(h) * 60 + int(m)) * 60_000_000 + round(Decimal(s) * 1_000_000)
        us = -us if time_sign == "-" else us
    else:
        raise ValueError(value)
    return f"{total} months {days} days {us} microseconds"


_POSITION = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\s+-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_WKT = re.compile(rf"\s*(POINT|LINESTRING)\s*\(\s*({_POSITION}(?:\s*,\s*{_POSITION})*)\s*\)\s*", re.I)


def _geography(value: Any) -> str:
    """Well-known text as the service gives it back; points and lines only, since other shapes are normalised there."""
    found = _WKT.fullmatch(value)
    if not found:
        if re.match(r"\s*(POLYGON|MULTI\w+|GEOMETRYCOLLECTION|POINT\s+EMPTY|\{)", value, re.I):
            raise Unsupported(f"the GEOGRAPHY value {value[:40]}", "points and lines are supported")
        raise ValueError(value)
    positions = [[float(n) for n in p.split()] for p in found.group(2).split(",")]
    if any(not -90 <= latitude <= 90 for _, latitude in positions):
        raise ValueError(value)
    shown = (" ".join(f"{n:.15g}" for n in p) for p in positions)
    return f"{found.group(1).upper()}({', '.join(shown)})"


_READERS: dict[str, Callable[[Any], Any]] = {
    "INT64": _int, "FLOAT64": _read_float, "BOOL": _bool, "STRING": _string, "BYTES": _bytes, "DATE": _date,
    "DATETIME": _datetime, "TIME": moments.time, "TIMESTAMP": _timestamp, "NUMERIC": _numeric,
    "BIGNUMERIC": _bignumeric, "JSON": _json, "INTERVAL": _interval, "GEOGRAPHY": _geography,
}  # fmt: skip


def parameter(kind: Type, node: Mapping[str, Any]) -> Any:
    """The Python value of a REST `QueryParameterValue`; raises 400 `invalid`."""
    if kind.kind == "ARRAY":
        assert kind.item
        items = node.get("arrayValues")
        return None if items is None and "value" in node else [parameter(kind.item, v) for v in items or ()]
    if kind.kind == "STRUCT":
        given = node.get("structValues")
        if given is None:
            return None
        return {n: parameter(t, given.get(n, {})) for n, t in kind.named_fields}
    if kind.kind == "RANGE":
        assert kind.item
        ends = node.get("rangeValue")
        return None if ends is None else {e: parameter(kind.item, ends.get(e) or {}) for e in ("start", "end")}
    value = node.get("value")
    if value is None:
        return None
    try:
        if kind.kind == "TIMESTAMP" and re.fullmatch(r"[\d.eE+-]*", str(value)):
            raise BadValue("", "seconds since the epoch are no TIMESTAMP here")
        return decode(kind, value)
    except BadValue:
        raise invalid(f"Invalid value for parameter of type {kind}: {value}") from None


def rows_of(columns: Sequence[tuple[str, Type]], rows: Sequence[Sequence[Any]], *, int_timestamps: bool) -> list[Any]:
    """REST rows (`{"f": [{"v": …}]}`) of fetched `rows`."""
    cells = [encoder(t, int_timestamps=int_timestamps) for _, t in columns]
    return [{"f": [{"v": c(v)} for c, v in zip(cells, row, strict=True)]} for row in rows]
