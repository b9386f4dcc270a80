# ruff: noqa: E501 - the table at the end has one helper a line
"""Helper functions of numbers and chance, in Python: text of floats, exact decimals, dice."""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fakes.bigquery.sql import moments
from fakes.bigquery.sql.native import BIGINT, BOOL, DOUBLE, NUMERIC, TEXT, Native


def float_text(value: float) -> str:
    """A FLOAT64 as the service prints it: the fewest of 15, 16 or 17 digits that read back the same."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    for digits in (15, 16, 17):
        shown = f"{value:.{digits}g}"
        if float(shown) == value:
            return shown
    return repr(value)


def round_half_away(value: float) -> int:
    """The nearest integer, halves away from zero."""
    return math.floor(abs(value) + 0.5) * (1 if value >= 0 else -1)


def _hex_int(text: str) -> int:
    value = int(text, 16)
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"Bad int64 value: {text}")
    return value


def _numeric_clean(text: str) -> str:
    try:
        number = Decimal(text.strip())
        rounded = number.quantize(Decimal("1e-9"), rounding="ROUND_HALF_UP", context=moments.WIDE)
    except ArithmeticError:
        return "invalid"
    return f"{rounded:f}" if number.is_finite() and rounded.copy_abs() < Decimal("1e29") else "invalid"


def _numeric_round(value: Decimal, digits: int, mode: str = "ROUND_HALF_AWAY_FROM_ZERO") -> Decimal:
    rounding = {"ROUND_HALF_AWAY_FROM_ZERO": "ROUND_HALF_UP", "ROUND_HALF_EVEN": "ROUND_HALF_EVEN"}.get(mode)
    if rounding is None:
        raise ValueError(f"Invalid rounding mode: {mode}")
    if digits >= 9:
        return value
    return value.quantize(Decimal(1).scaleb(-max(digits, -38)), rounding=rounding, context=moments.WIDE).quantize(
        Decimal("1e-9"), context=moments.WIDE
    )


def _numeric_pow(base: Decimal, power: Decimal) -> Decimal:
    return Decimal(moments.WIDE.power(base, power)).quantize(Decimal("1e-9"), "ROUND_HALF_UP", moments.WIDE)


def seeded(function: Callable[[random.Random], Any]) -> Callable[[int], Any]:
    """A random function of one per-statement seed: each row draws the next number of that seed's stream."""
    streams: dict[int, random.Random] = {}

    def draw(seed: int) -> Any:
        if seed not in streams:
            streams.clear()
            streams[seed] = random.Random(seed)
        return function(streams[seed])

    return draw


def _raise(message: str) -> bool:
    raise ValueError(message)


NATIVES: dict[str, Native] = {
    "wt_fail": Native((TEXT,), BOOL, _raise),
    "wt_float_text": Native((DOUBLE,), TEXT, float_text),
    "wt_float_text9": Native((DOUBLE,), TEXT, lambda v: f"{Decimal(float_text(v)).quantize(Decimal('1e-9'), 'ROUND_HALF_UP', moments.WIDE):f}"),
    "wt_hex_int": Native((TEXT,), BIGINT, _hex_int),
    "wt_numeric_clean": Native((TEXT,), TEXT, _numeric_clean),
    "wt_numeric_round": Native((NUMERIC, BIGINT), NUMERIC, _numeric_round),
    "wt_numeric_round_mode": Native((NUMERIC, BIGINT, TEXT), NUMERIC, _numeric_round),
    "wt_numeric_pow": Native((NUMERIC, NUMERIC), NUMERIC, _numeric_pow),
    "wt_py_log": Native((DOUBLE, DOUBLE), DOUBLE, lambda a, b: math.log(a, b) if b not in (2.0, 10.0) else (math.log2(a) if b == 2 else math.log10(a))),
    "wt_rand": Native((BIGINT,), DOUBLE, seeded(random.Random.random)),
    "wt_uuid": Native((BIGINT,), TEXT, seeded(lambda dice: str(uuid.UUID(int=dice.getrandbits(128), version=4)))),
}  # fmt: skip
