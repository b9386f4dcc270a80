# ruff: noqa: E501 - the table at the end has one helper a line
"""Helper functions of JSON, in Python: paths, edits, strict and lax conversions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from fakes.bigquery.sql import jsons, moments
from fakes.bigquery.sql.native import BIGINT, BIGINTS, BOOL, BOOLS, DOUBLE, DOUBLES, TEXT, TEXTS, Native
from fakes.bigquery.sql.number_functions import float_text, round_half_away


def _json(text: str) -> Any:
    return jsons.loads(text)


def _json_at(text: str, path: str) -> Any:
    try:
        value = _json(text)
    except ValueError:
        jsons.steps(path)
        return jsons.MISSING
    return jsons.at(value, path)


def _json_query(text: str, path: str) -> str | None:
    found = _json_at(text, path)
    return None if found is jsons.MISSING or found is None else jsons.dumps(found)


def _json_query_json(text: str, path: str) -> str | None:
    found = _json_at(text, path)
    return None if found is jsons.MISSING else jsons.dumps(found)


def _json_array(text: str, path: str) -> list[str] | None:
    found = _json_at(text, path)
    return [jsons.dumps(v) for v in found] if isinstance(found, list) else None


def _json_value_array(text: str, path: str) -> list[str | None] | None:
    found = _json_at(text, path)
    if not isinstance(found, list) or any(isinstance(v, (dict, list)) for v in found):
        return None
    return [jsons.scalar_text(v) for v in found]


def _json_parse(text: str, mode: str) -> str:
    try:
        value = jsons.sort(jsons.loads(text))
    except (ValueError, RecursionError) as problem:
        raise ValueError(f"Invalid input to PARSE_JSON: {problem}") from None
    if mode not in ("exact", "round"):
        raise ValueError(f"Invalid `wide_number_mode` specified: {mode}")
    return jsons.dumps(_numbers(value, exact=mode == "exact"))


def _numbers(value: Any, *, exact: bool) -> Any:
    """`value` with its numbers as the JSON type keeps them: INT64, UINT64, or FLOAT64 for what is wider."""
    if isinstance(value, dict):
        return {k: _numbers(v, exact=exact) for k, v in value.items()}
    if isinstance(value, list):
        return [_numbers(v, exact=exact) for v in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        if exact and int(float(value)) != value:
            raise ValueError("Invalid input to PARSE_JSON: Input number: "
                             f"{value} cannot round-trip through string representation")  # fmt: skip
        return float(value)
    return value


def _json_type(text: str) -> str:
    value = _json(text)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def _json_strict(kind: type | tuple[type, ...], name: str) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = _json(text)
        wrong_bool = isinstance(value, bool) and kind is not bool
        if value is None or not isinstance(value, kind) or wrong_bool:
            shown = _json_type(text)
            raise ValueError(f"The provided JSON input is not {name}" if shown else "")
        return value

    return read


def _json_int(text: str) -> int:
    value = _json(text)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("The provided JSON input is not an integer")
    return value


def _lax(convert: Callable[[Any], Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = _json(text)
        if value is None or isinstance(value, (dict, list)):
            return None
        try:
            return convert(value)
        except (ValueError, OverflowError):
            return None

    return read


def _lax_bool(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return bool(value)


def _lax_float(value: Any) -> float | None:
    return None if isinstance(value, bool) else float(value)


def _lax_int(value: Any) -> int | None:
    number = float(value) if isinstance(value, str) and not re.fullmatch(r"[+-]?\d+", value) else value
    result = round_half_away(float(number)) if isinstance(number, float) else int(number)
    return result if -(2**63) <= result < 2**63 else None


def _json_edit(text: str, path: str, new: str, create: bool) -> str:
    value, steps = _json(text), jsons.steps(path)
    return jsons.dumps(jsons.sort(_put(value, steps, _json(new), create)))


def _put(value: Any, steps: Sequence[str | int], new: Any, create: bool) -> Any:
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    if value is None and create:
        value = [] if isinstance(step, int) else {}
    if isinstance(step, int) and isinstance(value, list):
        if step >= len(value):
            if not create:
                return value
            value = value + [None] * (step + 1 - len(value))
        return [_put(v, rest, new, create) if i == step else v for i, v in enumerate(value)]
    if isinstance(step, str) and isinstance(value, dict):
        if step not in value and not create:
            return value
        return {**value, step: _put(value.get(step), rest, new, create)}
    return value


def _json_append(text: str, path: str, new: str, each: bool) -> str:
    value = _json(text)
    target = jsons.at(value, path)
    addition = _json(new)
    items = addition if each and isinstance(addition, list) else [addition]
    if target is jsons.MISSING or (target is not None and not isinstance(target, list)):
        return jsons.dumps(value)
    return jsons.dumps(jsons.sort(_put(value, jsons.steps(path), [*(target or []), *items], True)))


def _json_remove(text: str, paths: Sequence[str]) -> str:
    value = _json(text)
    for path in paths:
        *parents, last = jsons.steps(path)
        holder = value
        for step in parents:
            holder = holder[step] if _has(holder, step) else None
        if _has(holder, last):
            del holder[last]
    return jsons.dumps(value)


def _has(holder: Any, step: str | int) -> bool:
    return (isinstance(holder, dict) and step in holder) or (
        isinstance(holder, list) and isinstance(step, int) and step < len(holder)
    )


def _json_strip(text: str, path: str, arrays: bool, empty: bool) -> str:
    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            pairs = ((k, strip(v)) for k, v in value.items())
            return {k: v for k, v in pairs if v is not None and not (empty and v in ({}, []))}
        if isinstance(value, list):
            items = [strip(v) for v in value]
            if not arrays:
                return items
            return [v for v in items if v is not None and not (empty and v in ({}, []))]
        return value

    value = _json(text)
    steps = jsons.steps(path)
    target = jsons.at(value, path)
    if target is jsons.MISSING:
        return jsons.dumps(value)
    stripped = strip(target)
    if empty and stripped in ({}, []):
        stripped = None
    return jsons.dumps(_put(value, steps, stripped, False))


def _json_flatten(text: str) -> list[str]:
    def flat(value: Any) -> list[Any]:
        return [x for v in value for x in flat(v)] if isinstance(value, list) else [value]

    return [jsons.dumps(v) for v in flat(_json(text))]


def _json_insert(text: str, path: str, new: str, each: bool) -> str:
    value, steps = _json(text), jsons.steps(path)
    if not steps or not isinstance(steps[-1], int):
        return jsons.dumps(value)
    parent, index = jsons.at(value, _path(steps[:-1])), steps[-1]
    if parent is None:
        parent = []
    if not isinstance(parent, list):
        return jsons.dumps(value)
    addition = _json(new)
    items = addition if each and isinstance(addition, list) else [addition]
    padded = parent + [None] * max(0, index - len(parent))
    return jsons.dumps(jsons.sort(_put(value, steps[:-1], [*padded[:index], *items, *padded[index:]], True)))


def _path(steps: Sequence[str | int]) -> str:
    return "$" + "".join(f"[{s}]" if isinstance(s, int) else f"[{jsons.dumps(s)}]" for s in steps)


def _each(convert: Callable[[str], Any], *, lax: bool) -> Callable[[str], list[Any] | None]:
    def read(text: str) -> list[Any] | None:
        value = _json(text)
        if not isinstance(value, list):
            if lax:
                return None
            raise ValueError("The provided JSON input is not an array")
        return [convert(jsons.dumps(v)) for v in value]

    return read


def _json_float(text: str, mode: str) -> float:
    value = _json(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("The provided JSON input is not a number")
    if mode not in ("exact", "round"):
        raise ValueError(f"Invalid `wide_number_mode` specified: {mode}")
    if mode == "exact" and isinstance(value, int) and int(float(value)) != value:
        raise ValueError(f"JSON number: {value} cannot be converted to DOUBLE without loss of precision")
    return float(value)


def _json_zip(names: Sequence[str], values: Sequence[str]) -> str:
    if len(names) != len(values):
        raise ValueError("Invalid input to JSON_OBJECT: The number of keys and values must match")
    if None in names:
        raise ValueError("Invalid input to JSON_OBJECT: A key cannot be NULL")
    found: dict[str, Any] = {}
    for name, value in zip(names, values, strict=True):
        found.setdefault(name, _json(value))
    return jsons.dumps(jsons.sort(found))


def _json_number(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        return {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}[float_text(value)]
    return float_text(value)


WIDEST = 2**53
"""Whole numbers up to here, and not every one beyond, are FLOAT64s."""


def _json_int_text(value: int) -> str:
    return str(value) if abs(value) <= WIDEST else f'"{value}"'


def _json_decimal(text: str, wide: str) -> str:
    whole = "." not in text
    if wide == "text":
        return text if whole and abs(int(text)) <= WIDEST else f'"{text}"'
    if Decimal(repr(float(text))) == Decimal(text):
        return jsons.dumps(int(text) if whole else float(text))
    if wide == "string":
        return f'"{text}"'
    raise ValueError(f"Failed to convert type NUMERIC to JSON: {text} cannot be stored without loss of precision")


def _json_interval(text: str) -> str:
    found = re.fullmatch(r"(-?)(\d+)-(\d+) (-?\d+) (-?)(\d+):(\d+):(\d+)(\.\d+)?", text)
    assert found, text
    sign, years, months, days, time_sign, hours, minutes, seconds, fraction = found.groups()
    parts = [f"{sign}{years}Y" if int(years) else "", f"{sign}{months}M" if int(months) else "",
             f"{days}D" if int(days) else ""]  # fmt: skip
    second = seconds + (fraction or "")
    time = "".join([f"{time_sign}{hours}H" if int(hours) else "", f"{time_sign}{minutes}M" if int(minutes) else "",
                    f"{time_sign}{second}S" if float(second) else ""])  # fmt: skip
    shown = "P" + "".join(parts) + (f"T{time}" if time else "")
    return shown if shown != "P" else "P0Y"


NATIVES: dict[str, Native] = {
    "wt_json_value": Native((TEXT, TEXT), TEXT, lambda t, p: jsons.scalar_text(_json_at(t, p))),
    "wt_json_query": Native((TEXT, TEXT), TEXT, _json_query),
    "wt_json_query_json": Native((TEXT, TEXT), TEXT, _json_query_json),
    "wt_json_get": Native((TEXT, TEXT), "JSON", lambda t, k: None if (f := jsons.at(_json(t), f'$."{k}"')) is jsons.MISSING else jsons.dumps(f)),
    "wt_json_array": Native((TEXT, TEXT), TEXTS, _json_array),
    "wt_json_value_array": Native((TEXT, TEXT), TEXTS, _json_value_array),
    "wt_json_keys": Native((TEXT, BIGINT), TEXTS, lambda t, d: None if t is None else list(jsons.keys(_json(t), d)), nulls=True),
    "wt_json_type": Native((TEXT,), TEXT, _json_type),
    "wt_json_sort": Native((TEXT,), TEXT, jsons.canonical),
    "wt_json_quote": Native((TEXT,), TEXT, jsons.dumps),
    "wt_json_number": Native((DOUBLE,), TEXT, _json_number),
    "wt_json_timestamp": Native((BIGINT,), TEXT, lambda us: moments.datetime_text(us, "T") + "Z"),
    "wt_json_pretty": Native((TEXT,), TEXT, lambda t: __import__("json").dumps(_json(t), indent=2, ensure_ascii=False)),
    "wt_json_set": Native((TEXT, TEXT, TEXT, BOOL), TEXT, _json_edit),
    "wt_json_append": Native((TEXT, TEXT, TEXT, BOOL), TEXT, _json_append),
    "wt_json_remove": Native((TEXT, TEXTS), TEXT, _json_remove),
    "wt_json_int_text": Native((BIGINT,), TEXT, _json_int_text),
    "wt_json_decimal": Native((TEXT, TEXT), TEXT, _json_decimal),
    "wt_json_interval": Native((TEXT,), TEXT, _json_interval),
    "wt_json_strip": Native((TEXT, TEXT, BOOL, BOOL), TEXT, _json_strip),
    "wt_json_parse": Native((TEXT, TEXT), TEXT, _json_parse),
    "wt_json_insert": Native((TEXT, TEXT, TEXT, BOOL), TEXT, _json_insert),
    "wt_json_flatten": Native((TEXT,), TEXTS, _json_flatten),
    "wt_json_float": Native((TEXT, TEXT), DOUBLE, _json_float),
    "wt_json_bools": Native((TEXT,), BOOLS, _each(_json_strict(bool, "a boolean"), lax=False)),
    "wt_json_ints": Native((TEXT,), BIGINTS, _each(_json_int, lax=False)),
    "wt_json_strings": Native((TEXT,), TEXTS, _each(_json_strict(str, "a string"), lax=False)),
    "wt_json_floats": Native((TEXT, TEXT), DOUBLES, lambda t, mode: _each(lambda v: _json_float(v, mode), lax=False)(t)),
    "wt_json_lax_bools": Native((TEXT,), BOOLS, _each(_lax(_lax_bool), lax=True)),
    "wt_json_lax_ints": Native((TEXT,), BIGINTS, _each(_lax(_lax_int), lax=True)),
    "wt_json_lax_floats": Native((TEXT,), DOUBLES, _each(_lax(_lax_float), lax=True)),
    "wt_json_lax_strings": Native((TEXT,), TEXTS, _each(_lax(jsons.scalar_text), lax=True)),
    "wt_json_zip": Native((TEXTS, TEXTS), TEXT, _json_zip),
    "wt_json_bool": Native((TEXT,), BOOL, _json_strict(bool, "a boolean")),
    "wt_json_int": Native((TEXT,), BIGINT, _json_int),
    "wt_json_string": Native((TEXT,), TEXT, _json_strict(str, "a string")),
    "wt_json_lax_bool": Native((TEXT,), BOOL, _lax(_lax_bool)),
    "wt_json_lax_int": Native((TEXT,), BIGINT, _lax(_lax_int)),
    "wt_json_lax_float": Native((TEXT,), DOUBLE, _lax(_lax_float)),
    "wt_json_lax_string": Native((TEXT,), TEXT, _lax(jsons.scalar_text)),
}  # fmt: skip
