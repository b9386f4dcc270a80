"""How figures, times and verdicts read in every report, so that a number looks the same wherever it stands.

It must not know any markup.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

from pydantic import JsonValue

from harness.outcome import Verdict

NOTHING = "–"
SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.UNKNOWN: "?"}
"""A verdict is never told by colour alone."""

_UNITS = (("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))
_BLOCKS = "▁▂▃▄▅▆▇█"
_LONGEST_JSON = 120


def number(value: float | None) -> str:
    """`7,139`, `0.25`, `1.5e-07`: thousands set apart, at most four significant places behind the point."""
    if value is None:
        return NOTHING
    if not math.isfinite(value):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}".replace("-", "−")
    if abs(value) >= 1000:
        return f"{value:,.1f}".replace("-", "−")
    return f"{value:.4g}".replace("-", "−")


def value(it: JsonValue) -> str:
    """Any value of an outcome: numbers as `number`, texts as they are, the rest as JSON, cut where it gets long."""
    match it:
        case None:
            return NOTHING
        case bool():
            return "yes" if it else "no"
        case int() | float():
            return number(it)
        case str():
            return it
    text = json.dumps(it, ensure_ascii=False)
    return text if len(text) <= _LONGEST_JSON else text[: _LONGEST_JSON - 1] + "…"


def duration(seconds: float) -> str:
    """`36 h`, `1 h 30 min`, `3.2 s`, `4.1 ms`: the largest unit that fits, and the next where it is not 0."""
    if seconds <= 0:
        return "0 s"
    for index, (unit, size) in enumerate(_UNITS):
        if seconds >= size or index == len(_UNITS) - 1:
            if size <= 1:
                return f"{number(float(f'{seconds / size:.3g}'))} {unit}"
            smaller, smaller_size = _UNITS[index + 1]
            whole, rest = divmod(round(seconds / smaller_size), round(size / smaller_size))
            return f"{whole} {unit}" + (f" {rest} {smaller}" if rest else "")
    raise AssertionError("a unit always fits")


def _zone(when: datetime) -> str:
    return "UTC" if when.utcoffset() == UTC.utcoffset(None) else when.strftime("%z")


def moment(when: datetime, *, seconds: bool = True) -> str:
    """`16 Jan 09:00:03 UTC`, in the zone `when` came with; without `seconds` where they are known to be 0."""
    clock = f"{when:%H:%M:%S}" if seconds else f"{when:%H:%M}"
    return f"{when.day} {when:%b} {clock} {_zone(when)}"


def date(when: datetime) -> str:
    """`16 Jan 2026 09:00 UTC`, in the zone `when` came with."""
    return f"{when.day} {when:%b %Y %H:%M} {_zone(when)}"


def plural(count: int, noun: str) -> str:
    """`1 world`, `4 worlds`, `2 crashes`, `2 recoveries`."""
    if count == 1:
        return f"1 {noun}"
    ending = "es" if noun.endswith(("s", "sh", "ch")) else "s"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("ry") else f"{count:,} {noun}{ending}"


def joined(parts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def sparkline(values: list[float], top: float) -> str:
    """One block per value, the tallest for `top`; 0 is a dot, and nothing above 0 looks like it.

    Values are in [0, `top`]. All of them 0 gives no line at all.
    """
    if not any(values):
        return ""
    return "".join(_BLOCKS[math.ceil(it / top * len(_BLOCKS)) - 1] if it > 0 else "·" for it in values)
