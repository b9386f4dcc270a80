"""Re-drive: finds games that went final and are not summarised, and scrapes their box scores, with no human.

This is what makes it safe to acknowledge "not ready": nothing waits in a queue for the games to end, the schedule is
looked at instead. It runs every ten minutes; a game that went final is therefore summarised within ten minutes and the
time of the phases. Whatever was lost on the way (a capped or breaker-skipped attempt, a message in the dead-letter
queue) is found the same way, since it looks at the result. Its own budget bounds it: a healer must never be the storm
(incidents 7, 8, 11).
"""

from __future__ import annotations

import logging
import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from pipeline import fingerprint
from pipeline.analytics.player_game_summary import TABLE
from pipeline.clock import Clock, eastern_date
from pipeline.raw.schedule import games_of
from pipeline.safeguards.attempt_cap import AttemptCap
from pipeline.scrapers.run import ScrapeRun
from pipeline.scrapers.scraper import Capture, Scraper
from pipeline.shared_state import Document, SharedState
from pipeline.slate import GameStatus
from pipeline.warehouse import Warehouse

LOG = logging.getLogger(__name__)

LOOK_BACK = timedelta(days=3)
"""Older gaps are for the backfill, which has its own budget."""

PASS_ON_AFTER_S = 3_600.0
"""A schedule that has not changed is passed on once an hour all the same: its last passing on may have been lost."""

PASSED_ON = "redrive/schedule"


class Redrive:
    """Compares the schedule with the summaries; one query, and nothing else while neither has news."""

    def __init__(
        self,
        *,
        schedule: Scraper,
        box_scores: Scraper,
        run: ScrapeRun,
        warehouse: Warehouse,
        state: SharedState,
        clock: Clock,
    ) -> None:
        self._schedule = schedule
        self._box_scores = box_scores
        self._run = run
        self._warehouse = warehouse
        self._state = state
        self._cap = AttemptCap(state, clock)
        self._clock = clock

    def evaluate(self) -> list[date]:
        """Refresh the schedule, and scrape the box scores of each recent day with a final game not summarised.

        Returns the days driven. Raises what fetching, storing, publishing and the query raise.
        """
        now = self._clock()
        today = eastern_date(now)
        captures = self._schedule.scrape(today, now)
        games = [game for capture in captures for game in games_of(capture.payload)]
        self._pass_on(captures, games, now)
        final: dict[date, set[str]] = defaultdict(set)
        for game in games:
            recent = today - LOOK_BACK <= game["game_date"] <= today
            if recent and game["game_status"] == GameStatus.FINAL and not game["postponed"]:
                final[game["game_date"]].add(game["game_key"])
        if not final:
            return []
        summarised = self._summarised(min(final), max(final))
        driven = []
        for day in sorted(final):
            missing = sorted(final[day] - summarised)
            if not missing:
                continue
            if not self._cap.take("redrive", day.isoformat(), uuid.uuid4().hex):
                LOG.error("re-drive of %s is over its budget with %s not summarised", day, missing)
                continue
            LOG.info("re-drive of %s: %s not summarised", day, missing)
            self._run(self._box_scores, day)
            driven.append(day)
        return driven

    def _pass_on(self, captures: Sequence[Capture], games: Sequence[dict[str, Any]], now: datetime) -> None:
        """Store and publish the schedule where it has changed, or has not been passed on for an hour."""
        version = fingerprint.of_rows(fingerprint.of_row(game) for game in games)
        known = self._state.read(PASSED_ON) or {}
        if known.get("version") == version and now.timestamp() < known["at"] + PASS_ON_AFTER_S:
            return
        self._run.deliver(self._schedule, captures, now)
        passed_on: Document = {"version": version, "at": now.timestamp()}
        self._state.update(PASSED_ON, lambda _: (passed_on, None))

    def _summarised(self, first_day: date, last_day: date) -> set[str]:
        rows = self._warehouse.rows(
            f"SELECT DISTINCT game_id FROM {TABLE.id} WHERE game_date BETWEEN @first_day AND @last_day",
            {"first_day": first_day, "last_day": last_day},
        )
        return {row["game_id"] for row in rows}
