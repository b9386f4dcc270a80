"""16 January 2026 in four worlds: as it was, with one safeguard each, and fixed.

They differ in which parts a service is made of (`scenarios.compositions`), in the subscription's policies and in which
schedules exist. The mechanism of the storm: the catch-up at 09:00 UTC also scrapes *today*; phase 2 loads nothing and
announces success; phase 3 finds no lines and answers 500; the subscription has neither a retry policy nor a dead-letter
policy in force, so Pub/Sub delivers again as soon as the last attempt has failed.
"""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from harness.tunnel import Tunnel
from pipeline.analytics.player_game_summary import PlayerGameSummary
from pipeline.clients import Clients
from pipeline.clock import eastern_date, utc_now
from pipeline.raw import bdl_player_boxscores, schedule
from pipeline.raw.feed import Feed, StoredCapture
from pipeline.scrapers import balldontlie, nba_com
from pipeline.scrapers.scraper import Scraper
from pipeline.settings import Settings
from pipeline.warehouse import Warehouse
from pipeline.work import Trigger, Work
from scenarios.worlds import nba_day

SLATES = (8, 9, 7, 8, 6, 9, 6, 10)
"""Games of 10 to 17 January; those of the 16th are 0022500587-592."""
FIRST_NUMBER = 587 - sum(SLATES[:6])

NOT_YET = frozenset({"evaluate", "retry-storm-detector"})
"""Schedules that came with the fix."""

CATCH_UP_OF_TODAY = {
    "bdl-boxscores-today-catchup": {
        "cron": "0 4 * * *",
        "zone": "America/New_York",
        "post": "nba-phase1-scrapers/scrape",
        "body": {"scraper": "bdl_box_scores", "date": "TODAY"},
        "attempt_deadline": "180s",
    }
}
"""The yesterday-catchup at 04:00 Eastern asked for today as well."""


def _as_was_topology(tunnel: Tunnel) -> dict[str, Any]:
    topology = nba_day.read(tunnel, "topology.yaml")
    for name in ("nba-phase1-scrapers-complete", "nba-phase2-raw-complete"):
        for subscription in topology["topics"][name]["subscriptions"].values():
            subscription.pop("retry", None)
            subscription.pop("dead_letter", None)
    return topology


def _storming(tunnel: Tunnel, analytics: str, *, detector: bool) -> None:
    nba_day.back_ends(tunnel, first_day="2026-01-10", slates=SLATES, first_number=FIRST_NUMBER)
    nba_day.services(tunnel, raw="scenarios.compositions:raw_as_was", analytics=analytics, monitoring=detector)
    missing = NOT_YET - {"retry-storm-detector"} if detector else NOT_YET
    nba_day.schedules(tunnel, without=missing, more=CATCH_UP_OF_TODAY)
    tunnel.topology(_as_was_topology(tunnel))
    tunnel.prepare("scenarios.worlds.retry_storm:load_yesterdays_state", env=nba_day.ENVIRONMENT)


def as_was(tunnel: Tunnel) -> None:
    """The pipeline of that day: no safeguard at work, nobody told."""
    _storming(tunnel, "scenarios.compositions:analytics_as_was", detector=False)


def breaker_only(tunnel: Tunnel) -> None:
    """A breaker that sees failures and is shared; while it is open it still answers 500. The detector watches."""
    _storming(tunnel, "scenarios.compositions:analytics_breaker_only", detector=True)


def early_exit_only(tunnel: Tunnel) -> None:
    """Nothing runs for a date whose games are not over. The detector watches."""
    _storming(tunnel, "scenarios.compositions:analytics_early_exit_only", detector=True)


def fixed(tunnel: Tunnel) -> None:
    """The production composition of today, under the same schedules and the same catch-up of today."""
    nba_day.back_ends(tunnel, first_day="2026-01-10", slates=SLATES, first_number=FIRST_NUMBER)
    nba_day.services(tunnel)
    nba_day.schedules(tunnel, more=CATCH_UP_OF_TODAY)
    tunnel.topology(str(nba_day.DEPLOY / "topology.yaml"))
    tunnel.prepare("scenarios.worlds.retry_storm:load_yesterdays_state", env=nba_day.ENVIRONMENT)


def load_yesterdays_state() -> None:
    """Leave the warehouse as the evening before did, through the pipeline's own parts: the schedule, and the box scores
    and summaries of the days that are over.
    """
    settings = Settings.from_environment()
    clients = Clients(settings)
    warehouse = Warehouse(clients.bigquery, settings.bigquery_timeout_s)
    now = utc_now()
    today = eastern_date(now)
    bdl = balldontlie.BallDontLie(clients.http, settings.bdl_url, settings.bdl_api_key)
    summary = PlayerGameSummary(warehouse, utc_now)

    def load(feed: Feed, scraper: Scraper, day: date) -> None:
        for capture in scraper.scrape(day, now):
            rows = feed.rows(StoredCapture(capture.payload, capture.game_date, now), now)
            if rows:
                warehouse.upsert(feed.table, rows, feed.replace)

    load(schedule.FEED, nba_com.NbaSchedule(clients.http, settings.nba_cdn_url), today)
    for days_ago in range(len(SLATES) - 3, 0, -1):
        day = today - timedelta(days=days_ago)
        load(bdl_player_boxscores.FEED, balldontlie.BoxScores(bdl), day)
        summary.process(Work(summary.name, day, Trigger("prepare"), uuid.uuid4().hex, now))
    clients.close()
