"""Dates and times as text: what GoogleSQL accepts, and what it prints. Plain values in, plain values out."""

from __future__ import annotations

import decimal
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from datetime import date as Date  # noqa: N812 - `date` is this module's parser
from datetime import time as Time  # noqa: N812 - likewise
from functools import lru_cache
from zoneinfo import ZoneInfo

WIDE = decimal.Context(prec=100)
EPOCH = datetime(1970, 1, 1)
MICROSECOND = timedelta(microseconds=1)

_DATE = r"(\d{1,4})-(\d{1,2})-(\d{1,2})"
_TIME = r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?"
_DATE_RE = re.compile(_DATE)
_DATETIME_RE = re.compile(_DATE + r"(?:[ tT]+" + _TIME + r")?")
_TIME_RE = re.compile(_TIME)
_ZONE_RE = re.compile(r"\s*(Z|z|[+-]\d{1,2}(?::?\d{2})?)$|\s+([A-Za-z][\w/+-]*)$")


def at(us: int) -> datetime:
    """The wall time `us` microseconds after 1970-01-01T00:00:00."""
    return EPOCH + timedelta(microseconds=us)


class UnknownZone(ValueError):  # noqa: N818 - reads as a fact in `except`
    """A time zone that nobody knows; carries its name."""


def date(text: str) -> Date:
    """`YYYY-[M]M-[D]D`, nothing before or after; ValueError otherwise."""
    found = _DATE_RE.fullmatch(text.strip())
    if not found:
        raise ValueError(text)
    return Date(*(int(g) for g in found.groups()))


def time(text: str) -> Time:
    """`[H]H:[M]M:[S]S[.F]`, at most 6 digits of fraction kept; ValueError otherwise."""
    found = _TIME_RE.fullmatch(text.strip())
    if not found:
        raise ValueError(text)
    hour, minute, second, fraction = found.groups()
    return Time(int(hour), int(minute), int(second), _micros(fraction))


def datetime_us(text: str) -> int:
    """Microseconds from 1970-01-01T00:00:00 to a DATETIME in text."""
    found = _DATETIME_RE.fullmatch(text.strip())
    if not found:
        raise ValueError(text)
    return (_moment(found) - EPOCH) // MICROSECOND


def timestamp_us(text: str, default: str = "UTC") -> int:
    """Microseconds since the epoch of a TIMESTAMP in text, in zone `default` where it names none."""
    text = text.strip()
    zone_text = default
    found = _DATETIME_RE.fullmatch(text)
    if not found and (zone := _ZONE_RE.search(text)):
        found = _DATETIME_RE.fullmatch(text[: zone.start()].strip())
        zone_text = zone.group(1) or zone.group(2)
    if not found:
        raise ValueError(text)
    local = _moment(found)
    return (local - EPOCH) // MICROSECOND - offset_us(local, zone_text)


def _moment(found: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second, fraction = found.groups()
    return datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), _micros(fraction)
    )


def _micros(fraction: str | None) -> int:
    return int(fraction[:6].ljust(6, "0")) if fraction else 0


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo:
    """The time zone of an IANA name or of `[+-]H[H][:MM]`; raises `UnknownZone`."""
    if name in ("Z", "z"):
        return UTC
    if found := re.fullmatch(r"(?:UTC)?([+-])(\d{1,2})(?::?(\d{2}))?", name):
        sign, hours, minutes = found.groups()
        delta = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if delta > timedelta(hours=14):
            raise UnknownZone(name)
        return timezone(-delta if sign == "-" else delta)
    if name in ("IST", "BST", "CST"):  # abbreviations that several zones claim are no zone names
        raise UnknownZone(name)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise UnknownZone(name) from None


def offset_us(local: datetime, name: str) -> int:
    """What to subtract from the wall time `local` in zone `name` to get UTC, in microseconds."""
    try:
        offset = local.replace(tzinfo=zone(name)).utcoffset()
    except OverflowError:
        offset = timedelta(0)
    assert offset is not None
    return offset // MICROSECOND


def local_us(utc_us: int, name: str) -> int:
    """The wall time in zone `name` at `utc_us`, as microseconds from 1970-01-01T00:00:00."""
    moment = EPOCH + timedelta(microseconds=utc_us)
    try:
        there = moment.replace(tzinfo=UTC).astimezone(zone(name)).replace(tzinfo=None)
    except OverflowError:
        return utc_us
    return (there - EPOCH) // MICROSECOND


def fraction_text(micros: int) -> str:
    """`.123`, `.123456` or nothing: the service prints 0, 3 or 6 digits."""
    if not micros:
        return ""
    return f".{micros // 1000:03d}" if micros % 1000 == 0 else f".{micros:06d}"


def datetime_text(us: int, separator: str = " ") -> str:
    """A DATETIME as the service prints it."""
    moment = EPOCH + timedelta(microseconds=us)
    return (
        f"{moment.year:04d}-{moment.month:02d}-{moment.day:02d}{separator}"
        f"{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d}{fraction_text(moment.microsecond)}"
    )


def timestamp_text(us: int, name: str = "UTC") -> str:
    """A TIMESTAMP as the service prints it: `2024-01-15 12:00:00+00`."""
    local = local_us(us, name)
    minutes = (local - us) // 60_000_000
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    return f"{datetime_text(local)}{sign}{hours:02d}" + (f":{rest:02d}" if rest else "")


def time_text(us: int) -> str:
    """A TIME given in microseconds since midnight, as the service prints it."""
    seconds, micros = divmod(us, 1_000_000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{fraction_text(micros)}"
