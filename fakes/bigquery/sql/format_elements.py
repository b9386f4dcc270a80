"""CAST … FORMAT: dates and times, and bytes, as text by a pattern of format elements.

https://cloud.google.com/bigquery/docs/reference/standard-sql/format-elements. Knows values, not types.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from fakes.bigquery.sql import moments
from fakes.bigquery.sql.native import BIGINT, BLOB, TEXT, Native
from fakes.bigquery.sql.strftime import DAYS, MONTHS

_DATE = "YYYY|Y,YYY|RRRR|MONTH|YYY|DDD|DAY|MON|YY|RR|MM|DD|DY|Y|D"
_TIME = r"SSSSS|HH24|HH12|A\.M\.|P\.M\.|FF[1-9]|HH|MI|SS|AM|PM"
_ZONE = "TZH|TZM"
_LITERAL = r"\"(?:[^\"\\]|\\.)*\"|[-./,';:]|\s+"
_ALLOWED = {
    "DATE": re.compile(f"({_DATE})|({_LITERAL})", re.I),
    "TIME": re.compile(f"({_TIME})|({_LITERAL})", re.I),
    "DATETIME": re.compile(f"(SSSSS|{_DATE}|{_TIME})|({_LITERAL})", re.I),
    "TIMESTAMP": re.compile(f"(SSSSS|{_DATE}|{_TIME}|{_ZONE})|({_LITERAL})", re.I),
}


def show(pattern: str, us: int, zone: str, kind: str) -> str:
    """The wall time `us` (UTC for TIMESTAMP, then shown in `zone`) by `pattern`; ValueError for an unknown element."""
    offset_us = 0
    if kind == "TIMESTAMP":
        try:
            offset_us = moments.local_us(us, zone) - us
        except moments.UnknownZone:
            raise ValueError(f"Invalid time zone: {zone}") from None
    at = moments.at(us + offset_us)
    parts, i = [], 0
    while i < len(pattern):
        found = _ALLOWED[kind].match(pattern, i)
        if not found:
            raise ValueError(f"Cannot find matched format element at {i}; pattern: {pattern}")
        i = found.end()
        element, literal = found.groups()
        if literal is not None:
            quoted = literal.startswith('"')
            parts.append(re.sub(r"\\(.)", r"\1", literal[1:-1]) if quoted else literal)
        else:
            parts.append(_element(element, at, offset_us))
    return "".join(parts)


def _element(element: str, at: datetime, offset_us: int) -> str:
    word = element.upper()
    texts = {
        "MONTH": MONTHS[at.month - 1], "MON": MONTHS[at.month - 1][:3], "DAY": DAYS[at.weekday()],
        "DY": DAYS[at.weekday()][:3], "AM": "AM" if at.hour < 12 else "PM", "PM": "AM" if at.hour < 12 else "PM",
        "A.M.": "A.M." if at.hour < 12 else "P.M.", "P.M.": "A.M." if at.hour < 12 else "P.M.",
    }  # fmt: skip
    if word in texts:
        return _cased(texts[word], element)
    if word.startswith("FF"):
        return f"{at.microsecond:06d}".ljust(9, "0")[: int(word[2])]
    minutes = abs(offset_us) // 60_000_000
    return {
        "YYYY": f"{at.year:04d}", "RRRR": f"{at.year:04d}", "Y,YYY": f"{at.year // 1000},{at.year % 1000:03d}",
        "YYY": f"{at.year % 1000:03d}", "YY": f"{at.year % 100:02d}", "RR": f"{at.year % 100:02d}",
        "Y": str(at.year % 10), "MM": f"{at.month:02d}", "DD": f"{at.day:02d}", "DDD": f"{at.timetuple().tm_yday:03d}",
        "D": str(at.isoweekday() % 7 + 1), "HH": f"{at.hour % 12 or 12:02d}", "HH12": f"{at.hour % 12 or 12:02d}",
        "HH24": f"{at.hour:02d}", "MI": f"{at.minute:02d}", "SS": f"{at.second:02d}",
        "SSSSS": f"{(at.hour * 60 + at.minute) * 60 + at.second:05d}",
        "TZH": f"{'-' if offset_us < 0 else '+'}{minutes // 60:02d}", "TZM": f"{minutes % 60:02d}",
    }[word]  # fmt: skip


def _cased(text: str, element: str) -> str:
    """`text` in the case of its element: by the first two letters, as in `MONTH`, `Month` and `month`."""
    letters = [c for c in element if c.isalpha()][:2]
    if letters[0].islower():
        return text.lower()
    return text.upper() if letters[-1].isupper() else text.capitalize()


_TO_TEXT: dict[str, Callable[[bytes], str]] = {
    "HEX": bytes.hex, "BASE16": bytes.hex, "BASE64": lambda b: base64.b64encode(b).decode(),
    "BASE32": lambda b: base64.b32encode(b).decode(), "UTF-8": bytes.decode, "UTF8": bytes.decode,
    "ASCII": lambda b: b.decode("ascii"), "BASE2": lambda b: "".join(f"{c:08b}" for c in b),
}  # fmt: skip
_TO_BYTES: dict[str, Callable[[str], bytes]] = {
    "HEX": lambda t: bytes.fromhex(t.zfill(len(t) + len(t) % 2)), "UTF-8": str.encode, "UTF8": str.encode,
    "BASE16": lambda t: bytes.fromhex(t.zfill(len(t) + len(t) % 2)), "BASE32": base64.b32decode,
    "BASE64": lambda t: base64.b64decode(t, validate=True), "ASCII": lambda t: t.encode("ascii"),
}  # fmt: skip


def _bytes_text(pattern: str, value: bytes) -> str:
    return str(_converted(_TO_TEXT, pattern, value))


def _text_bytes(pattern: str, value: str) -> bytes:
    return bytes(_converted(_TO_BYTES, pattern, value))


def _converted(table: dict[str, Callable[[Any], Any]], pattern: str, value: Any) -> Any:
    work = table.get(pattern.upper())
    if work is None:
        raise ValueError(f"unsupported by the emulator: CAST … FORMAT '{pattern}'")
    try:
        return work(value)
    except (ValueError, binascii.Error) as problem:
        raise ValueError(f"Failed to cast by format {pattern}: {problem}") from None


NATIVES: dict[str, Native] = {
    "wt_format_elements": Native((TEXT, BIGINT, TEXT, TEXT), TEXT, show),
    "wt_format_bytes": Native((TEXT, BLOB), TEXT, _bytes_text),
    "wt_bytes_by_format": Native((TEXT, TEXT), BLOB, _text_bytes),
}
