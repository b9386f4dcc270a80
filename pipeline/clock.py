"""What time and which day it is for the pipeline.

The league's day is an Eastern day: a game that ends at 05:00 UTC belongs to the evening before (a scheduler that
took the UTC date scraped the wrong slate, incident 54). Everything that needs the time gets a `Clock`; nothing else
may read one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""Gives the present as an aware datetime in UTC."""

EASTERN = ZoneInfo("America/New_York")


def utc_now() -> datetime:
    """The time of day, aware, in UTC."""
    return datetime.now(UTC)


def eastern_date(moment: datetime) -> date:
    """The league's calendar day at `moment` (aware)."""
    return moment.astimezone(EASTERN).date()


def eastern_midnight(day: date) -> datetime:
    """When the league's `day` begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=EASTERN).astimezone(UTC)


def resolve_date(text: str, now: datetime) -> date:
    """The day that `TODAY`, `YESTERDAY`, `TOMORROW` or an ISO date means at `now`.

    Raises `ValueError` naming the text: nothing literal may reach a path or a DATE column (incidents 14, 31).
    """
    today = eastern_date(now)
    match text:
        case "TODAY":
            return today
        case "YESTERDAY":
            return today - timedelta(days=1)
        case "TOMORROW":
            return today + timedelta(days=1)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date: give TODAY, YESTERDAY, TOMORROW or YYYY-MM-DD") from None


def timestamp(moment: datetime) -> str:
    """`moment` as BigQuery and our messages write it: RFC 3339, UTC, microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
