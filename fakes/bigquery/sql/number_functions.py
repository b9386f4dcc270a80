# ruff: noqa: E501 - the table at the end has one helper a line
"""Helper functions of numbers and chance, in Python: text of floats, exact decimals, dice."""

from __future__ import annotations

import math
import random
import re
import uuid
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from fakes.bigquery.sql import moments
from fakes.bigquery.sql.native import (
    BIGINT,
    BIGNUMERIC,
    BIGNUMERICS,
    BOOL,
    DOUBLE,
    DOUBLES,
    NUMERIC,
    NUMERICS,
    TEXT,
    Native,
)


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


def decimal_of(text: str, kind: str) -> Decimal:
    """The exact number that a CAST or PARSE_… reads; ValueError as the service where it is none or too big."""
    try:
        number = Decimal(text.strip())
        return fitted(number, kind) if number.is_finite() else Decimal("nan").quantize(Decimal(1))
    except ArithmeticError:
        raise ValueError(f"Invalid {kind} value: {text}") from None


def fitted(value: Decimal, kind: str, what: str = "") -> Decimal:
    """`value` rounded half away from zero to the scale of NUMERIC, or as a BIGNUMERIC of the 20 + 18 digits kept here.

    Raises ValueError where NUMERIC overflows, and a refusal where a BIGNUMERIC would need more digits.
    """
    if kind == "NUMERIC":
        rounded = value.quantize(Decimal("1e-9"), "ROUND_HALF_UP", moments.WIDE)
        if rounded.copy_abs() >= Decimal("1e29"):
            raise ValueError(f"numeric overflow: {what}" if what else f"Invalid NUMERIC value: {value}")
        return rounded
    rounded = value.quantize(Decimal("1e-18"), "ROUND_HALF_UP", moments.WIDE)
    if rounded != value or rounded.copy_abs() >= Decimal("1e20"):
        raise ValueError("unsupported by the emulator: BIGNUMERIC of more than 20 digits before or 18 after the point")
    return rounded


def plain(value: Decimal) -> str:
    """A NUMERIC as the service prints it: no exponent, no trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _parse(kind: str) -> Callable[[str], Decimal]:
    shape = re.compile(r"\s*([+-]?)\s*([\d,]*\.?\d*(?:[eE][+-]?\d+)?)\s*([+-]?)\s*")

    def parse(text: str) -> Decimal:
        found = shape.fullmatch(text)
        if not found or (found.group(1) and found.group(3)) or not re.search(r"\d", found.group(2)):
            raise ValueError(f'Invalid input to PARSE_{kind}: "{text}"')
        return decimal_of((found.group(1) or found.group(3)) + found.group(2).replace(",", ""), kind)

    return parse


def _binary(kind: str, sign: str, work: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Decimal, Decimal], Decimal]:
    def compute(a: Decimal, b: Decimal) -> Decimal:
        return fitted(work(a, b), kind, f"{plain(a)} {sign} {plain(b)}")

    return compute


def _divide(a: Decimal, b: Decimal) -> Decimal:
    if not b:
        raise ValueError(f"division by zero: {plain(a)} / {plain(b)}")
    return moments.WIDE.divide(a, b)


def _or_null(work: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Decimal, Decimal], Decimal | None]:
    def compute(a: Decimal, b: Decimal) -> Decimal | None:
        try:
            return work(a, b)
        except ValueError as problem:
            if str(problem).startswith("unsupported"):
                raise
            return None

    return compute


def _rounded(kind: str) -> Callable[[Decimal, int, str], Decimal]:
    modes = {"ROUND_HALF_AWAY_FROM_ZERO": "ROUND_HALF_UP", "ROUND_HALF_EVEN": "ROUND_HALF_EVEN", "TRUNC": "ROUND_DOWN",
             "CEIL": "ROUND_CEILING", "FLOOR": "ROUND_FLOOR"}  # fmt: skip

    def rounded(value: Decimal, digits: int, mode: str) -> Decimal:
        if mode not in modes:
            raise ValueError(f"Invalid rounding mode: {mode}")
        if digits >= 38:
            return value
        return fitted(value.quantize(Decimal(1).scaleb(-max(digits, -38)), modes[mode], moments.WIDE), kind, "ROUND")

    return rounded


def within(kind: str, value: Decimal, precision: int, scale: int, shown: str) -> Decimal:
    """`value` rounded to `scale`; ValueError where `kind(shown)`, `precision` digits, does not hold it."""
    rounded = value.quantize(Decimal(1).scaleb(-scale), "ROUND_HALF_UP", moments.WIDE)
    most = Decimal(10) ** (precision - scale) - Decimal(1).scaleb(-scale)
    if abs(rounded) > most:
        raise ValueError(
            f"{kind}({shown}) has precision {precision} and scale {scale} but got a value that is not in range of"
            f" [-{most}, {most}]"
        )
    return fitted(rounded, kind)


def _function(name: str, work: Callable[..., Decimal], kind: str) -> Callable[..., Decimal]:
    def compute(*arguments: Decimal) -> Decimal:
        try:
            return fitted(work(*arguments), kind, name)
        except ArithmeticError:
            shown = ", ".join(plain(a) for a in arguments)
            raise ValueError(f"Illegal argument to {name}: {shown}") from None

    return compute


def _whole(a: Decimal, b: Decimal) -> Decimal:
    return _divide(a, b).quantize(Decimal(1), "ROUND_DOWN", moments.WIDE)


def _logarithm(value: Decimal, base: Decimal) -> Decimal:
    return moments.WIDE.divide(moments.WIDE.ln(value), moments.WIDE.ln(base))


def seeded(function: Callable[[random.Random], Any]) -> Callable[[int], Any]:
    """A random function of one per-statement seed: each row draws the next number of that seed's stream."""
    streams: dict[int, random.Random] = {}

    def draw(seed: int) -> Any:
        if seed not in streams:
            streams.clear()
            streams[seed] = random.Random(seed)
        return function(streams[seed])

    return draw


def _distance(name: str, work: Callable[[list[float], list[float]], float]) -> Callable[..., float]:
    def distance(a: list[float | None], b: list[float | None]) -> float:
        if None in a or None in b:
            raise ValueError(f"Cannot compute {name} against a NULL value")
        if len(a) != len(b):
            raise ValueError(f"Array length mismatch: {len(a)} and {len(b)}")
        return work(a, b)  # type: ignore[arg-type] # NULLs were refused above

    return distance


def _cosine(a: list[float], b: list[float]) -> float:
    lengths = math.hypot(*a) * math.hypot(*b)
    if not lengths:
        raise ValueError("Cannot compute cosine distance against zero vector")
    return 1 - sum(x * y for x, y in zip(a, b, strict=True)) / lengths


def _raise(message: str) -> bool:
    raise ValueError(message)


def _cube_root(value: float) -> float:
    root = math.cbrt(value)
    if not math.isfinite(root):
        return root
    # The C library may miss the root of a perfect cube by one place.
    return float(round(root)) if float(round(root)) ** 3 == value else root


def _spread(values: list[Decimal | None], word: str) -> float | None:
    """A standard deviation or variance, exact until the end as the service's of NUMERIC is."""
    known = [v for v in values if v is not None]
    degrees = len(known) - (1 if word.endswith("samp") else 0)
    if degrees < 1:
        return None
    total = sum(map(Fraction, known), Fraction())
    squares = sum((Fraction(v) ** 2 for v in known), Fraction())
    variance = float((squares - total * total / len(known)) / degrees)
    return math.sqrt(variance) if word.startswith("stddev") else variance


NATIVES: dict[str, Native] = {
    **{
        f"wt_{kind.lower()}_{word}": Native((duck, duck), duck, _binary(kind, sign, work))
        for kind, duck in (("NUMERIC", NUMERIC), ("BIGNUMERIC", BIGNUMERIC))
        for word, sign, work in (
            ("sum", "+", moments.WIDE.add), ("difference", "-", moments.WIDE.subtract),
            ("product", "*", moments.WIDE.multiply), ("quotient", "/", _divide), ("whole", "/", _whole),
        )
    },
    "wt_numeric_quotient_or_null": Native((NUMERIC, NUMERIC), NUMERIC, _or_null(_binary("NUMERIC", "/", _divide))),
    "wt_bignumeric_quotient_or_null": Native(
        (BIGNUMERIC, BIGNUMERIC), BIGNUMERIC, _or_null(_binary("BIGNUMERIC", "/", _divide))
    ),
    "wt_numeric_rounded": Native((NUMERIC, BIGINT, TEXT), NUMERIC, _rounded("NUMERIC")),
    "wt_bignumeric_rounded": Native((BIGNUMERIC, BIGINT, TEXT), BIGNUMERIC, _rounded("BIGNUMERIC")),
    "wt_numeric_within": Native((NUMERIC, BIGINT, BIGINT, TEXT), NUMERIC, partial(within, "NUMERIC")),
    "wt_bignumeric_within": Native((BIGNUMERIC, BIGINT, BIGINT, TEXT), BIGNUMERIC, partial(within, "BIGNUMERIC")),
    "wt_numeric_of": Native((TEXT,), NUMERIC, lambda text: decimal_of(text, "NUMERIC")),
    "wt_bignumeric_of": Native((TEXT,), BIGNUMERIC, lambda text: decimal_of(text, "BIGNUMERIC")),
    "wt_numeric_parse": Native((TEXT,), NUMERIC, _parse("NUMERIC")),
    "wt_bignumeric_parse": Native((TEXT,), BIGNUMERIC, _parse("BIGNUMERIC")),
    **{
        f"wt_{kind.lower()}_{name.lower()}": Native((duck,) * arity, duck, _function(name, work, kind))
        for kind, duck in (("NUMERIC", NUMERIC), ("BIGNUMERIC", BIGNUMERIC))
        for name, arity, work in (
            ("SQRT", 1, moments.WIDE.sqrt), ("EXP", 1, moments.WIDE.exp), ("LN", 1, moments.WIDE.ln),
            ("LOG10", 1, moments.WIDE.log10), ("LOG", 2, _logarithm), ("POW", 2, moments.WIDE.power),
        )
    },
    "wt_numeric_spread": Native((NUMERICS, TEXT), DOUBLE, _spread),
    "wt_bignumeric_spread": Native((BIGNUMERICS, TEXT), DOUBLE, _spread),
    "wt_cbrt": Native((DOUBLE,), DOUBLE, _cube_root),
    "wt_cosine_distance": Native((DOUBLES, DOUBLES), DOUBLE, _distance("COSINE_DISTANCE", _cosine)),
    "wt_euclidean_distance": Native((DOUBLES, DOUBLES), DOUBLE, _distance("EUCLIDEAN_DISTANCE", math.dist)),
    "wt_fail": Native((TEXT,), BOOL, _raise),
    "wt_float_text": Native((DOUBLE,), TEXT, float_text),
    "wt_float_text9": Native((DOUBLE,), TEXT, lambda v: f"{Decimal(float_text(v)).quantize(Decimal('1e-9'), 'ROUND_HALF_UP', moments.WIDE):f}"),
    "wt_hex_int": Native((TEXT,), BIGINT, _hex_int),
    "wt_py_log": Native((DOUBLE, DOUBLE), DOUBLE, lambda a, b: math.log(a, b) if b not in (2.0, 10.0) else (math.log2(a) if b == 2 else math.log10(a))),
    "wt_rand": Native((BIGINT,), DOUBLE, seeded(random.Random.random)),
    "wt_uuid": Native((BIGINT,), TEXT, seeded(lambda dice: str(uuid.UUID(int=dice.getrandbits(128), version=4)))),
}  # fmt: skip
