# ruff: noqa: E501 - the table at the end has one helper a line
"""Helper functions of JSON, in Python: paths, edits, strict and lax conversions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from fakes.bigquery.sql import jsons, moments
from fakes.bigquery.sql.native import BIGINT, BOOL, DOUBLE, TEXT, TEXTS, Native
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
        return jsons.canonical(text)
    except ValueError as problem:
        raise ValueError(f"Invalid input to PARSE_JSON: {problem}") from None


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


def _json_strip(text: str) -> str:
    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: strip(v) for k, v in value.items() if v is not None}
        if isinstance(value, list):
            return [strip(v) for v in value if v is not None]
        return value

    return jsons.dumps(strip(_json(text)))


def _json_number(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        return {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}[float_text(value)]
    return float_text(value)


NATIVES: dict[str, Native] = {
    "wt_json_value": Native((TEXT, TEXT), TEXT, lambda t, p: jsons.scalar_text(_json_at(t, p))),
    "wt_json_query": Native((TEXT, TEXT), TEXT, _json_query),
    "wt_json_query_json": Native((TEXT, TEXT), TEXT, _json_query_json),
    "wt_json_get": Native((TEXT, TEXT), "JSON", lambda t, k: None if (f := jsons.at(_json(t), f'$."{k}"')) is jsons.MISSING else jsons.dumps(f)),
    "wt_json_array": Native((TEXT, TEXT), TEXTS, _json_array),
    "wt_json_value_array": Native((TEXT, TEXT), TEXTS, _json_value_array),
    "wt_json_keys": Native((TEXT, BIGINT), TEXTS, lambda t, d: None if t is None else list(jsons.keys(_json(t), d)), nulls=True),
    "wt_json_type": Native((TEXT,), TEXT, _json_type),
    "wt_json_parse": Native((TEXT, TEXT), TEXT, _json_parse),
    "wt_json_sort": Native((TEXT,), TEXT, jsons.canonical),
    "wt_json_quote": Native((TEXT,), TEXT, jsons.dumps),
    "wt_json_number": Native((DOUBLE,), TEXT, _json_number),
    "wt_json_timestamp": Native((BIGINT,), TEXT, lambda us: moments.datetime_text(us, "T") + "Z"),
    "wt_json_pretty": Native((TEXT,), TEXT, lambda t: __import__("json").dumps(_json(t), indent=2, ensure_ascii=False)),
    "wt_json_set": Native((TEXT, TEXT, TEXT, BOOL), TEXT, _json_edit),
    "wt_json_append": Native((TEXT, TEXT, TEXT, BOOL), TEXT, _json_append),
    "wt_json_remove": Native((TEXT, TEXTS), TEXT, _json_remove),
    "wt_json_strip": Native((TEXT,), TEXT, _json_strip),
    "wt_json_zip": Native((TEXTS, TEXTS), TEXT, lambda k, v: jsons.dumps(jsons.sort({a: _json(b) for a, b in zip(k, v, strict=True)}))),
    "wt_json_bool": Native((TEXT,), BOOL, _json_strict(bool, "a boolean")),
    "wt_json_int": Native((TEXT,), BIGINT, _json_int),
    "wt_json_float": Native((TEXT,), DOUBLE, lambda t: float(_json_strict((int, float), "a number")(t))),
    "wt_json_string": Native((TEXT,), TEXT, _json_strict(str, "a string")),
    "wt_json_lax_bool": Native((TEXT,), BOOL, _lax(_lax_bool)),
    "wt_json_lax_int": Native((TEXT,), BIGINT, _lax(_lax_int)),
    "wt_json_lax_float": Native((TEXT,), DOUBLE, _lax(lambda v: None if isinstance(v, bool) else float(v))),
    "wt_json_lax_string": Native((TEXT,), TEXT, _lax(jsons.scalar_text)),
}  # fmt: skip
