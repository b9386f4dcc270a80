"""Helper functions of dates, times, intervals and ranges, in Python."""

from __future__ import annotations

import re
from collections.abc import Callable

from fakes.bigquery.sql import moments, strftime
from fakes.bigquery.sql.native import BIGINT, TEXT, Native


def _fail(kind: str, text: str) -> ValueError:
    return ValueError(f"Invalid {kind}: '{text}'")


def _parse_date(text: str) -> int:
    try:
        return (moments.date(text) - moments.EPOCH.date()).days * 86_400_000_000
    except ValueError:
        pass
    try:
        return moments.datetime_us(text) // 86_400_000_000 * 86_400_000_000
    except ValueError:
        raise _fail("date", text) from None


def _parse_datetime(text: str) -> int:
    try:
        return moments.datetime_us(text)
    except ValueError:
        raise _fail("datetime", text) from None


def _parse_timestamp(text: str, zone: str) -> int:
    try:
        return moments.timestamp_us(text, zone)
    except moments.UnknownZone as problem:
        raise ValueError(f"Invalid time zone: {problem}") from None
    except ValueError:
        raise _fail("timestamp", text) from None


def _parse_time(text: str) -> int:
    try:
        at = moments.time(text)
    except ValueError:
        raise _fail("time", text) from None
    return ((at.hour * 60 + at.minute) * 60 + at.second) * 1_000_000 + at.microsecond


def _zone(function: Callable[[int, str], int]) -> Callable[[int, str], int]:
    def checked(us: int, zone: str) -> int:
        try:
            return function(us, zone)
        except moments.UnknownZone:
            raise ValueError(f"Invalid time zone: {zone}") from None

    return checked


def _zoned(us: int, zone: str) -> int:
    return us - moments.offset_us(moments.at(us), zone)


def interval_text(months: int, days: int, micros: int) -> str:
    """An INTERVAL as the service prints it: `Y-M D H:M:S[.F]`."""
    sign = "-" if months < 0 else ""
    years, rest = divmod(abs(months), 12)
    time_sign = "-" if micros < 0 else ""
    seconds, fraction = divmod(abs(micros), 1_000_000)
    return (
        f"{sign}{years}-{rest} {days} {time_sign}{seconds // 3600}:{seconds // 60 % 60}:{seconds % 60}"
        f"{moments.fraction_text(fraction)}"
    )


def _range_parts(text: str) -> dict[str, str | None]:
    found = re.fullmatch(r"\s*\[\s*(.*?)\s*,\s*(.*?)\s*\)\s*", text)
    if not found:
        raise ValueError(f"Invalid range: {text}")
    start, end = (None if g.upper() in ("UNBOUNDED", "NULL") else g for g in found.groups())
    return {"start": start, "end": end}


NATIVES: dict[str, Native] = {
    "wt_parse_date": Native((TEXT,), BIGINT, _parse_date),
    "wt_parse_datetime": Native((TEXT,), BIGINT, _parse_datetime),
    "wt_parse_timestamp": Native((TEXT, TEXT), BIGINT, _parse_timestamp),
    "wt_parse_time": Native((TEXT,), BIGINT, _parse_time),
    "wt_text_of_datetime": Native((BIGINT,), TEXT, moments.datetime_text),
    "wt_text_of_timestamp": Native((BIGINT, TEXT), TEXT, moments.timestamp_text),
    "wt_text_of_time": Native((BIGINT,), TEXT, moments.time_text),
    "wt_text_of_interval": Native((BIGINT, BIGINT, BIGINT), TEXT, interval_text),
    "wt_text_to_range": Native((TEXT,), 'STRUCT("start" VARCHAR, "end" VARCHAR)', _range_parts),
    "wt_local_us": Native((BIGINT, TEXT), BIGINT, _zone(moments.local_us)),
    "wt_zoned_us": Native((BIGINT, TEXT), BIGINT, _zone(_zoned)),
    "wt_strftime": Native((TEXT, BIGINT, TEXT, TEXT), TEXT, strftime.show),
    "wt_strptime": Native((TEXT, TEXT, TEXT, TEXT), BIGINT, strftime.read),
}  # fmt: skip
