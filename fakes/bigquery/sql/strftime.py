# ruff: noqa: E501 - tables of one element an entry
"""FORMAT_… and PARSE_…: the service's format elements for dates and times.

https://cloud.google.com/bigquery/docs/reference/standard-sql/format-elements#format_elements_date_time
Plain values in, plain values out.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from fakes.bigquery.sql import moments

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
DATE_ELEMENTS = set("AaBbhCcDdeFGgjmQUuVWwxYy")
TIME_ELEMENTS = set("HIklMPpRrSsTX")


def show(pattern: str, us: int, zone: str, kind: str) -> str:
    """`us` (microseconds, UTC for TIMESTAMP, wall time otherwise) by `pattern`."""
    try:
        local_us = moments.local_us(us, zone) if kind == "TIMESTAMP" else us
    except moments.UnknownZone:
        raise ValueError(f"Invalid time zone: {zone}") from None
    at = moments.EPOCH + timedelta(microseconds=local_us)
    offset_minutes = (local_us - us) // 60_000_000
    out: list[str] = []
    i = 0
    while i < len(pattern):
        c = pattern[i]
        if c != "%" or i + 1 == len(pattern):
            out.append(c)
            i += 1
            continue
        extended = re.match(r"%E(\d|\*)S|%E4Y|%Ez|%O[a-zA-Z]|%E[a-zA-Z]", pattern[i:])
        word = extended.group(0) if extended else pattern[i : i + 2]
        out.append(_element(word, at, offset_minutes, zone, kind))
        i += len(word)
    return "".join(out)


def _element(word: str, at: datetime, offset: int, zone: str, kind: str) -> str:
    letter = word[-1]
    if word.startswith("%E"):
        if word == "%E4Y":
            return f"{at.year:04d}"
        if word == "%Ez":
            return _zone_text(offset, ":")
        if letter == "S":
            digits = word[2]
            if digits == "*":
                return f"{at.second:02d}" + moments.fraction_text(at.microsecond).rstrip("0")
            fraction = f"{at.microsecond:06d}".ljust(9, "0")[: int(digits)]
            return f"{at.second:02d}" + (f".{fraction}" if digits != "0" else "")
    iso = at.isocalendar()
    hour12 = at.hour % 12 or 12
    simple = {
        "A": DAYS[at.weekday()], "a": DAYS[at.weekday()][:3], "B": MONTHS[at.month - 1],
        "b": MONTHS[at.month - 1][:3], "h": MONTHS[at.month - 1][:3], "C": f"{at.year // 100:02d}",
        "D": f"{at.month:02d}/{at.day:02d}/{at.year % 100:02d}", "d": f"{at.day:02d}", "e": f"{at.day:2d}",
        "F": f"{at.year:04d}-{at.month:02d}-{at.day:02d}", "G": f"{iso.year:04d}", "g": f"{iso.year % 100:02d}",
        "H": f"{at.hour:02d}", "I": f"{hour12:02d}", "j": f"{at.timetuple().tm_yday:03d}", "k": f"{at.hour:2d}",
        "l": f"{hour12:2d}", "M": f"{at.minute:02d}", "m": f"{at.month:02d}", "n": "\n",
        "P": "am" if at.hour < 12 else "pm", "p": "AM" if at.hour < 12 else "PM", "Q": str((at.month + 2) // 3),
        "R": f"{at.hour:02d}:{at.minute:02d}", "S": f"{at.second:02d}",
        "s": str(((at - moments.EPOCH) // moments.MICROSECOND - offset * 60_000_000) // 1_000_000),
        "T": f"{at.hour:02d}:{at.minute:02d}:{at.second:02d}", "t": "\t", "U": f"{_week(at, 6):02d}",
        "u": str(iso.weekday), "V": f"{iso.week:02d}", "W": f"{_week(at, 0):02d}", "w": str(iso.weekday % 7),
        "X": f"{at.hour:02d}:{at.minute:02d}:{at.second:02d}",
        "x": f"{at.month:02d}/{at.day:02d}/{at.year % 100:02d}", "Y": str(at.year), "y": f"{at.year % 100:02d}",
        "Z": "UTC" if kind == "TIMESTAMP" and not offset else _zone_text(offset, ""), "z": _zone_text(offset, ""),
        "%": "%",
    }  # fmt: skip
    simple["c"] = f"{simple['a']} {simple['b']} {simple['e']} {simple['T']} {at.year}"
    simple["r"] = f"{simple['I']}:{simple['M']}:{simple['S']} {simple['p']}"
    if letter == "J":
        return f"{iso.week * 7 - 7 + iso.weekday:03d}"
    if letter == "Z" and offset:
        raise ValueError("unsupported by the emulator: %Z of a time zone that differs from UTC; %Ez says the same")
    if len(word) > 2 or letter not in simple:
        raise ValueError(f"unsupported by the emulator: format element {word}")
    return simple[letter]


def _week(at: datetime, first: int) -> int:
    return (at.timetuple().tm_yday + 6 - (at.weekday() - first) % 7) // 7


def _zone_text(minutes: int, joint: str) -> str:
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}{joint}{abs(minutes) % 60:02d}"


# --------------------------------------------------------------------------------------------------------------------

_NUMBERS = {
    "Y": (r"[+-]?(?:10000|\d{1,4})", "year"), "m": (r"\d{1,2}", "month"), "d": (r"\d{1,2}", "day"), "e": (r"\s*\d{1,2}", "day"),
    "H": (r"\d{1,2}", "hour"), "k": (r"\s*\d{1,2}", "hour"), "I": (r"\d{1,2}", "hour12"), "l": (r"\s*\d{1,2}", "hour12"),
    "M": (r"\d{1,2}", "minute"), "S": (r"\d{1,2}", "second"), "j": (r"\d{1,3}", "yday"), "y": (r"\d{1,2}", "year2"),
    "s": (r"-?\d+", "epoch"), "C": (r"\d{1,2}", "century"), "Q": (r"[1-4]", "quarter"), "u": (r"[1-7]", "ignore"),
    "w": (r"[0-6]", "ignore"), "V": (r"\d{1,2}", "isoweek"),
    "G": (r"\d{1,4}", "isoyear"), "g": (r"\d{1,2}", "ignore"),
}  # fmt: skip
_COMPOSED = {
    "D": "%m/%d/%y", "x": "%m/%d/%y", "F": "%Y-%m-%d", "T": "%H:%M:%S", "X": "%H:%M:%S", "R": "%H:%M",
    "r": "%I:%M:%S %p", "c": "%a %b %e %H:%M:%S %Y",
}  # fmt: skip


def read(pattern: str, text: str, zone: str, kind: str) -> int:
    """Microseconds (UTC for TIMESTAMP, wall time otherwise) of `text` read by `pattern`; ValueError as the service."""
    for letter, longer in _COMPOSED.items():
        pattern = re.sub(rf"(?<!%)((?:%%)*)%{letter}", lambda m, longer=longer: m.group(1) + longer, pattern)  # type: ignore[misc] # a default binds the loop's value
    got: dict[str, str] = {}
    at, i = 0, 0
    text = text.strip() if not pattern.startswith(" ") else text

    def fail(why: str) -> ValueError:
        return ValueError(f'Failed to parse input string "{text}"' + (f"; {why}" if why else ""))

    while i < len(pattern):
        c = pattern[i]
        if c.isspace():
            at += len(text[at:]) - len(text[at:].lstrip())
            i += 1
            continue
        if c != "%" or i + 1 == len(pattern):
            if text[at : at + 1] != c:
                raise fail("")
            at, i = at + 1, i + 1
            continue
        extended = re.match(r"%E(\d|\*)S|%E4Y|%Ez", pattern[i:])
        word = extended.group(0) if extended else pattern[i : i + 2]
        i += len(word)
        letter = word[-1]
        if kind == "DATE" and letter in TIME_ELEMENTS:
            raise ValueError(f"Unsupported format element for DATE: {word}")
        at = _consume(word, letter, text, at, got, fail)
    if text[at:].strip():
        raise fail("illegal non-space trailing data " + repr(text[at:]))
    return _assemble(got, zone, kind, fail)


def _consume(word: str, letter: str, text: str, at: int, got: dict[str, str], fail: Any) -> int:
    if word.startswith("%E") and letter == "S":
        found = re.compile(r"(\d{1,2})(?:\.(\d+))?").match(text, at)
        if not found:
            raise fail("")
        got["second"], got["fraction"] = found.group(1), found.group(2) or ""
        return found.end()
    if word == "%E4Y":
        letter = "Y"
    if letter in ("z",):
        found = re.compile(r"Z|([+-])(\d{2}):?(\d{2})?").match(text, at)
        if not found:
            raise fail("")
        got["zone"] = found.group(0)
        return found.end()
    if letter == "Z":
        found = re.compile(r"[A-Za-z_]+(?:/[\w+-]+)*|[+-]\d{1,2}(?::?\d{2})?").match(text, at)
        if not found:
            raise fail("")
        got["zone"] = found.group(0)
        return found.end()
    if letter == "%":
        if text[at : at + 1] != "%":
            raise fail("")
        return at + 1
    if letter in "nt":
        return at + len(text[at:]) - len(text[at:].lstrip())
    names = {"A": DAYS, "a": DAYS, "B": MONTHS, "b": MONTHS, "h": MONTHS}.get(letter)
    if names is not None:
        for number, name in enumerate(names, 1):
            for spelled in (name, name[:3]):
                if text[at : at + len(spelled)].lower() == spelled.lower():
                    if letter in "Bbh":
                        got["month"] = str(number)
                    return at + len(spelled)
        raise fail("")
    if letter in "Pp":
        half = text[at : at + 2].lower()
        if half not in ("am", "pm"):
            raise fail("")
        got["half"] = half
        return at + 2
    if letter in "UW":
        raise ValueError(f"unsupported by the emulator: {word} in PARSE_DATE and its kin")
    if letter not in _NUMBERS:
        raise ValueError(f"Unsupported format element: {word}")
    shape, field = _NUMBERS[letter]
    found = re.compile(r"\s*" + shape).match(text, at)
    if not found:
        raise fail("")
    got[field] = found.group(0).strip()
    if letter == "S" and re.match(r"\.\d", text[found.end() :]) and word == "%E*S":
        pass
    return found.end()


def _assemble(got: dict[str, str], zone: str, kind: str, fail: Any) -> int:
    if "epoch" in got:
        return int(got["epoch"]) * 1_000_000
    year = int(got.get("year", 1970))
    if "year2" in got:
        short = int(got["year2"])
        year = int(got["century"]) * 100 + short if "century" in got else short + (2000 if short < 69 else 1900)
    hour = int(got.get("hour", 0))
    if "hour12" in got:
        hour = int(got["hour12"]) % 12 + (12 if got.get("half") == "pm" else 0)
    month = int(got.get("month", (int(got["quarter"]) - 1) * 3 + 1 if "quarter" in got else 1))
    micros = int(got.get("fraction", "")[:6].ljust(6, "0") or 0)
    second = int(got.get("second", 0))
    try:
        at = datetime(year, month, int(got.get("day", 1)), hour, int(got.get("minute", 0)), min(second, 59), micros)
    except ValueError:
        raise fail("") from None
    if second == 60:
        at += timedelta(seconds=1)
    if "yday" in got:
        at = at.replace(month=1, day=1) + timedelta(days=int(got["yday"]) - 1)
    if "isoweek" in got and "isoyear" in got:
        monday = datetime.fromisocalendar(int(got["isoyear"]), int(got["isoweek"]), 1)
        at = at.replace(year=monday.year, month=monday.month, day=monday.day)
    us = (at - moments.EPOCH) // moments.MICROSECOND
    if kind == "TIME":
        return us % 86_400_000_000
    if kind == "TIMESTAMP":
        name = got.get("zone", zone)
        try:
            us -= moments.offset_us(at, name)
        except moments.UnknownZone:
            raise ValueError(f"Invalid time zone: {name}") from None
    return us
