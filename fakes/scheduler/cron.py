"""When a cron line falls due next in a time zone, by the clock on the wall there.

Imitated: https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules#time_zone – "Cloud Scheduler runs on
wall clock time": a time that the change to summer time leaves out does not come, and one that comes twice in autumn is
due twice. (Debian's cron, which cronsim follows by itself in a zone, makes up for the first and does the second once.)
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

NEAR = timedelta(hours=3)
"""No zone's clock has been changed by more at once in the years of the tz database that matter here."""


def next_due(cron: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The first moment after `now` (aware) at which `cron` is due, aware and in `zone`."""
    local = now.astimezone(zone)
    first: datetime = next(CronSim(cron, local.replace(tzinfo=None))).replace(tzinfo=zone)
    moments = (local - NEAR, local, first - NEAR, first, first + NEAR)
    if len({moment.utcoffset() for moment in moments}) == 1:
        return first
    best: datetime | None = None
    for naive in CronSim(cron, (local - NEAR).replace(tzinfo=None)):
        if best is not None and naive > best.replace(tzinfo=None) + NEAR:
            break
        for fold in (0, 1):
            due = naive.replace(tzinfo=zone, fold=fold)
            exists = due.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == naive
            if exists and due.astimezone(UTC) > now.astimezone(UTC):
                best = due if best is None else min(best, due, key=lambda each: each.astimezone(UTC))
    assert best is not None  # a cron line that is ever due is due again
    return best
